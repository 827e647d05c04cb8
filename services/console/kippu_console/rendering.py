"""Renders a page: its view in one snapshot, its words in a language, its instants in the provider's time zone."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse
from kippu_privacy.vault import Vault
from kippu_service.http import Query
from kippu_service.problems import handle
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kippu_console.views.look import View, look
from kippu_console.words import (
    choose_language,
    fact,
    fact_name,
    input_name,
    known,
    local,
    looked_at,
    money,
    said,
    told,
    words,
)

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Pages:
    """Renders the pages; `vault` opens what the caller may read."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "pages"),
            autoescape=True,
            undefined=jinja2.ChainableUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(
        self, request: Request, template: str, *, status: int = 200, zone: ZoneInfo | None = None, **values: Any
    ) -> HTMLResponse:
        """A page in the language asked for. `zone` is the one that its instants are shown in."""
        asked = request.query_params.get("lang")
        language = choose_language(asked, request.headers.get("accept-language"))
        page = self._templates.overlay()
        page.filters = self._templates.filters | {
            "said": lambda text: said(text, language),
            "local": lambda instant: local(instant, zone or ZoneInfo("UTC")),
            "money": money,
            "looked_at": lambda value, name: looked_at(value, name, language, zone or ZoneInfo("UTC")),
            "input_name": lambda name: input_name(name, language),
            "known": lambda value: known(value, language),
            "told": lambda value: told(value, language, zone or ZoneInfo("UTC")),
            "fact": lambda value: fact(value, language, zone or ZoneInfo("UTC")),
            "fact_name": lambda name, event: fact_name(event, name, language),
        }
        content = page.get_template(template).render(
            values,
            w=words(language),
            lang=language,
            here=request.url.path,
            link=_linker({"lang": language} if asked else {}),
            again=_again(request),
            query=request.query_params,
        )
        return HTMLResponse(content, status, HEADERS)

    async def show(
        self, request: Request, reads: Query, template: str, view: View, *sealed: str, of: str = "rows"
    ) -> HTMLResponse:
        """A page over one view, read in one snapshot; the `sealed` fields of the view's value `of`, a row or a list of
        rows, are opened, and None once erased."""
        async with reads.snapshot() as snapshot:
            looked = await look(snapshot, reads.provider, reads.runtime.clock.now())
            values = await view(looked)
        if values is None:
            return self.render(request, "not_found.html", status=404)
        if sealed:
            rows = values[of]
            await self._open(rows if isinstance(rows, list) else [rows], sealed)
        return self.render(request, template, zone=looked.zone, **values)

    async def unknown_address(self, request: Request, error: HTTPException) -> Response:
        """A page for people who came to an address that there is not; a problem document for anybody else."""
        if error.status_code == HTTPStatus.NOT_FOUND and "text/html" in request.headers.get("accept", ""):
            return self.render(request, "not_found.html", status=error.status_code)
        return await handle(request, error)

    async def _open(self, rows: list[dict[str, Any]], fields: tuple[str, ...]) -> None:
        texts = iter(await self._vault.open_carried([row[field] for row in rows for field in fields]))
        for row in rows:
            row.update({field: next(texts) for field in fields})


def _linker(kept: dict[str, str]) -> Callable[..., str]:
    """Makes links to other pages: in the language that was asked for, with parameters that are given."""
    return lambda path, **parameters: _url(path, kept | parameters)


def _again(request: Request) -> Callable[..., str]:
    """Makes links to the same page with some parameters changed, from its beginning again."""
    now = {name: value for name, value in request.query_params.items() if name != "cursor"}
    return lambda **parameters: _url(request.url.path, now | parameters)


def _url(path: str, parameters: Mapping[str, Any]) -> str:
    given = {name: value for name, value in parameters.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path
