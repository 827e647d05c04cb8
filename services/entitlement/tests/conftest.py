"""Entitlement on a real PostgreSQL, with its partners' and its people's clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kippu_entitlement.app import MIGRATIONS, build
from kippu_entitlement.testing import World, contracts
from kippu_entitlement.testing.desk import Desk
from kippu_events.log.postgres import PostgresLog
from kippu_events.ports import VirtualClock
from kippu_events.testing.plugin import MakeDatabase
from kippu_service.application import create_app
from kippu_service.testing import runtime_on

NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)  # Wednesday 10:00 in Bangkok


@pytest.fixture(scope="session")
def plan_text() -> str:
    return (Path(__file__).parents[3] / "plans" / "iij-se.toml").read_text()


@pytest.fixture(scope="session")
def qnp_text() -> str:
    return (Path(__file__).parents[3] / "plans" / "qnp.toml").read_text()


@pytest.fixture
async def desk(service_database: MakeDatabase, plan_text: str) -> AsyncIterator[Desk]:
    async with _desk(service_database, plan_text) as made:
        yield made


@pytest.fixture
async def qnp_desk(service_database: MakeDatabase, qnp_text: str) -> AsyncIterator[Desk]:
    """The same under QNP's terms: a customer with a unit in warranty, without a contract."""
    async with _desk(service_database, qnp_text) as made:
        yield made


@pytest.fixture
async def cwc_desk(service_database: MakeDatabase) -> AsyncIterator[Desk]:
    """The same under CWC's terms."""
    text = (Path(__file__).parents[3] / "plans" / "cwc.toml").read_text()
    async with _desk(service_database, text) as made:
        yield made


@pytest.fixture
async def switch_desk(service_database: MakeDatabase) -> AsyncIterator[Desk]:
    """The same under SVT's terms: a customer with a service ticket for a switch, O-1, that nobody registered."""
    async with _desk(service_database, contracts.TERMS) as made:
        await contracts.sell(made.world)
        yield made


@pytest.fixture
async def nec_desk(service_database: MakeDatabase) -> AsyncIterator[Desk]:
    """The same under NEC-ESP's terms: a server bought on 1 May 2025, in warranty, without a pack."""
    text = (Path(__file__).parents[3] / "plans" / "nec-esp.toml").read_text()
    async with _desk(service_database, text) as made:
        yield made


@pytest.fixture
async def sixth_desk(service_database: MakeDatabase) -> AsyncIterator[Desk]:
    """The same under the terms of a provider that is made up, and is nothing but a plan file."""
    text = (Path(__file__).parents[3] / "tests" / "terms" / "sixth.toml").read_text("utf-8")
    async with _desk(service_database, text) as made:
        yield made


@asynccontextmanager
async def _desk(service_database: MakeDatabase, plan_text: str) -> AsyncIterator[Desk]:
    database = await service_database("entitlement", [MIGRATIONS])
    clock = VirtualClock(NOW)
    async with (
        PostgresLog("entitlement", database.writer_url) as log,
        runtime_on(database, log, clock=clock) as runtime,
    ):
        service = build(runtime)
        world = World(plan_text, clock, log, runtime.vault)
        yield await Desk(runtime, service, create_app(service, runtime), world).begin()
