"""The shipments of one request, each with the return that it causes: the state, and what events make of it.

    advance:       planned ─ allotted ─┬─ shipped ─┬─ delivered ─ (return: expected ─ overdue ─ returned)
    after_repair:  planned ─ in_repair ─ repaired ─┘    └─ failed ─ shipped again …

What has not left, and waits for nobody's unit, is withdrawn by a later decision or as the request ends. With its end a
unit that is back undelivered is withdrawn too, unless it is the customer's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from kippu_events.catalogue.fulfilment import Destination, ShipmentNeed
from kippu_events.catalogue.shipments import (
    DeliveryFailed,
    DeliveryUnreported,
    DiskRetained,
    OwnershipChanged,
    RedirectionTooLate,
    RepairCompleted,
    RepairReceived,
    ReturnExpected,
    ReturnMismatched,
    ReturnOverdue,
    ReturnReminded,
    ShipmentEvent,
    ShipmentPlanned,
    ShipmentRedirected,
    ShipmentsResumed,
    ShipmentsStopped,
    ShipmentWithdrawn,
    UnitAllotted,
    UnitDelivered,
    UnitReturned,
    UnitShipped,
)
from kippu_events.event import Event
from kippu_terms.refusal import Fault, Refused


class Status(StrEnum):
    PLANNED = "planned"
    ALLOTTED = "allotted"
    IN_REPAIR = "in_repair"
    REPAIRED = "repaired"
    SHIPPED = "shipped"
    FAILED = "failed"
    DELIVERED = "delivered"
    WITHDRAWN = "withdrawn"


IN_WORDS = {
    Status.PLANNED: "planned",
    Status.ALLOTTED: "ready to ship",
    Status.IN_REPAIR: "being repaired",
    Status.REPAIRED: "repaired",
    Status.SHIPPED: "on its way",
    Status.FAILED: "back after a failed delivery",
    Status.DELIVERED: "delivered",
    Status.WITHDRAWN: "withdrawn",
}
"""As the dispatcher is told."""
OPEN = tuple(status for status in Status if status not in (Status.DELIVERED, Status.WITHDRAWN))
WAITING = (Status.PLANNED, Status.ALLOTTED)
"""Nothing has left, and nothing of the customer's has come in: it can still be withdrawn."""


@dataclass(frozen=True, slots=True)
class Return:
    """What is due back. It is on the way until it is received; a wrong unit changes nothing about it."""

    serial: str
    due_on: date
    overdue_at: datetime
    """The instant at which `due_on` has ended where the provider is."""
    part: str | None = None
    """Given if only this part, inside the unit of that serial, is due."""
    overdue: bool = False
    reminded: bool = False
    received: bool = False

    def matches(self, serial: str) -> bool:
        """Whether it is what came. A part's own serial number is not known: any but the unit's that it was inside."""
        return (serial == self.serial) is (self.part is None)


