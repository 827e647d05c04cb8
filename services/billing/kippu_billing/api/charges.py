"""HTTP: what was charged by the terms."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from kippu_events.catalogue.billing import TaxAmount
from kippu_events.catalogue.values import PriceLine
from kippu_service.http import Page, PageOf, Query, paged, query

from kippu_billing.api.shown import Row
from kippu_billing.readmodels import charges as readmodels

router = APIRouter(prefix="/v1/charges", tags=["charges"])

ChargeStatus = Literal["open", "overdue", "paid", "credited", "withdrawn"]


class Charge(Row):
    """`withdrawn` before it was paid, `credited` after it."""

    charge_id: str
    customer_id: str
    ticket_no: str
    shipment_id: str
    invoice_no: str | None
    status: ChargeStatus
    clause: str
    reason: str
    currency: str
    net: int
    tax_name: str
    taxes: tuple[TaxAmount, ...]
    total: int
    lines: tuple[PriceLine, ...]
    raised_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str | None


@router.get("")
async def charges(
    query: Annotated[Query, query("charges:read")],
    page: Annotated[Page, paged(raised_at=datetime, charge_id=str)],
    status: ChargeStatus | None = None,
) -> PageOf[Charge]:
    """The latest first."""
    return page.of(await query.fetch(readmodels.CHARGES, status, *page.after, page.fetch_limit), Charge.of)
