"""The visits as a table: the next one first."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Connection
from kippu_events.catalogue.dispatch import (
    PartHandedOver,
    RequestCloseNoted,
    RequestDeclineNoted,
    UnitExchanged,
    VisitAssigned,
    VisitBooked,
    VisitCompleted,
    VisitDeclined,
    VisitEvent,
    VisitHeld,
    VisitPostponed,
    VisitRequested,
    VisitUnassigned,
    VisitWithdrawn,
)
from kippu_events.catalogue.fulfilment import Target
from kippu_events.catalogue.hours import ServiceHours
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope

from kippu_dispatch.domain.visit import Status, Visit, not_before
from kippu_dispatch.readmodels.writing import Changes, rows_of, write

PAGE = """
select * from read.visit
 where status = any ($1::text[])
   and ($2::timestamptz is null or (starts_at, visit_id) > ($2, $3))
   and ($5::boolean is null
        or $5 = (status in ('booked', 'postponed') and engineer_id is null and not without_engineer))
 order by starts_at, visit_id
 limit $4
"""

ONE = "select * from read.visit where visit_id = $1"

_REQUESTED = """
insert into read.visit (provider, visit_id, ticket_no, customer_id, requested_at, wanted_at, starts_at, minutes,
                        notice_days, clause, target, serial, model, part, failed_part, area, skill,
                        service_hours, version, status)
select provider, visit_id, ticket_no, customer_id, requested_at, wanted_at, wanted_at, minutes,
       notice_days, clause, target::jsonb, serial, model, part, failed_part, area, skill,
       service_hours::jsonb, version, 'requested'
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::integer[],
              $8::integer[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
              $16::text[], $17::text[], $18::bigint[])
       as new (provider, visit_id, ticket_no, customer_id, requested_at, wanted_at, minutes, notice_days, clause,
               target, serial, model, part, failed_part, area, skill, service_hours, version)
"""

_CHANGED = """
update read.visit
   set status = coalesce(change.status, visit.status),
       starts_at = coalesce(change.starts_at, visit.starts_at),
       minutes = coalesce(change.minutes, visit.minutes),
       reason = coalesce(change.reason, visit.reason),
       settled_by = coalesce(change.settled_by, visit.settled_by),
       completed_at = coalesce(change.completed_at, visit.completed_at),
       replacement = coalesce(change.replacement, visit.replacement)
  from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::integer[], $6::text[], $7::text[],
              $8::timestamptz[], $9::text[])
       as change (provider, visit_id, status, starts_at, minutes, reason, settled_by, completed_at, replacement)
 where (visit.provider, visit.visit_id) = (change.provider, change.visit_id)
"""

_STAFFED = """
update read.visit
   set engineer_id = staffed.engineer_id, without_engineer = staffed.without_engineer
  from unnest($1::text[], $2::text[], $3::text[], $4::boolean[])
       as staffed (provider, visit_id, engineer_id, without_engineer)
 where (visit.provider, visit.visit_id) = (staffed.provider, staffed.visit_id)
"""

# All visits of a request share a stream, and so a version.
_VERSIONS = """
update read.visit
   set version = stream.version
  from unnest($1::text[], $2::text[], $3::bigint[]) as stream (provider, ticket_no, version)
 where (visit.provider, visit.ticket_no) = (stream.provider, stream.ticket_no)
"""

_CHANGES = ("status", "starts_at", "minutes", "reason", "settled_by", "completed_at", "replacement")


class Visits(Projector):
    name = "visits"
    version = 3
    logs = ("dispatch",)
    subscribes = (
        VisitRequested,
        VisitHeld,
        VisitBooked,
        VisitPostponed,
        VisitAssigned,
        VisitUnassigned,
        VisitDeclined,
        VisitCompleted,
        VisitWithdrawn,
        PartHandedOver,
        UnitExchanged,
        RequestCloseNoted,
        RequestDeclineNoted,
    )
    tables = ("visit",)

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        requested: list[tuple[Any, ...]] = []
        changes: Changes = {}
        staffed: Changes = {}
        versions: dict[tuple[str, str], int] = {}
        for envelope in batch:
            event = envelope.event
            if isinstance(event, VisitRequested):
                requested.append(_row(envelope, event))
            elif isinstance(event, UnitExchanged):
                changes.setdefault((envelope.provider, event.visit_id), {})["replacement"] = event.serial
            elif isinstance(event, VisitEvent) and not isinstance(event, PartHandedOver):
                key = envelope.provider, event.visit_id
                changes.setdefault(key, {}).update(_change(event))
                staffed |= {key: who} if (who := _who(event)) else {}
            if isinstance(event, VisitEvent | RequestCloseNoted | RequestDeclineNoted):
                versions[envelope.provider, event.ticket_no] = envelope.version
        await write(connection, _REQUESTED, requested)
        await write(connection, _CHANGED, rows_of(changes, _CHANGES))
        await write(connection, _STAFFED, rows_of(staffed, ("engineer_id", "without_engineer")))
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
        event.serial,
        event.model,
        event.part,
        event.failed_part,
        event.area,
        event.skill,
        event.service_hours.model_dump_json() if event.service_hours else None,
        envelope.version,
    )


def _change(event: VisitEvent) -> dict[str, Any]:
    """The columns that an event sets, other than who goes."""
    match event:
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
    return {"status": Status.HELD} if isinstance(event, VisitHeld) else {}


def _who(event: VisitEvent) -> dict[str, Any] | None:
    """Who goes from now on; None for an event that leaves that as it is."""
    match event:
        case VisitBooked() | VisitPostponed():
            return {"engineer_id": event.engineer_id, "without_engineer": event.without_engineer}
        case VisitAssigned():
            return {"engineer_id": event.engineer_id, "without_engineer": False}
        case VisitUnassigned():
            return {"engineer_id": None, "without_engineer": False}
    return None


def visit_of(row: Any) -> Visit:
    """As decisions look at it, as far as who could go depends on it."""
    target = Target.model_validate_json(row["target"]) if row["target"] else None
    return Visit(
        visit_id=row["visit_id"],
        ticket_no=row["ticket_no"],
        customer_id=row["customer_id"],
        status=Status(row["status"]),
        wanted_at=row["wanted_at"],
        wanted_minutes=row["minutes"],
        starts_at=row["starts_at"],
        minutes=row["minutes"],
        clause=row["clause"],
        not_before=not_before(target),
        area=row["area"],
        skill=row["skill"],
        service_hours=ServiceHours.model_validate_json(row["service_hours"]) if row["service_hours"] else None,
        target=target,
        engineer_id=row["engineer_id"],
    )
