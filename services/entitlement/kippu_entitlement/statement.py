"""A wallet's statement: every ticket that came and went, from which lot, and what was left. The same for all, for ever.

It is made from stored events alone (no clock, no order of arrival), as canonical JSON: sorted keys, UTC, one way to
write each value. So an auditor who replays the log gets the same bytes.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from itertools import accumulate
from typing import Any

import orjson
from asyncpg import Connection, Record
from asyncpg.pool import PoolConnectionProxy

WALLET = """
    select wallet_id, customer_id, plan_family, version from read.wallet where provider = $1 and wallet_id = $2
"""
LOTS = """
    select lot_id, order_id, valid_from, expires_at, credited, debited, reversed, expired, revoked, remaining
    from read.lot where provider = $1 and wallet_id = $2
    order by expires_at, valid_from, lot_id collate "C"
"""
ENTRIES = """
    select version, event_id, kind, change, allocations, reference, ticket_no, note, occurred_at, recorded_at, counts_at
    from read.wallet_entry where provider = $1 and wallet_id = $2
    order by version
"""


async def statement(
    connection: Connection[Any] | PoolConnectionProxy[Record], provider: str, wallet_id: str
) -> bytes | None:
    """The statement's bytes, None for a wallet that does not exist (or is not the caller's to see).

    Run it in a transaction that sees one state. `balance` counts what is in lots that were not yet ended by an event.
    """
    wallet = await connection.fetchrow(WALLET, provider, wallet_id)
    if wallet is None:
        return None
    lots = await connection.fetch(LOTS, provider, wallet_id)
    entries = await connection.fetch(ENTRIES, provider, wallet_id)
    balances = list(accumulate(entry["change"] for entry in entries))
    document = {
        "provider": provider,
        **wallet,
        "balance": balances[-1] if balances else 0,
        "lots": [dict(lot) for lot in lots],
        "entries": [_entry(entry, balance) for entry, balance in zip(entries, balances, strict=True)],
    }
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def _entry(entry: Record, balance: int) -> dict[str, Any]:
    allocations = orjson.loads(entry["allocations"])
    # asyncpg has a UUID class of its own, which is written as any other.
    return {**entry, "event_id": str(entry["event_id"]), "allocations": allocations, "balance": balance}
