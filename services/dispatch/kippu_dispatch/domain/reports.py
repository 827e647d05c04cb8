"""What the dispatcher says about a shipment. Each names every fault at once, and changes nothing if there is one."""

from datetime import date, datetime, timedelta

from kippu_events.catalogue.shipments import (
    DeliveryFailed,
    DeliveryUnreported,
    RepairCompleted,
    RepairReceived,
    UnitAllotted,
    UnitDelivered,
    UnitReserved,
    UnitShipped,
)
from kippu_events.event import Event
from kippu_terms.dates import local_date, start_of
from kippu_terms.refusal import Fault, Refused

from kippu_dispatch.domain import returns
from kippu_dispatch.domain import unit as units
from kippu_dispatch.domain.shipment import Shipment, Shipments, Status, identity, require
from kippu_dispatch.domain.unit import Unit

REPORTED_WITHIN = timedelta(days=7)
"""A delivery that nobody has reported for so long is something that a dispatcher has to ask about."""


def reserve(
    shipments: Shipments, shipment_id: str, unit: Unit, serial: str, now: datetime
) -> tuple[UnitAllotted, UnitReserved]:
    """Sets a spare unit aside: one event for the shipment, one for the unit, to be appended together.

    A shipment that has a unit already takes this one instead, as long as nothing has left.
    """
    shipment = shipments.find(shipment_id)
    conflicts = units.conflicts(unit, serial)
    if shipment.is_repaired_first:
        message = "the customer's unit goes back once it is repaired; none is taken from stock"
        conflicts.append(Fault("shipment.after_repair", message, None, shipment.need.clause))
    # Which part fits inside a unit the register does not know: the dispatcher does.
    faults = units.faults(unit, serial, None if shipment.need.inside else shipment.need.model)
    if serial == shipment.need.serial:
        faults.append(Fault("unit.defective", f"{serial} is the unit to be replaced", "serial"))
    if conflicts:
        raise Refused(*conflicts, *faults, kind="conflict")
    require(shipment, (Status.PLANNED, Status.ALLOTTED), faults)
    common = {"serial": serial, **identity(shipment)}
    return UnitAllotted(occurred_at=now, **common), UnitReserved(occurred_at=now, **common)


def ship(
    shipments: Shipments, shipment_id: str, shipped_at: datetime, carrier_reference: str | None, now: datetime
) -> UnitShipped:
    """It is on its way: for the first time, or again after a failed delivery, which the terms may charge."""
    shipment = shipments.find(shipment_id)
    ready = Status.REPAIRED if shipment.is_repaired_first else Status.ALLOTTED
    faults = _instant_faults(shipment, "shipped_at", shipped_at, now)
    if shipment.ready_on and local_date(shipped_at, shipment.zone) < shipment.ready_on:
        message = f"the repair was completed on {shipment.ready_on.isoformat()}"
        faults.append(Fault("shipment.shipped_at.before_repair", message, "shipped_at", shipment.need.clause))
    require(shipment, (ready, Status.FAILED), faults)
    need, charge = shipment.need, shipment.need.reship_charge if shipment.attempt > 0 else None
    return UnitShipped(
        occurred_at=now,
        serial=_serial(shipment),
        shipped_at=shipped_at,
        carrier_reference=carrier_reference,
        attempt=shipment.attempt + 1,
        charge=charge,
        clause=need.reship_clause if charge and need.reship_clause else need.clause,
        defective_serial=need.serial,
        model=need.model,
        part=need.part if need.inside else None,
        mode=need.mode,
        target=need.target,
        **identity(shipment),
    )


def fail(shipments: Shipments, shipment_id: str, failed_at: datetime, reason: str, now: datetime) -> DeliveryFailed:
    """It could not be delivered; the unit is back with the provider, and can be shipped again."""
    shipment = shipments.find(shipment_id)
    faults = _instant_faults(shipment, "failed_at", failed_at, now)
    if not reason.strip():
        faults.append(Fault("shipment.reason.empty", "whoever ships it again needs the reason", "reason"))
    require(shipment, (Status.SHIPPED,), faults)
    return DeliveryFailed(
        occurred_at=now, failed_at=failed_at, attempt=shipment.attempt, reason=reason, **identity(shipment)
    )


