"""Entitlement, wired: what the composition root runs."""

from pathlib import Path

from kippu_service.runtime import Runtime
from kippu_service.service import Service

from kippu_entitlement.api import ROUTERS
from kippu_entitlement.deadlines import DEADLINES
from kippu_entitlement.reactors import REACTORS
from kippu_entitlement.readmodels import PROJECTORS
from kippu_entitlement.registration.mailed import ImportSheets

MIGRATIONS = Path(__file__).parent / "migrations"


def build(runtime: Runtime) -> Service:
    """Routes, reactors and projectors are given what they use with each call; who reads mailed sheets opens them."""
    return Service(
        name="entitlement",
        migrations=MIGRATIONS,
        routers=ROUTERS,
        projectors=PROJECTORS,
        reactors=(*REACTORS, ImportSheets(runtime.vault)),
        deadlines=DEADLINES,
    )
