"""Properties: read models are equal under any interleaving of slots, and a replay equals the live ones."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kippu_events.bus.embedded import EmbeddedBus
from kippu_events.consumer import projector
from kippu_events.consumer.projector import ProjectorRunner
from kippu_events.database import Database
from kippu_events.event import encode
from kippu_events.log import Append, Expected, StreamAppend
from kippu_events.log.memory import MemoryLog
from kippu_events.replay import ReplayFailed, dump, replay
from kippu_events.testing.buses import QUICK, slots_until
from kippu_events.testing.desk import MIGRATIONS, NOON, WorkTotals, record_work, sealed, ticket_of, work_recorded
from kippu_events.testing.interleaving import interleaved, pieces, rebuilt
from kippu_events.testing.plugin import MakeDatabase

TABLES = WorkTotals.tables

works = st.lists(st.sampled_from([f"T{number}" for number in range(9)]), min_size=1, max_size=40).map(
    lambda tickets: [(ticket_no, f"w{number}") for number, ticket_no in enumerate(tickets)]
)
chances = st.randoms(use_true_random=False)

real_database = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@dataclass(frozen=True, slots=True)
class Pair:
    live_url: str
    live: asyncpg.Connection[Any]
    scratch: asyncpg.Connection[Any]


@pytest.fixture
async def pair(service_database: MakeDatabase) -> AsyncIterator[Pair]:
    """Two databases of the desk: one that is fed live, and an empty one to replay into."""
    first: Database = await service_database("desk", [MIGRATIONS])
    second: Database = await service_database("scratch", [MIGRATIONS])
    live = await asyncpg.connect(first.writer_url)
    scratch = await asyncpg.connect(second.writer_url)
    yield Pair(first.writer_url, live, scratch)
    await live.close()
    await scratch.close()


@real_database
@given(works=works, chance=chances)
async def test_any_interleaving_of_slots_gives_the_same_read_models(
    pair: Pair, works: list[tuple[str, str]], chance: random.Random
) -> None:
    log = MemoryLog("intake")
    await record_work(log, *works)
    envelopes = await log.read(0)

    in_order = await rebuilt(pair.scratch, [WorkTotals()], [envelopes])
    shuffled = await rebuilt(pair.scratch, [WorkTotals()], pieces(interleaved(envelopes, chance), chance))

    assert shuffled == in_order


@real_database
@given(works=works, chance=chances)
async def test_a_replay_equals_the_live_read_models(
    pair: Pair, works: list[tuple[str, str]], chance: random.Random
) -> None:
    await projector.reset(pair.live, WorkTotals())
    await pair.scratch.execute("truncate read.work_total")
    log = MemoryLog("intake")
    await record_work(log, *works)
    tuning = replace(QUICK, batch=chance.randint(1, 50))
    bus = EmbeddedBus({"intake": log}, chance)
    runner = ProjectorRunner("desk", WorkTotals(), bus, lambda: asyncpg.connect(pair.live_url), tuning)
    await runner.run(slots_until(await log.head()))

    assert await replay({"intake": log}, [WorkTotals()], pair.scratch) == len(works)

    live = await dump(pair.live, TABLES)
    assert await dump(pair.scratch, TABLES) == live
    assert live.count(b"\n") == 1 + len({ticket_no for ticket_no, _ in works})


async def test_a_replay_up_to_an_instant_shows_what_was_known_then(pair: Pair) -> None:
    log = MemoryLog("intake")
    for day in range(3):
        stream = ticket_of(f"T{day}")
        new = sealed(stream, work_recorded("T0", "w0").type, encode(work_recorded(f"T{day}", f"w{day}")))
        now = NOON + timedelta(days=day)
        await log.append(Append(f"c{day}", b"", (StreamAppend(stream, Expected.ANY, (new,)),), now))

    read = await replay({"intake": log}, [WorkTotals()], pair.scratch, known_at=NOON + timedelta(days=1))

    assert read == 2
    assert await dump(pair.scratch, TABLES) == (
        b"-- work_total (entries, minutes, provider, ticket_no, trail)\n1\t10\tiij\tT0\tw0\n1\t10\tiij\tT1\tw1\n"
    )


async def test_a_dump_shows_every_difference_and_no_order_of_writing(pair: Pair) -> None:
    rows = [("iij", f"T{number}", number, 1, "w") for number in range(20)]
    for connection, written in ((pair.live, rows), (pair.scratch, rows[::-1])):
        await connection.executemany("insert into read.work_total values ($1, $2, $3, $4, $5)", written)
    same = await dump(pair.live, TABLES)
    assert await dump(pair.scratch, TABLES) == same

    await pair.scratch.execute("update read.work_total set minutes = minutes + 1 where ticket_no = 'T7'")
    assert await dump(pair.scratch, TABLES) != same


async def test_a_replay_does_not_pass_over_what_it_cannot_apply(pair: Pair) -> None:
    log = MemoryLog("intake")
    await record_work(log, ("T1", "a1"), ("T1", "a2"))

    with pytest.raises(ReplayFailed, match="Choked"):
        await replay({"intake": log}, [WorkTotals({"a2"})], pair.scratch)
