"""What the contact is told of a shipment: what is on its way, what is due back by when, what came.

One mail for each thing that happened, whatever became of the request meanwhile: a unit that is due is due all the same.
"""

from datetime import datetime

from kippu_events.catalogue.intake import ShipmentNoted
from kippu_events.catalogue.shipments import (
    RedirectionTooLate,
    ReturnExpected,
    ReturnMismatched,
    ReturnOverdue,
    ReturnReminded,
    ShipmentEvent,
    UnitReturned,
    UnitShipped,
)
from kippu_events.catalogue.values import Price
from kippu_events.event import Event
from kippu_terms.explain_service import target_text
from kippu_terms.money import formatted
from kippu_terms.pricing import invoice_totals

from kippu_intake.domain import ticket as tickets
from kippu_intake.domain.ticket_state import Ticket

UNKNOWN = "-"


def to_shipment(ticket: Ticket, event: ShipmentEvent, now: datetime) -> list[Event]:
    """The mail that tells it. Raises TypeError for an event that nobody is told of."""
    template, parameters = _told(event, ticket.language)
    return tickets.request_mail(ticket, template, now, parameters={"shipment_id": event.shipment_id, **parameters})


def noted(event: ShipmentEvent, *, under_way: bool, clause: str | None = None) -> ShipmentNoted:
    """Where it goes can be changed until it leaves, and again once it came back."""
    return ShipmentNoted(
        occurred_at=event.occurred_at,
        ticket_no=event.ticket_no,
        customer_id=event.customer_id,
        shipment_id=event.shipment_id,
        under_way=under_way,
        clause=clause,
    )


def _told(event: ShipmentEvent, language: str) -> tuple[str, dict[str, str]]:
    """Which template, and what fills it."""
    match event:
        case UnitShipped():
            return _template_of(event), _shipped(event, language)
        case RedirectionTooLate():
            return "place_too_late", {"clause": event.destination.clause or UNKNOWN}
        case _:
            return _told_of_return(event)


def _told_of_return(event: ShipmentEvent) -> tuple[str, dict[str, str]]:
    match event:
        case ReturnExpected():
            return "return_expected", _due(event)
        case ReturnReminded():
            return "return_reminded", _due(event)
        case ReturnOverdue():
            return "return_overdue", {**_due(event), **_charged(event.charge)}
        case ReturnMismatched():
            received = {"received_serial": event.received_serial, "received_on": event.received_on.isoformat()}
            return "return_mismatched", {"item": _item(event.expected_serial, event.part), **received}
        case UnitReturned():
            return "return_received", {"serial": event.serial, "received_on": event.received_on.isoformat()}
    raise TypeError(f"nobody is told of {event.type}")


def _template_of(shipped: UnitShipped) -> str:
    if shipped.attempt > 1:
        return "unit_shipped_again"
    return "repaired_unit_shipped" if shipped.mode == "after_repair" else "unit_shipped"


def _shipped(shipped: UnitShipped, language: str) -> dict[str, str]:
    return {
        "serial": shipped.serial,
        "model": shipped.part or shipped.model or UNKNOWN,
        "defective_serial": _item(shipped.defective_serial or UNKNOWN, shipped.part),
        "shipped_at": shipped.shipped_at.isoformat(),
        "carrier_reference": shipped.carrier_reference or UNKNOWN,
        "clause": shipped.clause or UNKNOWN,
        "target": target_text(shipped.target, language) if shipped.target else "",
    }


def _due(event: ReturnExpected | ReturnReminded | ReturnOverdue) -> dict[str, str]:
    """`due_on` is a date of the provider's already."""
    item = _item(event.serial, event.part)
    return {"item": item, "due_on": event.due_on.isoformat(), "clause": event.clause or UNKNOWN}


def _item(serial: str, part: str | None) -> str:
    """A unit, or a part inside it, in any language."""
    return f"{serial} / {part}" if part else serial


def _charged(price: Price) -> dict[str, str]:
    totals = invoice_totals(price)
    return {"net": formatted(totals.net, price.currency), "total": formatted(totals.total, price.currency)}
