"""Shipments and returns: what is to leave or on its way, what is due back when, and what is late."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from asyncpg import Connection, Record
from kippu_events.catalogue import shipments
from kippu_events.catalogue.fulfilment import Target
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_service.http import Snapshot
from kippu_terms.dates import end_of

from kippu_console.readmodels import write

COLUMNS = (
    "status",
    "mode",
    "clause",
    "model",
    "part",
    "defective_serial",
    "serial",
    "attempt",
    "target",
    "target_at",
    "shipped_at",
    "unreported",
    "return_status",
    "return_serial",
    "return_part",
    "return_clause",
    "due_on",
    "overdue_at",
    "reminded_at",
    "mismatched_serial",
)
STATUS: dict[type[Event], str] = {
    shipments.ShipmentPlanned: "planned",
    shipments.ShipmentWithdrawn: "withdrawn",
    shipments.UnitAllotted: "allotted",
    shipments.RepairReceived: "in_repair",
    shipments.RepairCompleted: "repaired",
    shipments.UnitShipped: "shipped",
    shipments.DeliveryFailed: "failed",
    shipments.UnitDelivered: "delivered",
}
DONE = ("delivered", "withdrawn")


class Shipments(Projector):
    """One row a shipment, with the return that it causes."""

    name = "shipments"
    logs = ("dispatch",)
    tables = ("shipment",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        *STATUS,
        shipments.DeliveryUnreported,
        shipments.ReturnExpected,
        shipments.ReturnReminded,
        shipments.ReturnOverdue,
        shipments.ReturnMismatched,
        shipments.UnitReturned,
    )

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for envelope in batch:
            event: Any = envelope.event
            row = rows.setdefault((envelope.provider, event.shipment_id), {})
            row |= {"customer_id": event.customer_id, "ticket_no": event.ticket_no, **_columns(event)}
        # Rows are locked in one order, whoever writes them.
        keys = sorted(rows)
        await write(connection, ROWS, [(*key, rows[key]["customer_id"], rows[key]["ticket_no"]) for key in keys])
        await write(connection, CHANGES, [(*key, *(rows[key].get(column) for column in COLUMNS)) for key in keys])


ROWS = """
insert into read.shipment (provider, shipment_id, customer_id, ticket_no)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[]) on conflict (provider, shipment_id) do nothing
"""

# A null leaves a column as it is.
CHANGES = """
update read.shipment set
    status = coalesce(new.status, shipment.status),
    mode = coalesce(new.mode, shipment.mode),
    clause = coalesce(new.clause, shipment.clause),
    model = coalesce(new.model, shipment.model),
    part = coalesce(new.part, shipment.part),
    defective_serial = coalesce(new.defective_serial, shipment.defective_serial),
    serial = coalesce(new.serial, shipment.serial),
    attempt = coalesce(new.attempt, shipment.attempt),
    target = coalesce(new.target::jsonb, shipment.target),
    target_at = coalesce(new.target_at, shipment.target_at),
    shipped_at = coalesce(new.shipped_at, shipment.shipped_at),
    unreported = coalesce(new.unreported, shipment.unreported),
    return_status = coalesce(new.return_status, shipment.return_status),
    return_serial = coalesce(new.return_serial, shipment.return_serial),
    return_part = coalesce(new.return_part, shipment.return_part),
    return_clause = coalesce(new.return_clause, shipment.return_clause),
    due_on = coalesce(new.due_on, shipment.due_on),
    overdue_at = coalesce(new.overdue_at, shipment.overdue_at),
    reminded_at = coalesce(new.reminded_at, shipment.reminded_at),
    mismatched_serial = coalesce(new.mismatched_serial, shipment.mismatched_serial)
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::integer[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::boolean[], $15::text[], $16::text[],
    $17::text[], $18::text[], $19::date[], $20::timestamptz[], $21::timestamptz[], $22::text[])
    as new (provider, shipment_id, status, mode, clause, model, part, defective_serial, serial, attempt, target,
        target_at, shipped_at, unreported, return_status, return_serial, return_part, return_clause, due_on,
        overdue_at, reminded_at, mismatched_serial)