@dataclass(frozen=True, slots=True)
class Shipment:
    shipment_id: str
    ticket_no: str
    customer_id: str
    need: ShipmentNeed
    decided_at: datetime
    """When the decision that needed it was recorded."""
    status: Status = Status.PLANNED
    serial: str | None = None
    """The unit that goes to the customer: allotted from stock, or back from repair."""
    attempt: int = 0
    last_at: datetime | None = None
    """When it was last shipped, or when that failed."""
    repair_serial: str | None = None
    """What came in to be repaired."""
    repair_received_on: date | None = None
    ready_on: date | None = None
    """From which day on a repaired unit may go."""
    received_on: date | None = None
    """When the customer received it."""
    due_back: Return | None = None
    unreported: bool = False
    """Nobody has reported on the last attempt's delivery for days."""
    too_late: Destination | None = None
    """The place that was named last once it had left."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.need.time_zone)

    @property
    def is_waiting(self) -> bool:
        return self.status in WAITING

    @property
    def came_back(self) -> bool:
        """Whether a spare unit is with the provider again, undelivered."""
        return self.status is Status.FAILED and not self.is_repaired_first

    @property
    def can_be_redirected(self) -> bool:
        return self.status not in (Status.SHIPPED, Status.DELIVERED, Status.WITHDRAWN)

    @property
    def is_repaired_first(self) -> bool:
        return self.need.mode == "after_repair"


@dataclass(frozen=True, slots=True)
class Shipments:
    """All shipments of one request, in the order of the decisions that needed them. At most one is waiting."""

    all: tuple[Shipment, ...] = ()
    stopped_at: datetime | None = None
    """When intake last ended the request."""
    ended: bool = False
    """Whether it has ended, and was not reopened since."""

    def find(self, shipment_id: str) -> Shipment:
        for shipment in self.all:
            if shipment.shipment_id == shipment_id:
                return shipment
        raise Refused(Fault("shipment.unknown", f"there is no shipment {shipment_id}"), kind="not_found")

    def get(self, shipment_id: str) -> Shipment | None:
        return next((shipment for shipment in self.all if shipment.shipment_id == shipment_id), None)


def shipment_id_of(ticket_no: str, decision: int) -> str:
    return f"{ticket_no}.S{decision}"


def ticket_of(shipment_id: str) -> str:
    """The ticket number in a shipment's id; empty, which no ticket's is, where there is none."""
    return shipment_id.rpartition(".S")[0]


def stream_of(provider: str, ticket_no: str) -> str:
    return f"shipments-{provider}-{ticket_no}"


def identity(shipment: Shipment) -> dict[str, str]:
    """The fields that every event of a shipment has."""
    return {
        "shipment_id": shipment.shipment_id,
        "ticket_no": shipment.ticket_no,
        "customer_id": shipment.customer_id,
    }


def require(shipment: Shipment, allowed: Sequence[Status], faults: Sequence[Fault] = ()) -> None:
    """Refuses with every fault; one of the state makes it a conflict."""
    if shipment.status not in allowed:
        wanted = " or ".join(IN_WORDS[status] for status in allowed)
        message = f"the shipment is {IN_WORDS[shipment.status]}; this needs one that is {wanted}"
        fault = Fault(f"shipment.{shipment.status}", message, None, shipment.need.clause)
        raise Refused(fault, *faults, kind="conflict")
    if faults:
        raise Refused(*faults)


def evolve(shipments: Shipments, event: Event) -> Shipments:
    match event:
        case ShipmentPlanned():
            return replace(shipments, all=(*shipments.all, _planned(event)))
        case ShipmentsStopped():
            stopped_at = max(event.stopped_at, shipments.stopped_at or event.stopped_at)
            return replace(shipments, stopped_at=stopped_at, ended=True)
        case ShipmentsResumed():
            return replace(shipments, ended=False)
    if not isinstance(event, ShipmentEvent) or shipments.get(event.shipment_id) is None:
        raise AssertionError(f"{event.type} belongs to no shipment of its request")
    changed = [
        _evolve_shipment(each, event) if each.shipment_id == event.shipment_id else each for each in shipments.all
    ]
    return replace(shipments, all=tuple(changed))


def _planned(event: ShipmentPlanned) -> Shipment:
    need = ShipmentNeed.model_validate({**dict(event), "serial": event.defective_serial})
    return Shipment(event.shipment_id, event.ticket_no, event.customer_id, need, decided_at=event.occurred_at)


def _evolve_shipment(shipment: Shipment, event: ShipmentEvent) -> Shipment:
    changed: dict[str, Any]
    match event:
        case ShipmentWithdrawn():
            changed = {"status": Status.WITHDRAWN, "serial": None}
        case UnitAllotted():
            changed = {"status": Status.ALLOTTED, "serial": event.serial}
        case RepairReceived():
            changed = {"status": Status.IN_REPAIR, "repair_received_on": event.received_on}
            changed["repair_serial"] = event.serial
        case RepairCompleted():
            changed = {"status": Status.REPAIRED, "serial": event.serial, "ready_on": event.completed_on}
        case UnitShipped():
            changed = {"status": Status.SHIPPED, "attempt": event.attempt, "last_at": event.shipped_at}
            changed["unreported"] = False
        case DeliveryFailed():
            changed = {"status": Status.FAILED, "last_at": event.failed_at}
        case DeliveryUnreported():
            changed = {"unreported": True}
        case UnitDelivered():
            changed = {"status": Status.DELIVERED, "received_on": event.received_on}
        case ShipmentRedirected():
            changed = {"need": shipment.need.model_copy(update={"destination": event.destination})}
        case RedirectionTooLate():
            changed = {"too_late": event.destination}
        case OwnershipChanged() | DiskRetained():
            changed = {}
        case _:
            changed = {"due_back": _evolve_return(shipment.due_back, event)}
    return replace(shipment, **changed)


def _evolve_return(due_back: Return | None, event: ShipmentEvent) -> Return:
    match event:
        case ReturnExpected():
            if event.overdue_at is None:
                raise AssertionError("a return that is expected here says when it is overdue")
            return Return(event.serial, event.due_on, event.overdue_at, event.part)
    if due_back is None:
        raise AssertionError(f"{event.type} without a return that is due")
    match event:
        case ReturnReminded():
            return replace(due_back, reminded=True)
        case ReturnOverdue():
            return replace(due_back, overdue=True)
        case ReturnMismatched():
            return due_back
        case UnitReturned():
            return replace(due_back, received=True)
    raise AssertionError(f"{event.type} is no event of a shipment")
