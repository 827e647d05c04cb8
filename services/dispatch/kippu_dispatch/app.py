"""Dispatch, put together."""

from pathlib import Path

from kippu_service.runtime import Runtime
from kippu_service.service import Service

from kippu_dispatch.api import returns, shipments, units, visits
from kippu_dispatch.falling_due import DEADLINES
from kippu_dispatch.reactors import PlanShipment, PlanVisit
from kippu_dispatch.readmodels.returns import Returns
from kippu_dispatch.readmodels.shipments import Shipments
from kippu_dispatch.readmodels.units import Units
from kippu_dispatch.readmodels.visits import Visits

MIGRATIONS = Path(__file__).parent / "migrations"


def build(runtime: Runtime) -> Service:
    return Service(
        name="dispatch",
        migrations=MIGRATIONS,
        routers=(visits.router, shipments.router, returns.router, units.router),
        projectors=(Visits(), Shipments(), Returns(), Units()),
        reactors=(PlanVisit(), PlanShipment()),
        deadlines=DEADLINES,
    )
