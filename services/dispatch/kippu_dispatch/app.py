"""Dispatch, put together."""

from pathlib import Path

from kippu_service.runtime import Runtime
from kippu_service.service import Service

from kippu_dispatch.api import bookings, candidates, capacity, returns, shipments, units, visits
from kippu_dispatch.falling_due import DEADLINES
from kippu_dispatch.reactors import FollowBookings, PlanShipment, PlanVisit
from kippu_dispatch.readmodels.bookings import Bookings
from kippu_dispatch.readmodels.capacity import Capacity
from kippu_dispatch.readmodels.places import NamedPlaces, RegisteredSites
from kippu_dispatch.readmodels.returns import Returns
from kippu_dispatch.readmodels.shipments import Shipments
from kippu_dispatch.readmodels.units import Units
from kippu_dispatch.readmodels.visits import Visits

MIGRATIONS = Path(__file__).parent / "migrations"


def build(runtime: Runtime) -> Service:
    return Service(
        name="dispatch",
        migrations=MIGRATIONS,
        routers=(
            visits.router,
            candidates.router,
            capacity.router,
            shipments.router,
            returns.router,
            units.router,
            bookings.router,
        ),
        projectors=(
            Visits(),
            Capacity(),
            Shipments(),
            Returns(),
            Units(),
            Bookings(),
            NamedPlaces(),
            RegisteredSites(),
        ),
        reactors=(PlanVisit(), PlanShipment(), FollowBookings()),
        deadlines=DEADLINES,
    )
