"""Contracts that were ordered: sold, registered, changed, begun by a delivery, announced to end, ended.

Each column is fed by what happens once to a contract, or, for what is registered, by the last event of its stream.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
from asyncpg import Connection
from kippu_events.catalogue.contracts import (
    ContractActivated,
    ContractEndAnnounced,
    ContractEnded,
    ContractEvent,
    ContractRefunded,
    ContractRegistered,
    ContractRenewed,
    ContractSold,
    DeliveryCorrected,
    RegistrationChanged,
    RegistrationReminded,
)
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.personal import carry

from kippu_entitlement.readmodels.sets import of_type, waves, write

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
REGISTERED = """
    update read.contract as contract set
        version = stated.version,
        registered_at = coalesce(stated.registered_at, contract.registered_at),
        serial = coalesce(stated.serial, contract.serial),
        model = coalesce(stated.model, contract.model),
        contact_id = coalesce(stated.contact_id, contract.contact_id),
        site = coalesce(stated.site, contract.site),
        site_of = coalesce(stated.site_of, contract.site_of),
        area = case when 'area' = any(stated.changed) then stated.area else contract.area end,
        remote_island = coalesce(stated.remote_island, contract.remote_island),
        height_cm = case when 'height_cm' = any(stated.changed) then stated.height_cm else contract.height_cm end
    from (select provider, contract_id, version, registered_at, serial, model, contact_id, site, site_of, area,
                 remote_island, height_cm, string_to_array(changed, ' ') as changed
          from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
                      $8::text[], $9::text[], $10::text[], $11::boolean[], $12::int[], $13::text[])
              as given (provider, contract_id, version, registered_at, serial, model, contact_id, site, site_of, area,
                        remote_island, height_cm, changed)) as stated
    where (contract.provider, contract.contract_id) = (stated.provider, stated.contract_id)
"""
ACTIVATED = """
    update read.contract as contract set
        version = begun.version,
        valid_from = begun.valid_from,
        valid_until = begun.valid_until,
        ended_on = null,
        register_by = coalesce(begun.register_by, contract.register_by)
    from unnest($1::text[], $2::text[], $3::bigint[], $4::date[], $5::date[], $6::date[])
        as begun (provider, contract_id, version, valid_from, valid_until, register_by)
    where (contract.provider, contract.contract_id) = (begun.provider, begun.contract_id)
"""
REMINDED = """
    update read.contract as contract set
        version = reminded.version, registration_reminded_at = reminded.at
    from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[])
        as reminded (provider, contract_id, version, at)
    where (contract.provider, contract.contract_id) = (reminded.provider, reminded.contract_id)
"""
REFUNDED = """
    update read.contract as contract set
        version = refunded.version, refunded_at = refunded.at
    from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[])
        as refunded (provider, contract_id, version, at)
    where (contract.provider, contract.contract_id) = (refunded.provider, refunded.contract_id)
"""
RENEWED = """
    update read.contract as contract set version = renewed.version, renewed_by = renewed.renewed_by
    from unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
        as renewed (provider, contract_id, version, renewed_by)
    where (contract.provider, contract.contract_id) = (renewed.provider, renewed.contract_id)
"""
ANNOUNCED = """
    update read.contract as contract set version = announced.version, end_announced_at = announced.announced_at
    from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[])
        as announced (provider, contract_id, version, announced_at)
    where (contract.provider, contract.contract_id) = (announced.provider, announced.contract_id)
"""
ENDED = """
    update read.contract as contract set version = ended.version,
        ended_on = ended.ended_on
    from unnest($1::text[], $2::text[], $3::bigint[], $4::date[]) as ended (provider, contract_id, version, ended_on)
    where (contract.provider, contract.contract_id) = (ended.provider, ended.contract_id)
"""


class Contracts(Projector):
    name = "contracts"
    logs = ("entitlement",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        ContractSold,
        ContractRegistered,
        RegistrationChanged,
        ContractActivated,
        DeliveryCorrected,
        RegistrationReminded,
        ContractRefunded,
        ContractRenewed,
        ContractEndAnnounced,
        ContractEnded,
    )
    tables = ("contract",)

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        for wave in waves(batch):
            await write(connection, SOLD, [_sold(*each) for each in of_type(wave, ContractSold)])
            await write(connection, REGISTERED, [_registered(*each) for each in of_type(wave, ContractRegistered)])
            await write(connection, REGISTERED, [_changed(*each) for each in of_type(wave, RegistrationChanged)])
            await write(connection, ACTIVATED, [_activated(*each) for each in of_type(wave, ContractActivated)])
            await write(connection, REMINDED, [_dated(*each) for each in of_type(wave, RegistrationReminded)])
            await write(connection, REFUNDED, [_dated(*each) for each in of_type(wave, ContractRefunded)])
            renewed = [(*_key(envelope, event), event.renewed_by) for envelope, event in of_type(wave, ContractRenewed)]
            await write(connection, RENEWED, renewed)
            await write(connection, ANNOUNCED, [_dated(*each) for each in of_type(wave, ContractEndAnnounced)])
            ended = [(*_key(envelope, event), event.ended_on) for envelope, event in of_type(wave, ContractEnded)]
            await write(connection, ENDED, ended)


def _dated(envelope: Envelope, event: ContractEvent) -> tuple[Any, ...]:
    return (*_key(envelope, event), event.occurred_at)


def _activated(envelope: Envelope, event: ContractActivated) -> tuple[Any, ...]:
    return (*_key(envelope, event), event.active_from, event.valid_until, event.register_by)


def _key(envelope: Envelope, event: ContractEvent) -> tuple[str, str, int]:
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


def _registered(envelope: Envelope, event: ContractRegistered) -> tuple[Any, ...]:
    return (
        *_key(envelope, event),
        event.registered_at,
        event.serial,
        event.model,
        event.contact_id,
        carry(envelope, "site"),
        event.site_of or event.contract_id,
        event.area,
        event.remote_island,
        event.height_cm,
        "area height_cm",
    )


def _changed(envelope: Envelope, event: RegistrationChanged) -> tuple[Any, ...]:
    """Fields that it does not name are None in it, and stay as they are."""
    return (
        *_key(envelope, event),
        None,
        event.serial,
        event.model,
        event.contact_id,
        carry(envelope, "site"),
        event.contract_id if "site" in event.changed else None,
        event.area,
        event.remote_island,
        event.height_cm,
        " ".join(event.changed),
    )
