"""On every bus: a poison event is parked with its key, everything else goes on, and a redrive is in order."""

from __future__ import annotations

import asyncio

from kippu_events.catalogue.intake import WorkRecorded
from kippu_events.consumer import marks, parking, projector, reactor
from kippu_events.testing.buses import World, trails
from kippu_events.testing.desk import NoteWork, WorkTotals, append, record_work, sealed, ticket_of

WORKS = [("T1", "a1"), ("T2", "b1"), ("T1", "a2"), ("T3", "c1"), ("T1", "a3"), ("T2", "b2")]
OTHERS = trails([work for work in WORKS if work[0] != "T1"])
KEY = ("intake", ticket_of("T1"))
PROJECTOR = marks.projector_id(WorkTotals.name)
REACTOR = marks.reactor_id(NoteWork.name)


async def test_a_poison_event_parks_its_key_and_the_others_go_on(world: World) -> None:
    await record_work(world.log, *WORKS)

    await world.consume(world.projector(WorkTotals({"a2"})), world.reactor(NoteWork({"a2"})))

    assert await world.totals() == {**OTHERS, "T1": (1, "a1")}
    assert await world.noted("T1") == ("a1",)
    assert await world.noted("T2") == ("b1", "b2")
    connection = await world.connect()
    parked = await parking.parked_keys(connection)
    assert sorted((key.consumer, key.key, key.error, key.attempts, key.events) for key in parked) == [
        (PROJECTOR, ticket_of("T1"), "Choked: a2", 2, 2),
        (REACTOR, ticket_of("T1"), "Choked: a2", 2, 2),
    ]
    events = await world.log.read_stream(ticket_of("T1"), 1)
    assert await parking.parked_events(connection, PROJECTOR, KEY) == events
    await connection.close()


async def test_what_comes_later_is_parked_behind_also_after_a_restart(world: World) -> None:
    await record_work(world.log, *WORKS)
    await world.consume(world.projector(WorkTotals({"a2"})), world.reactor(NoteWork({"a2"})))

    await record_work(world.log, ("T1", "a4"), ("T3", "c2"))
    await world.consume(world.projector(WorkTotals()), world.reactor(NoteWork()))

    assert (await world.totals())["T1"] == (1, "a1")
    assert await world.noted("T1") == ("a1",)
    assert (await world.totals())["T3"] == (2, "c1 c2")
    connection = await world.connect()
    assert [key.events for key in await parking.parked_keys(connection)] == [3, 3]
    await connection.close()


async def test_a_redrive_is_in_order_and_complete(world: World) -> None:
    await record_work(world.log, *WORKS)
    await world.consume(world.projector(WorkTotals({"a2"})), world.reactor(NoteWork({"a2"})))

    connection = await world.connect()
    done = await projector.redrive(connection, WorkTotals(), KEY)
    reacted = await reactor.redrive(connection, "desk", NoteWork(), world.worker, KEY)

    assert done == reacted == [parking.Redriven(*KEY, done=2, left=0, error=None)]
    assert await parking.parked_keys(connection) == []
    await connection.close()
    assert await world.totals() == trails(WORKS)
    assert await world.noted("T1") == ("a1", "a2", "a3")

    await record_work(world.log, ("T1", "a4"))
    await world.consume(world.projector(WorkTotals()), world.reactor(NoteWork()))
    assert (await world.totals())["T1"] == (4, "a1 a2 a3 a4")
    assert await world.noted("T1") == ("a1", "a2", "a3", "a4")


async def test_a_redrive_stops_at_what_still_fails_and_says_so(world: World) -> None:
    await record_work(world.log, *WORKS)
    await world.consume(world.projector(WorkTotals({"a2"})))

    connection = await world.connect()
    done = await projector.redrive(connection, WorkTotals({"a3"}), KEY)

    assert done == [parking.Redriven(*KEY, done=1, left=1, error="Choked: a3")]
    [key] = await parking.parked_keys(connection)
    assert (key.error, key.attempts, key.events) == ("Choked: a3", 3, 1)
    await connection.close()
    assert (await world.totals())["T1"] == (2, "a1 a2")


async def test_a_redrive_of_all_keys_does_what_it_can(world: World) -> None:
    await record_work(world.log, *WORKS)
    await world.consume(world.projector(WorkTotals({"a2", "b1"})))

    connection = await world.connect()
    done = await projector.redrive(connection, WorkTotals({"a2"}))
    await connection.close()

    assert sorted((key.key, key.done, key.left) for key in done) == [(ticket_of("T1"), 0, 2), (ticket_of("T2"), 2, 0)]
    assert await world.totals() == {**OTHERS, "T1": (1, "a1")}


async def test_a_redrive_while_live_events_arrive_keeps_the_order(world: World) -> None:
    """Whatever the live consumer reads while the redrive runs is parked behind it or applied after it."""
    await record_work(world.log, *WORKS)
    await world.consume(world.projector(WorkTotals({"a2"})), world.reactor(NoteWork({"a2"})))
    works = [*WORKS]
    live = [asyncio.create_task(world.projector(WorkTotals()).run())]
    live.append(asyncio.create_task(world.reactor(NoteWork()).run()))
    connection = await world.connect()
    try:
        for number in range(4, 24):
            works.append(("T1", f"a{number}"))
            appended = asyncio.create_task(record_work(world.log, works[-1]))
            await projector.redrive(connection, WorkTotals(), KEY)
            await reactor.redrive(connection, "desk", NoteWork(), world.worker, KEY)
            await appended
        await world.consume(world.projector(WorkTotals()), world.reactor(NoteWork()))
    finally:
        for task in live:
            task.cancel()
        await asyncio.gather(*live, return_exceptions=True)

    await projector.redrive(connection, WorkTotals(), KEY)
    await reactor.redrive(connection, "desk", NoteWork(), world.worker, KEY)

    assert await parking.parked_keys(connection) == []
    await connection.close()
    assert await world.totals() == trails(works)
    assert " ".join(await world.noted("T1")) == trails(works)["T1"][1]


async def test_a_reactors_redrive_that_crashed_after_its_append_has_one_effect(world: World) -> None:
    await record_work(world.log, *WORKS)
    await world.consume(world.reactor(NoteWork({"a2"})))
    [first, _] = await world.log.read_stream(ticket_of("T1"), 1)
    await reactor.Reactions("desk", NoteWork(), world.worker).react(first)  # and the process ends here

    connection = await world.connect()
    await reactor.redrive(connection, "desk", NoteWork(), world.worker, KEY)
    await connection.close()

    assert await world.noted("T1") == ("a1", "a2", "a3")


async def test_bytes_that_cannot_be_decoded_are_parked_as_they_are(world: World) -> None:
    broken = sealed(ticket_of("T1"), WorkRecorded.type, b'{"ticket_no": "T1", "minutes": "many"}')
    await record_work(world.log, ("T1", "a1"))
    await append(world.log, ticket_of("T1"), broken)
    await record_work(world.log, ("T1", "a2"), ("T2", "b1"))

    await world.consume(world.projector(WorkTotals()), world.reactor(NoteWork()))

    connection = await world.connect()
    for consumer in (PROJECTOR, REACTOR):
        kept, behind = await parking.parked_events(connection, consumer, KEY)
        assert (kept.data, kept.sum, behind.version) == (broken.data, broken.sum, 3)
    for key in await parking.parked_keys(connection):
        assert key.error.startswith("ValidationError: ")
        assert "many" not in key.error
    await connection.close()
    assert await world.totals() == trails([("T1", "a1"), ("T2", "b1")])
