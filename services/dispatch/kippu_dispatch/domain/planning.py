"""What others' facts make of a request's shipments. These answer with events, never with a refusal."""

from datetime import datetime

from kippu_events.catalogue.entitlement import CoverageDecided
from kippu_events.catalogue.fulfilment import ShipmentNeed
from kippu_events.catalogue.shipments import (
    DeliveryFailed,
    RedirectionTooLate,
    ShipmentPlanned,
    ShipmentRedirected,
    ShipmentsResumed,
    ShipmentsStopped,
    ShipmentWithdrawn,
    UnitReleased,
)
from kippu_events.event import Event

from kippu_dispatch.domain.shipment import Shipment, Shipments, Status, evolve, identity, shipment_id_of


def plan(shipments: Shipments, decided: CoverageDecided, decided_at: datetime) -> list[Event]:
    """What a coverage decision means: the latest decision stands, and what waits for another need is withdrawn.

    For one defective unit and part, a request ships once: what has left, or is at the maker's, is not planned again by
    a later decision. A decision from before the request ended asks for nothing.
    """
    need = decided.shipment
    events: list[Event] = [
        _withdrawn(each, "the request was decided anew", decided_at)
        for each in shipments.all
        if each.is_waiting and not _asks_for(need, each)
    ]
    ended = shipments.stopped_at is not None and decided_at < shipments.stopped_at
    if need is None or ended:
        return events
    serving = [each for each in shipments.all if _serves(each, need)]
    if not serving:
        return [*events, _planned(need, decided, decided_at)]
    return [*events, *(event for each in serving for event in _directed(each, need, decided_at))]


def stop(shipments: Shipments, ticket_no: str, customer_id: str, stopped_at: datetime, reason: str) -> list[Event]:
    """The request ended: what waits since before then, or is back undelivered, is withdrawn; what is under way
    goes on."""
    events: list[Event] = [
        _withdrawn(each, reason, stopped_at) for each in shipments.all if _falls_with(each, stopped_at)
    ]
    stopped = ShipmentsStopped(
        occurred_at=stopped_at, ticket_no=ticket_no, customer_id=customer_id, stopped_at=stopped_at, reason=reason
    )
    return [*events, stopped]


def _falls_with(shipment: Shipment, stopped_at: datetime | None) -> bool:
    """Whether it is nobody's any more, as the request ends at that instant."""
    asked_before = stopped_at is not None and shipment.decided_at <= stopped_at
    return asked_before and (shipment.is_waiting or shipment.came_back)


def resume(shipments: Shipments, ticket_no: str, customer_id: str, resumed_at: datetime) -> list[Event]:
    """The request was reopened; what is to be shipped for it now, the next decision says."""
    if not shipments.ended:
        return []
    return [
        ShipmentsResumed(occurred_at=resumed_at, ticket_no=ticket_no, customer_id=customer_id, resumed_at=resumed_at)
    ]


def after_failure(shipments: Shipments, failed: DeliveryFailed) -> list[Event]:
    """Of a request that has ended meanwhile, what is back undelivered is not shipped again."""
    shipment = evolve(shipments, failed).find(failed.shipment_id)
    if shipments.ended and _falls_with(shipment, shipments.stopped_at):
        return [failed, _withdrawn(shipment, "the request has ended", failed.occurred_at)]
    return [failed]


def release(shipment: Shipment, serial: str, at: datetime) -> UnitReleased:
    """For the stream of the unit that the shipment no longer needs."""
    return UnitReleased(occurred_at=at, serial=serial, **identity(shipment))


def _serves(shipment: Shipment, need: ShipmentNeed) -> bool:
    if shipment.status is Status.WITHDRAWN:
        return False
    if shipment.is_waiting:
        return _asks_for(need, shipment)
    return (shipment.need.serial, shipment.need.part) == (need.serial, need.part)


def _asks_for(need: ShipmentNeed | None, shipment: Shipment) -> bool:
    """Whether it is the same that is to be shipped, wherever it goes."""
    return need is not None and need == shipment.need.model_copy(update={"destination": need.destination})


def _directed(shipment: Shipment, need: ShipmentNeed, decided_at: datetime) -> list[Event]:
    """To the place that is named by now. Once it has left it goes where it was sent, and that is on record (SVT-20)."""
    destination = need.destination
    if destination is None or destination in (shipment.need.destination, shipment.too_late):
        return []
    if shipment.can_be_redirected:
        return [ShipmentRedirected(occurred_at=decided_at, destination=destination, **identity(shipment))]
    if destination.kind == "named_place":
        return [RedirectionTooLate(occurred_at=decided_at, destination=destination, **identity(shipment))]
    return []


def _planned(need: ShipmentNeed, decided: CoverageDecided, decided_at: datetime) -> ShipmentPlanned:
    return ShipmentPlanned(
        occurred_at=decided_at,
        shipment_id=shipment_id_of(decided.ticket_no, decided.decision),
        ticket_no=decided.ticket_no,
        customer_id=decided.customer_id,
        mode=need.mode,
        clause=need.clause,
        defective_serial=need.serial,
        model=need.model,
        part=need.part,
        inside=need.inside,
        target=need.target,
        returns=need.returns,
        reship_charge=need.reship_charge,
        reship_clause=need.reship_clause,
        destination=need.destination,
        time_zone=need.time_zone,
    )


def _withdrawn(shipment: Shipment, reason: str, at: datetime) -> ShipmentWithdrawn:
    return ShipmentWithdrawn(occurred_at=at, reason=reason, **identity(shipment))
