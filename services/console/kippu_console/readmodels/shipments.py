"""Shipments, each with the return that it causes."""

from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from kippu_events.catalogue import shipments
from kippu_events.catalogue.fulfilment import Target
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_terms.dates import end_of

from kippu_console.readmodels.rows import RowEach

STATUS: dict[type[Event], str] = {
    shipments.ShipmentPlanned: "planned",
    shipments.ShipmentWithdrawn: "withdrawn",
    shipments.UnitAllotted: "allotted",
    shipments.RepairReceived: "in_repair",
    shipments.RepairCompleted: "repaired",
    shipments.UnitShipped: "shipped",
    shipments.DeliveryFailed: "failed",
    shipments.UnitDelivered: "delivered",
}


class Shipments(RowEach):
    """One row a shipment, with the return that it causes."""

    name = "shipments"
    version = 2
    logs = ("dispatch",)
    tables = ("shipment",)
    key = "shipment_id"
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        *STATUS,
        shipments.ShipmentRedirected,
        shipments.RedirectionTooLate,
        shipments.DeliveryUnreported,
        shipments.ReturnExpected,
        shipments.ReturnReminded,
        shipments.ReturnOverdue,
        shipments.ReturnMismatched,
        shipments.UnitReturned,
    )

    def columns(self, envelope: Envelope, event: Any) -> dict[str, Any]:
        return {"ticket_no": event.ticket_no, **_columns(event)}


def _columns(event: Any) -> dict[str, Any]:
    """What one event says of its shipment."""
    columns: dict[str, Any] = {"status": STATUS[type(event)]} if type(event) in STATUS else {}
    match event:
        case shipments.ShipmentPlanned():
            columns |= {
                name: getattr(event, name) for name in ("mode", "clause", "model", "part", "defective_serial")
            } | {
                "target": event.target.model_dump(mode="json") if event.target else None,
                "destination": event.destination.kind if event.destination else None,
                "target_at": _missed_at(event.target, ZoneInfo(event.time_zone)),
            }
        case shipments.ShipmentRedirected():
            columns |= {"destination": event.destination.kind, "redirected_late": False}
        case shipments.RedirectionTooLate():
            columns["redirected_late"] = True
        case shipments.UnitAllotted() | shipments.RepairCompleted():
            columns["serial"] = event.serial
        case shipments.UnitShipped():
            columns |= {"attempt": event.attempt, "unreported": False}
            # A target is met by what left first.
            columns |= {"shipped_at": event.shipped_at} if event.attempt == 1 else {}
        case shipments.DeliveryUnreported():
            columns["unreported"] = True
        case shipments.DeliveryFailed() | shipments.UnitDelivered():
            columns["unreported"] = False
        case _:
            columns |= _return_columns(event)
    return columns


def _return_columns(event: Any) -> dict[str, Any]:
    match event:
        case shipments.ReturnExpected():
            return {
                "return_status": "expected",
                "return_serial": event.serial,
                "return_part": event.part,
                "return_clause": event.clause,
                "due_on": event.due_on,
                "overdue_at": event.overdue_at,
            }
        case shipments.ReturnReminded():
            return {"reminded_at": event.occurred_at}
        case shipments.ReturnOverdue():
            return {"return_status": "overdue"}
        case shipments.ReturnMismatched():
            return {"mismatched_serial": event.received_serial}
        case shipments.UnitReturned():
            return {"return_status": "returned_late" if event.late else "returned"}
    return {}


def _missed_at(target: Target | None, zone: ZoneInfo) -> datetime | None:
    """A target that only says from when on is never missed; a day's is missed once the day has ended."""
    if target is None or target.bound == "from":
        return None
    return end_of(target.due_on, zone) if target.due_on else target.due_at
