"""What happened, for pages that tell it."""

import json
from collections import deque
from typing import Any

from asyncpg import Record
from kippu_events.event import catalogue, newest_type

from kippu_console.views.facts import shown
from kippu_console.views.look import Look

_EVENTS = """
select event_id::text, causation_id, log, position, stream, version, type, occurred_at, recorded_at, actor, data,
    coalesce(data ->> 'currency', data -> 'price' ->> 'currency',
        (select currency from read.invoice where invoice_no = data ->> 'invoice_no'),
        (select currency from read.terms
            where plan_family = data ->> 'plan_family' and plan_version = data ->> 'plan_version')) as currency
from read.timeline
"""


async def of_ticket(look: Look, ticket_no: str) -> list[dict[str, Any]]:
    return in_causal_order([_event(row) for row in await look.fetch(f"{_EVENTS} where ticket_no = $1", ticket_no)])


async def of_wallet(look: Look, wallet_id: str) -> list[dict[str, Any]]:
    """In the order of the wallet's own stream."""
    of_stream = "where wallet_id = $1 and stream = concat('wallet-', provider, '-', wallet_id) order by version"
    return [_event(row) for row in await look.fetch(f"{_EVENTS} {of_stream}", wallet_id)]


async def of_thing(look: Look, kind: str, key: str, order_id: str | None = None) -> list[dict[str, Any]]:
    """By the thing's own stream, and by that of the order that it was bought with."""
    which = "where stream = $1 or order_id = $2"
    rows = await look.fetch(f"{_EVENTS} {which}", f"{kind}-{look.provider}-{key}", order_id)
    return in_causal_order([_event(row) for row in rows])


def with_clauses(events: list[dict[str, Any]], clauses: dict[str, Any]) -> list[dict[str, Any]]:
    """Each event with the text of the clause that it names, by language."""
    return [event | {"clause": clauses.get(event["data"].get("clause") or "")} for event in events]


def _event(row: Record) -> dict[str, Any]:
    """An event for a timeline; `shown` are its facts that say something at a glance."""
    data = json.loads(row["data"])
    facts = shown(catalogue()[newest_type(row["type"])], data, row["currency"])
    return dict(row) | {"data": data, "name": row["type"].split(".")[2], "shown": facts}


def in_causal_order(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By the time they were recorded. At the same instant each log keeps its own order, and what caused something in
    another log stands before it."""
    logs: dict[str, deque[dict[str, Any]]] = {}
    for event in sorted(events, key=lambda event: int(event["position"])):
        logs.setdefault(event["log"], deque()).append(event)
    untold = {event["event_id"] for event in events}
    told = []
    while logs:
        heads = [log[0] for log in logs.values()]
        ready = [head for head in heads if head["causation_id"] not in untold]
        # Causes never go round in a circle; if a log said so, its events would still be told.
        event = min(ready or heads, key=lambda head: (head["recorded_at"], head["log"]))
        told.append(logs[event["log"]].popleft())
        untold.remove(event["event_id"])
        if not logs[event["log"]]:
            del logs[event["log"]]
    return told
