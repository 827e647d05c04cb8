"""What happened, for pages that tell it."""

import json
from typing import Any

from asyncpg import Record

from kippu_console.views.look import Look

_EVENTS = """
select event_id::text, causation_id, log, position, stream, version, type, occurred_at, recorded_at, actor, data
from read.timeline
"""
_NOT_SHOWN = {"occurred_at", "customer_id", "ticket_no", "findings", "facts", "remedies", "received_at", "parameters"}


async def of_ticket(look: Look, ticket_no: str) -> list[dict[str, Any]]:
    return in_causal_order([_event(row) for row in await look.fetch(f"{_EVENTS} where ticket_no = $1", ticket_no)])


async def of_wallet(look: Look, wallet_id: str) -> list[dict[str, Any]]:
    """In the order of the wallet's own stream."""
    of_stream = "where wallet_id = $1 and stream = concat('wallet-', provider, '-', wallet_id) order by version"
    return [_event(row) for row in await look.fetch(f"{_EVENTS} {of_stream}", wallet_id)]


async def of_thing(look: Look, provider: str, kind: str, key: str, order_id: str | None = None) -> list[dict[str, Any]]:
    """By the thing's own stream, and by that of the order that it was bought with."""
    which = "where stream = $1 or order_id = $2"
    rows = await look.fetch(f"{_EVENTS} {which}", f"{kind}-{provider}-{key}", order_id)
    return in_causal_order([_event(row) for row in rows])


def with_clauses(events: list[dict[str, Any]], clauses: dict[str, Any]) -> list[dict[str, Any]]:
    """Each event with the text of the clause that it names, by language."""
    return [event | {"clause": clauses.get(event["data"].get("clause") or "")} for event in events]


def _event(row: Record) -> dict[str, Any]:
    """An event for a timeline; `shown` are its plain values, those that say something at a glance. A hash is none: it
    stands for something that only its holder may know."""
    data = json.loads(row["data"])
    shown = [
        (key, value)
        for key, value in data.items()
        if key not in _NOT_SHOWN and not key.endswith("_hash") and isinstance(value, str | int | bool)
    ]
    return dict(row) | {"data": data, "name": row["type"].split(".")[2], "shown": shown}


def in_causal_order(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By the time they were recorded; at the same instant, what caused something stands before it."""
    causes = {event["event_id"]: event["causation_id"] for event in events}

    def hops(event_id: str | None) -> int:
        count = 0
        while (event_id := causes.get(event_id or "")) is not None:
            count += 1
        return count

    return sorted(
        events, key=lambda event: (event["recorded_at"], hops(event["event_id"]), event["log"], event["position"])
    )
