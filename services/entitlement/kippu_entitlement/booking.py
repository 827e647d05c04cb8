"""Booking a service at an appointment: an order by the terms, with what dispatch has to know to follow it (CWC-16).

By invoice it is an order like any other, and void if it is not paid in time. By incidents nothing is invoiced: they are
debited with it, and what the work does not use goes back. Either falls with the request that it names.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kippu_events.catalogue.bookings import BookingAccepted, BookingTerms
from kippu_events.catalogue.values import Channel, Price
from kippu_events.work import Stream, Work
from kippu_terms.bookings import PaidBy, booking_terms
from kippu_terms.orders.facts import OrderFacts
from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault, Refused

from kippu_entitlement import folds, licences, ordering, requests, terms
from kippu_entitlement.domain import booked, order, streams
from kippu_entitlement.domain.booked import Booked, Reason
from kippu_entitlement.domain.wallet import Debited, Wallet


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
    ticket_no: str | None = None
    """The request that it is for."""

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


async def book(work: Work, plan: Plan, wanted: Wanted, language: str) -> tuple[BookingAccepted, Price | None]:
    """Records the booking, and its order where it is invoiced. Raises Refused with every rule that it breaks."""
    faults: list[Fault] = []
    pinned = None
    try:
        pinned = BookingTerms.model_validate(
            booking_terms(
                plan, wanted.product, requested_at=work.now, starts_at=wanted.starts_at, paid_by=wanted.paid_by
            ).model_dump()
        )
    except Refused as refused:
        faults += refused.faults
    price, taken = None, None
    try:
        await _require_request(work, plan, wanted)
    except Refused as refused:
        faults += refused.faults
    try:
        if wanted.paid_by == "invoice":
            price = await _invoiced(work, plan, wanted, language)
        else:
            taken = await _prepaid(work, plan, wanted, language)
    except Refused as refused:
        faults += (each for each in refused.faults if each.field != "appointment_at")  # which was said already
    if faults or pinned is None:
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
        terms=pinned,
        time_zone=plan.time_zone,
        ticket_no=wanted.ticket_no,
        units=taken.taken if taken else 0,
        plan_family=plan.family,
        plan_version=plan.version,
        allocations=taken.allocations if taken else (),
    )
    stream = await work.load(folds.ORDER, plan.provider, streams.order(plan.provider, wanted.booking_id))
    state = work.record(stream, accepted).booking
    if state is None:
        raise AssertionError("unreachable: it was accepted just now")
    if taken is not None:
        work.record(await _wallet(work, plan.provider, wanted.customer_id, plan.family), *taken.events)
    await _note(work, plan, state, state.units, wanted.ends_at)
    return accepted, price


async def settle(work: Work, provider: str, booking_id: str, reason: Reason, ended_at: datetime | None = None) -> None:
    """What of a booking's incidents was used by the time the work ended, and what goes back; once. Nothing was used
    where no work ended. An invoiced one has nothing to settle but that its request was declined: dispatch cancels it
    with that, and billing takes its invoice back."""
    stream = await work.load(folds.ORDER, provider, streams.order(provider, booking_id))
    state = stream.state.booking
    if state is None or state.settled or not (state.units or reason == "declined"):
        return
    published = (await terms.plans(work, provider, state.plan_family)).state
    plan = terms.pinned(published, state.plan_family, state.plan_version)
    used = booked.used(state, plan, ended_at) if ended_at else 0
    held = await _wallet(work, provider, state.customer_id, state.plan_family)
    settled, on_wallet = booked.settle(state, held.state, used, reason, work.now)
    work.record(stream, settled)
    work.record(held, *on_wallet)
    await _note(work, plan, state, used, ended_at or state.starts_at)


async def _note(work: Work, plan: Plan, state: Booked, units: int, ends_at: datetime) -> None:
    """Tells the case of its request, where work may be owed that the booking does not pay any more."""
    noted = booked.noted(state, plan, units, ends_at, work.now)
    if noted is not None:
        case = await requests.load_case(work, plan.provider, noted.ticket_no)
        work.record(case, noted)
        await requests.debit(work, case, await requests.plan_of(work, case))


async def _require_request(work: Work, plan: Plan, wanted: Wanted) -> None:
    if wanted.ticket_no is None:
        return
    state = (await requests.load_case(work, plan.provider, wanted.ticket_no)).state
    request = state.request
    if request is None or (request.customer_id, request.plan_family) != (wanted.customer_id, plan.family):
        message = f"{wanted.customer_id} has no request {wanted.ticket_no} under {plan.family}"
        raise Refused(Fault("unknown_ticket", message, "ticket_no"))
    if state.declined:
        raise Refused(Fault("ticket_declined", f"{wanted.ticket_no} was declined", "ticket_no"))


async def _wallet(work: Work, provider: str, customer_id: str, family: str) -> Stream[Wallet]:
    name = streams.wallet(provider, streams.wallet_id(customer_id, family))
    return await work.load(folds.WALLET, provider, name)


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
    said = ordering.Said(channel=wanted.channel, appointment_at=wanted.starts_at)
    placed = await ordering.place(work, plan.provider, plan, place, said, language)
    return placed.terms.price


async def _prepaid(work: Work, plan: Plan, wanted: Wanted, language: str) -> Debited:
    """The same rules, and nothing to pay: it takes the number for incidents, and as many as it costs (CWC-21)."""
    facts = await licences.with_licence(
        work,
        plan,
        wanted.customer_id,
        OrderFacts(
            provider=plan.provider,
            product=wanted.product,
            ordered_on=plan.calendar.local_date(work.now),
            channel=wanted.channel.value,
            appointment_at=wanted.starts_at,
            paid_by=wanted.paid_by,
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
    held = await _wallet(work, plan.provider, wanted.customer_id, plan.family)
    return booked.pay(
        held.state,
        plan,
        booking_id=wanted.booking_id,
        ticket_no=wanted.ticket_no,
        starts_at=wanted.starts_at,
        minutes=wanted.minutes,
        now=work.now,
    )
