"""The pages: each one answers one question, at a glance, in English, Japanese or Thai. They only read."""

from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import jinja2
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from kippu_privacy.vault import Vault
from kippu_service.http import Query, query

from kippu_console import views
from kippu_console.words import choose_language, local, money, said, words

HERE = Path(__file__).parent
COOKIE = "kippu-token"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

Reader = Annotated[Query, query("views:read", staff=True)]


class Pages:
    """Renders the pages. `zone` is how instants are shown; `vault` opens what the caller may read."""

    def __init__(self, vault: Vault, zone: ZoneInfo) -> None:
        self._vault = vault
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "pages"), autoescape=True, undefined=jinja2.ChainableUndefined
        )
        self._templates.filters["local"] = lambda instant: local(instant, zone)
        self._templates.filters["money"] = money

    def render(self, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        asked = request.query_params.get("lang")
        language = choose_language(asked, request.headers.get("accept-language"))
        page = self._templates.overlay()
        page.filters = self._templates.filters | {"said": lambda text: said(text, language)}
        content = page.get_template(template).render(
            values, w=words(language), lang=language, q=f"?lang={language}" if asked else "", here=request.url.path
        )
        return HTMLResponse(content, status, HEADERS)

    async def open(self, rows: list[dict[str, Any]], *fields: str) -> None:
        """Opens sealed fields of the rows in place; what was erased becomes None."""
        texts = await self._vault.open_carried([row[field] for row in rows for field in fields])
        for row in rows:
            row.update({field: texts.pop(0) for field in fields})


def pages(vault: Vault, zone: ZoneInfo) -> APIRouter:
    """The console's pages as routes."""
    router = APIRouter(include_in_schema=False)
    show = Pages(vault, zone)

    @router.get("/")
    async def board(request: Request, reads: Reader) -> Response:
        rows = await views.board(reads)
        await show.open(rows, "subject")
        return show.render(request, "board.html", rows=rows, figures=await views.figures(reads))

    @router.get("/tickets/{ticket_no}")
    async def ticket(request: Request, ticket_no: str, reads: Reader) -> Response:
        found = await views.ticket(reads, ticket_no)
        if found is None:
            return show.render(request, "not_found.html", 404)
        await show.open([found], "subject")
        timeline = await views.ticket_timeline(reads, ticket_no)
        decisions = [event["data"] for event in timeline if event["name"] == "CoverageDecided"]
        decision = max(decisions, key=lambda data: data["decision"], default=None)
        return show.render(
            request,
            "ticket.html",
            ticket=found,
            timeline=timeline,
            visits=await views.ticket_visits(reads, ticket_no),
            decision=decision,
            deciding=_deciding_text(decision),
        )

    @router.get("/wallets")
    async def wallets(request: Request, reads: Reader) -> Response:
        return show.render(request, "wallets.html", rows=await views.wallets(reads))

    @router.get("/wallets/{wallet_id}")
    async def wallet(request: Request, wallet_id: str, reads: Reader) -> Response:
        found = await views.wallet(reads, wallet_id)
        if found is None:
            return show.render(request, "not_found.html", 404)
        return show.render(request, "wallet.html", wallet=found, timeline=await views.wallet_timeline(reads, wallet_id))

    @router.get("/visits")
    async def visits(request: Request, reads: Reader) -> Response:
        return show.render(request, "visits.html", rows=await views.visits(reads))

    @router.get("/mail")
    async def mail(request: Request, reads: Reader) -> Response:
        rows = await views.unmatched_mail(reads)
        await show.open(rows, "sender", "subject")
        return show.render(request, "mail.html", rows=rows)

    @router.get("/invoices")
    async def invoices(request: Request, reads: Reader) -> Response:
        return show.render(request, "invoices.html", rows=await views.invoices(reads))

    @router.get("/sign-in")
    async def sign_in_form(request: Request) -> Response:
        return show.render(request, "sign_in.html", fault="fault" in request.query_params)

    @router.post("/sign-in")
    async def sign_in(token: Annotated[str, Form(max_length=8192)], request: Request) -> Response:
        """Keeps the token in a cookie that no script reads and no other site sends; the next page verifies it."""
        home = RedirectResponse(request.url_for("board").replace(query=request.url.query), 303)
        secure = request.url.scheme == "https"
        home.set_cookie(COOKIE, token.strip(), httponly=True, samesite="lax", secure=secure)
        return home

    @router.get("/style.css")
    async def style() -> Response:
        return Response((HERE / "style.css").read_bytes(), media_type="text/css")

    return router


def _deciding_text(decision: dict[str, Any] | None) -> dict[str, str] | None:
    findings = decision["findings"] if decision else []
    return next((finding["text"] for finding in findings if finding["clause"] == decision["deciding_clause"]), None)
