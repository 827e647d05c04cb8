"""One subscription for all consumers of a service: who keeps up shares it, who does not reads alone, nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from kippu_events.bus import Assignee, Bus, BusUnavailable, Record, Slot, Start, Subscription
from kippu_events.bus.kafka import KafkaBus
from kippu_events.bus.shared import SharedBus
from kippu_events.consumer.marks import slots_of
from kippu_events.envelope import slot_of
from kippu_events.testing.buses import MeddlingBus, World, eventually, trails
from kippu_events.testing.desk import NoteWork, WorkTotals, record_work, ticket_of

WORKS = [(f"T{number % 7}", f"w{number}") for number in range(120)]
LATER = [(f"T{number % 7}", f"later{number}") for number in range(20)]
KEPT = 16

on_every_bus = pytest.mark.parametrize("world", ["shuffled", "kafka"], indirect=True)
on_kafka = pytest.mark.parametrize("world", ["kafka"], indirect=True)


@dataclass(slots=True)
class Counting:
    """A bus that counts who asks it for what, and whose subscriptions end when they are told to."""

    bus: Bus
    subscribed: int = 0
    following: int = 0
    followed: int = 0
    breaks: bool = False

    async def subscribe(self, group: str, logs: Sequence[str], assignee: Assignee) -> Subscription:
        self.subscribed += 1
        subscription = MeddlingBus(self.bus, self._passed)
        return await subscription.subscribe(group, logs, assignee)

    async def follow(self, starts: Mapping[Slot, Start]) -> Subscription:
        self.followed += 1
        self.following += 1
        return _Followed(await self.bus.follow(starts), self._ended)

    async def _passed(self, records: Sequence[Record]) -> Sequence[Record]:
        if records and self.breaks:
            self.breaks = False
            raise BusUnavailable("as it was told to")
        return records

    def _ended(self) -> None:
        self.following -= 1

    async def nobody_is_alone(self) -> bool:
        return self.following == 0


class _Followed:
    def __init__(self, inner: Subscription, ended: Callable[[], None]) -> None:
        self._inner, self._ended = inner, ended
        self.batch, self.seek, self.commit = inner.batch, inner.seek, inner.commit
        self.pause, self.resume = inner.pause, inner.resume

    async def close(self) -> None:
        self._ended()
        await self._inner.close()


def together(world: World, consumers: int, kept: int = 1024) -> Counting:
    """Lets the world's consumers subscribe together; answers what stands underneath."""
    counting = Counting(world.bus)
    world.bus = SharedBus(counting, "desk", ["intake"], consumers, kept)
    return counting


async def has_everything(world: World, works: Sequence[tuple[str, str]]) -> bool:
    return await world.totals() == trails(works)


async def has_noted(world: World, works: Sequence[tuple[str, str]]) -> bool:
    expected = {ticket: trail.split() for ticket, (_, trail) in trails(works).items()}
    return expected == {ticket: list(await world.noted(ticket)) for ticket in expected}


@on_every_bus
async def test_the_bus_is_asked_once_for_all(world: World) -> None:
    under = together(world, consumers=2)
    await record_work(world.log, *WORKS)

    await world.consume(world.projector(WorkTotals()), world.reactor(NoteWork()))

    assert (under.subscribed, under.followed) == (1, 0)
    assert await has_everything(world, WORKS)
    assert await has_noted(world, WORKS)


@on_every_bus
async def test_one_that_begins_late_reads_alone_until_it_has_come_to_the_others(world: World) -> None:
    # Given one that is at the end, and one that is to read everything
    await record_work(world.log, *WORKS)
    await world.consume(world.reactor(NoteWork()))
    under = together(world, 2, KEPT)
    # When both run
    running = [asyncio.create_task(each.run()) for each in (world.reactor(NoteWork()), world.projector(WorkTotals()))]
    await eventually(lambda: has_everything(world, WORKS))
    assert under.followed == 1
    await eventually(under.nobody_is_alone)
    # Then both go on together
    await record_work(world.log, *LATER)
    await world.publish()
    await eventually(lambda: has_everything(world, [*WORKS, *LATER]))
    await eventually(lambda: has_noted(world, [*WORKS, *LATER]))
    assert (under.subscribed, under.followed) == (1, 1)
    await ended(running)


@on_every_bus
async def test_a_slow_one_holds_up_nobody_and_misses_nothing(world: World) -> None:
    under = together(world, 2, KEPT)
    sleeping, woken = asyncio.Event(), asyncio.Event()

    async def sleep(records: Sequence[Record]) -> Sequence[Record]:
        if records:
            sleeping.set()
            await woken.wait()
        return records

    straight, world.bus = world.bus, MeddlingBus(world.bus, sleep)
    slow = world.reactor(NoteWork())
    world.bus = straight
    running = [asyncio.create_task(each.run()) for each in (slow, world.projector(WorkTotals()))]
    # Given one that has taken the first events, and does not come back
    await record_work(world.log, *WORKS[:10])
    await world.publish()
    await sleeping.wait()
    # When there is more than is kept, then the other has it all
    await record_work(world.log, *WORKS[10:])
    await world.publish()
    await eventually(lambda: has_everything(world, WORKS))
    assert await world.noted("T3") == ()
    # And the slow one, once it is awake
    woken.set()
    await eventually(lambda: has_noted(world, WORKS))
    assert (under.subscribed, under.followed) == (1, 1)
    await ended(running)


