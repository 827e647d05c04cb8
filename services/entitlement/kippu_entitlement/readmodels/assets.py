"""The asset register: what is known of each unit, and which one took whose place."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
from asyncpg import Connection
from kippu_events.catalogue.entitlement import AssetCorrected, AssetRegistered, AssetReplaced
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event

from kippu_entitlement.domain import streams
from kippu_entitlement.readmodels.sets import json_of, of_type, waves, write

# Registered anew by whoever has it, a unit keeps whose place it took; for a new owner, or after it was replaced, it
# begins anew (domain.asset).
REGISTERED = """
    insert into read.asset (provider, serial, customer_id, version, kind, model, plan_family, bought_from_provider,
                            bought_on, warranty_until, installed_by, maintenance_agreement, delivered_on, area,
                            remote_island, disks_from, part_of, contracts, height_cm, undated)
    select provider, serial, customer_id, version, kind, model, plan_family, bought_from_provider,
           bought_on, warranty_until, installed_by, maintenance_agreement, delivered_on, area,
           remote_island, disks_from, part_of, contracts::jsonb, height_cm, undated::jsonb
    from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::boolean[],
                $9::date[], $10::date[], $11::text[], $12::text[], $13::date[], $14::text[], $15::boolean[],
                $16::text[], $17::text[], $18::text[], $19::int[], $20::text[])
        as stated (provider, serial, customer_id, version, kind, model, plan_family, bought_from_provider,
                   bought_on, warranty_until, installed_by, maintenance_agreement, delivered_on, area,
                   remote_island, disks_from, part_of, contracts, height_cm, undated)
    on conflict (provider, serial) do update set
        customer_id = excluded.customer_id, version = excluded.version, kind = excluded.kind, model = excluded.model,
        plan_family = excluded.plan_family, bought_from_provider = excluded.bought_from_provider,
        bought_on = excluded.bought_on, warranty_until = excluded.warranty_until,
        installed_by = excluded.installed_by, maintenance_agreement = excluded.maintenance_agreement,
        delivered_on = excluded.delivered_on, area = excluded.area, remote_island = excluded.remote_island,
        disks_from = excluded.disks_from, part_of = excluded.part_of, contracts = excluded.contracts,
        height_cm = excluded.height_cm, undated = excluded.undated,
        replaces = case when asset.customer_id = excluded.customer_id and asset.replaced_by is null
                        then asset.replaces end,
        replaced_by = null
"""
REPLACED = """
    update read.asset as asset set
        version = exchanged.version,
        replaced_by = coalesce(exchanged.replaced_by::jsonb, asset.replaced_by),
        replaces = coalesce(exchanged.replaces::jsonb, asset.replaces)
    from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[])
        as exchanged (provider, serial, version, replaced_by, replaces)
    where (asset.provider, asset.serial) = (exchanged.provider, exchanged.serial)
"""
CORRECTED = """
    update read.asset as asset set version = corrected.version
    from unnest($1::text[], $2::text[], $3::bigint[]) as corrected (provider, serial, version)
    where (asset.provider, asset.serial) = (corrected.provider, corrected.serial)
"""
WITHDRAWN = """
    delete from read.asset as asset
    using unnest($1::text[], $2::text[]) as withdrawn (provider, serial)
    where (asset.provider, asset.serial) = (withdrawn.provider, withdrawn.serial)
"""


class Assets(Projector):
    name = "assets"
    logs = ("entitlement",)
    subscribes: ClassVar[tuple[type[Event], ...]] = (AssetRegistered, AssetReplaced, AssetCorrected)
    tables = ("asset",)

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        for wave in waves(batch):
            registered = [_registered(envelope, event) for envelope, event in of_type(wave, AssetRegistered)]
            await write(connection, REGISTERED, registered)
            replaced = [_replaced(envelope, event) for envelope, event in of_type(wave, AssetReplaced)]
            await write(connection, REPLACED, replaced)
            # What is right was registered just before; a serial that was wrong was never anybody's.
            corrected = [
                (envelope.provider, event.serial, envelope.version, event.correct_serial)
                for envelope, event in of_type(wave, AssetCorrected)
            ]
            await write(connection, CORRECTED, [each[:3] for each in corrected if each[3] is None])
            await write(connection, WITHDRAWN, [each[:2] for each in corrected if each[3] is not None])


def _registered(envelope: Envelope, event: AssetRegistered) -> tuple[Any, ...]:
    return (
        envelope.provider,
        event.serial,
        event.customer_id,
        envelope.version,
        event.kind,
        event.model,
        event.plan_family,
        event.bought_from_provider,
        event.bought_on,
        event.warranty_until,
        event.installed_by,
        event.maintenance_agreement,
        event.delivered_on,
        event.area,
        event.remote_island,
        event.disks_from,
        event.part_of,
        json_of(event.contracts),
        event.height_cm,
        json_of(event.undated),
    )


def _replaced(envelope: Envelope, event: AssetReplaced) -> tuple[Any, ...]:
    """It stands on both units' streams, and says to each which the other one is."""
    is_old = envelope.stream == streams.asset(envelope.provider, event.old_serial)
    serial, other = (event.old_serial, event.new_serial) if is_old else (event.new_serial, event.old_serial)
    text = orjson.dumps({"serial": other, "replaced_on": event.replaced_on, "shipment_id": event.shipment_id}).decode()
    return envelope.provider, serial, envelope.version, text if is_old else None, None if is_old else text
