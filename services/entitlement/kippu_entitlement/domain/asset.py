"""An asset: a device or a service in the register from which coverage is decided (IIJ-04, IIJ-05, QNP-06).

A replaced one stays in the register, for what was asked about it before; whoever gets it next registers it anew.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Literal

from kippu_events.catalogue.entitlement import (
    AssetContract,
    AssetCorrected,
    AssetRegistered,
    AssetReplaced,
    UndatedContract,
)
from kippu_events.event import Event
from kippu_terms import registration
from kippu_terms.facts import CALENDARS_UNTIL
from kippu_terms.refusal import Fault, Refused

from kippu_entitlement.domain.checks import Checks

Kind = Literal["equipment", "service"]
InstalledBy = Literal["provider", "customer", "third_party"]
DisksFrom = Literal["provider", "elsewhere"]

normalised = registration.normalised
SERIAL = registration.SERIAL
NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")
CONTRACT_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/-]{0,63}")
MAX_CONTRACTS = 20
"""Of one asset: what is decided about it is one event, with all of them."""
HIGHEST_CM = 100_000
FIRST_DAY, LAST_DAY = date(1980, 1, 1), date(CALENDARS_UNTIL.year - 1, 12, 31)
"""Between which days anything in the register lies; beyond them it is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """The other unit of an exchange, and from which day on the new one takes the old one's place."""

    serial: str
    replaced_on: date
    shipment_id: str


@dataclass(frozen=True, slots=True)
class Asset:
    """What the register says. `customer_id` is empty while nobody registered it."""

    customer_id: str = ""
    serial: str = ""
    kind: Kind = "equipment"
    model: str = ""
    plan_family: str = ""
    bought_from_provider: bool = False
    bought_on: date | None = None
    warranty_until: date | None = None
    installed_by: InstalledBy = "provider"
    maintenance_agreement: str | None = None
    delivered_on: date | None = None
    area: str | None = None
    remote_island: bool = False
    height_cm: int | None = None
    disks_from: DisksFrom | None = None
    part_of: str | None = None
    contracts: tuple[AssetContract, ...] = ()
    undated: tuple[UndatedContract, ...] = ()
    """The contracts that are registered for it, and wait for its delivery."""
    replaced_by: Replacement | None = None
    replaces: Replacement | None = None

    @property
    def exists(self) -> bool:
        return bool(self.serial)

    @property
    def registered(self) -> "Asset":
        """What was said of it when it was registered, without what became of it since."""
        return replace(self, replaced_by=None, replaces=None)

    def in_place_on(self, day: date) -> bool:
        """Whether it was with the customer then: not before it replaced another, nor once another replaced it."""
        if self.replaces is not None and day < self.replaces.replaced_on:
            return False
        return self.replaced_by is None or day < self.replaced_by.replaced_on


REGISTERED = tuple(field.name for field in fields(Asset) if field.name not in ("replaced_by", "replaces"))
"""The fields that a registration states."""
BY_REGISTRATION = ("model", "area", "remote_island", "height_cm")
"""What the registration of a contract says of its device, too, under its serial number."""
_AS_SOLD = ("product", "valid_from", "valid_until", "area_agreed")
_DATES = ("bought_on", "warranty_until", "delivered_on")


def evolve(state: Asset, event: Event) -> Asset:
    match event:
        case AssetRegistered():
            # Whoever has it corrects what is known of it; for a new owner, or after it was replaced, it begins anew.
            same = state.customer_id == event.customer_id and state.replaced_by is None
            facts = Asset(**{name: getattr(event, name) for name in REGISTERED})
            return replace(facts, replaces=state.replaces if same else None)
        case AssetReplaced() if event.old_serial == state.serial:
            return replace(state, replaced_by=Replacement(event.new_serial, event.replaced_on, event.shipment_id))
        case AssetReplaced():
            return replace(state, replaces=Replacement(event.old_serial, event.replaced_on, event.shipment_id))
        case AssetCorrected() if event.correct_serial is not None:
            return Asset()
        case _:
            return state


