"""The shipments as a table, the next target first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from asyncpg import Connection
from kippu_events.catalogue.fulfilment import Target
from kippu_events.catalogue.shipments import (
    DeliveryFailed,
    DeliveryUnreported,
    RedirectionTooLate,
    RepairCompleted,
    RepairReceived,
    ReturnExpected,
    ReturnMismatched,
    ReturnOverdue,
    ReturnReminded,
    ShipmentEvent,
    ShipmentPlanned,
    ShipmentRedirected,
    ShipmentsResumed,
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

OF_SHIPMENTS = (
    ShipmentPlanned,
    ShipmentRedirected,
    RedirectionTooLate,
    ShipmentWithdrawn,
    ShipmentsResumed,
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
"""What moves the version of a request's shipments."""

PAGE = """
select * from read.shipment
 where status = any ($1::text[])
   and ($2::text is null or ticket_no = $2)
   and ($3::timestamptz is null or (next_at, shipment_id) > ($3, $4))
 order by next_at, shipment_id
 limit $5
"""

ONE = "select * from read.shipment where shipment_id = $1"

_PLANNED = """
insert into read.shipment (provider, shipment_id, ticket_no, customer_id, mode, clause, defective_serial, model, part,
                           inside, time_zone, planned_at, target, next_at, version, status, attempt, destination)
select provider, shipment_id, ticket_no, customer_id, mode, clause, defective_serial, model, part, inside,
       time_zone, planned_at, target::jsonb, next_at, version, 'planned', 0, destination::jsonb
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
              $9::text[], $10::boolean[], $11::text[], $12::timestamptz[], $13::text[], $14::timestamptz[],
              $15::bigint[], $16::text[])
       as new (provider, shipment_id, ticket_no, customer_id, mode, clause, defective_serial, model, part, inside,
               time_zone, planned_at, target, next_at, version, destination)
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
    "destination",
    "named_too_late",
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
       unreported_attempt = coalesce(change.unreported_attempt, shipment.unreported_attempt),
       destination = coalesce(change.destination::jsonb, shipment.destination),
       named_too_late = coalesce(change.named_too_late, shipment.named_too_late)
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::timestamptz[],
              $8::timestamptz[], $9::timestamptz[], $10::text[], $11::date[], $12::date[], $13::timestamptz[],
              $14::date[], $15::integer[], $16::text[], $17::boolean[])
       as change (provider, shipment_id, status, serial, attempt, carrier_reference, first_shipped_at, shipped_at,
                  failed_at, reason, repair_received_on, repair_completed_on, delivered_at, received_on,
                  unreported_attempt, destination, named_too_late)
 where (shipment.provider, shipment.shipment_id) = (change.provider, change.shipment_id)
"""

# All shipments of a request share a stream, and so a version.
_VERSIONS = """
update read.shipment
   set version = stream.version
  from unnest($1::text[], $2::text[], $3::bigint[]) as stream (provider, ticket_no, version)
 where (shipment.provider, shipment.ticket_no) = (stream.provider, stream.ticket_no)
"""


class Shipments(Projector):
    name = "shipments"
    version = 2
    logs = ("dispatch",)
    subscribes = OF_SHIPMENTS
    tables = ("shipment",)

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        planned: list[tuple[Any, ...]] = []
        changes: Changes = {}
        for envelope in batch:
            match envelope.event:
                case ShipmentPlanned() as event:
                    planned.append(_planned(envelope, event))
                case ShipmentEvent() as event:
                    _merge(changes.setdefault((envelope.provider, event.shipment_id), {}), _change(event))
        await write(connection, _PLANNED, planned)
        await write(connection, _CHANGED, rows_of(changes, _COLUMNS))
        await write(connection, _VERSIONS, versions_of(batch))


def versions_of(batch: Sequence[Envelope]) -> list[tuple[str, str, int]]:
    """Provider, ticket number, version: of each request's stream, as it is after the batch."""
    versions = {
        (envelope.provider, event.ticket_no): envelope.version
        for envelope in batch
        if isinstance(event := envelope.event, ShipmentEvent | ShipmentsResumed | ShipmentsStopped)
    }
    return [(*key, version) for key, version in versions.items()]


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
        event.inside,
        event.time_zone,
        event.occurred_at,
        event.target.model_dump_json() if event.target else None,
        due_at(event.target, event.time_zone) or WITHOUT_TARGET,
        at.version,
        event.destination.model_dump_json() if event.destination else None,
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
        case ShipmentRedirected(destination=destination):
            columns = {"destination": destination.model_dump_json(), "named_too_late": False}
        case RedirectionTooLate():
            columns = {"named_too_late": True}
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
            columns = {}  # of what is due back
    return columns


def _merge(change: dict[str, Any], later: dict[str, Any]) -> None:
    """Later columns over earlier ones; but what left first stays what left first."""
    first = change.get("first_shipped_at")
    change.update(later)
    if first is not None:
        change["first_shipped_at"] = first
