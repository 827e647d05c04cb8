"""The queries behind the pages. Each runs under row-level security, in the caller's provider and customers."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from asyncpg import Record
from kippu_service.http import Snapshot

from kippu_console import shipments


async def _figures(reads: Snapshot) -> Record:
    """How much waits for somebody, in one round trip."""
    rows = await reads.fetch(
        """
        select
            (select count(*) from read.board where status in ('open', 'waiting')) as open,
            (select count(*) from read.board where status = 'waiting' and waiting_for = 'approval') as approvals,
            (select count(*) from read.visit where status = 'held') as held,
            (select count(*) from read.unmatched where ticket_no is null) as unmatched,
            (select count(*) from read.invoice where status = 'overdue') as overdue,
            (select count(*) from read.shipment
                where status in ('planned', 'allotted', 'in_repair', 'repaired', 'failed')) as to_ship,
            (select count(*) from read.shipment where return_status = 'overdue') as returns_overdue
        """
    )
    return rows[0]


async def zone(reads: Snapshot) -> ZoneInfo:
    """The provider's time zone, as its published terms say; UTC before any are."""
    row = await reads.fetchrow("select time_zone from read.provider")
    return ZoneInfo(row["time_zone"] if row else "UTC")


async def board(reads: Snapshot) -> dict[str, Any]:
    """The requests, those that wait first, then the newest; and how much waits for somebody."""
    rows = await reads.fetch(
        """
        select ticket_no, customer_id, status, waiting_for, channel, asset_serial, received_at, subject, outcome,
            deciding_clause, debited, missing
        from read.board
        order by (status = 'waiting') desc, received_at desc nulls last, ticket_no
        limit 200
        """
    )
    return {"rows": [dict(row) for row in rows], "figures": await _figures(reads)}


async def ticket(reads: Snapshot, ticket_no: str, now: datetime) -> dict[str, Any] | None:
    """One request: where it stands, what was decided and why, and what happened to it in all services."""
    row = await reads.fetchrow("select * from read.board where ticket_no = $1", ticket_no)
    if row is None:
        return None
    timeline = in_causal_order(
        [_event(event) for event in await reads.fetch(f"{_EVENTS} where ticket_no = $1", ticket_no)]
    )
    decisions = [event["data"] for event in timeline if event["name"] == "CoverageDecided"]
    decision = max(decisions, key=lambda data: int(data["decision"]), default=None)
    return {
        "ticket": dict(row),
        "timeline": timeline,
        "visits": await _visits(reads, "where ticket_no = $1 order by visit_id", ticket_no),
        "shipments": await shipments.of_ticket(reads, ticket_no, now),
        "decision": decision,
        "shortfall": shortfall_of(timeline),
        "deciding": _deciding_text(decision) if decision else None,
    }


def shortfall_of(timeline: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """What the wallet lacked for a request, as long as any of it is owed, with the offer that was made for it."""
    owed: dict[str, int] = {}
    short: dict[str, dict[str, Any]] = {}
    case = [event for event in timeline if event["stream"].startswith("case-")]
    for event in sorted(case, key=lambda event: int(event["version"])):
        data = event["data"]
        match event["name"]:
            case "DebitShortfall":
                owed[data["debit_id"]], short[data["debit_id"]] = data["missing"], data
            case "DebitNoted" if data.get("settles") in owed:
                owed[data["settles"]] -= data["quantity"]
            case "RequestDeclined":
                owed = dict.fromkeys(owed, 0)
            case "CoverageDecided" if data["outcome"] == "covered":
                owed = dict.fromkeys(owed, 0)
    still = [debit_id for debit_id, quantity in owed.items() if quantity > 0]
    if not still:
        return None
    offers = (event["data"] for event in timeline if event["name"] == "QuoteOffered")
    offer = next((each for each in offers if not each.get("out_of_scope")), None)
    return {"owed": sum(owed.values()), "wanted": sum(short[each]["wanted"] for each in still), "offer": offer}


def _deciding_text(decision: dict[str, Any]) -> dict[str, str] | None:
    clause = decision["deciding_clause"]
    return next((finding["text"] for finding in decision["findings"] if finding["clause"] == clause), None)


async def wallets(reads: Snapshot) -> dict[str, Any]:
    return {"rows": await reads.fetch("select * from read.wallet order by wallet_id limit 200")}


async def wallet(reads: Snapshot, wallet_id: str) -> dict[str, Any] | None:
    """A wallet and what happened to it, in the order of its stream."""
    row = await reads.fetchrow("select * from read.wallet where wallet_id = $1", wallet_id)
    if row is None:
        return None
    of_wallet = "where wallet_id = $1 and stream = concat('wallet-', provider, '-', wallet_id) order by version"
    events = [_event(event) for event in await reads.fetch(f"{_EVENTS} {of_wallet}", wallet_id)]
    balance = 0
    for event in events:
        balance += event["data"].get("quantity", 0) * _SIGNS.get(event["name"], 0)
        event["balance"] = balance
    return {"wallet": row, "timeline": events}


_SIGNS = {
    "TicketsCredited": 1,
    "TicketDebitReversed": 1,
    "TicketsReinstated": 1,
    "TicketDebited": -1,
    "TicketsExpired": -1,
    "TicketsRevoked": -1,
}


async def visits(reads: Snapshot) -> dict[str, Any]:
    """Held visits first, then by date."""
    return {"rows": await _visits(reads, "order by (status = 'held') desc, visit_at nulls last, visit_id limit 200")}


async def _visits(reads: Snapshot, which: str, *arguments: Any) -> list[dict[str, Any]]:
    rows = await reads.fetch(f"select * from read.visit {which}", *arguments)  # noqa: S608  our own clauses
    return [dict(row) | {"target": shipments.aim(row["target"])} for row in rows]


async def unmatched_mail(reads: Snapshot) -> dict[str, Any]:
    """Mails that nobody has dealt with first, then the newest."""
    rows = await reads.fetch(
        "select * from read.unmatched order by (ticket_no is null) desc, received_at desc, mail_id limit 200"
    )
    return {"rows": [dict(row) for row in rows]}


async def invoices(reads: Snapshot) -> dict[str, Any]:
    """Overdue first, then by the day they are due."""
    ordered = "select * from read.invoice order by (status = 'overdue') desc, due_on, invoice_no limit 200"
    return {"rows": await reads.fetch(ordered)}


_EVENTS = """
select event_id::text, causation_id, log, position, stream, version, type, occurred_at, recorded_at, actor, data
from read.timeline
"""
_NOT_SHOWN = {"occurred_at", "customer_id", "ticket_no", "findings", "facts", "remedies", "received_at", "parameters"}


def _event(row: Record) -> dict[str, Any]:
    """An event for a timeline; `shown` are its plain values, those that say something at a glance."""
    data = json.loads(row["data"])
    shown = [
        (key, value) for key, value in data.items() if key not in _NOT_SHOWN and isinstance(value, str | int | bool)
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
