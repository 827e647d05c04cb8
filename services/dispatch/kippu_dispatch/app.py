"""Dispatch, put together."""

from pathlib import Path

from kippu_service.runtime import Runtime
from kippu_service.service import Service

from kippu_dispatch.api import router
from kippu_dispatch.reactors import PlanVisit
from kippu_dispatch.readmodels import Visits


def build(runtime: Runtime) -> Service:
    return Service(
        name="dispatch",
        migrations=Path(__file__).parent / "migrations",
        routers=(router,),
        projectors=(Visits(),),
        reactors=(PlanVisit(),),
    )
