"""Contracts: those that were sold, and those that the register of devices alone knows."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any, ClassVar

from asyncpg import Connection
from kippu_events.catalogue import contracts, entitlement
from kippu_events.catalogue.entitlement import AssetContract
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.personal import carry

from kippu_console.readmodels.rows import RowEach, write


class Contracts(RowEach):
    """One row a contract that was sold, by its own stream."""

    name = "contracts"
    logs = ("entitlement",)
    tables = ("contract",)
    key = "contract_id"
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        contracts.ContractSold,
        contracts.ContractRegistered,
        contracts.ContractActivated,
        contracts.DeliveryCorrected,
        contracts.RegistrationChanged,
        contracts.RegistrationReminded,
        contracts.ContractEndAnnounced,
        contracts.ContractEnded,
        contracts.ContractRefunded,
    )

    def columns(self, envelope: Envelope, event: Any) -> dict[str, Any]:
        match event:
            case contracts.ContractSold():
                return {name: getattr(event, name) for name in _SOLD} | {"sold_at": event.occurred_at}
            case contracts.ContractActivated():
                due = {"register_by": event.register_by} if event.register_by else {}
                term = {"valid_from": event.active_from, "valid_until": event.valid_until}
                return term | {"ended_on": None} | due
            case contracts.ContractEndAnnounced():
                return {"announced_at": event.occurred_at}
            case contracts.ContractEnded():
                return {"ended_on": event.ended_on}
            case contracts.ContractRefunded():
                return {"refunded_at": event.occurred_at, "refund_reason": event.reason}
        return _registration(envelope, event)


def _registration(envelope: Envelope, event: Any) -> dict[str, Any]:
    match event:
        case contracts.ContractRegistered():
            return {name: getattr(event, name) for name in _REGISTERED} | {"site": carry(envelope, "site")}
        case contracts.RegistrationChanged():
            changed = {name: getattr(event, name) for name in event.changed if name != "site"}
            return changed | ({"site": carry(envelope, "site")} if "site" in event.changed else {})
        case contracts.RegistrationReminded():
            return {"reminded_at": event.occurred_at}
    raise TypeError(f"{event.type} says nothing of a contract")


_SOLD = (
    "plan_family",
    "plan_version",
    "product",
    "order_id",
    "options",
    "serial",
    "valid_from",
    "valid_until",
    "needs_registration",
    "register_by",
    "refundable_until",
    "renews",
)
_REGISTERED = (
    "serial",
    "model",
    "contact_id",
    "site_of",
    "area",
    "remote_island",
    "height_cm",
    "registered_at",
)


class DeviceContracts(Projector):
    """What the register says last of a device: its contracts, none once it was replaced or was never the one meant."""

    name = "device-contracts"
    logs = ("entitlement",)
    tables = ("device_contract",)
    subscribes = (entitlement.AssetRegistered, entitlement.AssetReplaced, entitlement.AssetCorrected)

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        devices: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
        for envelope in batch:
            event: Any = envelope.event
            serial = envelope.stream.removeprefix(f"asset-{envelope.provider}-")
            match event:
                case entitlement.AssetRegistered():
                    about = (event.customer_id, event.plan_family, event.model)
                    rows = [(*about, *_said(contract)) for contract in event.contracts]
                    devices[envelope.provider, serial] = rows
                case entitlement.AssetReplaced() if event.old_serial == serial:
                    devices[envelope.provider, serial] = []
                case entitlement.AssetCorrected() if event.correct_serial not in (None, serial):
                    devices[envelope.provider, serial] = []
        keys = sorted(devices)
        await write(connection, FORGOTTEN, keys)
        await write(connection, REGISTERED, [(*key, *row) for key in keys for row in devices[key]])


def _said(contract: AssetContract) -> tuple[Any, ...]:
    return (
        contract.contract_id,
        contract.product,
        contract.valid_from,
        contract.valid_until,
        contract.plan_version,
        contract.registered_at,
    )


FORGOTTEN = """
delete from read.device_contract using unnest($1::text[], $2::text[]) as device (provider, serial)
where device_contract.provider = device.provider and device_contract.serial = device.serial
"""
REGISTERED = """
insert into read.device_contract (provider, serial, customer_id, plan_family, model, contract_id, product, valid_from,
    valid_until, plan_version, registered_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::date[],
    $9::date[], $10::text[], $11::timestamptz[])
"""
