"""The pages: each one answers one question, at a glance, in English, Japanese or Thai. They only read."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import jinja2
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from kippu_privacy.vault import Vault
from kippu_service.http import Query, Snapshot, query

from kippu_console import shipments, views
from kippu_console.words import LANGUAGES, choose_language, local, money, plain, said, words

HERE = Path(__file__).parent
STYLE = (HERE / "style.css").read_bytes()
COOKIE = "kippu-token"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

View = Callable[[Snapshot], Awaitable[dict[str, Any] | None]]
"""Reads what one page shows; None if there is no such thing."""

Reader = Annotated[Query, Snapshot, query("views:read", staff=True)]


class Pages:
    """Renders the pages; `vault` opens what the caller may read."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "pages"), autoescape=True, undefined=jinja2.ChainableUndefined
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
            "plain": plain,
        }
        content = page.get_template(template).render(
            values, w=words(language), lang=language, q=f"?lang={language}" if asked else "", here=request.url.path
        )
        return HTMLResponse(content, status, HEADERS)

    async def show(self, request: Request, reads: Query, template: str, view: View, *sealed: str) -> HTMLResponse:
        """A page over one view, read in one snapshot; `sealed` fields of its rows are opened, None once erased."""
        async with reads.snapshot() as snapshot:
            values = await view(snapshot)
            zone = await views.zone(snapshot)
        if values is None:
            return self.render(request, "not_found.html", status=404)
        if sealed:
            await self._open(values["rows"] if "rows" in values else [values["ticket"]], sealed)
        return self.render(request, template, zone=zone, **values)

    async def _open(self, rows: list[dict[str, Any]], fields: tuple[str, ...]) -> None:
        texts = iter(await self._vault.open_carried([row[field] for row in rows for field in fields]))
        for row in rows:
            row.update({field: next(texts) for field in fields})


def _now(reads: Query) -> datetime:
    """Business time: what is late is late by the provider's clock."""
    return reads.runtime.clock.now()


def pages(vault: Vault) -> APIRouter:
    """The console's pages as routes."""
    router = APIRouter(include_in_schema=False)
    page = Pages(vault)

    @router.get("/")
    async def board(request: Request, reads: Reader) -> Response:
        return await page.show(request, reads, "board.html", views.board, "subject")

    @router.get("/tickets/{ticket_no}")
    async def ticket(request: Request, ticket_no: str, reads: Reader) -> Response:
        return await page.show(
            request, reads, "ticket.html", lambda rows: views.ticket(rows, ticket_no, _now(reads)), "subject"
        )

    @router.get("/wallets")
    async def wallets(request: Request, reads: Reader) -> Response:
        return await page.show(request, reads, "wallets.html", views.wallets)

    @router.get("/wallets/{wallet_id}")
    async def wallet(request: Request, wallet_id: str, reads: Reader) -> Response:
        return await page.show(request, reads, "wallet.html", lambda rows: views.wallet(rows, wallet_id))

    @router.get("/visits")
    async def visits(request: Request, reads: Reader) -> Response:
        return await page.show(request, reads, "visits.html", views.visits)

    @router.get("/shipments")
    async def shipments_page(request: Request, reads: Reader) -> Response:
        return await page.show(request, reads, "shipments.html", lambda rows: shipments.page(rows, _now(reads)))

    @router.get("/mail")
    async def mail(request: Request, reads: Reader) -> Response:
        return await page.show(request, reads, "mail.html", views.unmatched_mail, "sender", "subject")

    @router.get("/invoices")
    async def invoices(request: Request, reads: Reader) -> Response:
        return await page.show(request, reads, "invoices.html", views.invoices)

    @router.get("/sign-in")
    async def sign_in_form(request: Request) -> Response:
        return page.render(request, "sign_in.html", fault="fault" in request.query_params)

    @router.post("/sign-in")
    async def sign_in(token: Annotated[str, Form(max_length=4000)], request: Request) -> Response:
        """Keeps the token in a cookie that no script reads and no other site sends; the next page verifies it."""
        language = request.query_params.get("lang")
        home = RedirectResponse("/?lang=" + language if language in LANGUAGES else "/", 303)
        secure = request.url.scheme == "https"
        home.set_cookie(COOKIE, "".join(token.split()), httponly=True, samesite="lax", secure=secure)
        return home

    @router.get("/style.css")
    async def style() -> Response:
        return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    return router
