"""What is due back for shipments as a table, the next due day first; and what came instead."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Connection
from kippu_events.catalogue.shipments import (
    ReturnExpected,
    ReturnMismatched,
    ReturnOverdue,
    ReturnReminded,
    UnitReturned,
)
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope

from kippu_dispatch.readmodels.shipments import OF_SHIPMENTS, versions_of
from kippu_dispatch.readmodels.writing import Changes, rows_of, write

PAGE = """
select * from read.due_back
 where status = any ($1::text[])
   and ($2::text is null or ticket_no = $2)
   and ($3::date is null or (due_on, shipment_id) > ($3, $4))
 order by due_on, shipment_id
 limit $5
"""

ONE = "select * from read.due_back where shipment_id = $1"

MISMATCHES = "select * from read.mismatch where shipment_id = $1 order by version"

_EXPECTED = """
insert into read.due_back (provider, shipment_id, ticket_no, customer_id, serial, part, due_on, clause, version)
select *
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::text[],
              $9::bigint[])
"""

_COLUMNS = ("reminded_at", "overdue_since", "received_on", "late", "credited")

_CHANGED = """
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

_VERSIONS = """
update read.due_back
   set version = stream.version
  from unnest($1::text[], $2::text[], $3::bigint[]) as stream (provider, ticket_no, version)
 where (due_back.provider, due_back.ticket_no) = (stream.provider, stream.ticket_no)
"""


class Returns(Projector):
    name = "returns"
    logs = ("dispatch",)
    subscribes = OF_SHIPMENTS
    tables = ("due_back", "mismatch")

    async def apply(self, connection: "Connection[Any]", batch: Sequence[Envelope]) -> None:
        expected: list[tuple[Any, ...]] = []
        mismatched: list[tuple[Any, ...]] = []
        changes: Changes = {}
        for envelope in batch:
            match envelope.event:
                case ReturnExpected() as event:
                    expected.append(_expected(envelope, event))
                case ReturnMismatched() as event:
                    mismatched.append(_mismatched(envelope, event))
                case ReturnReminded() | ReturnOverdue() | UnitReturned() as event:
                    changes.setdefault((envelope.provider, event.shipment_id), {}).update(_change(event))
        await write(connection, _EXPECTED, expected)
        await write(connection, _CHANGED, rows_of(changes, _COLUMNS))
        await write(connection, _MISMATCHED, mismatched)
        await write(connection, _VERSIONS, versions_of(batch))


def _expected(at: Envelope, event: ReturnExpected) -> tuple[Any, ...]:
    return (
        at.provider,
        event.shipment_id,
        event.ticket_no,
        event.customer_id,
        event.serial,
        event.part,
        event.due_on,
        event.clause,
        at.version,
    )


def _change(event: ReturnReminded | ReturnOverdue | UnitReturned) -> dict[str, Any]:
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
