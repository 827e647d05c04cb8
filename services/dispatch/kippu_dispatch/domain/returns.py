"""What becomes of the defective unit: who owns it, whether and when it is due back, and what a late one comes to.

The terms' days, charge and crediting were pinned with the need, so no plan is known here. The date decides what is
late: a return that came in late is overdue first, whether or not the deadline has run.
"""

from datetime import date, datetime

from kippu_events.catalogue.fulfilment import ReturnTerms
from kippu_events.catalogue.shipments import (
    DiskRetained,
    OwnershipChanged,
    ReturnExpected,
    ReturnMismatched,
    ReturnOverdue,
    ReturnReminded,
    UnitDelivered,
    UnitReturned,
)
from kippu_events.event import Event
from kippu_terms.dates import local_date
from kippu_terms.refusal import Fault, Refused
from kippu_terms.returns import due_return

from kippu_dispatch.domain.shipment import Return, Shipment, Shipments, Status, identity, require


def after_delivery(shipment: Shipment, delivered: UnitDelivered) -> list[Event]:
    """Whose the two units are now, and what is due back."""
    need, returns = shipment.need, shipment.need.returns
    if delivered.serial == (shipment.repair_serial or need.serial):
        return []  # repaired: the customer has their own again
    owned: list[Event] = [_owned(shipment, delivered, delivered.serial, "customer", need.clause)]
    if returns is not None and need.part in returns.kept_parts:
        retained = DiskRetained(
            occurred_at=delivered.occurred_at,
            serial=need.serial,
            part=need.part or "",
            clause=returns.clause,
            **identity(shipment),
        )
        return [*owned, retained, *_defective_owned(shipment, delivered, "customer", returns.clause)]
    if returns is not None:
        expected = _expected(shipment, delivered, returns)
        return [*owned, *_defective_owned(shipment, delivered, "provider", returns.clause), expected]
    if shipment.is_repaired_first:
        # The maker kept it and gave another for it.
        return [*owned, *_defective_owned(shipment, delivered, "provider", need.clause)]
    return owned


def _defective_owned(shipment: Shipment, delivered: UnitDelivered, owner: str, clause: str) -> list[Event]:
    """Whose the defective one is. Of a part inside a unit only what came in is known by its serial number."""
    need = shipment.need
    serial = shipment.repair_serial if need.inside else need.serial
    return [_owned(shipment, delivered, serial, owner, clause)] if serial is not None else []


def _owned(shipment: Shipment, delivered: UnitDelivered, serial: str, owner: str, clause: str) -> OwnershipChanged:
    return OwnershipChanged(
        occurred_at=delivered.occurred_at, serial=serial, owner=owner, clause=clause, **identity(shipment)
    )


def _expected(shipment: Shipment, delivered: UnitDelivered, returns: ReturnTerms) -> ReturnExpected:
    due = due_return(
        delivered.received_on, days=returns.days, remind_days_before=returns.remind_days_before, zone=shipment.zone
    )
    return ReturnExpected(
        occurred_at=delivered.occurred_at,
        serial=shipment.need.serial,
        part=shipment.need.part if shipment.need.inside else None,
        due_on=due.due_on,
        clause=returns.clause,
        overdue_at=due.overdue_at,
        remind_at=due.remind_at,
        **identity(shipment),
    )


def receive(shipments: Shipments, shipment_id: str, serial: str, received_on: date, now: datetime) -> list[Event]:
    """A unit came back. A wrong one is recorded, and the right one is still due."""
    shipment = shipments.find(shipment_id)
    require(shipment, (Status.DELIVERED,))
    due_back = shipment.due_back
    faults = _day_faults(shipment, received_on, now)
    if due_back is None or due_back.received:
        conflict = (
            Fault("return.received", "the unit was received before; nothing more is due back")
            if due_back
            else Fault("return.none", "nothing is due back for this shipment", None, shipment.need.clause)
        )
        raise Refused(conflict, *faults, kind="conflict")
    if faults:
        raise Refused(*faults)
    if not due_back.matches(serial):
        return [
            ReturnMismatched(
                occurred_at=now,
                expected_serial=due_back.serial,
                part=due_back.part,
                received_serial=serial,
                received_on=received_on,
                **identity(shipment),
            )
        ]
    late = received_on > due_back.due_on
    overdue: list[Event] = [_overdue(shipment, due_back)] if late and not due_back.overdue else []
    returned = UnitReturned(
        occurred_at=now,
        serial=serial,
        received_on=received_on,
        late=late,
        credited=late and _terms(shipment).late_return == "credited",
        **identity(shipment),
    )
    return [*overdue, returned]


def remind(shipments: Shipments, shipment_id: str, due_at: datetime) -> list[Event]:
    shipment = shipments.get(shipment_id)
    due_back = shipment.due_back if shipment else None
    if shipment is None or due_back is None or due_back.received or due_back.reminded or due_back.overdue:
        return []
    return [
        ReturnReminded(
            occurred_at=due_at,
            serial=due_back.serial,
            part=due_back.part,
            due_on=due_back.due_on,
            clause=_terms(shipment).clause,
            **identity(shipment),
        )
    ]


def fall_overdue(shipments: Shipments, shipment_id: str) -> list[Event]:
    """The due day is over, and the unit is not back."""
    shipment = shipments.get(shipment_id)
    due_back = shipment.due_back if shipment else None
    if shipment is None or due_back is None or due_back.received or due_back.overdue:
        return []
    return [_overdue(shipment, due_back)]


def _overdue(shipment: Shipment, due_back: Return) -> ReturnOverdue:
    terms = _terms(shipment)
    return ReturnOverdue(
        occurred_at=due_back.overdue_at,
        serial=due_back.serial,
        part=due_back.part,
        due_on=due_back.due_on,
        charge=terms.overdue_charge,
        clause=terms.clause,
        **identity(shipment),
    )


def _terms(shipment: Shipment) -> ReturnTerms:
    if shipment.need.returns is None:
        raise AssertionError("what is due back is due by terms")
    return shipment.need.returns


def _day_faults(shipment: Shipment, received_on: date, now: datetime) -> list[Fault]:
    faults = []
    today = local_date(now, shipment.zone)
    if received_on > today:
        message = f"a return is recorded once it came in; today is {today.isoformat()}"
        faults.append(Fault("return.received_on.future", message, "received_on"))
    if shipment.received_on and received_on < shipment.received_on:
        message = f"the replacement was received on {shipment.received_on.isoformat()}"
        faults.append(Fault("return.received_on.too_early", message, "received_on"))
    return faults
