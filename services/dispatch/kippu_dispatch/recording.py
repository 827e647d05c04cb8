"""Recording what happens to a request's shipments together with what it means for their units."""

from collections.abc import Sequence

from kippu_events.catalogue.shipments import ShipmentWithdrawn
from kippu_events.event import Event
from kippu_events.work import Stream, Work

from kippu_dispatch.domain import planning
from kippu_dispatch.domain.shipment import Shipments
from kippu_dispatch.streams import unit_of


async def record(work: Work, shipments: Stream[Shipments], events: Sequence[Event]) -> Shipments:
    """A shipment that is withdrawn gives its unit back in the same append. Answers the state after it."""
    for event in events:
        if isinstance(event, ShipmentWithdrawn):
            shipment = shipments.state.find(event.shipment_id)
            if shipment.serial is not None:
                unit = await unit_of(work, shipments.provider, shipment.serial)
                work.record(unit, planning.release(shipment, shipment.serial, event.occurred_at))
    return work.record(shipments, *events)
