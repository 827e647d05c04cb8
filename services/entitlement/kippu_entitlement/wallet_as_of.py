"""A wallet's lots at an instant, by what was known at another. Whether a lot has ended is asked of the instant itself,
not of the entry that some job made when it noticed."""

from datetime import datetime
from typing import Any

from kippu_service.http import Snapshot

# A credit is true from the lot's first instant on; a debit when its work counted; a reversal when it happened, and
# never before its debit.
LOTS = """
    with entry as (
        select entry.kind, entry.reference, entry.occurred_at, entry.counts_at, taken.lot_id, taken.quantity
        from read.wallet_entry as entry
        cross join jsonb_to_recordset(entry.allocations) as taken (lot_id text, quantity integer)
        where entry.wallet_id = $1 and entry.recorded_at <= $2
    ), debit as (
        select distinct reference, counts_at from entry where kind = 'debited'
    ), moved as (
        select entry.lot_id,
               coalesce(sum(entry.quantity) filter (where entry.kind = 'debited'), 0)::integer as debited,
               coalesce(sum(entry.quantity) filter (where entry.kind = 'reversed'), 0)::integer as reversed,
               coalesce(sum(entry.quantity) filter (where entry.kind = 'revoked'), 0)::integer as revoked
        from entry left join debit using (reference)
        where entry.kind = 'debited' and entry.counts_at <= $3
            or entry.kind = 'reversed' and greatest(entry.occurred_at, debit.counts_at) <= $3
            or entry.kind = 'revoked' and entry.occurred_at <= $3
        group by entry.lot_id
    )
    select lot.lot_id, lot.order_id, lot.valid_from, lot.expires_at, lot.credited,
           coalesce(moved.debited, 0) as debited, coalesce(moved.reversed, 0) as reversed,
           coalesce(moved.revoked, 0) as revoked
    from read.lot as lot
    join entry on entry.kind = 'credited' and entry.lot_id = lot.lot_id
    left join moved on moved.lot_id = lot.lot_id
    where lot.valid_from <= $3
    order by lot.expires_at, lot.valid_from, lot.lot_id collate "C"
"""


async def lots(snapshot: Snapshot, wallet_id: str, valid_at: datetime, known_at: datetime) -> list[dict[str, Any]]:
    """Every lot that had begun, with what was left in it; nothing is left in one that had ended."""
    return [_lot(dict(row), valid_at) for row in await snapshot.fetch(LOTS, wallet_id, known_at, valid_at)]


def _lot(row: dict[str, Any], valid_at: datetime) -> dict[str, Any]:
    left = row["credited"] - row["debited"] + row["reversed"] - row["revoked"]
    ended = row["expires_at"] <= valid_at
    return {**row, "expired": left if ended else 0, "remaining": 0 if ended else left}