def faults_of(wanted: Asset) -> tuple[Fault, ...]:
    """Everything that is wrong with what is said of an asset, looked at by itself. Its serial is normalised already."""
    checks = Checks()
    checks.matches(SERIAL, wanted.serial, "serial", registration.SERIAL_IN_WORDS)
    checks.identifier(wanted.customer_id, "customer_id")
    checks.identifier(wanted.plan_family, "plan_family")
    checks.text(wanted.model, "model")
    if wanted.area is not None:
        checks.matches(NAME, wanted.area, "area", "the name of an area in small letters, such as tokyo")
    if wanted.part_of is not None:
        checks.matches(SERIAL, wanted.part_of, "part_of", registration.SERIAL_IN_WORDS)
        checks.that(wanted.part_of != wanted.serial, "part_of_itself", "part_of", "nothing is a part of itself")
    for name in _DATES:
        _check_day(checks, getattr(wanted, name), name)
    if wanted.height_cm is not None:
        holds = 0 <= wanted.height_cm <= HIGHEST_CM
        checks.that(holds, "height_out_of_range", "height_cm", f"heights run from 0 to {HIGHEST_CM} cm")
    if wanted.bought_on and wanted.warranty_until:
        checks.that(
            wanted.bought_on <= wanted.warranty_until,
            "warranty_before_purchase",
            "warranty_until",
            "the warranty ends before the device was bought",
        )
    _check_contracts(checks, wanted)
    return checks.faults


def _check_contracts(checks: Checks, wanted: Asset) -> None:
    message = f"a device has at most {MAX_CONTRACTS} contracts"
    checks.that(
        len(wanted.contracts) + len(wanted.undated) <= MAX_CONTRACTS, "too_many_contracts", "contracts", message
    )
    waiting = {each.contract_id for each in wanted.undated}
    seen: set[str] = set()
    for place, contract in enumerate(wanted.contracts):
        at = f"contracts.{place}."
        checks.matches(CONTRACT_ID, contract.contract_id, f"{at}contract_id", "1 to 64 letters, digits and . _ / -")
        twice = f"contract {contract.contract_id} is given twice"
        checks.that(contract.contract_id not in seen, "contract_twice", f"{at}contract_id", twice)
        seen.add(contract.contract_id)
        message = f"contract {contract.contract_id} begins with the delivery of the device: report that"
        checks.that(contract.contract_id not in waiting, "waits_for_delivery", f"{at}contract_id", message)
        _check_day(checks, contract.valid_from, f"{at}valid_from")
        _check_day(checks, contract.valid_until, f"{at}valid_until")
        checks.that(
            contract.valid_from <= contract.valid_until,
            "contract_ends_before_it_begins",
            f"{at}valid_until",
            "the contract ends before it begins",
        )


def _check_day(checks: Checks, day: date | None, field: str) -> None:
    holds = day is None or FIRST_DAY <= day <= LAST_DAY
    checks.that(holds, "date_out_of_range", field, f"dates run from {FIRST_DAY} to {LAST_DAY}")


def register(state: Asset, wanted: Asset, now: datetime) -> tuple[Event, ...]:
    """The owner may register new facts (a warranty extended, say); the same facts again change nothing, and nobody else
    can take the serial while it is in its owner's place."""
    faults = (*faults_of(wanted), *objections(state, wanted))
    if faults:
        kind: Literal["invalid", "conflict"] = "invalid" if faults_of(wanted) else "conflict"
        raise Refused(*faults, kind=kind)
    return () if state.registered == wanted else (_registered(wanted, now),)


def objections(state: Asset, wanted: Asset) -> Iterator[Fault]:
    """Why the register, as it stands, does not take it."""
    if not state.exists or state.registered == wanted:
        return
    if state.replaced_by is None and state.customer_id != wanted.customer_id:
        yield Fault("asset_registered", f"serial {wanted.serial} is registered already", "serial")
    if state.replaced_by is not None and state.customer_id == wanted.customer_id:
        by = state.replaced_by
        message = f"serial {wanted.serial} was replaced by {by.serial} on {by.replaced_on}: register changes of that"
        yield Fault("asset_replaced", message, "serial")


def sold_under_other_terms(before: Asset, wanted: Asset) -> Iterator[Fault]:
    """What orders sold for a device, dated or waiting for its delivery, keeps its terms, and the device with it."""
    sold = {each.contract_id for each in before.contracts if each.sold} | {each.contract_id for each in before.undated}
    if sold and before.customer_id == wanted.customer_id and before.plan_family != wanted.plan_family:
        message = (
            f"sold under the terms of {before.plan_family}, under which the device stays: {', '.join(sorted(sold))}"
        )
        yield Fault("sold_under_other_terms", message, "plan_family")


