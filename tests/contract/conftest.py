"""Services as the contracts look at them: one filled with a customer's data, or all alive, on real databases."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from houses.common import NOON
from houses.system import System, alive
from kippu.services import PARTS
from kippu_events.log.postgres import PostgresLog
from kippu_events.ports import VirtualClock
from kippu_events.testing.plugin import MakeDatabase
from kippu_service.runtime import Runtime
from kippu_service.testing import runtime_on
from kippu_service.testing.tenancy import House


@pytest.fixture
async def runtime_of(service_database: MakeDatabase) -> AsyncIterator[Callable[[House], Awaitable[Runtime]]]:
    """A runtime on a database and a log of its own."""
    async with AsyncExitStack() as stack:

        async def make(house: House) -> Runtime:
            database = await service_database(house.log, [house.migrations])
            log = await stack.enter_async_context(PostgresLog(house.log, database.writer_url))
            return await stack.enter_async_context(runtime_on(database, log, clock=VirtualClock(NOON)))

        yield make


@pytest.fixture
async def system(service_database: MakeDatabase) -> AsyncIterator[System]:
    """All services, alive together."""
    databases = {name: await service_database(name, [part.migrations]) for name, part in PARTS.items()}
    async with alive(databases) as system:
        yield system
