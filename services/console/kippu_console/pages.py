"""The pages: each one answers one question, at a glance, in English, Japanese or Thai. They only read."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi import Query as Parameter
from fastapi.responses import RedirectResponse, Response
from kippu_service.http import Page, Query, paged, query
from pydantic import AfterValidator

from kippu_console.rendering import Pages
from kippu_console.sign_in import COOKIE, Fault, sign_in_page
from kippu_console.views import (
    board,
    bookings,
    contracts,
    licences,
    mails,
    money,
    sheets,
    shipments,
    ticket,
    visits,
    wallets,
)
from kippu_console.words import LANGUAGES

STYLE = (Path(__file__).parent / "style.css").read_bytes()
Reader = Annotated[Query, query("views:read", staff=True)]
Text = Annotated[str | None, Parameter(max_length=100), AfterValidator(lambda text: text or None)]
"""What a list is narrowed to; a form's empty field does not."""


def pages(page: Pages) -> APIRouter:
    """The console's pages as routes."""
    router = APIRouter(include_in_schema=False)
    _requests(router, page)
    _sold(router, page)
    _fulfilled(router, page)
    _entrance(router, page)
    return router


def _requests(router: APIRouter, page: Pages) -> None:
    @router.get("/")
    async def show_board(
        request: Request,
        reads: Reader,
        part: Annotated[Page, paged(waits=bool, received_at=datetime, ticket_no=str)],
        status: board.Which = "active",
        waiting_for: Text = None,
        customer: Text = None,
    ) -> Response:
        wanted = (part, status, waiting_for, customer)
        return await page.show(request, reads, "board.html", lambda look: board.board(look, *wanted), "subject")

    @router.get("/tickets/{ticket_no}")
    async def show_ticket(request: Request, ticket_no: str, reads: Reader) -> Response:
        return await page.show(
            request, reads, "ticket.html", lambda look: ticket.ticket(look, ticket_no), "subject", of="ticket"
        )

    @router.get("/mail")
    async def show_mail(
        request: Request,
        reads: Reader,
        part: Annotated[Page, paged(waits=bool, received_at=datetime, mail_id=str)],
        status: mails.Which = "unmatched",
    ) -> Response:
        return await page.show(
            request, reads, "mail.html", lambda look: mails.unmatched(look, part, status), "sender", "subject"
        )


def _sold(router: APIRouter, page: Pages) -> None:
    @router.get("/contracts")
    async def show_contracts(
        request: Request,
        reads: Reader,
        part: Annotated[Page, paged(ends=date, contract_id=str, serial=str)],
        status: contracts.Which = "current",
        customer: Text = None,
        family: Text = None,
        find: Text = None,
    ) -> Response:
        wanted = (part, status, customer, family, find)
        return await page.show(request, reads, "contracts.html", lambda look: contracts.contracts(look, *wanted))

    @router.get("/contracts/{contract_id}")
    async def show_contract(request: Request, contract_id: str, reads: Reader) -> Response:
        return await page.show(
            request, reads, "contract.html", lambda look: contracts.contract(look, contract_id), "site", of="contract"
        )

    @router.get("/sheets")
    async def show_sheets(
        request: Request,
        reads: Reader,
        part: Annotated[Page, paged(mailed_at=datetime, sheet_id=str)],
        status: sheets.Which = "to_put_right",
        customer: Text = None,
    ) -> Response:
        wanted = (part, status, customer)
        return await page.show(
            request, reads, "sheets.html", lambda look: sheets.sheets(look, *wanted), "file_name", "subject"
        )

    @router.get("/sheets/{sheet_id}")
    async def show_sheet(request: Request, sheet_id: str, reads: Reader) -> Response:
        sealed = ("file_name", "subject", "report")
        return await page.show(
            request, reads, "sheet.html", lambda look: sheets.sheet(look, sheet_id), *sealed, of="sheet"
        )

    @router.get("/licences")
    async def show_licences(
        request: Request,
        reads: Reader,
        part: Annotated[Page, paged(maintained_until=date, licence_id=str)],
        status: licences.Which = "maintained",
        customer: Text = None,
    ) -> Response:
        wanted = (part, status, customer)
        return await page.show(request, reads, "licences.html", lambda look: licences.licences(look, *wanted))

    @router.get("/licences/{licence_id}")
    async def show_licence(request: Request, licence_id: str, reads: Reader) -> Response:
        return await page.show(request, reads, "licence.html", lambda look: licences.licence(look, licence_id))

    @router.get("/wallets")
    async def show_wallets(
        request: Request, reads: Reader, part: Annotated[Page, paged(wallet_id=str)], customer: Text = None
    ) -> Response:
        return await page.show(request, reads, "wallets.html", lambda look: wallets.wallets(look, part, customer))

    @router.get("/wallets/{wallet_id}")
    async def show_wallet(request: Request, wallet_id: str, reads: Reader) -> Response:
        return await page.show(request, reads, "wallet.html", lambda look: wallets.wallet(look, wallet_id))

    @router.get("/invoices")
    async def show_money(
        request: Request,
        reads: Reader,
        part: Annotated[Page, paged(turn=bool, due_on=date, invoice_no=str)],
        status: money.Which = "unpaid",
        customer: Text = None,
    ) -> Response:
        wanted = (part, status, customer)
        return await page.show(request, reads, "invoices.html", lambda look: money.money(look, *wanted))

    @router.get("/refunds")
    async def show_refunds(
        request: Request,
        reads: Reader,
        part: Annotated[Page, paged(turn=bool, due_since=datetime, refund_id=str)],
        status: money.WhichRefunds = "due",
        customer: Text = None,
    ) -> Response:
        wanted = (part, status, customer)
        return await page.show(request, reads, "refunds.html", lambda look: money.refunds(look, *wanted))