def otherwise_than_sold(before: Asset, wanted: Asset) -> Iterator[Fault]:
    """What an order sold runs as it was sold, and its contact is who it is registered with: beside it, contract and
    device would say two things, and a decision would go by the wrong one. Options may come to it later."""
    if before.replaced_by is not None or before.customer_id != wanted.customer_id:
        return
    sold = {each.contract_id: each for each in before.contracts if each.sold}
    for place, stated in enumerate(wanted.contracts):
        known = sold.get(stated.contract_id)
        if known is None:
            continue
        names = (*_AS_SOLD, "contact_id") if known.registered_at else _AS_SOLD
        for name in names:
            if getattr(stated, name) != getattr(known, name):
                message = f"contract {known.contract_id} was sold by an order: {name} is {getattr(known, name)}"
                yield Fault("otherwise_than_sold", message, f"contracts.{place}.{name}")


def registered_with_contracts(before: Asset, wanted: Asset, today: date) -> Iterator[Fault]:
    """What a running contract's registration says of the device is reported as a change of that (SVT-11): beside it,
    contract and device would say two things, and the contract's next change would bring back the old. What is not
    stated says nothing against it."""
    if before.replaced_by is not None or before.customer_id != wanted.customer_id:
        return
    running = (each for each in before.contracts if each.sold and each.registered_at and today <= each.valid_until)
    ids = ", ".join(sorted([*(each.contract_id for each in running), *(each.contract_id for each in before.undated)]))
    for name in BY_REGISTRATION if ids else ():
        stated = getattr(wanted, name)
        if stated is not None and stated != getattr(before, name):
            message = f"is registered with {ids}: report a change of that registration, or correct what was wrong"
            yield Fault("registered_with_contract", message, name)


def _registered(wanted: Asset, now: datetime) -> AssetRegistered:
    return AssetRegistered(occurred_at=now, **{name: getattr(wanted, name) for name in REGISTERED})


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came, by a shipment or a visit: `new_serial` for the defective `old_serial`, or for a `part` inside it."""

    customer_id: str
    old_serial: str
    new_serial: str
    part: str | None
    replaced_on: date
    delivered_at: datetime
    shipment_id: str
    """Or the visit's id."""


class NotTheirs(LookupError):
    """A unit was delivered that stands in another customer's register, or for one that is in nobody's: one of the two
    is wrong, and a person has to find out which."""


def exchange(old: Asset, new: Asset, done: Exchange) -> tuple[tuple[Event, ...], tuple[Event, ...]]:
    """What to record on the old unit's and on the new one's stream. Raises NotTheirs.

    The new one has the old one's facts and contracts. A part inside a unit replaces no unit: it is registered as a
    part of it, and the unit stays. A unit that came back repaired is the customer's own, as before.
    """
    if old.customer_id != done.customer_id:
        raise NotTheirs(f"{done.shipment_id}: {done.old_serial} is not in the register of {done.customer_id}")
    if done.new_serial == done.old_serial or _is_done(old, done):
        return (), ()
    if new.exists and new.replaced_by is None and new.customer_id != done.customer_id:
        raise NotTheirs(f"{done.shipment_id}: {done.new_serial} is registered by another customer")
    if done.part is not None and old.part_of is None:
        inside = replace(
            old.registered,
            serial=done.new_serial,
            model=done.part,
            part_of=old.serial,
            bought_from_provider=True,
            disks_from=None,
            contracts=(),  # the unit's are looked up with it
            undated=(),
        )
        return (), () if new.registered == inside else (_registered(inside, done.delivered_at),)
    replaced = AssetReplaced(
        occurred_at=done.delivered_at,
        customer_id=done.customer_id,
        old_serial=done.old_serial,
        new_serial=done.new_serial,
        replaced_on=done.replaced_on,
        shipment_id=done.shipment_id,
    )
    wanted = replace(old.registered, serial=done.new_serial)
    return (replaced,), (_registered(wanted, done.delivered_at), replaced)


def _is_done(old: Asset, done: Exchange) -> bool:
    by = old.replaced_by
    return by is not None and (by.serial, by.shipment_id) == (done.new_serial, done.shipment_id)
