"""The whole system's promise: what is read is what the logs say, however they arrive and whenever they are replayed.

One history goes through all services, live, on real databases. Then for each service, the console too: its read models
are equal under any interleaving of slots and any cut into batches, and a replay from position 0 equals the live ones
byte for byte.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import difflib
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from houses.system import alive, history
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kippu.services import PARTS
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope
from kippu_events.log import Log
from kippu_events.log.postgres import PostgresLog
from kippu_events.replay import dump, replay
from kippu_events.testing.interleaving import interleaved, pieces, rebuilt
from kippu_events.testing.plugin import Templates

EXAMPLES = 25
"""Interleavings a service."""


@dataclass
class Told:
    """One service after the history: its projectors, a connection to its database, and what its live tables held."""

    projectors: Sequence[Projector]
    connection: asyncpg.Connection[Any]
    tables: list[str]
    live: bytes


@dataclass
class Recorded:
    logs: dict[str, Log]
    envelopes: list[Envelope]
    """Everything that was recorded, log by log."""
    services: dict[str, Told]


@pytest.fixture(scope="module")
async def recorded(templates: Templates) -> AsyncIterator[Recorded]:
    databases = {name: await templates.clone(f"whole_{name}", (part.migrations,)) for name, part in PARTS.items()}
    async with AsyncExitStack() as stack:
        for name in PARTS:
            stack.push_async_callback(templates.drop, f"whole_{name}")
        services = {}
        async with alive(databases) as system:
            await history(system)
            for name, each in system.services.items():
                tables = sorted({table for projector in each.service.projectors for table in projector.tables})
                connection = await asyncpg.connect(databases[name].writer_url)
                stack.push_async_callback(connection.close)
                services[name] = Told(each.service.projectors, connection, tables, await dump(connection, tables))
                parked = await connection.fetch("select consumer, error from bus.parked_key")
                assert parked == [], f"{name}: {parked}"
        logs: dict[str, Log] = {
            name: await stack.enter_async_context(PostgresLog(name, database.writer_url))
            for name, database in databases.items()
        }
        envelopes = [envelope for log in logs.values() for envelope in await log.read(0, 10_000)]
        yield Recorded(logs, envelopes, services)


async def test_the_history_has_something_for_every_projector(recorded: Recorded) -> None:
    """Else nothing would be shown by what follows."""
    types = {envelope.type for envelope in recorded.envelopes}
    for name, told in recorded.services.items():
        for projector in told.projectors:
            heard = {event.type for event in projector.subscribes} & types
            assert heard, f"{projector.name} of {name}"
        for table in told.tables:
            rows = told.live.partition(f"-- {table} (".encode())[2].partition(b"\n")[2]
            assert rows and not rows.startswith(b"-- "), f"{table} of {name} is empty"
    assert {envelope.provider for envelope in recorded.envelopes} == {"iij", "other"}


@pytest.mark.parametrize("name", PARTS)
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # a smaller example would take many more rebuilds, and say little more
    suppress_health_check=list(HealthCheck),
)
@given(chance=st.randoms(use_true_random=False))
async def test_read_models_are_equal_however_slots_and_batches_fall(
    recorded: Recorded, name: str, chance: random.Random
) -> None:
    told = recorded.services[name]
    arrived = pieces(interleaved(recorded.envelopes, chance), chance)
    found = await rebuilt(told.connection, told.projectors, arrived)
    assert _differences(found, told.live) == []


@pytest.mark.parametrize("name", PARTS)
async def test_a_replay_from_position_0_equals_the_live_read_models_byte_for_byte(
    recorded: Recorded, name: str
) -> None:
    told = recorded.services[name]
    await told.connection.execute(f"truncate {', '.join(f'read.{table}' for table in told.tables)}")
    await replay(recorded.logs, told.projectors, told.connection)
    found = await dump(told.connection, told.tables)
    assert _differences(found, told.live) == []
    assert found == told.live


def _differences(found: bytes, live: bytes) -> list[str]:
    """The lines that differ, to be read by people."""
    return [
        line
        for line in difflib.unified_diff(live.decode().splitlines(), found.decode().splitlines(), "live", "found", n=0)
        if not line.startswith("@@")
    ]
