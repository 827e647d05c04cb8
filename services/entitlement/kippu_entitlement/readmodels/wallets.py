"""Wallets, their lots, and every entry of their statements."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from asyncpg import Connection
from kippu_events.catalogue.entitlement import (
    TicketDebited,
    TicketDebitReversed,
    TicketsCredited,
    TicketsExpired,
    TicketsReinstated,
    TicketsRevoked,
    WalletOpened,
)
from kippu_events.catalogue.values import Allocation
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event

from kippu_entitlement.readmodels.sets import json_of, last_by_key, of_type, write

Movement = TicketsCredited | TicketDebited | TicketDebitReversed | TicketsExpired | TicketsReinstated | TicketsRevoked

WALLETS = """
    insert into read.wallet (provider, wallet_id, customer_id, plan_family, version)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
"""
WALLET_VERSIONS = """
    update read.wallet as wallet set version = moved.version
    from unnest($1::text[], $2::text[], $3::bigint[]) as moved (provider, wallet_id, version)
    where (wallet.provider, wallet.wallet_id) = (moved.provider, moved.wallet_id)
"""
LOTS = """
    insert into read.lot (provider, lot_id, wallet_id, customer_id, order_id, valid_from, expires_at, credited)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
                         $7::timestamptz[], $8::integer[])
"""
LOT_MOVEMENTS = """
    update read.lot as lot set
        debited = lot.debited + moved.debited, reversed = lot.reversed + moved.reversed,
        expired = lot.expired + moved.expired, revoked = lot.revoked + moved.revoked
    from unnest($1::text[], $2::text[], $3::integer[], $4::integer[], $5::integer[], $6::integer[])
        as moved (provider, lot_id, debited, reversed, expired, revoked)
    where (lot.provider, lot.lot_id) = (moved.provider, moved.lot_id)
"""
ENTRIES = """
    insert into read.wallet_entry (provider, wallet_id, version, customer_id, event_id, kind, change, allocations,
                                   reference, ticket_no, note, occurred_at, recorded_at, counts_at)
    select provider, wallet_id, version, customer_id, event_id, kind, change, allocations::jsonb,
           reference, ticket_no, note, occurred_at, recorded_at, counts_at
    from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::uuid[], $6::text[], $7::integer[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[])
        as entry (provider, wallet_id, version, customer_id, event_id, kind, change, allocations,
                  reference, ticket_no, note, occurred_at, recorded_at, counts_at)
"""


class Wallets(Projector):
    name = "wallets"
    version = 2
    logs = ("entitlement",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        WalletOpened,
        TicketsCredited,
        TicketDebited,
        TicketDebitReversed,
        TicketsExpired,
        TicketsReinstated,
        TicketsRevoked,
    )
    tables = ("wallet", "lot", "wallet_entry")

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        opened = of_type(batch, WalletOpened)
        await write(connection, WALLETS, [_wallet(envelope, event) for envelope, event in opened])
        credited = of_type(batch, TicketsCredited)
        await write(connection, LOTS, [_lot(envelope, event) for envelope, event in credited])
        movements = [(envelope, event) for envelope in batch if isinstance(event := envelope.event, Movement)]
        await write(connection, LOT_MOVEMENTS, list(_lot_movements(movements)))
        await write(connection, ENTRIES, [_entry(envelope, event) for envelope, event in movements])
        versions = [(envelope.provider, event.wallet_id, envelope.version) for envelope, event in movements]
        await write(connection, WALLET_VERSIONS, last_by_key(versions, 2))


def _wallet(envelope: Envelope, event: WalletOpened) -> tuple[Any, ...]:
    return envelope.provider, event.wallet_id, event.customer_id, event.plan_family, envelope.version


def _lot(envelope: Envelope, event: TicketsCredited) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.lot_id,
        event.wallet_id,
        event.customer_id,
        event.order_id,
        event.valid_from,
        event.expires_at,
        event.quantity,
    )


def _lot_movements(movements: Iterable[tuple[Envelope, Movement]]) -> Iterable[tuple[Any, ...]]:
    """How much of each lot the batch debited, reversed, expired and revoked, in sum."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    for envelope, event in movements:
        if isinstance(event, TicketsCredited):
            continue
        column, sign = _COLUMNS[type(event)]
        for allocation in _allocations(event):
            sums.setdefault((envelope.provider, allocation.lot_id), Counter())[column] += sign * allocation.quantity
    for (provider, lot_id), by in sums.items():
        yield provider, lot_id, by["debited"], by["reversed"], by["expired"], by["revoked"]


_COLUMNS: dict[type[Event], tuple[str, int]] = {
    TicketDebited: ("debited", 1),
    TicketDebitReversed: ("reversed", 1),
    TicketsExpired: ("expired", 1),
    TicketsReinstated: ("expired", -1),
    TicketsRevoked: ("revoked", 1),
}


def _allocations(event: Movement) -> tuple[Allocation, ...]:
    match event:
        case TicketDebited() | TicketDebitReversed():
            return event.allocations
        case _:
            return (Allocation(lot_id=event.lot_id, quantity=event.quantity),)


def _entry(envelope: Envelope, event: Movement) -> tuple[Any, ...]:
    kind, sign, reference, ticket_no, note = _what(event)
    return (
        envelope.provider,
        event.wallet_id,
        envelope.version,
        event.customer_id,
        envelope.id,
        kind,
        sign * event.quantity,
        json_of(_allocations(event)),
        reference,
        ticket_no,
        note,
        event.occurred_at,
        envelope.recorded_at,
        event.counts_at if isinstance(event, TicketDebited) else None,
    )


def _what(event: Movement) -> tuple[str, int, str, str | None, str | None]:
    """Kind, sign, what it refers to, whose request it is for, and why."""
    match event:
        case TicketsCredited():
            return "credited", +1, event.order_id, None, None
        case TicketDebited():
            note = f"{event.clause}: {event.reason}" if event.reason else event.clause
            return "debited", -1, event.debit_id, _request_of(event), note
        case TicketDebitReversed():
            return "reversed", +1, event.debit_id, _request_of(event), event.reason
        case TicketsExpired():
            return "expired", -1, event.lot_id, None, None
        case TicketsReinstated():
            return "reinstated", +1, event.lot_id, None, None
        case TicketsRevoked():
            return "revoked", -1, event.order_id, None, None


def _request_of(event: TicketDebited | TicketDebitReversed) -> str | None:
    """None for a booking that is for no request."""
    return None if event.ticket_no == event.booking_id else event.ticket_no
