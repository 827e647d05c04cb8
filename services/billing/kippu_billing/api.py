"""HTTP: invoices, payments and quotes. Amounts are integers of the currency's minor unit."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

import orjson
from fastapi import APIRouter
from kippu_events.catalogue.billing import TaxAmount
from kippu_events.catalogue.values import PriceLine
from kippu_events.work import Work
from kippu_service.http import (
    Command,
    Identifier,
    Input,
    Page,
    PageOf,
    Query,
    command,
    not_found,
    paged,
    query,
)
from kippu_terms.money import Currency
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from kippu_billing import readmodels
from kippu_billing.domain import invoice, quote
from kippu_billing.streams import invoice_of, quote_of

router = APIRouter(prefix="/v1")

LARGEST_AMOUNT = 10**15
"""Beyond this an amount is a slip of the keyboard in every currency; sums of such still fit 64 bits."""


class Row(BaseModel):
    """The base of what is read from a table: columns that are not shown are left out, JSON columns are parsed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def of(cls, row: Any) -> Self:
        columns = dict(row)
        return cls.model_validate(
            columns | {name: orjson.loads(columns[name]) for name in ("taxes", "lines") if name in columns}
        )


class Invoice(Row):
    invoice_no: str
    customer_id: str
    order_id: str
    status: Literal["open", "overdue", "paid"]
    issued_on: date
    due_on: date
    currency: str
    net: int
    tax_name: str
    taxes: tuple[TaxAmount, ...]
    total: int
    outstanding: int
    overdue_since: datetime | None
    paid_on: date | None


class Payment(Row):
    payment_id: str
    amount: int
    currency: str
    received_on: date
    recorded_at: datetime


class InvoiceInFull(Invoice):
    lines: tuple[PriceLine, ...]
    payments: tuple[Payment, ...]


class Quote(Row):
    """`valid_until` is the last day on which it can be accepted, a local date of the provider's."""

    quote_id: str
    customer_id: str
    ticket_no: str | None
    status: Literal["offered", "accepted", "lapsed"]
    plan_family: str
    product: str
    quantity: int
    currency: str
    net: int
    tax_name: str
    taxes: tuple[TaxAmount, ...]
    total: int
    lines: tuple[PriceLine, ...]
    offered_at: datetime
    valid_until: date
    reason: str
    clause: str
    accepted_at: datetime | None
    accepted_by: str | None
    lapsed_at: datetime | None


class Received(BaseModel):
    """`outstanding` is what is still owed on the invoice."""

    invoice_no: str
    payment_id: str
    outstanding: int
    paid: bool


class Accepted(BaseModel):
    quote_id: str
    status: Literal["accepted"]


class PaymentInput(Input):
    """Money that came in. `payment_id` is the bank's or the payer's reference, once per invoice."""

    invoice_no: Identifier
    payment_id: Identifier
    amount: Annotated[int, Field(strict=True, le=LARGEST_AMOUNT)]
    currency: Currency
    received_on: date


@router.get("/invoices", tags=["invoices"])
async def invoices(
    query: Annotated[Query, query("invoices:read")],
    page: Annotated[Page, paged(issued_on=date, invoice_no=str)],
    status: Literal["open", "overdue", "paid"] | None = None,
) -> PageOf[Invoice]:
    """The latest first."""
    return page.of(await query.fetch(readmodels.INVOICES, status, *page.after, page.fetch_limit), Invoice.of)


@router.get("/invoices/{invoice_no}", tags=["invoices"], response_model=InvoiceInFull)
async def one_invoice(query: Annotated[Query, query("invoices:read")], invoice_no: Identifier) -> Response:
    async with query.snapshot() as snapshot:
        row = await snapshot.fetchrow(readmodels.INVOICE, invoice_no)
        payments = await snapshot.fetch(readmodels.PAYMENTS, invoice_no)
    if row is None:
        raise not_found()
    shown = InvoiceInFull.of(dict(row) | {"payments": [Payment.of(payment) for payment in payments]})
    return query.answer(shown, version=row["version"])


@router.post("/payments", tags=["payments"], status_code=201, response_model=Received)
async def receive_payment(
    command: Annotated[Command, command("payments:write", staff=True)], body: PaymentInput
) -> Response:
    payment = invoice.Payment(body.payment_id, body.amount, body.currency, body.received_on)

    async def receive(work: Work) -> dict[str, Any]:
        stream = await invoice_of(work, command.provider, body.invoice_no)
        command.expect(stream)
        state = work.record(stream, *invoice.receive(stream.state, body.invoice_no, payment, work.now))
        return {
            "invoice_no": body.invoice_no,
            "payment_id": payment.payment_id,
            "outstanding": state.outstanding,
            "paid": state.is_paid,
        }

    return await command.run(body, receive, location="/v1/invoices/{invoice_no}")


@router.get("/quotes", tags=["quotes"])
async def quotes(
    query: Annotated[Query, query("quotes:read")],
    page: Annotated[Page, paged(offered_at=datetime, quote_id=str)],
    status: Literal["offered", "accepted", "lapsed"] | None = None,
) -> PageOf[Quote]:
    """The latest first."""
    return page.of(await query.fetch(readmodels.QUOTES, status, *page.after, page.fetch_limit), Quote.of)


@router.get("/quotes/{quote_id}", tags=["quotes"], response_model=Quote)
async def one_quote(query: Annotated[Query, query("quotes:read")], quote_id: Identifier) -> Response:
    row = await query.fetchrow(readmodels.QUOTE, quote_id)
    if row is None:
        raise not_found()
    return query.answer(Quote.of(row), version=row["version"])


@router.post("/quotes/{quote_id}/accept", tags=["quotes"], response_model=Accepted)
async def accept_quote(command: Annotated[Command, command("quotes:write")], quote_id: Identifier) -> Response:
    """By the customer's own partner or the provider's people. An order, its invoice and the tickets follow."""
    principal = command.principal

    async def accept(work: Work) -> dict[str, Any]:
        stream = await quote_of(work, command.provider, quote_id)
        if stream.state.offer is None:
            raise not_found()  # in the same words as for one that is somebody else's
        principal.require_customer(stream.state.offer.customer_id)
        command.expect(stream)
        work.record(stream, quote.accept(stream.state, quote_id, principal.client_id, work.now))
        return {"quote_id": quote_id, "status": quote.Status.ACCEPTED}

    return await command.run(b"", accept, status=200)