def deliver(shipments: Shipments, shipment_id: str, delivered_at: datetime, now: datetime) -> list[Event]:
    """The customer has it. From here on the units belong to others, and what is due back is due by the terms' days."""
    shipment = shipments.find(shipment_id)
    require(shipment, (Status.SHIPPED,), _instant_faults(shipment, "delivered_at", delivered_at, now))
    delivered = UnitDelivered(
        occurred_at=now,
        serial=_serial(shipment),
        defective_serial=shipment.need.serial,
        delivered_at=delivered_at,
        received_on=local_date(delivered_at, shipment.zone),
        part=shipment.need.part,
        attempt=shipment.attempt,
        **identity(shipment),
    )
    return [delivered, *returns.after_delivery(shipment, delivered)]


def receive_for_repair(
    shipments: Shipments, shipment_id: str, serial: str, received_on: date, now: datetime
) -> RepairReceived:
    """The customer's unit, or the part of it, is in. Only this one is waited for."""
    shipment = shipments.find(shipment_id)
    _require_repair(shipment)
    faults = _day_faults(shipment, "received_on", received_on, now)
    if (serial == shipment.need.serial) is shipment.need.inside:
        message = f"{_repaired(shipment)} is to be repaired, {serial} came"
        faults.append(Fault("repair.serial.differs", message, "serial", shipment.need.clause))
    require(shipment, (Status.PLANNED,), faults)
    return RepairReceived(occurred_at=now, serial=serial, received_on=received_on, **identity(shipment))


def complete_repair(
    shipments: Shipments, shipment_id: str, serial: str | None, completed_on: date, now: datetime
) -> RepairCompleted:
    """The maker has repaired it, or gave another (`serial`) for it. Now the shipment may go."""
    shipment = shipments.find(shipment_id)
    _require_repair(shipment)
    faults = _day_faults(shipment, "completed_on", completed_on, now)
    if shipment.repair_received_on and completed_on < shipment.repair_received_on:
        message = f"it was received for repair on {shipment.repair_received_on.isoformat()}"
        faults.append(Fault("repair.completed_on.before_receipt", message, "completed_on"))
    require(shipment, (Status.IN_REPAIR,), faults)
    return RepairCompleted(
        occurred_at=now,
        serial=serial or shipment.repair_serial or shipment.need.serial,
        completed_on=completed_on,
        **identity(shipment),
    )


def remain_unreported(shipments: Shipments, shipment_id: str, attempt: int, due_at: datetime) -> list[Event]:
    """Days after an attempt nobody has said what became of it."""
    shipment = shipments.get(shipment_id)
    if shipment is None or (shipment.status, shipment.attempt) != (Status.SHIPPED, attempt) or shipment.unreported:
        return []
    return [DeliveryUnreported(occurred_at=due_at, attempt=attempt, **identity(shipment))]


def _instant_faults(shipment: Shipment, field: str, at: datetime, now: datetime) -> list[Fault]:
    """What is reported has happened: not in the future, and not before what happened to the shipment before."""
    faults = []
    if at > now:
        message = f"a report is about what has happened; it is {now.isoformat()} now"
        faults.append(Fault(f"shipment.{field}.future", message, field))
    target = shipment.need.target
    planned_on = start_of(local_date(shipment.decided_at, shipment.zone), shipment.zone)
    earliest = shipment.last_at or (target.started_at if target else planned_on)
    if at < earliest:
        message = f"this cannot have been before {earliest.isoformat()}"
        faults.append(Fault(f"shipment.{field}.too_early", message, field))
    return faults


def _day_faults(shipment: Shipment, field: str, day: date, now: datetime) -> list[Fault]:
    today = local_date(now, shipment.zone)
    if day <= today:
        return []
    return [Fault(f"repair.{field}.future", f"a report is about what has happened; today is {today}", field)]


def _require_repair(shipment: Shipment) -> None:
    if not shipment.is_repaired_first:
        message = "a spare unit is shipped in advance; nothing is sent in to be repaired first"
        raise Refused(Fault("shipment.advance", message, None, shipment.need.clause), kind="conflict")


def _repaired(shipment: Shipment) -> str:
    need = shipment.need
    return f"the {need.part} of {need.serial}" if need.inside else need.serial


def _serial(shipment: Shipment) -> str:
    if shipment.serial is None:
        raise AssertionError("what is shipped has a serial")
    return shipment.serial
