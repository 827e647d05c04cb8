"""Services at an appointment: until when they are to be paid, what is to be done before, and why one is blocked."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
from asyncpg import Connection
from kippu_events.catalogue import bookings
from kippu_events.envelope import Envelope
from kippu_events.event import Event

from kippu_console.readmodels.rows import RowEach, write

STATUS: dict[type[Event], str] = {
    bookings.BookingRequested: "requested",
    bookings.BookingConfirmed: "confirmed",
    bookings.BookingVoided: "void",
    bookings.BookingBlocked: "blocked",
    bookings.BookingCompleted: "completed",
    bookings.BookingCancelled: "cancelled",
}


class Bookings(RowEach):
    """One row a booking, and one for each thing that the customer prepares for it."""

    name = "bookings"
    logs = ("dispatch",)
    tables = ("booking", "preparation")
    key = "booking_id"
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        *STATUS,
        bookings.BookingPaidLate,
        bookings.PointsMailed,
        bookings.PointsAnswered,
        bookings.PointsDue,
        bookings.ChecklistItemConfirmed,
    )

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        await super().apply(connection, batch)
        asked: list[tuple[Any, ...]] = []
        said: dict[tuple[str, str, str], bool] = {}
        for envelope in batch:
            event: Any = envelope.event
            match event:
                case bookings.BookingRequested():
                    about = (envelope.provider, event.booking_id, event.customer_id)
                    asked += [
                        (*about, number, each.item, each.clause, orjson.dumps(each.name).decode())
                        for number, each in enumerate(event.terms.to_prepare)
                    ]
                case bookings.ChecklistItemConfirmed():
                    said[envelope.provider, event.booking_id, event.item] = event.met
        await write(connection, TO_PREPARE, asked)
        await write(connection, PREPARED, [(*key, said[key]) for key in sorted(said)])

    def columns(self, envelope: Envelope, event: Any) -> dict[str, Any]:
        columns: dict[str, Any] = {"status": STATUS[type(event)]} if type(event) in STATUS else {}
        match event:
            case bookings.BookingRequested():
                columns |= {name: getattr(event, name) for name in _BOOKED}
                columns |= {name: getattr(event.terms, name) for name in _TERMS}
            case bookings.BookingConfirmed():
                columns["paid_on"] = event.paid_on
            case bookings.BookingVoided():
                columns["reasons"] = [event.clause]
            case bookings.BookingBlocked():
                columns |= {"reasons": event.clauses, "unmet": event.unmet}
            case bookings.BookingCancelled():
                columns["cancelled_because"] = event.reason
            case bookings.BookingPaidLate():
                columns["paid_late_on"] = event.paid_on
            case bookings.PointsMailed():
                columns |= {"points_mailed_at": event.occurred_at, "points_missing": None}
            case bookings.PointsAnswered():
                columns |= {"points_answered_at": event.occurred_at, "points_missing": None}
            case bookings.PointsDue():
                columns["points_missing"] = event.missing
            case bookings.BookingCompleted():
                columns["completed_at"] = event.completed_at
        return columns


_BOOKED = ("product", "name", "starts_at", "minutes", "paid_by", "ticket_no", "units")
_TERMS = ("clause", "pay_by", "void_at", "points_clause", "points_by", "points_due_at")

TO_PREPARE = """
insert into read.preparation (provider, booking_id, customer_id, number, item, clause, name)
select * from unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::jsonb[])
"""
# The item is there before anybody confirms it: both are of one stream.
PREPARED = """
update read.preparation set met = new.met
from unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) as new (provider, booking_id, item, met)
where (preparation.provider, preparation.booking_id, preparation.item) = (new.provider, new.booking_id, new.item)
"""
