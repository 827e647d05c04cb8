"""The shipments as a table, the next target first; and what is due back, the next due day first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from asyncpg import Connection
from kippu_events.catalogue.fulfilment import Target
from kippu_events.catalogue.shipments import (
    DeliveryFailed,
    DeliveryUnreported,
    RepairCompleted,
    RepairReceived,
    ReturnExpected,
    ReturnMismatched,
    ReturnOverdue,
    ReturnReminded,
    ShipmentEvent,
    ShipmentPlanned,
    ShipmentsStopped,
    ShipmentWithdrawn,
    UnitAllotted,
    UnitDelivered,
    UnitReturned,
    UnitShipped,
)
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_terms.dates import end_of

from kippu_dispatch.domain.shipment import Status
from kippu_dispatch.readmodels.writing import Changes, rows_of, write

WITHOUT_TARGET = datetime(9999, 12, 31, tzinfo=UTC)
"""Sorts what has no target yet behind everything that has one."""

PAGE = """
select * from read.shipment
 where status = any ($1::text[])
   and ($2::text is null or ticket_no = $2)
   and ($3::timestamptz is null or (next_at, shipment_id) > ($3, $4))
 order by next_at, shipment_id
 limit $5
"""

ONE = "select * from read.shipment where shipment_id = $1"

RETURNS = """
select * from read.due_back
 where status = any ($1::text[])
   and ($2::text is null or ticket_no = $2)
   and ($3::date is null or (due_on, shipment_id) > ($3, $4))
 order by due_on, shipment_id
 limit $5
"""

RETURN = "select * from read.due_back where shipment_id = $1"

MISMATCHES = "select * from read.mismatch where shipment_id = $1 order by version"

_PLANNED = """
insert into read.shipment (provider, shipment_id, ticket_no, customer_id, mode, clause, defective_serial, model, part,
                           time_zone, planned_at, target, next_at, version, status, attempt)
select provider, shipment_id, ticket_no, customer_id, mode, clause, defective_serial, model, part,
       time_zone, planned_at, target::jsonb, next_at, version, 'planned', 0
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
              $9::text[], $10::text[], $11::timestamptz[], $12::text[], $13::timestamptz[], $14::bigint[])
       as new (provider, shipment_id, ticket_no, customer_id, mode, clause, defective_serial, model, part,
               time_zone, planned_at, target, next_at, version)
"""

_COLUMNS = (
    "status",
    "serial",
    "attempt",
    "carrier_reference",
    "first_shipped_at",
    "shipped_at",
    "failed_at",
    "reason",
    "repair_received_on",
    "repair_completed_on",
    "delivered_at",
    "received_on",
    "unreported_attempt",
)

_CHANGED = """
update read.shipment
   set status = coalesce(change.status, shipment.status),
       serial = coalesce(change.serial, shipment.serial),
       attempt = coalesce(change.attempt, shipment.attempt),
       carrier_reference = coalesce(change.carrier_reference, shipment.carrier_reference),
       first_shipped_at = coalesce(shipment.first_shipped_at, change.first_shipped_at),
       shipped_at = coalesce(change.shipped_at, shipment.shipped_at),
       failed_at = coalesce(change.failed_at, shipment.failed_at),
       reason = coalesce(change.reason, shipment.reason),
       repair_received_on = coalesce(change.repair_received_on, shipment.repair_received_on),
       repair_completed_on = coalesce(change.repair_completed_on, shipment.repair_completed_on),
       delivered_at = coalesce(change.delivered_at, shipment.delivered_at),
       received_on = coalesce(change.received_on, shipment.received_on),
       unreported_attempt = coalesce(change.unreported_attempt, shipment.unreported_attempt)
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::timestamptz[],
              $8::timestamptz[], $9::timestamptz[], $10::text[], $11::date[], $12::date[], $13::timestamptz[],
              $14::date[], $15::integer[])
       as change (provider, shipment_id, status, serial, attempt, carrier_reference, first_shipped_at, shipped_at,
                  failed_at, reason, repair_received_on, repair_completed_on, delivered_at, received_on,
                  unreported_attempt)
 where (shipment.provider, shipment.shipment_id) = (change.provider, change.shipment_id)
"""

_EXPECTED = """
insert into read.due_back (provider, shipment_id, ticket_no, customer_id, serial, due_on, clause, version)
select *
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::text[], $8::bigint[])
"""

_RETURN_COLUMNS = ("reminded_at", "overdue_since", "received_on", "late", "credited")

_RETURN_CHANGED = """
update read.due_back
   set reminded_at = coalesce(change.reminded_at, due_back.reminded_at),
       overdue_since = coalesce(change.overdue_since, due_back.overdue_since),
       received_on = coalesce(change.received_on, due_back.received_on),
       late = coalesce(change.late, due_back.late),
       credited = coalesce(change.credited, due_back.credited)
  from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::date[], $6::boolean[], $7::boolean[])
       as change (provider, shipment_id, reminded_at, overdue_since, received_on, late, credited)
 where (due_back.provider, due_back.shipment_id) = (change.provider, change.shipment_id)
"""

_MISMATCHED = """
insert into read.mismatch (provider, shipment_id, version, customer_id, received_serial, received_on, recorded_at)
select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::date[], $7::timestamptz[])
"""

# All shipments of a request share a stream, and so a version.
_VERSIONS = """
with stream as (
    select * from unnest($1::text[], $2::text[], $3::bigint[]) as stream (provider, ticket_no, version)
), returns as (
    update read.due_back
       set version = stream.version
      from stream
     where (due_back.provider, due_back.ticket_no) = (stream.provider, stream.ticket_no)
)
update read.shipment
   set version = stream.version
  from stream
 where (shipment.provider, shipment.ticket_no) = (stream.provider, stream.ticket_no)
