"""Orders of services at an appointment. Dispatch follows them from there, at its `/v1/bookings/{booking_id}`."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from kippu_events.catalogue.bookings import ToPrepare
from kippu_events.catalogue.values import Channel, Price
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Input, command
from kippu_terms.bookings import PaidBy
from kippu_terms.facts import LONGEST_WORK, Instant
from kippu_terms.value import Integer, Name
from pydantic import BaseModel, Field
from starlette.responses import Response

from kippu_entitlement import booking, terms
from kippu_entitlement.api.references import require_contact, require_customer, require_plan, unknown_plan

router = APIRouter(tags=["orders"])


class BookingInput(Input):
    customer_id: Identifier
    plan_family: Identifier
    contact_id: Identifier
    """The customer's contact who books, and to whom the points to check are mailed."""
    product: Name
    starts_at: Instant
    minutes: Annotated[Integer, Field(ge=1, le=LONGEST_WORK)] = 60
    paid_by: PaidBy = "invoice"
    ticket_no: Identifier | None = None
    """The request that it is for: incidents that pay the booking pay the work of that day, too."""
    channel: Channel = Channel.PORTAL
    """How the booking came, where somebody enters it for the customer."""


class BookingRef(BaseModel):
    booking_id: str
    """The order's id, too."""
    customer_id: str
    pay_by: date | None
    """The last local day on which it can be paid; unpaid, it is void after it."""
    points_by: date
    """By when the points to check are mailed and answered."""
    to_prepare: list[ToPrepare]
    price: Price | None
    """None where it is paid by incidents."""
    incidents: int
    """How many were debited for it; 0 by invoice. What the work does not use goes back."""


@router.post("/v1/orders/bookings", status_code=201, response_model=BookingRef)
async def book(body: BookingInput, command: Annotated[Command, command("orders:write")]) -> Response:
    """Books a service under the terms in force today; one that breaks rules names each, and changes nothing."""

    async def decide(work: Work) -> dict[str, Any]:
        command.principal.require_customer(body.customer_id)
        buyer = await require_customer(work, command.provider, body.customer_id)
        await require_contact(work, command.provider, body.customer_id, body.contact_id)
        published = await require_plan(work, command.provider, body.plan_family)
        try:
            plan = terms.in_force(published, body.plan_family, work.now)
        except terms.NoTerms as error:
            raise unknown_plan(str(error)) from None
        wanted = booking.Wanted(
            booking_id=f"O-{work.ids.code(8)}",
            **{name: getattr(body, name) for name in ("customer_id", "contact_id", "product", "starts_at")},
            **{name: getattr(body, name) for name in ("minutes", "paid_by", "channel", "ticket_no")},
        )
        accepted, price = await booking.book(work, plan, wanted, buyer.language)
        ref = BookingRef(
            booking_id=accepted.booking_id,
            customer_id=accepted.customer_id,
            pay_by=accepted.terms.pay_by,
            points_by=accepted.terms.points_by,
            to_prepare=list(accepted.terms.to_prepare),
            price=price,
            incidents=accepted.units,
        )
        return ref.model_dump(mode="json")

    return await command.run(body, decide, location="/v1/bookings/{booking_id}")
