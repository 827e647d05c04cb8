"""On every bus: what a consumer must not go past stops it, loudly, with nothing skipped; what is no concern of it does
not. And how projectors are rebuilt."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from kippu_events.catalogue.intake import WorkRecorded
from kippu_events.consumer import marks, projector
from kippu_events.consumer.runner import ConsumerStopped, Runner
from kippu_events.event import decode, encode, upcast
from kippu_events.log import Head
from kippu_events.testing.buses import PATIENCE_SECONDS, World, slots_until, trails
from kippu_events.testing.desk import NoteWork, WorkTotals, append, record_work, sealed, ticket_of, work_recorded

WORKS = [("T1", "a1"), ("T1", "a2"), ("T2", "b1")]


async def test_an_unknown_version_of_a_subscribed_type_stops_it(world: World) -> None:
    await record_work(world.log, ("T1", "a1"))
    await append(world.log, ticket_of("T1"), sealed(ticket_of("T1"), "kippu.intake.WorkRecorded.v9", b"{}"))
    await record_work(world.log, ("T1", "a2"))

    runners: list[Runner] = [world.projector(WorkTotals()), world.reactor(NoteWork())]
    for runner in runners:
        with pytest.raises(ConsumerStopped, match=r"WorkRecorded\.v9"):
            await world.consume(runner)

    assert "a2" not in await world.noted("T1")
    assert (await world.totals()).get("T1", (0, ""))[0] <= 1
    connection = await world.connect()
    assert await connection.fetchval("select coalesce(max(slot_seq), 0) from bus.mark") <= 1
    await connection.close()


async def test_a_type_that_nobody_here_knows_is_passed_over(world: World) -> None:
    await record_work(world.log, ("T1", "a1"))
    await append(world.log, ticket_of("T1"), sealed(ticket_of("T1"), "kippu.intake.SomethingNew.v1", b"{}"))
    await record_work(world.log, ("T1", "a2"))

    await world.consume(world.projector(WorkTotals()), world.reactor(NoteWork()))

    assert await world.totals() == trails([("T1", "a1"), ("T1", "a2")])
    assert await world.noted("T1") == ("a1", "a2")


async def test_an_old_version_is_upcast(world: World) -> None:
    @upcast("kippu.intake.WorkRecorded.v0", WorkRecorded)
    def in_minutes(fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "minutes": fields.pop("hours") * 60}

    old = encode(work_recorded("T1", "a1")).replace(b'"minutes":10', b'"hours":2')
    assert decode("kippu.intake.WorkRecorded.v0", old) == work_recorded("T1", "a1", minutes=120)
    await append(world.log, ticket_of("T1"), sealed(ticket_of("T1"), "kippu.intake.WorkRecorded.v0", old))

    await world.consume(world.projector(WorkTotals()), world.reactor(NoteWork()))

    assert await world.totals() == trails([("T1", "a1")])
    assert await world.noted("T1") == ("a1",)


async def test_a_restored_log_stops_its_consumers(world: World) -> None:
    """Given consumers that have read a log, when it comes back under a new epoch, then they do not go on."""
    await record_work(world.log, *WORKS)
    await world.consume(world.projector(WorkTotals()), world.reactor(NoteWork()))
    admin = await asyncpg.connect(world.publisher_database.admin_url)
    await admin.execute("select log.new_epoch()")
    # The relay would stop first, as its own test shows; here it is told to go on with the restored log.
    await admin.execute("update bus.relay set epoch = (select epoch from log.head)")
    await admin.close()
    await record_work(world.log, ("T1", "a3"))

    runners: list[Runner] = [world.projector(WorkTotals()), world.reactor(NoteWork())]
    for runner in runners:
        with pytest.raises(ConsumerStopped, match="restored"):
            await world.consume(runner)

    assert await world.totals() == trails(WORKS)


@pytest.mark.parametrize("world", ["embedded"], indirect=True)
async def test_a_mark_beyond_the_head_stops_the_consumer(world: World) -> None:
    """On Kafka it is the relay that sees it: its own mark lies beyond the head, too."""
    await record_work(world.log, *WORKS)
    await world.consume(world.projector(WorkTotals()))
    connection = await world.connect()
    await connection.execute("update bus.mark set slot_seq = slot_seq + 100 where slot_seq > 0")
    await connection.close()

    with pytest.raises(ConsumerStopped, match="a consumer has read 10"):
        await world.projector(WorkTotals()).run()


async def test_a_new_version_of_a_projector_is_rebuilt_from_0(world: World) -> None:
    class Newer(WorkTotals):
        version = 2

    await record_work(world.log, *WORKS)
    await world.consume(world.projector(WorkTotals({"a2"})))
    assert await world.totals() != trails(WORKS)

    rebuilt = Newer()
    await world.consume(world.projector(rebuilt))

    assert await world.totals() == trails(WORKS)
    assert sum(rebuilt.batches) >= len(WORKS)
    with pytest.raises(ConsumerStopped, match="version 2 has taken over"):
        await world.consume(world.projector(WorkTotals()))


async def test_a_rebuild_by_command_says_how_far_it_is(world: World) -> None:
    await record_work(world.log, *WORKS)
    await world.consume(world.projector(WorkTotals()))
    own_before = await world.own_log.head()
    connection = await world.connect()
    await connection.execute("update read.work_total set trail = 'nonsense'")

    await projector.reset(connection, WorkTotals())
    assert await world.totals() == {}
    seen: list[tuple[int, int]] = []
    head: Head = await world.log.head()
    await world.projector(WorkTotals()).run(slots_until(head), lambda done, of: seen.append((done, of)))

    assert await world.totals() == trails(WORKS)
    assert seen[-1] == (3, 3)
    assert await world.own_log.head() == own_before
    assert await marks.reached(connection, [WorkTotals()], "intake", 0, head.slot_seqs[0])
    await connection.close()


async def test_a_rebuild_under_a_running_projector_is_followed(world: World) -> None:
    await record_work(world.log, *WORKS)
    running = asyncio.create_task(world.projector(WorkTotals()).run())
    connection = await world.connect()
    try:
        await world.publish()
        head = await world.log.head()
        slot = (await world.log.read_stream(ticket_of("T1")))[0].slot
        wanted = [("intake", slot, head.slot_seqs[slot])]
        assert await marks.wait_until_reached(connection, [WorkTotals()], wanted, PATIENCE_SECONDS)
        await projector.reset(connection, WorkTotals())
        await record_work(world.log, ("T1", "a3"))
        head = await world.publish()
        wanted = [("intake", number, last) for number, last in enumerate(head.slot_seqs) if last]
        assert await marks.wait_until_reached(connection, [WorkTotals()], wanted, PATIENCE_SECONDS)
    finally:
        running.cancel()
        await connection.close()

    assert await world.totals() == trails([*WORKS, ("T1", "a3")])
