"""The queries behind the pages. Each runs under row-level security, in the caller's provider and customers."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Row = Mapping[str, Any]


class Reads(Protocol):
    """What a query needs: rows, as the caller may see them."""

    async def fetch(self, sql: str, *arguments: Any) -> Sequence[Row]: ...

    async def fetchrow(self, sql: str, *arguments: Any) -> Row | None: ...


async def figures(reads: Reads) -> Row:
    """How much waits for somebody, in one round trip."""
    row = await reads.fetchrow(
        """
        select
            (select count(*) from read.board where status in ('open', 'waiting')) as open,
            (select count(*) from read.board where status = 'waiting' and waiting_for = 'approval') as approvals,
            (select count(*) from read.visit where status = 'held') as held,
            (select count(*) from read.unmatched where ticket_no is null) as unmatched,
            (select count(*) from read.invoice where status = 'overdue') as overdue
        """
    )
    assert row is not None
    return row


async def board(reads: Reads) -> list[dict[str, Any]]:
    """The requests, those that wait first, then the newest."""
    rows = await reads.fetch(
        """
        select ticket_no, customer_id, status, waiting_for, channel, asset_serial, received_at, subject, outcome,
            deciding_clause, debited, missing
        from read.board
        order by (status = 'waiting') desc, received_at desc nulls last, ticket_no
        limit 200
        """
    )
    return [dict(row) for row in rows]


async def ticket(reads: Reads, ticket_no: str) -> dict[str, Any] | None:
    row = await reads.fetchrow("select * from read.board where ticket_no = $1", ticket_no)
    return dict(row) if row else None


async def ticket_visits(reads: Reads, ticket_no: str) -> Sequence[Row]:
    return await reads.fetch("select * from read.visit where ticket_no = $1 order by visit_id", ticket_no)


async def ticket_timeline(reads: Reads, ticket_no: str) -> list[dict[str, Any]]:
    """What happened to a request in all services, by the time it happened; ties by log and position."""
    rows = await reads.fetch(f"{_TIMELINE} where ticket_no = $1 {_IN_TIME}", ticket_no)
    return [_event(row) for row in rows]


async def wallet_timeline(reads: Reads, wallet_id: str) -> list[dict[str, Any]]:
    """What happened to a wallet, in the order of its stream."""
    rows = await reads.fetch(f"{_TIMELINE} where wallet_id = $1 order by stream, version", wallet_id)
    return [_event(row) for row in rows]


_TIMELINE = "select log, position, type, occurred_at, recorded_at, actor, data from read.timeline"
_IN_TIME = "order by recorded_at, log, position"


def _event(row: Row) -> dict[str, Any]:
    data = json.loads(row["data"])
    name = row["type"].removeprefix("kippu.").split(".")[1]
    return dict(row) | {"data": data, "name": name, "shown": _shown(data)}


_NOT_SHOWN = {"occurred_at", "customer_id", "ticket_no", "findings", "facts", "remedies", "received_at", "parameters"}


def _shown(data: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The plain values of an event that say something at a glance; sealed and nested ones are left out."""
    return [
        (key, value) for key, value in data.items() if key not in _NOT_SHOWN and isinstance(value, str | int | bool)
    ]


async def wallets(reads: Reads) -> Sequence[Row]:
    return await reads.fetch("select * from read.wallet order by wallet_id limit 200")


async def wallet(reads: Reads, wallet_id: str) -> Row | None:
    return await reads.fetchrow("select * from read.wallet where wallet_id = $1", wallet_id)


async def visits(reads: Reads) -> Sequence[Row]:
    """Held visits first, then by date."""
    return await reads.fetch(
        "select * from read.visit order by (status = 'held') desc, visit_at nulls last, visit_id limit 200"
    )


async def unmatched_mail(reads: Reads) -> list[dict[str, Any]]:
    """Mails that nobody has dealt with first, then the newest."""
    rows = await reads.fetch(
        "select * from read.unmatched order by (ticket_no is null) desc, received_at desc, mail_id limit 200"
    )
    return [dict(row) for row in rows]


async def invoices(reads: Reads) -> Sequence[Row]:
    """Overdue first, then by the day they are due."""
    return await reads.fetch(
        "select * from read.invoice order by (status = 'overdue') desc, due_on, invoice_no limit 200"
    )
