"""Contracts that were ordered: sold, announced to end, ended. Each of these happens once, in this order."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
from asyncpg import Connection
from kippu_events.catalogue.contracts import ContractEndAnnounced, ContractEnded, ContractSold
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event

from kippu_entitlement.readmodels.sets import last_by_key, of_type, write

SOLD = """
    insert into read.contract (provider, contract_id, version, customer_id, plan_family, plan_version, product,
                               order_id, options, serial, valid_from, valid_until, needs_registration, register_by,
                               refundable_until, renews, sold_at)
    select provider, contract_id, version, customer_id, plan_family, plan_version, product, order_id,
           options::jsonb, serial, valid_from, valid_until, needs_registration, register_by,
           refundable_until, renews, sold_at
    from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::date[], $12::date[], $13::boolean[], $14::date[], $15::date[],
                $16::text[], $17::timestamptz[])
        as sold (provider, contract_id, version, customer_id, plan_family, plan_version, product, order_id,
                 options, serial, valid_from, valid_until, needs_registration, register_by,
                 refundable_until, renews, sold_at)
"""
ANNOUNCED = """
    update read.contract as contract set version = announced.version, end_announced_at = announced.announced_at
    from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[])
        as announced (provider, contract_id, version, announced_at)
    where (contract.provider, contract.contract_id) = (announced.provider, announced.contract_id)
"""
ENDED = """
    update read.contract as contract set version = ended.version, ended_on = ended.ended_on
    from unnest($1::text[], $2::text[], $3::bigint[], $4::date[]) as ended (provider, contract_id, version, ended_on)
    where (contract.provider, contract.contract_id) = (ended.provider, ended.contract_id)
"""


class Contracts(Projector):
    name = "contracts"
    logs = ("entitlement",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (ContractSold, ContractEndAnnounced, ContractEnded)
    tables = ("contract",)

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        await write(connection, SOLD, [_sold(*each) for each in of_type(batch, ContractSold)])
        announced = of_type(batch, ContractEndAnnounced)
        rows = [(*_key(envelope, event), event.occurred_at) for envelope, event in announced]
        await write(connection, ANNOUNCED, last_by_key(rows, 2))
        ended = [(*_key(envelope, event), event.ended_on) for envelope, event in of_type(batch, ContractEnded)]
        await write(connection, ENDED, ended)


def _key(envelope: Envelope, event: ContractSold | ContractEndAnnounced | ContractEnded) -> tuple[str, str, int]:
    return envelope.provider, event.contract_id, envelope.version


def _sold(envelope: Envelope, event: ContractSold) -> tuple[Any, ...]:
    return (
        *_key(envelope, event),
        event.customer_id,
        event.plan_family,
        event.plan_version,
        event.product,
        event.order_id,
        orjson.dumps(event.options).decode(),
        event.serial,
        event.valid_from,
        event.valid_until,
        event.needs_registration,
        event.register_by,
        event.refundable_until,
        event.renews,
        event.occurred_at,
    )