"""


class Shipments(Projector):
    name = "shipments"
    logs = ("dispatch",)
    subscribes = (
        ShipmentPlanned,
        ShipmentWithdrawn,
        ShipmentsStopped,
        UnitAllotted,
        RepairReceived,
        RepairCompleted,
        UnitShipped,
        DeliveryFailed,
        DeliveryUnreported,
        UnitDelivered,
        ReturnExpected,
        ReturnReminded,
        ReturnOverdue,
        ReturnMismatched,
        UnitReturned,
    )
    tables = ("shipment", "due_back", "mismatch")

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        planned: list[tuple[Any, ...]] = []
        expected: list[tuple[Any, ...]] = []
        mismatched: list[tuple[Any, ...]] = []
        changes: Changes = {}
        return_changes: Changes = {}
        versions: dict[tuple[str, str], int] = {}
        for envelope in batch:
            event = envelope.event
            if isinstance(event, ShipmentEvent | ShipmentsStopped):
                versions[envelope.provider, event.ticket_no] = envelope.version
            if not isinstance(event, ShipmentEvent):
                continue
            key = (envelope.provider, event.shipment_id)
            match event:
                case ShipmentPlanned():
                    planned.append(_planned(envelope, event))
                case ReturnExpected():
                    expected.append(_expected(envelope, event))
                case ReturnMismatched():
                    mismatched.append(_mismatched(envelope, event))
                case ReturnReminded() | ReturnOverdue() | UnitReturned():
                    return_changes.setdefault(key, {}).update(_return_change(event))
                case _:
                    _merge(changes.setdefault(key, {}), _change(event))
        await write(connection, _PLANNED, planned)
        await write(connection, _CHANGED, rows_of(changes, _COLUMNS))
        await write(connection, _EXPECTED, expected)
        await write(connection, _RETURN_CHANGED, rows_of(return_changes, _RETURN_COLUMNS))
        await write(connection, _MISMATCHED, mismatched)
        await write(connection, _VERSIONS, [(*key, version) for key, version in versions.items()])


def _planned(at: Envelope, event: ShipmentPlanned) -> tuple[Any, ...]:
    return (
        at.provider,
        event.shipment_id,
        event.ticket_no,
        event.customer_id,
        event.mode,
        event.clause,
        event.defective_serial,
        event.model,
        event.part,
        event.time_zone,
        event.occurred_at,
        event.target.model_dump_json() if event.target else None,
        due_at(event.target, event.time_zone) or WITHOUT_TARGET,
        at.version,
    )


def due_at(target: Target | None, time_zone: str) -> datetime | None:
    """The instant at which a target has been missed: a day's is its end."""
    if target is None:
        return None
    if target.due_on is not None:
        return end_of(target.due_on, ZoneInfo(time_zone))
    return target.due_at


def _change(event: ShipmentEvent) -> dict[str, Any]:
    """The columns that an event sets."""
    columns: dict[str, Any]
    match event:
        case ShipmentWithdrawn(reason=reason):
            columns = {"status": Status.WITHDRAWN, "reason": reason}
        case UnitAllotted(serial=serial):
            columns = {"status": Status.ALLOTTED, "serial": serial}
        case RepairReceived(received_on=day):
            columns = {"status": Status.IN_REPAIR, "repair_received_on": day}
        case RepairCompleted(serial=serial, completed_on=day):
            columns = {"status": Status.REPAIRED, "serial": serial, "repair_completed_on": day}
        case UnitShipped(shipped_at=at, attempt=attempt, carrier_reference=reference):
            columns = {"status": Status.SHIPPED, "attempt": attempt, "first_shipped_at": at, "shipped_at": at}
            # Empty, not null, which would keep that of the attempt before.
            columns["carrier_reference"] = reference or ""
        case DeliveryFailed(failed_at=at, reason=reason):
            columns = {"status": Status.FAILED, "failed_at": at, "reason": reason}
        case DeliveryUnreported(attempt=attempt):
            columns = {"unreported_attempt": attempt}
        case UnitDelivered(delivered_at=at, received_on=day):
            columns = {"status": Status.DELIVERED, "delivered_at": at, "received_on": day}
        case _:
            raise AssertionError(f"{event.type} is not subscribed to")
    return columns


def _merge(change: dict[str, Any], later: dict[str, Any]) -> None:
    """Later columns over earlier ones; but what left first stays what left first."""
    first = change.get("first_shipped_at")
    change.update(later)
    if first is not None:
        change["first_shipped_at"] = first


def _expected(at: Envelope, event: ReturnExpected) -> tuple[Any, ...]:
    return (
        at.provider,
        event.shipment_id,
        event.ticket_no,
        event.customer_id,
        event.serial,
        event.due_on,
        event.clause,
        at.version,
    )


def _return_change(event: ReturnReminded | ReturnOverdue | UnitReturned) -> dict[str, Any]:
    match event:
        case ReturnReminded():
            return {"reminded_at": event.occurred_at}
        case ReturnOverdue():
            return {"overdue_since": event.occurred_at}
        case UnitReturned():
            return {"received_on": event.received_on, "late": event.late, "credited": event.credited}


def _mismatched(at: Envelope, event: ReturnMismatched) -> tuple[Any, ...]:
    return (
        at.provider,
        event.shipment_id,
        at.version,
        event.customer_id,
        event.received_serial,
        event.received_on,
        event.occurred_at,
    )
