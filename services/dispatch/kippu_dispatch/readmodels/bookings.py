"""The bookings as a table: the next appointment first."""

from collections.abc import Sequence
from typing import Any

import orjson
from asyncpg import Connection
from kippu_events.catalogue.bookings import (
    BookingBlocked,
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingEvent,
    BookingPaidLate,
    BookingRequested,
    BookingVoided,
    ChecklistItemConfirmed,
    PointsAnswered,
    PointsDue,
    PointsMailed,
)
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope

from kippu_dispatch.domain.booking import Status
from kippu_dispatch.readmodels.writing import write

PAGE = """
select * from read.booking
 where status = any ($1::text[])
   and ($2::timestamptz is null or (starts_at, booking_id) > ($2, $3))
 order by starts_at, booking_id
 limit $4
"""

ONE = "select * from read.booking where booking_id = $1"

_REQUESTED = """
insert into read.booking (provider, booking_id, customer_id, contact_id, product, name, starts_at, minutes, paid_by,
                          terms, time_zone, requested_at, ticket_no, incidents, version, status)
select provider, booking_id, customer_id, contact_id, product, name::jsonb, starts_at, minutes, paid_by,
       terms::jsonb, time_zone, requested_at, ticket_no, incidents, version, 'requested'
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::integer[],
              $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::text[], $14::integer[], $15::bigint[])
       as new (provider, booking_id, customer_id, contact_id, product, name, starts_at, minutes, paid_by, terms,
               time_zone, requested_at, ticket_no, incidents, version)
"""

# Points asked anew have no answer yet, so an empty list of answers takes the old ones away.
_CHANGED = """
update read.booking
   set status = coalesce(change.status, booking.status),
       paid_on = coalesce(change.paid_on, booking.paid_on),
       points = coalesce(change.points::jsonb, booking.points),
       answers = nullif(coalesce(change.answers::jsonb, booking.answers), '[]'::jsonb),
       missing = nullif(coalesce(change.missing, booking.missing), ''),
       prepared = booking.prepared || change.prepared::jsonb,
       completed_at = coalesce(change.completed_at, booking.completed_at),
       version = change.version
  from unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::text[], $6::text[], $7::text[], $8::text[],
              $9::timestamptz[], $10::bigint[])
       as change (provider, booking_id, status, paid_on, points, answers, missing, prepared, completed_at, version)
 where (booking.provider, booking.booking_id) = (change.provider, change.booking_id)
"""

_NO_ANSWERS = "[]"
_NOTHING_MISSING = ""


class Bookings(Projector):
    name = "bookings"
    version = 2
    logs = ("dispatch",)
    subscribes = (
        BookingRequested,
        BookingConfirmed,
        BookingVoided,
        BookingPaidLate,
        PointsMailed,
        PointsAnswered,
        PointsDue,
        ChecklistItemConfirmed,
        BookingBlocked,
        BookingCompleted,
        BookingCancelled,
    )
    tables = ("booking",)

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        requested: list[tuple[Any, ...]] = []
        changes: dict[tuple[str, str], dict[str, Any]] = {}
        for envelope in batch:
            event = envelope.event
            if isinstance(event, BookingRequested):
                requested.append(_row(envelope, event))
            elif isinstance(event, BookingEvent):
                change = changes.setdefault((envelope.provider, event.booking_id), {"prepared": {}})
                if isinstance(event, ChecklistItemConfirmed):
                    change["prepared"][event.item] = event.met
                change.update(_change(event), version=envelope.version)
        await write(connection, _REQUESTED, requested)
        await write(connection, _CHANGED, [_changed(*key, change) for key, change in changes.items()])


def _row(envelope: Envelope, event: BookingRequested) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.booking_id,
        event.customer_id,
        event.contact_id,
        event.product,
        _json(event.name),
        event.starts_at,
        event.minutes,
        event.paid_by,
        event.terms.model_dump_json(),
        event.time_zone,
        event.occurred_at,
        event.ticket_no,
        event.units,
        envelope.version,
    )


_STATUS: dict[type[BookingEvent], Status] = {
    BookingConfirmed: Status.CONFIRMED,
    BookingVoided: Status.VOID,
    BookingBlocked: Status.BLOCKED,
    BookingCompleted: Status.COMPLETED,
    BookingCancelled: Status.CANCELLED,
}


def _change(event: BookingEvent) -> dict[str, Any]:
    """The columns that an event sets."""
    change: dict[str, Any] = {"status": _STATUS[type(event)]} if type(event) in _STATUS else {}
    match event:
        case BookingConfirmed(paid_on=paid_on) | BookingPaidLate(paid_on=paid_on):
            change |= {"paid_on": paid_on}
        case PointsMailed(points=points):
            change |= {"points": _json(points), "answers": _NO_ANSWERS, "missing": _NOTHING_MISSING}
        case PointsAnswered(answers=answers):
            change |= {"answers": _json(answers), "missing": _NOTHING_MISSING}
        case PointsDue(missing=missing):
            change |= {"missing": missing}
        case BookingCompleted(completed_at=completed_at):
            change |= {"completed_at": completed_at}
    return change


def _changed(provider: str, booking_id: str, change: dict[str, Any]) -> tuple[Any, ...]:
    names = ("status", "paid_on", "points", "answers", "missing")
    prepared = _json(change["prepared"])
    columns = (change.get(name) for name in names)
    return (provider, booking_id, *columns, prepared, change.get("completed_at"), change["version"])


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