def _fulfilled(router: APIRouter, page: Pages) -> None:
    @router.get("/bookings")
    async def show_bookings(
        request: Request,
        reads: Reader,
        part: Annotated[Page, paged(starts_at=datetime, booking_id=str)],
        status: bookings.Which = "ahead",
        customer: Text = None,
    ) -> Response:
        wanted = (part, status, customer)
        return await page.show(request, reads, "bookings.html", lambda look: bookings.bookings(look, *wanted))

    @router.get("/bookings/{booking_id}")
    async def show_booking(request: Request, booking_id: str, reads: Reader) -> Response:
        return await page.show(request, reads, "booking.html", lambda look: bookings.booking(look, booking_id))

    @router.get("/visits")
    async def show_visits(
        request: Request,
        reads: Reader,
        part: Annotated[Page, paged(turn=bool, visit_at=datetime, visit_id=str)],
        status: visits.Which = "ahead",
    ) -> Response:
        return await page.show(request, reads, "visits.html", lambda look: visits.visits(look, part, status))

    @router.get("/shipments")
    async def show_shipments(request: Request, reads: Reader) -> Response:
        return await page.show(request, reads, "shipments.html", shipments.shipments)


def _entrance(router: APIRouter, page: Pages) -> None:
    @router.get("/sign-in")
    async def sign_in_form(request: Request) -> Response:
        fault: Fault | None = "token" if "fault" in request.query_params else None
        if request.query_params.get("fault") == "scope":
            fault = "scope"
        return page.render(request, "sign_in.html", fault=fault)

    @router.post("/sign-in")
    async def sign_in(token: Annotated[str, Form(max_length=4000)], request: Request) -> Response:
        """Keeps the token in a cookie that no script reads and no other site sends; the next page verifies it. Another
        site's form signs nobody in: who is signed in by it would write down what is theirs under somebody else's."""
        language = request.query_params.get("lang")
        if request.headers.get("sec-fetch-site") in ("cross-site", "same-site") or not token.isascii():
            return RedirectResponse(sign_in_page("token", language), 303)
        home = RedirectResponse("/?lang=" + language if language in LANGUAGES else "/", 303)
        secure = request.url.scheme == "https"
        home.set_cookie(COOKIE, "".join(token.split()), httponly=True, samesite="lax", secure=secure)
        return home

    @router.get("/style.css")
    async def style() -> Response:
        return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})
