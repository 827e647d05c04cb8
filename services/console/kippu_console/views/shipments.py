"""Shipments and returns: what is to leave or on its way, what is due back when, and what is late."""

from datetime import datetime
from typing import Any

from asyncpg import Record

from kippu_console.views.look import Look
from kippu_console.views.targets import aim

_DONE = ("delivered", "withdrawn")


async def shipments(look: Look) -> dict[str, Any]:
    """What is to leave or on its way, the next target first; what is due back, the next day first."""
    leaving = await look.fetch(
        """
        select * from read.shipment where status <> all ($1::text[])
        order by target_at nulls last, shipment_id limit 200
        """,
        list(_DONE),
    )
    back = await look.fetch(
        """
        select * from read.shipment where return_status in ('expected', 'overdue')
        order by due_on, shipment_id limit 200
        """
    )
    rows = [_shown(row, look.now) for row in leaving]
    returns = [_shown(row, look.now) for row in back]
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
    return bool(row["return_status"] == "overdue" or (row["return_status"] == "expected" and row["overdue_at"] <= now))