where shipment.provider = new.provider and shipment.shipment_id = new.shipment_id
"""


def _columns(event: Any) -> dict[str, Any]:
    """What one event says of its shipment."""
    columns: dict[str, Any] = {"status": STATUS[type(event)]} if type(event) in STATUS else {}
    match event:
        case shipments.ShipmentPlanned():
            columns |= {
                name: getattr(event, name) for name in ("mode", "clause", "model", "part", "defective_serial")
            } | {
                "target": event.target.model_dump_json() if event.target else None,
                "target_at": _missed_at(event.target, ZoneInfo(event.time_zone)),
            }
        case shipments.UnitAllotted() | shipments.RepairCompleted():
            columns["serial"] = event.serial
        case shipments.UnitShipped():
            columns |= {"attempt": event.attempt, "unreported": False}
            # A target is met by what left first.
            columns |= {"shipped_at": event.shipped_at} if event.attempt == 1 else {}
        case shipments.DeliveryUnreported():
            columns["unreported"] = True
        case shipments.DeliveryFailed() | shipments.UnitDelivered():
            columns["unreported"] = False
        case _:
            columns |= _return_columns(event)
    return columns


def _return_columns(event: Any) -> dict[str, Any]:
    match event:
        case shipments.ReturnExpected():
            return {
                "return_status": "expected",
                "return_serial": event.serial,
                "return_part": event.part,
                "return_clause": event.clause,
                "due_on": event.due_on,
                "overdue_at": event.overdue_at,
            }
        case shipments.ReturnReminded():
            return {"reminded_at": event.occurred_at}
        case shipments.ReturnOverdue():
            return {"return_status": "overdue"}
        case shipments.ReturnMismatched():
            return {"mismatched_serial": event.received_serial}
        case shipments.UnitReturned():
            return {"return_status": "returned_late" if event.late else "returned"}
    return {}


def _missed_at(target: Target | None, zone: ZoneInfo) -> datetime | None:
    """A target that only says from when on is never missed; a day's is missed once the day has ended."""
    if target is None or target.bound == "from":
        return None
    return end_of(target.due_on, zone) if target.due_on else target.due_at


async def page(reads: Snapshot, now: datetime) -> dict[str, Any]:
    """What is to leave or on its way, the next target first; what is due back, the next day first."""
    leaving = await reads.fetch(
        """
        select * from read.shipment where status <> all ($1::text[])
        order by target_at nulls last, shipment_id limit 200
        """,
        list(DONE),
    )
    back = await reads.fetch(
        """
        select * from read.shipment where return_status in ('expected', 'overdue')
        order by due_on, shipment_id limit 200
        """
    )
    rows = [_shown(row, now) for row in leaving]
    returns = [_shown(row, now) for row in back]
    return {
        "shipments": rows,
        "returns": returns,
        "figures": {
            "to_ship": sum(row["shipped_at"] is None or row["status"] == "failed" for row in rows),
            "late": sum(row["late"] for row in rows),
            "on_their_way": sum(row["status"] == "shipped" for row in rows),
            "due_back": len(returns),
            "overdue": sum(row["overdue"] for row in returns),
        },
    }


async def of_ticket(reads: Snapshot, ticket_no: str, now: datetime) -> list[dict[str, Any]]:
    rows = await reads.fetch("select * from read.shipment where ticket_no = $1 order by shipment_id", ticket_no)
    return [_shown(row, now) for row in rows]


def _shown(row: Record, now: datetime) -> dict[str, Any]:
    """A row with its target's clock; `late` if the target was missed, or is as of now."""
    reached = row["shipped_at"] or now
    open_target = row["target_at"] is not None and row["status"] != "withdrawn"
    return dict(row) | {
        "target": aim(row["target"]),
        "late": open_target and reached >= row["target_at"],
        "overdue": _is_overdue(row, now),
    }


def _is_overdue(row: Record, now: datetime) -> bool:
    """The date decides, whether or not the deadline has run."""
    return bool(row["return_status"] == "overdue" or (row["return_status"] == "expected" and row["overdue_at"] <= now))


def aim(target: str | None) -> dict[str, Any] | None:
    """A target as pages show it: by or from when, and what did not count, each with its days and why."""
    if target is None:
        return None
    read = Target.model_validate_json(target)
    zone = ZoneInfo(read.time_zone)
    return {
        "clause": read.clause,
        "bound": read.bound,
        "when": read.due_on.isoformat() if read.due_on else _local(read.due_at, zone),
        "since": _local(read.started_at, zone),
        "closed": [
            {
                "days": _days(stretch.from_at.astimezone(zone), stretch.to_at.astimezone(zone)),
                "reason": stretch.reason,
                "names": stretch.names,
            }
            for stretch in read.stretches
            if stretch.state != "open"
        ],
    }


def _days(begins: datetime, ends: datetime) -> str:
    """The days of a stretch; with times where it does not take whole days."""
    last = ends - timedelta(microseconds=1)
    if begins.time() == ends.time() == datetime.min.time():
        first = f"{begins:%m-%d}"
        return first if begins.date() == last.date() else f"{first} – {last:%m-%d}"
    return f"{begins:%m-%d %H:%M} – {ends:%m-%d %H:%M}"


def _local(instant: datetime | None, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M") if instant else ""
