"""Booking a service at an appointment: an order by the terms, with what dispatch has to know to follow it (CWC-16).

By invoice it is an order like any other, and void if it is not paid in time. By incidents nothing is invoiced: they are
debited as the work is recorded.
"""

from dataclasses import dataclass
from datetime import datetime

from kippu_events.catalogue.bookings import BookingAccepted, BookingTerms
from kippu_events.catalogue.values import Channel, Price
from kippu_events.work import Work
from kippu_terms.bookings import PaidBy, booking_terms
from kippu_terms.orders.facts import OrderFacts
from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault, Refused

from kippu_entitlement import folds, licences, ordering
from kippu_entitlement.domain import order, streams


@dataclass(frozen=True, slots=True)
class Wanted:
    booking_id: str
    customer_id: str
    contact_id: str
    product: str
    starts_at: datetime
    minutes: int
    paid_by: PaidBy
    channel: Channel


async def book(work: Work, plan: Plan, wanted: Wanted, language: str) -> tuple[BookingAccepted, Price | None]:
    """Records the booking, and its order where it is invoiced. Raises Refused with every rule that it breaks."""
    faults: list[Fault] = []
    try:
        terms = BookingTerms.model_validate(
            booking_terms(
                plan, wanted.product, requested_at=work.now, starts_at=wanted.starts_at, paid_by=wanted.paid_by
            ).model_dump()
        )
    except Refused as refused:
        faults += refused.faults
    price = None
    try:
        price = await (_invoiced if wanted.paid_by == "invoice" else _prepaid)(work, plan, wanted, language)
    except Refused as refused:
        faults += refused.faults
    if faults:
        raise Refused(*dict.fromkeys(faults))
    accepted = BookingAccepted(
        occurred_at=work.now,
        booking_id=wanted.booking_id,
        customer_id=wanted.customer_id,
        contact_id=wanted.contact_id,
        language=language,
        product=wanted.product,
        name=plan.product(wanted.product).name,
        starts_at=wanted.starts_at,
        minutes=wanted.minutes,
        paid_by=wanted.paid_by,
        terms=terms,
        time_zone=plan.time_zone,
        plan_family=plan.family,
        plan_version=plan.version,
    )
    work.record(await work.load(folds.ORDER, plan.provider, streams.order(plan.provider, wanted.booking_id)), accepted)
    return accepted, price


async def _invoiced(work: Work, plan: Plan, wanted: Wanted, language: str) -> Price | None:
    place = order.Place(
        order_id=wanted.booking_id,
        customer_id=wanted.customer_id,
        plan_family=plan.family,
        product=wanted.product,
        quantity=1,
        requested_on=plan.calendar.local_date(work.now),
        contact_id=wanted.contact_id,
    )
    placed = await ordering.place(work, plan.provider, plan, place, ordering.Said(channel=wanted.channel), language)
    return placed.terms.price


async def _prepaid(work: Work, plan: Plan, wanted: Wanted, language: str) -> None:
    """The same rules, and nothing to pay: it takes the number for incidents (CWC-21)."""
    facts = await licences.with_licence(
        work,
        plan,
        wanted.customer_id,
        OrderFacts(
            provider=plan.provider,
            product=wanted.product,
            ordered_on=plan.calendar.local_date(work.now),
            channel=wanted.channel.value,
        ),
    )
    faults: list[Fault] = []
    try:
        order.terms_of(plan, facts, language)
    except Refused as refused:
        faults += refused.faults
    if facts.customer is None or facts.customer.incident_member != "valid":
        clause = plan.commercial.lots.clause if plan.commercial.lots else None
        message = "incidents, and the number that is issued with them, are needed to pay by them"
        faults.append(Fault("no_incident_number", message, "paid_by", clause))
    if faults:
        raise Refused(*faults)
