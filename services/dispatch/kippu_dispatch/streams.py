"""How dispatch's streams are loaded. Raise a fold's version whenever its `evolve` changes."""

from kippu_events.work import Fold, Stream, Work

from kippu_dispatch.domain import booking, capacity, shipment, unit, visit
from kippu_dispatch.domain.booking import Booking
from kippu_dispatch.domain.capacity import Capacity
from kippu_dispatch.domain.shipment import Shipments
from kippu_dispatch.domain.unit import Unit
from kippu_dispatch.domain.visit import Visits

VISITS = Fold(Visits, Visits, visit.evolve, version=6)
SHIPMENTS = Fold(Shipments, Shipments, shipment.evolve, version=4)
UNIT = Fold(Unit, Unit, unit.evolve, version=1)
BOOKING = Fold(Booking, Booking, booking.evolve, version=2)
CAPACITY = Fold(Capacity, Capacity, capacity.evolve, version=2)


async def visits_of(work: Work, provider: str, ticket_no: str) -> Stream[Visits]:
    return await work.load(VISITS, provider, visit.stream_of(provider, ticket_no))


async def shipments_of(work: Work, provider: str, ticket_no: str) -> Stream[Shipments]:
    return await work.load(SHIPMENTS, provider, shipment.stream_of(provider, ticket_no))


async def unit_of(work: Work, provider: str, serial: str) -> Stream[Unit]:
    return await work.load(UNIT, provider, unit.stream_of(provider, serial))


async def booking_of(work: Work, provider: str, booking_id: str) -> Stream[Booking]:
    return await work.load(BOOKING, provider, booking.stream_of(provider, booking_id))


async def capacity_of(work: Work, provider: str) -> Stream[Capacity]:
    return await work.load(CAPACITY, provider, capacity.stream_of(provider))
