"""An asset: a device or a service in the register from which coverage is decided (IIJ-04, IIJ-05)."""

import re
import unicodedata
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Literal

from kippu_events.catalogue.entitlement import AssetRegistered
from kippu_events.event import Event

from kippu_entitlement.domain.checks import Checks, conflict

Kind = Literal["equipment", "service"]
InstalledBy = Literal["provider", "customer", "third_party"]

SERIAL = re.compile(r"[0-9A-Z][0-9A-Z._/+-]{0,63}")


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

    @property
    def exists(self) -> bool:
        return bool(self.serial)


KNOWN = {field.name for field in fields(Asset)}


def normalised(serial: str) -> str:
    """A serial number as it is compared: full-width letters and digits made plain (NFKC), in capitals, no blanks."""
    return "".join(unicodedata.normalize("NFKC", serial).upper().split())


def evolve(state: Asset, event: Event) -> Asset:
    match event:
        case AssetRegistered():
            return Asset(**event.model_dump(include=KNOWN))
        case _:
            return state


def register(state: Asset, wanted: Asset, now: datetime) -> tuple[Event, ...]:
    """`wanted.serial` is normalised already. The owner may register new facts (a warranty extended, say); the same
    facts again change nothing, and nobody else can take the serial."""
    checks = Checks()
    checks.matches(SERIAL, wanted.serial, "serial", "1 to 64 letters, digits and . _ / + -")
    checks.identifier(wanted.customer_id, "customer_id")
    checks.identifier(wanted.plan_family, "plan_family")
    checks.text(wanted.model, "model")
    if wanted.bought_on and wanted.warranty_until:
        checks.that(
            wanted.bought_on <= wanted.warranty_until,
            "warranty_before_purchase",
            "warranty_until",
            "the warranty ends before the device was bought",
        )
    checks.done()
    if state == wanted:
        return ()
    if state.exists and state.customer_id != wanted.customer_id:
        raise conflict("asset_registered", f"serial {wanted.serial} is registered already", "serial")
    return (
        AssetRegistered(
            occurred_at=now,
            customer_id=wanted.customer_id,
            serial=wanted.serial,
            kind=wanted.kind,
            model=wanted.model,
            plan_family=wanted.plan_family,
            bought_from_provider=wanted.bought_from_provider,
            bought_on=wanted.bought_on,
            warranty_until=wanted.warranty_until,
            installed_by=wanted.installed_by,
            maintenance_agreement=wanted.maintenance_agreement,
        ),
    )