@on_every_bus
async def test_what_the_bus_leaves_out_is_fetched_again(world: World) -> None:
    lost = {"w8", "w31"}

    async def lose_once(records: Sequence[Record]) -> list[Record]:
        kept = [record for record in records if record.envelope.event.model_dump()["work_id"] not in lost]
        if len(kept) < len(records):
            lost.clear()
        return kept

    world.bus = MeddlingBus(world.bus, lose_once)
    together(world, 2)
    await record_work(world.log, *WORKS)

    await world.consume(world.projector(WorkTotals()), world.reactor(NoteWork()))

    assert not lost
    assert await has_everything(world, WORKS)
    assert await has_noted(world, WORKS)


@on_every_bus
async def test_when_the_subscription_ends_all_begin_anew(world: World) -> None:
    under = together(world, 2)
    under.breaks = True
    await record_work(world.log, *WORKS)

    await world.consume(world.projector(WorkTotals()), world.reactor(NoteWork()))

    assert not under.breaks
    assert under.subscribed == 2
    assert await has_everything(world, WORKS)
    assert await has_noted(world, WORKS)


@on_every_bus
async def test_one_that_cannot_say_where_it_stands_troubles_nobody_else(world: World) -> None:
    together(world, 2)
    lost = Lost()
    reading = asyncio.create_task(read_one(world.bus, lost))
    await record_work(world.log, *WORKS)

    await world.consume(world.projector(WorkTotals()))

    assert await has_everything(world, WORKS)
    with pytest.raises(BusUnavailable, match="taking over slots failed"):
        await reading


class Lost:
    """A consumer whose database does not answer."""

    async def assigned(self, slots: Collection[Slot]) -> Mapping[Slot, Start]:
        raise ConnectionError("no database")

    async def revoked(self, slots: Collection[Slot]) -> None:
        """It has none."""


async def read_one(bus: Bus, assignee: Assignee) -> list[Record]:
    subscription = await bus.subscribe("desk.reader", ["intake"], assignee)
    try:
        while not (records := await subscription.batch(1, 0.2)):
            pass
        return records
    finally:
        await subscription.close()


@on_kafka
async def test_two_instances_share_the_slots_and_one_takes_over(world: World) -> None:
    assert world.kafka is not None
    first, second = Watching(), Watching()
    instances = []
    for watching in (first, second):
        world.bus = SharedBus(KafkaBus(world.kafka), "desk", ["intake"], 3)
        runners = [world.projector(WorkTotals()).run(), world.reactor(NoteWork()).run()]
        instances.append([asyncio.create_task(run) for run in [*runners, watching.read(world.bus)]])
    await eventually(lambda: first.has(8))
    await eventually(lambda: second.has(8))
    assert first.slots | second.slots == set(slots_of(["intake"]))
    # When both are at work, and one of them ends
    await record_work(world.log, *WORKS)
    await world.publish()
    await eventually(lambda: has_everything(world, WORKS))
    await ended(instances[0])
    # Then the other has all slots, and goes on where the first stood
    await eventually(lambda: second.has(16))
    await record_work(world.log, *LATER)
    await world.publish()
    await eventually(lambda: has_everything(world, [*WORKS, *LATER]))
    await eventually(lambda: has_noted(world, [*WORKS, *LATER]))
    await ended(instances[1])


@dataclass(slots=True)
class Watching:
    """Sees which slots an instance has."""

    slots: set[Slot] = field(default_factory=set)

    async def assigned(self, slots: Collection[Slot]) -> Mapping[Slot, Start]:
        self.slots = set(slots)
        return {slot: Start(0) for slot in slots}

    async def revoked(self, slots: Collection[Slot]) -> None:
        self.slots -= set(slots)

    async def read(self, bus: Bus) -> None:
        subscription = await bus.subscribe("desk.watching", ["intake"], self)
        try:
            while True:
                await subscription.batch(100, 0.2)
        finally:
            await subscription.close()

    async def has(self, number: int) -> bool:
        return len(self.slots) == number


@on_kafka
async def test_the_lag_that_others_see_is_that_of_the_slowest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kippu_events.bus.shared.COMMIT_EVERY_SECONDS", 0.1)
    under = Committing(world.bus)
    bus = SharedBus(under, "desk", ["intake"], 2)
    await record_work(world.log, *WORKS)
    await world.publish()
    quick, slow = await asyncio.gather(
        bus.subscribe("desk.quick", ["intake"], Watching()), bus.subscribe("desk.slow", ["intake"], Watching())
    )
    await read(quick, len(WORKS))
    await quick.commit()
    await read(slow, len(WORKS) // 2)
    await slow.commit()
    await eventually(under.committed_anew)
    half = under.done

    await read(slow, len(WORKS) - len(WORKS) // 2)
    await slow.commit()
    await eventually(under.committed_anew)
    whole = under.done
    assert whole.keys() == {("intake", slot_of(ticket_of(ticket))) for ticket, _ in WORKS}
    assert half != whole
    assert all(offset <= whole[slot] for slot, offset in half.items())
    await slow.close()
    await quick.close()


async def read(subscription: Subscription, number: int) -> None:
    while number > 0:
        number -= len(await subscription.batch(number, 0.2))


class Committing:
    """A bus whose subscription tells what it is to commit."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.done: Mapping[Slot, int] = {}
        self._commits = self._seen = 0

    async def subscribe(self, group: str, logs: Sequence[str], assignee: Assignee) -> Subscription:
        subscription = await self._bus.subscribe(group, logs, assignee)
        straight = subscription.commit

        async def commit(done: Mapping[Slot, int] | None = None) -> None:
            self.done = done or {}
            self._commits += 1
            await straight(done)

        subscription.commit = commit  # type: ignore[method-assign]  # a test listens in
        return subscription

    async def follow(self, starts: Mapping[Slot, Start]) -> Subscription:
        return await self._bus.follow(starts)

    async def committed_anew(self) -> bool:
        """Twice since it was last asked: the second began after that."""
        if self._commits < self._seen + 2:
            return False
        self._seen = self._commits
        return True


async def ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
