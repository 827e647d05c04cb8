"""The visits as a table: the next one first."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Connection
from kippu_events.catalogue.dispatch import (
    RequestDeclineNoted,
    VisitBooked,
    VisitCompleted,
    VisitDeclined,
    VisitEvent,
    VisitHeld,
    VisitPostponed,
    VisitRequested,
    VisitWithdrawn,
)
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope

from kippu_dispatch.domain.visit import Status
from kippu_dispatch.readmodels.writing import Changes, rows_of, write

PAGE = """
select * from read.visit
 where status = any ($1::text[])
   and ($2::timestamptz is null or (starts_at, visit_id) > ($2, $3))
 order by starts_at, visit_id
 limit $4
"""

ONE = "select * from read.visit where visit_id = $1"

_REQUESTED = """
insert into read.visit (provider, visit_id, ticket_no, customer_id, requested_at, wanted_at, starts_at, minutes,
                        notice_days, clause, target, version, status)
select provider, visit_id, ticket_no, customer_id, requested_at, wanted_at, wanted_at, minutes,
       notice_days, clause, target::jsonb, version, 'requested'
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::integer[],
              $8::integer[], $9::text[], $10::text[], $11::bigint[])
       as new (provider, visit_id, ticket_no, customer_id, requested_at, wanted_at, minutes, notice_days, clause,
               target, version)
"""

_CHANGED = """
update read.visit
   set status = change.status,
       starts_at = coalesce(change.starts_at, visit.starts_at),
       minutes = coalesce(change.minutes, visit.minutes),
       reason = coalesce(change.reason, visit.reason),
       settled_by = coalesce(change.settled_by, visit.settled_by),
       completed_at = coalesce(change.completed_at, visit.completed_at)
  from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::integer[], $6::text[], $7::text[],
              $8::timestamptz[])
       as change (provider, visit_id, status, starts_at, minutes, reason, settled_by, completed_at)
 where (visit.provider, visit.visit_id) = (change.provider, change.visit_id)
"""

# All visits of a request share a stream, and so a version.
_VERSIONS = """
update read.visit
   set version = stream.version
  from unnest($1::text[], $2::text[], $3::bigint[]) as stream (provider, ticket_no, version)
 where (visit.provider, visit.ticket_no) = (stream.provider, stream.ticket_no)
"""

_CHANGES = ("status", "starts_at", "minutes", "reason", "settled_by", "completed_at")


class Visits(Projector):
    name = "visits"
    version = 2
    logs = ("dispatch",)
    subscribes = (
        VisitRequested,
        VisitHeld,
        VisitBooked,
        VisitPostponed,
        VisitDeclined,
        VisitCompleted,
        VisitWithdrawn,
        RequestDeclineNoted,
    )
    tables = ("visit",)

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        requested: list[tuple[Any, ...]] = []
        changes: Changes = {}
        versions: dict[tuple[str, str], int] = {}
        for envelope in batch:
            event = envelope.event
            if isinstance(event, VisitRequested):
                requested.append(_row(envelope, event))
            elif isinstance(event, VisitEvent):
                changes.setdefault((envelope.provider, event.visit_id), {}).update(_change(event))
            if isinstance(event, VisitEvent | RequestDeclineNoted):
                versions[envelope.provider, event.ticket_no] = envelope.version
        await write(connection, _REQUESTED, requested)
        await write(connection, _CHANGED, rows_of(changes, _CHANGES))
        await write(connection, _VERSIONS, [(*key, version) for key, version in versions.items()])


def _row(envelope: Envelope, event: VisitRequested) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.visit_id,
        event.ticket_no,
        event.customer_id,
        event.occurred_at,
        event.wanted_at,
        event.minutes,
        event.notice_days,
        event.clause,
        event.target.model_dump_json() if event.target else None,
        envelope.version,
    )


def _change(event: VisitEvent) -> dict[str, Any]:
    """The columns that an event sets."""
    match event:
        case VisitHeld():
            return {"status": Status.HELD}
        case VisitBooked(starts_at=starts_at, minutes=minutes, booked_by=by):
            return {"status": Status.BOOKED, "starts_at": starts_at, "minutes": minutes, "settled_by": by}
        case VisitPostponed(to_at=to_at, minutes=minutes, reason=reason, postponed_by=by):
            return {
                "status": Status.POSTPONED,
                "starts_at": to_at,
                "minutes": minutes,
                "reason": reason,
                "settled_by": by,
            }
        case VisitDeclined(reason=reason, declined_by=by):
            return {"status": Status.DECLINED, "reason": reason, "settled_by": by}
        case VisitWithdrawn(reason=reason):
            return {"status": Status.WITHDRAWN, "reason": reason}
        case VisitCompleted(completed_at=completed_at):
            return {"status": Status.COMPLETED, "completed_at": completed_at}
    raise AssertionError(f"{event.type} is not subscribed to")
