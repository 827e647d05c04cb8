"""A booking: the incidents that pay it, from which lots, and what goes back when less is used. One that is invoiced
takes none, and falls with its request all the same.

They are debited as it is accepted, for the instant of the appointment: an incident that ends before it pays nothing.
Each started half an hour of it is a call (CWC-22). What is worked beyond it is another call, recorded on the request
and debited there. What was not begun goes back; all of it does, if there will be no work.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from kippu_events.catalogue.bookings import BookingAccepted, BookingNoted, BookingSettled
from kippu_events.catalogue.values import Allocation
from kippu_events.event import Event
from kippu_terms.dates import end_of, start_of
from kippu_terms.metering import units_of
from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault, Refused

from kippu_entitlement.domain import wallet as wallets
from kippu_entitlement.domain.wallet import Debit, Debited, Wallet

Reason = Literal["completed", "cancelled", "declined"]
"""Why a booking's incidents are settled."""

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking, in the state of its order; without allocations where it is invoiced."""

    booking_id: str
    customer_id: str
    plan_family: str
    plan_version: str
    ticket_no: str | None
    starts_at: datetime
    allocations: tuple[Allocation, ...]
    settled: bool = False

    @property
    def units(self) -> int:
        return sum(each.quantity for each in self.allocations)


def evolve(state: Booked | None, event: Event) -> Booked | None:
    match event:
        case BookingAccepted():
            return _booked(event)
        case BookingSettled() if state is not None:
            return replace(state, settled=True)
        case _:
            return state


def _booked(event: BookingAccepted) -> Booked:
    return Booked(
        event.booking_id,
        event.customer_id,
        event.plan_family,
        event.plan_version,
        event.ticket_no,
        event.starts_at,
        event.allocations,
    )


def pay(
    held: Wallet,
    plan: Plan,
    *,
    booking_id: str,
    ticket_no: str | None,
    starts_at: datetime,
    minutes: int,
    now: datetime,
) -> Debited:
    """Takes what the appointment costs. Raises Refused where the wallet has too little that is valid then (CWC-21)."""
    metering, lots = plan.commercial.metering, plan.commercial.lots
    if metering is None:
        raise Refused(Fault("not_metered", "by these terms no work is paid by prepaid units", "paid_by"))
    wanted = units_of(plan, minutes)
    debit = Debit(
        debit_id=booking_id,
        ticket_no=ticket_no or booking_id,
        wanted=wanted,
        counts_at=starts_at,
        clause=metering.clause,
        booking_id=booking_id,
        reason=f"{minutes} minutes booked, 1 for each started {metering.unit_minutes}",
    )
    debited = wallets.debit(held, debit, now)
    if debited.missing:
        clause = lots.clause if lots else metering.clause
        raise Refused(Fault("too_few_incidents", _lacking(plan, wanted, debited, now), "paid_by", clause))
    return debited


def _lacking(plan: Plan, wanted: int, debited: Debited, now: datetime) -> str:
    message = f"the appointment takes {wanted}, and the wallet has {debited.taken} that are valid on that day"
    offer = plan.shortfall_offer(debited.missing, plan.calendar.local_date(now))
    return f"{message}: buy {offer.quantity} × {offer.product}" if offer else message


def noted(booking: Booked, plan: Plan, units: int, ends_at: datetime, now: datetime) -> BookingNoted | None:
    """For the case of its request: the work of the appointment's day is what the booking pays *(our reading)*."""
    if booking.ticket_no is None:
        return None
    day = plan.calendar.local_date(booking.starts_at)
    return BookingNoted(
        occurred_at=now,
        booking_id=booking.booking_id,
        customer_id=booking.customer_id,
        ticket_no=booking.ticket_no,
        units=units,
        begins_at=start_of(day, plan.zone),
        ends_at=max(ends_at, end_of(day, plan.zone)),
    )


def used(booking: Booked, plan: Plan, ended_at: datetime) -> int:
    """The calls of the appointment that were begun by the time the work ended; at most those that were booked."""
    minutes = -((booking.starts_at - ended_at) // _MINUTE)
    return min(booking.units, units_of(plan, minutes))


def settle(
    booking: Booked, held: Wallet, used: int, reason: Reason, now: datetime
) -> tuple[BookingSettled, tuple[Event, ...]]:
    """What was not used goes back to its lots, those that end last first: what the order and the wallet record."""
    left = tuple(_last(booking.allocations, booking.units - used))
    settled = BookingSettled(
        occurred_at=now,
        booking_id=booking.booking_id,
        customer_id=booking.customer_id,
        used=used,
        given_back=booking.units - used,
        reason=reason,
    )
    if not left:
        return settled, ()
    return settled, wallets.reverse(
        held,
        debit_id=booking.booking_id,
        ticket_no=booking.ticket_no or booking.booking_id,
        allocations=left,
        reason=f"the booking was {reason}",
        now=now,
        booking_id=booking.booking_id,
    )


def _last(allocations: Sequence[Allocation], quantity: int) -> Iterator[Allocation]:
    for each in reversed(allocations):
        back = min(each.quantity, quantity)
        if back:
            yield Allocation(lot_id=each.lot_id, quantity=back)
        quantity -= back
