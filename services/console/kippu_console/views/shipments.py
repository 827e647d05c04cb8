"""Shipments and returns: what is to leave or on its way, what is due back when, and what is late."""

from datetime import datetime
from typing import Any

from asyncpg import Record

from kippu_console.views.look import Look
from kippu_console.views.targets import aim

_SHOWN = 200
_DONE = ("delivered", "withdrawn")
_DUE_BACK = "return_status in ('expected', 'overdue')"
_FIGURES = f"""
select
    count(*) filter (where status in ('planned', 'allotted', 'in_repair', 'repaired', 'failed')) as to_ship,
    count(*) filter (where status <> all ($2::text[]) and target_at <= coalesce(shipped_at, $1)) as late,
    count(*) filter (where status = 'shipped') as on_their_way,
    count(*) filter (where {_DUE_BACK}) as due_back,
    count(*) filter (where return_status = 'overdue' or return_status = 'expected' and overdue_at <= $1) as overdue
from read.shipment where status <> all ($2::text[]) or {_DUE_BACK}
"""  # noqa: S608  our own text
_LEAVING = f"""
select * from read.shipment where status <> all ($1::text[])
order by target_at nulls last, shipment_id limit {_SHOWN}
"""  # noqa: S608  our own text
_BACK = f"select * from read.shipment where {_DUE_BACK} order by due_on, shipment_id limit {_SHOWN}"  # noqa: S608  our own text


async def shipments(look: Look) -> dict[str, Any]:
    """What is to leave or on its way, the next target first; what is due back, the next day first. The figures count
    all of them, the lists show the first."""
    return {
        "shipments": [_shown(row, look.now) for row in await look.fetch(_LEAVING, list(_DONE))],
        "returns": [_shown(row, look.now) for row in await look.fetch(_BACK)],
        "figures": await look.fetchrow(_FIGURES, look.now, list(_DONE)),
        "at_most": _SHOWN,
    }


async def of_ticket(look: Look, ticket_no: str) -> list[dict[str, Any]]:
    rows = await look.fetch("select * from read.shipment where ticket_no = $1 order by shipment_id", ticket_no)
    return [_shown(row, look.now) for row in rows]


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
    if row["return_status"] != "expected":
        return bool(row["return_status"] == "overdue")
    return row["overdue_at"] is not None and bool(row["overdue_at"] <= now)
