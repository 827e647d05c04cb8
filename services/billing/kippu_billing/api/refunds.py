"""HTTP: what customers get back. What is due is the list of what somebody has to pay."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from kippu_events.catalogue.billing import RefundCause
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Input, Page, PageOf, Query, command, paged, query
from kippu_terms.facts import Day
from pydantic import BaseModel
from starlette.responses import Response

from kippu_billing.api.shown import Row
from kippu_billing.domain import crediting
from kippu_billing.readmodels import refunds as readmodels
from kippu_billing.streams import invoice_of

router = APIRouter(prefix="/v1/refunds", tags=["payments"])

RefundStatus = Literal["due", "paid"]


class Refund(Row):
    """It names the credit note that took back what it is for, and the payment, where that is due back as it came in:
    after the credit note, or beyond what was owed. Amounts in the currency's minor unit."""

    refund_id: str
    invoice_no: str
    customer_id: str
    order_id: str
    """That of the charge, where the invoice is for one."""
    status: RefundStatus
    amount: int
    currency: str
    cause: RefundCause
    reason: str
    credit_note_no: str | None
    payment_id: str | None
    due_since: datetime
    paid_on: date | None
    reference: str | None


class RefundInput(Input):
    """`reference` is the bank's."""

    paid_on: Day
    reference: Identifier


class PaidBack(BaseModel):
    refund_id: str
    invoice_no: str
    amount: int
    currency: str


@router.get("")
async def refunds(
    query: Annotated[Query, query("invoices:read")],
    page: Annotated[Page, paged(due_since=datetime, refund_id=str)],
    status: RefundStatus | None = None,
) -> PageOf[Refund]:
    """Those that are due for longest first."""
    return page.of(await query.fetch(readmodels.REFUNDS, status, *page.after, page.fetch_limit), Refund.of)


@router.post("/{refund_id}/paid", response_model=PaidBack)
async def paid(
    command: Annotated[Command, command("payments:write", staff=True)], refund_id: Identifier, body: RefundInput
) -> Response:
    """Somebody sent the money back."""

    async def pay_back(work: Work) -> dict[str, Any]:
        stream = await invoice_of(work, command.provider, crediting.invoice_no_of(refund_id))
        command.expect(stream)
        paid = crediting.pay_back(stream.state, refund_id, body.paid_on, body.reference, work.now)
        work.record(stream, paid)
        return PaidBack(**{name: getattr(paid, name) for name in PaidBack.model_fields}).model_dump()

    return await command.run(body, pay_back, status=200)
