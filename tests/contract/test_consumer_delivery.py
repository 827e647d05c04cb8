"""On every bus: each event has its effect once and in order, whatever the bus and the consumer go through."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from kippu_events.bus import Record
from kippu_events.consumer import marks
from kippu_events.consumer.runner import ConsumerStopped, Runner
from kippu_events.steps import at_step
from kippu_events.testing.buses import PATIENCE_SECONDS, MeddlingBus, World, trails
from kippu_events.testing.desk import NoteWork, WorkTotals, record_work

WORKS = [(f"T{number % 7}", f"w{number}") for number in range(60)]


class Crash(BaseException):
    """The process ends here."""


def crash() -> None:
    raise Crash


async def test_every_event_is_applied_once_and_in_order(world: World) -> None:
    await record_work(world.log, *WORKS)

    await world.consume(world.projector(WorkTotals()), world.reactor(NoteWork()))

    assert await world.totals() == trails(WORKS)
    for ticket_no, (_, trail) in trails(WORKS).items():
        assert " ".join(await world.noted(ticket_no)) == trail


async def test_what_comes_while_it_runs_is_applied_too(world: World) -> None:
    runner = world.projector(WorkTotals())
    running = asyncio.create_task(runner.run())
    try:
        for works in (WORKS[:10], WORKS[10:11], WORKS[11:]):
            await record_work(world.log, *works)
            await until_reached(world)
    finally:
        running.cancel()

    assert await world.totals() == trails(WORKS)


async def until_reached(world: World) -> None:
    head = await world.publish()
    connection = await world.connect()
    try:
        wanted = [("intake", number, last) for number, last in enumerate(head.slot_seqs) if last]
        assert await marks.wait_until_reached(connection, [WorkTotals()], wanted, PATIENCE_SECONDS)
    finally:
        await connection.close()


async def test_duplicates_change_nothing(world: World) -> None:
    await record_work(world.log, *WORKS)

    async def twice(records: Sequence[Record]) -> list[Record]:
        return [*records, *records]

    world.bus = MeddlingBus(world.bus, twice)

    await world.consume(world.projector(WorkTotals()), world.reactor(NoteWork()))

    assert await world.totals() == trails(WORKS)
    assert " ".join(await world.noted("T3")) == trails(WORKS)["T3"][1]


async def test_a_gap_is_read_again_and_never_skipped(world: World) -> None:
    await record_work(world.log, *WORKS)
    lost = {"w8", "w31"}

    async def lose_once(records: Sequence[Record]) -> list[Record]:
        kept = [record for record in records if record.envelope.event.model_dump()["work_id"] not in lost]
        if len(kept) < len(records):
            lost.clear()
        return kept

    world.bus = MeddlingBus(world.bus, lose_once)

    await world.consume(world.projector(WorkTotals()))

    assert not lost
    assert await world.totals() == trails(WORKS)


async def test_an_event_that_stays_missing_stops_the_consumer(world: World) -> None:
    await record_work(world.log, *[("T1", f"w{number}") for number in range(5)])

    async def lose(records: Sequence[Record]) -> list[Record]:
        return [record for record in records if record.envelope.version != 2]

    world.bus = MeddlingBus(world.bus, lose)
    running = asyncio.create_task(world.projector(WorkTotals()).run())
    await world.publish()
    while not running.done():
        # On a quiet log nobody can know; the next event shows it.
        await record_work(world.log, ("T1", "later"))
        await world.publish()
        await asyncio.sleep(0.3)

    with pytest.raises(ConsumerStopped, match="missing"):
        await running
    assert await world.totals() == {"T1": (1, "w0")}


@pytest.mark.parametrize("step", ["project.applied", "project.committed"])
async def test_a_projector_that_crashes_has_one_effect(world: World, step: str) -> None:
    await record_work(world.log, *WORKS)
    with at_step(step, crash), pytest.raises(Crash):
        await world.consume(world.projector(WorkTotals()))

    await world.consume(world.projector(WorkTotals()))

    assert await world.totals() == trails(WORKS)


async def test_a_reactor_that_crashes_after_its_append_has_one_effect(world: World) -> None:
    await record_work(world.log, *WORKS)
    with at_step("react.appended", crash), pytest.raises(Crash):
        await world.consume(world.reactor(NoteWork()))

    await world.consume(world.reactor(NoteWork()))

    for ticket_no, (_, trail) in trails(WORKS).items():
        assert " ".join(await world.noted(ticket_no)) == trail


async def test_a_lost_connection_is_made_again(world: World) -> None:
    await record_work(world.log, *WORKS[:30])
    running = asyncio.create_task(world.projector(WorkTotals()).run())
    try:
        await until_reached(world)
        killer = await world.connect()
        await killer.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and usename = current_user and pid <> pg_backend_pid()"
        )
        await killer.close()
        await record_work(world.log, *WORKS[30:])
        await until_reached(world)
    finally:
        running.cancel()

    assert await world.totals() == trails(WORKS)


async def test_two_instances_of_one_consumer_do_no_harm(world: World) -> None:
    await record_work(world.log, *WORKS)
    runners: list[Runner] = [world.projector(WorkTotals()), world.projector(WorkTotals())]
    runners += [world.reactor(NoteWork()), world.reactor(NoteWork())]
    running = [asyncio.create_task(runner.run()) for runner in runners]
    try:
        await until_reached(world)
        assert await world.own_log.wait(len(WORKS) - 1, PATIENCE_SECONDS)
    finally:
        for task in running:
            task.cancel()

    assert await world.totals() == trails(WORKS)
    assert (await world.own_log.head()).position == len(WORKS)
    assert " ".join(await world.noted("T3")) == trails(WORKS)["T3"][1]


async def test_an_instance_that_slept_with_a_batch_in_hand_does_no_harm(world: World) -> None:
    """It wakes when another has long done the batch, and still believes the marks to be where they were."""
    await record_work(world.log, *WORKS)
    await world.publish()
    asleep, woken = asyncio.Event(), asyncio.Event()

    async def sleep(records: Sequence[Record]) -> Sequence[Record]:
        if records:
            asleep.set()
            await woken.wait()
        return records

    straight, world.bus = world.bus, MeddlingBus(world.bus, sleep)
    for sleeper, other in (
        (world.projector(WorkTotals()), WorkTotals()),
        (world.reactor(NoteWork()), NoteWork()),
    ):
        asleep.clear(), woken.clear()
        sleeping = asyncio.create_task(sleeper.run())
        await asleep.wait()
        awake = World(world.log, world.own_log, world.publisher_database, world.database, straight, world.kafka)
        runner = awake.projector(other) if isinstance(other, WorkTotals) else awake.reactor(other)
        done = asyncio.create_task(awake.consume(runner))
        await asyncio.wait([done], timeout=3)  # on Kafka it is given all slots only once the sleeper is awake
        woken.set()
        await done
        await asyncio.sleep(0.3)
        sleeping.cancel()
        await asyncio.gather(sleeping, return_exceptions=True)

    assert await world.totals() == trails(WORKS)
    assert (await world.own_log.head()).position == len(WORKS)


async def test_a_replay_from_0_changes_nothing(world: World) -> None:
    await record_work(world.log, *WORKS)
    await world.consume(world.projector(WorkTotals()), world.reactor(NoteWork()))
    before = await world.own_log.head()

    connection = await world.connect()
    await marks.reset(connection, marks.reactor_id("note-work"))
    await connection.close()
    await world.consume(world.reactor(NoteWork()))

    assert await world.own_log.head() == before
