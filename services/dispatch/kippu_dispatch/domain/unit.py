"""A spare unit in stock: reserved for one shipment at a time, released when that one no longer needs it.

One that was delivered is a customer's from then on. It may fail there, be exchanged and come back: then it is stocked
anew.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from kippu_events.catalogue.shipments import UnitReleased, UnitReserved, UnitStocked
from kippu_events.event import Event
from kippu_terms.refusal import Fault, Refused

from kippu_dispatch.domain.shipment import Shipments, Status


@dataclass(frozen=True, slots=True)
class Unit:
    """`model` is None for a unit that is not in stock."""

    model: str | None = None
    reserved_for: str | None = None
    """The shipment's id. A unit that has left stays reserved for its shipment until it is stocked anew, so that it
    never leaves twice."""


def stream_of(provider: str, serial: str) -> str:
    return f"unit-{provider}-{serial}"


def evolve(unit: Unit, event: Event) -> Unit:
    match event:
        case UnitStocked():
            return Unit(event.model)
        case UnitReserved():
            return replace(unit, reserved_for=event.shipment_id)
        case UnitReleased():
            return replace(unit, reserved_for=None)
    raise AssertionError(f"{event.type} is no event of a unit")


def stock(unit: Unit, shipments: Shipments, serial: str, model: str, now: datetime) -> UnitStocked:
    """A spare unit is there. `shipments` are those of the request that it was last reserved for."""
    shipment = shipments.get(unit.reserved_for or "")
    if unit.model is not None and (shipment is None or shipment.status is not Status.DELIVERED):
        raise Refused(Fault("unit.stocked", f"unit {serial} is registered already", "serial"), kind="conflict")
    return UnitStocked(occurred_at=now, serial=serial, model=model)


def conflicts(unit: Unit, serial: str) -> list[Fault]:
    if unit.reserved_for is None:
        return []
    return [Fault("unit.reserved", f"unit {serial} is reserved for {unit.reserved_for}", "serial")]


def faults(unit: Unit, serial: str, model: str | None) -> list[Fault]:
    """Why a unit cannot serve where this model is needed; with None, any may be."""
    if unit.model is None:
        return [Fault("unit.unknown", f"there is no unit {serial} in stock", "serial")]
    if model is not None and unit.model != model:
        return [Fault("unit.model.differs", f"unit {serial} is a {unit.model}; a {model} is needed", "serial")]
    return []
