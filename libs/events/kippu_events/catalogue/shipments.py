"""Dispatch's events about units: shipped, delivered, expected back, received, repaired.

Streams: `shipments-{provider}-{ticket_no}` for everything about one request's shipments and the returns that they
cause; a shipment's id is `{ticket_no}.S{decision}`. `unit-{provider}-{serial}` for a spare unit in stock, so that it is
reserved once.
"""

from datetime import date

from pydantic import AwareDatetime

from kippu_events.catalogue.dispatch import dispatch
from kippu_events.catalogue.fulfilment import Destination, ReturnTerms, Target
from kippu_events.catalogue.values import Price
from kippu_events.event import Event


class ShipmentEvent(Event):
    shipment_id: str
    ticket_no: str
    customer_id: str


@dispatch
class UnitStocked(Event):
    """A spare unit is there to be shipped."""

    serial: str
    model: str


@dispatch
class UnitReserved(ShipmentEvent):
    """A spare unit is set aside for a shipment; on the unit's stream, with UnitAllotted on the shipment's."""

    serial: str


@dispatch
class UnitReleased(ShipmentEvent):
    """The unit is free again: its shipment was withdrawn, or takes another one. On the unit's stream."""

    serial: str


@dispatch
class ShipmentsStopped(Event):
    """Intake ended the request: for whatever was decided on it before `stopped_at` nothing leaves any more."""

    ticket_no: str
    customer_id: str
    stopped_at: AwareDatetime
    reason: str


@dispatch
class ShipmentsResumed(Event):
    """Intake reopened the request: what comes back undelivered from now on is kept for it, to be shipped again."""

    ticket_no: str
    customer_id: str
    resumed_at: AwareDatetime


@dispatch
class ShipmentPlanned(ShipmentEvent):
    """A unit is to be shipped: at once, or once the defective one was received and repaired."""

    mode: str
    clause: str
    defective_serial: str
    model: str
    part: str | None = None
    inside: bool = False
    """True if only the `part` inside the defective unit is exchanged."""
    target: Target | None = None
    returns: ReturnTerms | None = None
    reship_charge: Price | None = None
    reship_clause: str | None = None
    destination: Destination | None = None
    """None for what was planned before places were known here."""
    time_zone: str


@dispatch
class ShipmentRedirected(ShipmentEvent):
    """It goes to another place from now on; it had not left, or had come back undelivered."""

    destination: Destination


@dispatch
class RedirectionTooLate(ShipmentEvent):
    """Another place was named once the unit had left: it goes, or went, where it was sent."""

    destination: Destination
    """Where it does not go."""


@dispatch
class ShipmentWithdrawn(ShipmentEvent):
    """A newer decision, or the end of the request, needs no shipment: nothing had left yet, or, as the request ended,
    what had left was back undelivered."""

    reason: str


@dispatch
class UnitAllotted(ShipmentEvent):
    serial: str


@dispatch
class UnitShipped(ShipmentEvent):
    serial: str
    shipped_at: AwareDatetime
    carrier_reference: str | None = None
    attempt: int
    """1 for the first time; shipping again after a failed delivery counts on."""
    charge: Price | None = None
    """What the terms ask for this carriage; None where it is free, as the first one is."""
    clause: str | None = None
    """Of the charge, where there is one; else of the service that ships it."""
    defective_serial: str | None = None
    model: str | None = None
    part: str | None = None
    """Given if only this part, inside the defective unit, is exchanged."""
    mode: str | None = None
    """`advance` or `after_repair`, as planned."""
    target: Target | None = None
    """By when it was to ship."""


@dispatch
class DeliveryFailed(ShipmentEvent):
    failed_at: AwareDatetime
    attempt: int
    reason: str


@dispatch
class UnitDelivered(ShipmentEvent):
    """The replacement is with the customer: from now on its serial is covered, and the defective one is not."""

    serial: str
    defective_serial: str
    delivered_at: AwareDatetime
    received_on: date
    part: str | None = None
    attempt: int = 1


@dispatch
class DeliveryUnreported(ShipmentEvent):
    """Nobody has reported a delivery for days: a dispatcher has to ask."""

    attempt: int = 1


@dispatch
class OwnershipChanged(ShipmentEvent):
    """Who owns a unit from now on: `customer` or `provider`."""

    serial: str
    owner: str
    clause: str


@dispatch
class DiskRetained(ShipmentEvent):
    """The failed part stays with the customer, who owns it and disposes of it; nothing is due back (QNP-11)."""

    serial: str
    part: str
    clause: str


@dispatch
class ReturnExpected(ShipmentEvent):
    """The defective unit is due back by the end of `due_on` (a local date)."""

    serial: str
    part: str | None = None
    """Given if only this part, inside the unit of that serial, is due back; in the events that follow, too."""
    due_on: date
    clause: str
    overdue_at: AwareDatetime | None = None
    """The instant at which `due_on` has ended where the provider is."""
    remind_at: AwareDatetime | None = None
    """When to remind the customer, if the terms leave time for it."""


@dispatch
class ReturnReminded(ShipmentEvent):
    serial: str
    part: str | None = None
    due_on: date
    clause: str | None = None


@dispatch
class ReturnOverdue(ShipmentEvent):
    """The due day has passed; `charge` is what the terms ask for it."""

    serial: str
    part: str | None = None
    due_on: date
    charge: Price
    clause: str


@dispatch
class ReturnMismatched(ShipmentEvent):
    """A unit came back that is not the one expected. The expected one is still due."""

    expected_serial: str
    part: str | None = None
    received_serial: str
    received_on: date


@dispatch
class UnitReturned(ShipmentEvent):
    """The defective unit is back. `late` if after its due day; `credited` if the terms then credit the charge."""

    serial: str
    received_on: date
    late: bool
    credited: bool


@dispatch
class RepairReceived(ShipmentEvent):
    """The unit to be repaired is in."""

    serial: str
    received_on: date


@dispatch
class RepairCompleted(ShipmentEvent):
    """The maker has repaired or replaced it: the shipment back may go."""

    serial: str
    completed_on: date
