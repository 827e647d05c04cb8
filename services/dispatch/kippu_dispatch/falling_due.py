"""Dispatch's deadlines: a return is reminded of and falls overdue, a delivery stays unreported; a booking is void, its
points are due, its appointment comes."""

from collections.abc import Sequence
from datetime import datetime

from kippu_events.catalogue.bookings import BookingRequested
from kippu_events.catalogue.shipments import (
    DeliveryFailed,
    ReturnExpected,
    ShipmentEvent,
    UnitDelivered,
    UnitReturned,
    UnitShipped,
)
from kippu_events.deadlines import Cancel, Deadline, Deadlines, Schedule
from kippu_events.envelope import Envelope
from kippu_events.work import Work

from kippu_dispatch.domain import booking, reports, returns
from kippu_dispatch.domain.shipment import ticket_of
from kippu_dispatch.streams import booking_of, shipments_of

REMIND = "return-reminder"
OVERDUE = "return-overdue"
UNREPORTED = "delivery-unreported"
VOID = "booking-void"
POINTS = "booking-points"
BEGIN = "booking-begins"

_PLANNED = {
    event.type for event in (UnitShipped, DeliveryFailed, UnitDelivered, ReturnExpected, UnitReturned, BookingRequested)
}


def plan(envelope: Envelope) -> Sequence[Schedule | Cancel]:
    """Which deadlines an event of dispatch's log asks for or takes back."""
    if envelope.type not in _PLANNED:
        return ()
    booked = envelope.event
    return _of_booking(envelope, booked) if isinstance(booked, BookingRequested) else _of_shipment(envelope)


def _of_shipment(envelope: Envelope) -> Sequence[Schedule | Cancel]:
    match envelope.event:
        case UnitShipped() as shipped:
            due_at = shipped.shipped_at + reports.REPORTED_WITHIN
            return (_schedule(UNREPORTED, envelope, shipped, due_at, shipped.attempt),)
        case DeliveryFailed() | UnitDelivered() as reported:
            return (_cancel(UNREPORTED, envelope, reported, reported.attempt),)
        case ReturnExpected() as expected:
            wishes = ((REMIND, expected.remind_at), (OVERDUE, expected.overdue_at))
            return tuple(_schedule(kind, envelope, expected, at) for kind, at in wishes if at is not None)
        case UnitReturned() as returned:
            return (_cancel(REMIND, envelope, returned), _cancel(OVERDUE, envelope, returned))
    return ()


def _of_booking(envelope: Envelope, booked: BookingRequested) -> tuple[Schedule, ...]:
    """Each looks at the booking when it fires, so that none has to be taken back."""
    dates = ((VOID, booked.terms.void_at), (POINTS, booked.terms.points_due_at), (BEGIN, booked.starts_at))
    payload = {"booking_id": booked.booking_id}
    return tuple(
        Schedule(f"{kind}:{envelope.provider}:{booked.booking_id}", kind, envelope.provider, at, payload)
        for kind, at in dates
        if at is not None
    )


async def remind(deadline: Deadline, work: Work) -> None:
    shipment_id = deadline.payload["shipment_id"]
    stream = await shipments_of(work, deadline.provider, ticket_of(shipment_id))
    work.record(stream, *returns.remind(stream.state, shipment_id, deadline.due_at))


async def fall_overdue(deadline: Deadline, work: Work) -> None:
    shipment_id = deadline.payload["shipment_id"]
    stream = await shipments_of(work, deadline.provider, ticket_of(shipment_id))
    work.record(stream, *returns.fall_overdue(stream.state, shipment_id))


async def remain_unreported(deadline: Deadline, work: Work) -> None:
    shipment_id, attempt = deadline.payload["shipment_id"], int(deadline.payload["attempt"])
    stream = await shipments_of(work, deadline.provider, ticket_of(shipment_id))
    work.record(stream, *reports.remain_unreported(stream.state, shipment_id, attempt, deadline.due_at))


async def void_booking(deadline: Deadline, work: Work) -> None:
    stream = await booking_of(work, deadline.provider, deadline.payload["booking_id"])
    work.record(stream, *booking.void(stream.state, deadline.due_at))


async def let_points_fall_due(deadline: Deadline, work: Work) -> None:
    stream = await booking_of(work, deadline.provider, deadline.payload["booking_id"])
    work.record(stream, *booking.points_due(stream.state, deadline.due_at))


async def begin_booking(deadline: Deadline, work: Work) -> None:
    stream = await booking_of(work, deadline.provider, deadline.payload["booking_id"])
    work.record(stream, *booking.begin(stream.state, deadline.due_at))


DEADLINES = Deadlines(
    plan,
    {
        REMIND: remind,
        OVERDUE: fall_overdue,
        UNREPORTED: remain_unreported,
        VOID: void_booking,
        POINTS: let_points_fall_due,
        BEGIN: begin_booking,
    },
)


def _id(kind: str, envelope: Envelope, event: ShipmentEvent, attempt: int | None) -> str:
    return f"{kind}:{envelope.provider}:{event.shipment_id}" + (f":{attempt}" if attempt is not None else "")


def _schedule(
    kind: str, envelope: Envelope, event: ShipmentEvent, due_at: datetime, attempt: int | None = None
) -> Schedule:
    payload = {"shipment_id": event.shipment_id} | ({"attempt": str(attempt)} if attempt is not None else {})
    return Schedule(_id(kind, envelope, event, attempt), kind, envelope.provider, due_at, payload)


def _cancel(kind: str, envelope: Envelope, event: ShipmentEvent, attempt: int | None = None) -> Cancel:
    return Cancel(_id(kind, envelope, event, attempt))
