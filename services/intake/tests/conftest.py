"""Intake as a whole, on a real PostgreSQL, with its SMTP listener."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from kippu_events.testing.plugin import MakeDatabase
from kippu_intake.testing import House, house


@pytest.fixture(scope="session")
def plan_text() -> str:
    return (Path(__file__).parents[3] / "plans" / "iij-se.toml").read_text()


@pytest.fixture
async def intake(service_database: MakeDatabase, plan_text: str) -> AsyncIterator[House]:
    async with house(service_database, plan_text) as alive:
        yield alive
