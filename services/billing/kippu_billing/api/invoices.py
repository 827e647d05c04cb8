"""HTTP: invoices, payments, certificates of withheld tax, and credit notes."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from kippu_events.catalogue.billing import CreditedLine, TaxAmount
from kippu_events.catalogue.values import PriceLine
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Input, Page, PageOf, Query, command, not_found, paged, query
from kippu_terms.facts import Day
from kippu_terms.money import Currency
from kippu_terms.value import Flag
from pydantic import BaseModel, Field
from starlette.responses import Response

from kippu_billing.api.refunds import Refund
from kippu_billing.api.shown import Row
from kippu_billing.domain import paying, withholding
from kippu_billing.readmodels import invoices as readmodels
from kippu_billing.readmodels.refunds import OF_INVOICE
from kippu_billing.streams import invoice_of

router = APIRouter(prefix="/v1")

InvoiceStatus = Literal["open", "overdue", "paid", "credited"]

LARGEST_AMOUNT = 10**15
"""Beyond this an amount is a slip of the keyboard in every currency; sums of such still fit 64 bits."""


class Invoice(Row):
    invoice_no: str
    customer_id: str
    order_id: str
    charge_id: str | None
    """Given if it is for a charge; `order_id` is then the charge's."""
    status: InvoiceStatus
    issued_on: date
    due_on: date
    currency: str
    net: int
    tax_name: str
    taxes: tuple[TaxAmount, ...]
    total: int
    outstanding: int
    credited: int
    """What credit notes took back of the total; all of it, once the status is `credited`."""
    overdue_since: datetime | None
    paid_on: date | None
    credited_on: date | None


class Payment(Row):
    payment_id: str
    amount: int
    currency: str
    received_on: date
    recorded_at: datetime


class Withheld(Row):
    """A certificate of tax that the customer withheld."""

    certificate_no: str
    amount: int
    currency: str
    issued_on: date
    received_on: date
    recorded_at: datetime


class CreditNote(Row):
    """It takes back an invoice, or a part of it. `paid_back` is what had been paid for that, and is due back."""

    credit_note_no: str
    invoice_no: str
    customer_id: str
    issued_on: date
    currency: str
    net: int
    taxes: tuple[TaxAmount, ...]
    total: int
    paid_back: int
    withheld: int
    """Tax that the customer withheld for what is taken back; the authorities have it."""
    lines: tuple[CreditedLine, ...]
    """What a part takes back; empty for all that was left."""
    reason: str


class InvoiceInFull(Invoice):
    lines: tuple[PriceLine, ...]
    payments: tuple[Payment, ...]
    withheld: tuple[Withheld, ...]
    credit_notes: tuple[CreditNote, ...]
    refunds: tuple[Refund, ...]


class Received(BaseModel):
    """`outstanding` is what is still owed on the invoice."""

    invoice_no: str
    payment_id: str
    outstanding: int
    paid: bool


class Certified(BaseModel):
    """`outstanding` is what is still owed on the invoice."""

    invoice_no: str
    certificate_no: str
    outstanding: int
    paid: bool


class CertificateInput(Input):
    """A certificate of withholding tax. `certificate_no` is the customer's, once per invoice."""

    invoice_no: Identifier
    certificate_no: Identifier
    amount: Annotated[int, Field(strict=True, le=LARGEST_AMOUNT)]
    currency: Currency
    issued_on: Day
    received_on: Day


class PaymentInput(Input):
    """Money that came in. `payment_id` is the bank's or the payer's reference, once per invoice."""

    invoice_no: Identifier
    payment_id: Identifier
    amount: Annotated[int, Field(strict=True, le=LARGEST_AMOUNT)]
    currency: Currency
    received_on: Day
    surplus_goes_back: Flag = False
    """More than is owed is refused, for somebody has to say what it is for. Where this says that it goes back, it is
    recorded, and the surplus alone is due back."""


@router.get("/invoices", tags=["invoices"])
async def invoices(
    query: Annotated[Query, query("invoices:read")],
    page: Annotated[Page, paged(issued_on=date, invoice_no=str)],
    status: InvoiceStatus | None = None,
) -> PageOf[Invoice]:
    """The latest first."""
    return page.of(await query.fetch(readmodels.INVOICES, status, *page.after, page.fetch_limit), Invoice.of)


@router.get("/invoices/{invoice_no}", tags=["invoices"], response_model=InvoiceInFull)
async def one_invoice(query: Annotated[Query, query("invoices:read")], invoice_no: Identifier) -> Response:
    async with query.snapshot() as snapshot:
        row = await snapshot.fetchrow(readmodels.INVOICE, invoice_no)
        payments = await snapshot.fetch(readmodels.PAYMENTS, invoice_no)
        withheld = await snapshot.fetch(readmodels.WITHHELD, invoice_no)
        notes = await snapshot.fetch(readmodels.CREDIT_NOTES_OF, invoice_no)
        due_back = await snapshot.fetch(OF_INVOICE, invoice_no)
    if row is None:
        raise not_found()
    parts = {
        "payments": [Payment.of(each) for each in payments],
        "withheld": [Withheld.of(each) for each in withheld],
        "credit_notes": [CreditNote.of(each) for each in notes],
        "refunds": [Refund.of(each) for each in due_back],
    }
    shown = InvoiceInFull.of(dict(row) | parts)
    return query.answer(shown, version=row["version"])


@router.get("/credit-notes", tags=["invoices"])
async def credit_notes(
    query: Annotated[Query, query("invoices:read")], page: Annotated[Page, paged(issued_on=date, credit_note_no=str)]
) -> PageOf[CreditNote]:
    """The latest first."""
    return page.of(await query.fetch(readmodels.CREDIT_NOTES, *page.after, page.fetch_limit), CreditNote.of)


@router.post("/payments", tags=["payments"], status_code=201, response_model=Received)
async def receive_payment(
    command: Annotated[Command, command("payments:write", staff=True)], body: PaymentInput
) -> Response:
    payment = paying.Payment(body.payment_id, body.amount, body.currency, body.received_on, body.surplus_goes_back)

    async def receive(work: Work) -> dict[str, Any]:
        stream = await invoice_of(work, command.provider, body.invoice_no)
        command.expect(stream)
        state = work.record(stream, *paying.receive(stream.state, body.invoice_no, payment, work.now))
        return {
            "invoice_no": body.invoice_no,
            "payment_id": payment.payment_id,
            "outstanding": state.outstanding,
            "paid": state.is_paid,
        }

    return await command.run(body, receive, location="/v1/invoices/{invoice_no}")


@router.post("/withholding-certificates", tags=["payments"], status_code=201, response_model=Certified)
async def receive_certificate(
    command: Annotated[Command, command("payments:write", staff=True)], body: CertificateInput
) -> Response:
    """What the customer withheld as tax counts as paid once its certificate is here."""
    certificate = withholding.Certificate(
        body.certificate_no, body.amount, body.currency, body.issued_on, body.received_on
    )

    async def certify(work: Work) -> dict[str, Any]:
        stream = await invoice_of(work, command.provider, body.invoice_no)
        command.expect(stream)
        state = work.record(stream, *withholding.certify(stream.state, body.invoice_no, certificate, work.now))
        return {
            "invoice_no": body.invoice_no,
            "certificate_no": certificate.certificate_no,
            "outstanding": state.outstanding,
            "paid": state.is_paid,
        }

    return await command.run(body, certify, location="/v1/invoices/{invoice_no}")
