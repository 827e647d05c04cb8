"""The wallets, one row each."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any

from asyncpg import Connection
from kippu_events.catalogue import entitlement
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event

from kippu_console.readmodels.rows import write


class Wallets(Projector):
    """What each wallet was credited and debited, in all."""

    name = "wallets"
    version = 2
    logs = ("entitlement",)
    tables = ("wallet",)
    subscribes = (
        entitlement.WalletOpened,
        entitlement.TicketsCredited,
        entitlement.TicketDebited,
        entitlement.TicketDebitReversed,
        entitlement.TicketsExpired,
        entitlement.TicketsReinstated,
        entitlement.TicketsRevoked,
    )

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        wallets: dict[tuple[str, str], dict[str, Any]] = {}
        for envelope in batch:
            event: Any = envelope.event
            row = wallets.setdefault(
                (envelope.provider, event.wallet_id),
                {"customer_id": event.customer_id, **dict.fromkeys(WALLET_SUMS, 0)},
            )
            row["version"] = envelope.version
            if type(event) in WALLET_SUM_OF:
                column, sign = WALLET_SUM_OF[type(event)]
                row[column] += sign * event.quantity
        rows = [
            (*key, *(wallets[key][column] for column in ("customer_id", "version", *WALLET_SUMS)))
            for key in sorted(wallets)
        ]
        await write(connection, WALLET, rows)


WALLET_SUM_OF: dict[type[Event], tuple[str, int]] = {
    entitlement.TicketsCredited: ("credited", 1),
    entitlement.TicketDebited: ("debited", 1),
    entitlement.TicketDebitReversed: ("reversed", 1),
    entitlement.TicketsExpired: ("expired", 1),
    entitlement.TicketsReinstated: ("expired", -1),
    entitlement.TicketsRevoked: ("credited", -1),  # what was given back counts as not bought
}
WALLET_SUMS = ("credited", "debited", "reversed", "expired")

WALLET = """
insert into read.wallet as wallet (provider, wallet_id, customer_id, version, credited, debited, reversed, expired)
select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
    $8::bigint[])
on conflict (provider, wallet_id) do update set version = excluded.version,
    credited = wallet.credited + excluded.credited, debited = wallet.debited + excluded.debited,
    reversed = wallet.reversed + excluded.reversed, expired = wallet.expired + excluded.expired
"""
