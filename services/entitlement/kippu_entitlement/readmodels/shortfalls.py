"""What wallets lacked for a request, and how much of it is still owed."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any, ClassVar

from asyncpg import Connection
from kippu_events.catalogue.entitlement import CoverageDecided, DebitNoted, DebitShortfall, RequestDeclined
from kippu_events.catalogue.values import Outcome
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event

from kippu_entitlement.readmodels.sets import last_by_key, of_type, write

NOTED = """
    insert into read.shortfall (provider, debit_id, ticket_no, customer_id, version, wanted, missing, owed,
                                offered_product, offered_quantity, valid_until, noted_at)
    select provider, debit_id, ticket_no, customer_id, version, wanted, missing, missing,
           offered_product, offered_quantity, valid_until, noted_at
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::integer[], $7::integer[],
                $8::text[], $9::integer[], $10::date[], $11::timestamptz[])
        as short (provider, debit_id, ticket_no, customer_id, version, wanted, missing, offered_product,
                  offered_quantity, valid_until, noted_at)
"""
SETTLED = """
    update read.shortfall as short set owed = owed - debit.quantity
    from (select provider, debit_id, sum(quantity) as quantity
          from unnest($1::text[], $2::text[], $3::integer[]) as debit (provider, debit_id, quantity)
          group by provider, debit_id) as debit
    where (short.provider, short.debit_id) = (debit.provider, debit.debit_id)
"""
FORGIVEN = """
    update read.shortfall as short set owed = 0
    from unnest($1::text[], $2::text[], $3::bigint[]) as later (provider, ticket_no, version)
    where (short.provider, short.ticket_no) = (later.provider, later.ticket_no) and short.version < later.version
"""


class Shortfalls(Projector):
    name = "shortfalls"
    logs = ("entitlement",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (DebitShortfall, DebitNoted, CoverageDecided, RequestDeclined)
    tables = ("shortfall",)

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        await write(connection, NOTED, [_noted(*each) for each in of_type(batch, DebitShortfall)])
        settled = [
            (envelope.provider, event.settles, event.quantity)
            for envelope, event in of_type(batch, DebitNoted)
            if event.settles is not None
        ]
        await write(connection, SETTLED, settled)
        # After the debits: what is forgiven is debited no more, so nothing is taken off it later.
        forgiven = [
            (envelope.provider, event.ticket_no, envelope.version)
            for envelope, event in of_type(batch, CoverageDecided)
            if event.outcome is Outcome.COVERED
        ]
        forgiven += [
            (envelope.provider, event.ticket_no, envelope.version)
            for envelope, event in of_type(batch, RequestDeclined)
        ]
        await write(connection, FORGIVEN, last_by_key(sorted(forgiven), 2))


def _noted(envelope: Envelope, event: DebitShortfall) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.debit_id,
        event.ticket_no,
        event.customer_id,
        envelope.version,
        event.wanted,
        event.missing,
        event.offer_product,
        event.offer_quantity,
        event.offer_valid_until,
        event.occurred_at,
    )
