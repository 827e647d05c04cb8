"""What is Kafka's alone: the relay, the messages, groups that share slots, offsets that no longer fit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from kippu_events.bus import Assignee, Bus, BusUnavailable, Record, Slot, Start, Subscription
from kippu_events.bus.cloudevents import envelope_from
from kippu_events.bus.kafka import KafkaBus, KafkaPublisher, KafkaSettings, ensure_topics
from kippu_events.consumer import marks
from kippu_events.consumer.marks import slots_of
from kippu_events.database import Database
from kippu_events.log import Head, LogCorrupt
from kippu_events.log.postgres import PostgresLog
from kippu_events.relay import Relay
from kippu_events.steps import at_step
from kippu_events.testing.buses import PATIENCE_SECONDS, QUICK, World, eventually, trails
from kippu_events.testing.desk import MIGRATIONS, WorkTotals, append, record_work, ticket_of, work_recorded
from kippu_events.testing.plugin import MakeDatabase

WORKS = [(f"T{number % 7}", f"w{number}") for number in range(60)]


@pytest.fixture
async def world(service_database: MakeDatabase, kafka: KafkaSettings) -> AsyncIterator[World]:
    publisher_database: Database = await service_database("intake")
    database = await service_database("desk", [MIGRATIONS])
    async with (
        PostgresLog("intake", publisher_database.writer_url) as log,
        PostgresLog("entitlement", database.writer_url) as own_log,
    ):
        yield World(log, own_log, publisher_database, database, KafkaBus(kafka), kafka)


class Everything:
    """Reads all slots from the beginning, without marks."""

    def __init__(self) -> None:
        self.slots: set[Slot] = set()

    async def assigned(self, slots: Collection[Slot]) -> Mapping[Slot, Start]:
        self.slots = set(slots)
        return {slot: Start(0) for slot in slots}

    async def revoked(self, slots: Collection[Slot]) -> None:
        self.slots -= set(slots)


async def read_all(world: World, at_least: int) -> list[Record]:
    subscription = await world.bus.subscribe("reader", ["intake"], Everything())
    records: list[Record] = []
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(records) < at_least:
                records += await subscription.batch(100, 0.5)
            records += await subscription.batch(100, 0.5)
    finally:
        await subscription.close()
    return records


def first_of_each(records: list[Record]) -> dict[Slot, list[int]]:
    """The slot numbers as a consumer with marks takes them: each the first time that it is next."""
    taken: dict[Slot, list[int]] = {}
    for record in records:
        numbers = taken.setdefault(record.slot, [])
        if record.envelope.slot_seq == len(numbers) + 1:
            numbers.append(record.envelope.slot_seq)
    return taken


async def test_a_message_is_a_cloudevent_with_the_recorded_bytes(world: World) -> None:
    await append(world.log, ticket_of("T1"), work_recorded("T1", "w1"))
    [envelope] = await world.log.read(0)
    await world.publish()

    [record] = await read_all(world, 1)
    assert record.envelope == envelope

    assert world.kafka is not None
    consumer = AIOKafkaConsumer(bootstrap_servers=world.kafka.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    partition = TopicPartition(world.kafka.topic("intake"), envelope.slot)
    consumer.assign([partition])
    message = await consumer.getone(partition)
    await consumer.stop()
    headers = dict(message.headers)
    assert message.value == envelope.data
    assert message.key == b"ticket-iij-T1"
    assert headers["content-type"] == b"application/json"
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_id"] == str(envelope.id).encode()
    assert headers["ce_type"] == b"kippu.intake.WorkRecorded.v1"
    assert headers["ce_subject"] == b"ticket-iij-T1"
    assert headers["ce_source"] == b"urn:kippu:intake"
    assert headers["ce_slotseq"] == b"1"
    assert headers["ce_actor"] == b"client:portal-1"


async def test_bytes_that_were_changed_on_the_way_stop(world: World) -> None:
    await append(world.log, ticket_of("T1"), work_recorded("T1", "w1"))
    [envelope] = await world.log.read(0)
    assert world.kafka is not None
    changed = replace(envelope, data=envelope.data.replace(b'"minutes":10', b'"minutes":99'))
    publisher = KafkaPublisher(world.kafka, "intake")
    await publisher.publish([changed])
    await publisher.close()

    with pytest.raises(LogCorrupt, match="not the event that was recorded"):
        await read_all(world, 1)
    with pytest.raises(LogCorrupt, match="no event"):
        envelope_from("intake", [("ce_id", b"1")], b"{}")


async def test_topics_are_kept_without_end(world: World) -> None:
    assert world.kafka is not None
    assert await ensure_topics(world.kafka, ["intake", "billing"]) == {"intake": 16, "billing": 16}
    admin = AIOKafkaAdminClient(bootstrap_servers=world.kafka.bootstrap_servers)
    await admin.start()
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, world.kafka.topic("intake"))])
    await admin.close()
    configs: dict[str, Any] = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    assert (configs["retention.ms"], configs["retention.bytes"]) == ("-1", "-1")
    assert configs["cleanup.policy"] == "delete"


async def test_partitions_divide_the_slots() -> None:
    with pytest.raises(ValueError, match="divisor of 16"):
        KafkaSettings("localhost:1", partitions=12)


async def test_no_broker_is_said_clearly() -> None:
    with pytest.raises(BusUnavailable, match="Kafka at 127"):
        await ensure_topics(KafkaSettings("127.0.0.1:1"), ["intake"])


async def test_the_relay_publishes_all_in_order_and_remembers(world: World) -> None:
    await record_work(world.log, *WORKS[:30])
    await world.publish()
    await record_work(world.log, *WORKS[30:])
    await world.publish()

    records = await read_all(world, len(WORKS))

    assert len(records) == len(WORKS)
    head = await world.log.head()
    assert first_of_each(records) == {
        ("intake", slot): list(range(1, last + 1)) for slot, last in enumerate(head.slot_seqs) if last
    }


async def test_a_relay_that_crashes_before_its_mark_moves_loses_nothing(world: World) -> None:
    class Crash(BaseException): ...

    def crash() -> None:
        raise Crash

    await record_work(world.log, *WORKS)
    with at_step("relay.published", crash), pytest.raises(Crash):
        await world.publish()
    await world.publish()

    records = await read_all(world, 2 * len(WORKS))

    assert len(records) == 2 * len(WORKS)
    assert sum(len(numbers) for numbers in first_of_each(records).values()) == len(WORKS)


async def test_a_second_relay_without_the_leader_lock_is_harmless(world: World) -> None:
    """Two relays that both believe they lead: whatever they publish twice has one effect."""
    leaders = [Unlocked(world), Unlocked(world)]
    running = [asyncio.create_task(relay.run()) for relay in leaders]
    try:
        for start in range(0, len(WORKS), 6):
            await record_work(world.log, *WORKS[start : start + 6])
            await asyncio.sleep(0.02)
        await eventually(lambda: is_published(world, len(WORKS)))
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    await world.consume(world.projector(WorkTotals()))

    assert {ticket_no: entries for ticket_no, (entries, _) in (await world.totals()).items()} == {
        f"T{number}": len(range(number, 60, 7)) for number in range(7)
    }


async def test_a_relay_that_another_overtakes_while_it_starts_does_not_stop(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mark beyond the head that was read before it is no sign of a restored log."""
    head = world.log.head

    async def overtaken() -> Head:
        seen = await head()
        monkeypatch.setattr(world.log, "head", head)
        await record_work(world.log, *WORKS[:3])
        await world.publish()
        return seen

    monkeypatch.setattr(world.log, "head", overtaken)
    await Unlocked(world).run(until=3)

    assert world.log.head == head
    assert len(await read_all(world, 3)) == 3


class Unlocked(Relay):
    """A relay whose lock is of no use, as that of a leader that slept is."""

    def __init__(self, world: World) -> None:
        assert world.kafka is not None
        super().__init__(world.log, KafkaPublisher(world.kafka, "intake"), world.connect_publisher, QUICK)

    async def _lead(self, until: int | None) -> None:
        connection = await self._connect()
        await self._publish(connection, until)


async def test_only_one_relay_leads_and_the_next_takes_over(world: World) -> None:
    first = asyncio.create_task(world.relay().run())
    await record_work(world.log, ("T1", "a1"))
    await eventually(lambda: is_published(world, 1))

    second = asyncio.create_task(world.relay().run(until=2))
    await asyncio.sleep(0.5)
    connection = await world.connect_publisher()
    locks = await connection.fetchval("select count(*) from pg_locks where locktype = 'advisory' and granted")
    await connection.close()
    assert locks == 1
    assert not second.done()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await record_work(world.log, ("T1", "a2"))

    async with asyncio.timeout(PATIENCE_SECONDS):
        await second
    assert await is_published(world, 2)


async def is_published(world: World, position: int) -> bool:
    connection = await world.connect_publisher()
    try:
        return bool(await connection.fetchval("select true from bus.relay where position >= $1", position))
    finally:
        await connection.close()


async def test_a_relay_of_a_restored_log_stops(world: World) -> None:
    await record_work(world.log, *WORKS[:3])
    await world.publish()
    admin = await asyncpg.connect(world.publisher_database.admin_url)
    await admin.execute("select log.new_epoch()")
    await admin.close()

    with pytest.raises(LogCorrupt, match="restored"):
        await world.publish()


async def test_a_group_shares_the_slots_and_drains_what_it_gives_up(world: World) -> None:
    first, second = Everything(), Everything()
    one = await world.bus.subscribe("shared", ["intake"], first)
    polling = [asyncio.create_task(poll(one))]
    await eventually(lambda: have(first, 16))

    two = await world.bus.subscribe("shared", ["intake"], second)
    polling.append(asyncio.create_task(poll(two)))
    await eventually(lambda: have(first, 8, second, 8))
    assert first.slots | second.slots == set(slots_of(["intake"]))

    polling[0].cancel()
    await one.close()
    await eventually(lambda: have(second, 16))
    polling[1].cancel()
    await two.close()


async def test_a_member_that_its_group_does_not_take_in_begins_anew_until_it_does(world: World) -> None:
    await record_work(world.log, *WORKS)
    assert world.kafka is not None
    # Given a group that takes nobody in: it waits for a member that looks up every 30 seconds
    holder = Everything()
    slow = await KafkaBus(replace(world.kafka, session_seconds=100)).subscribe(
        "desk.projector.work-totals", ["intake"], holder
    )
    polling = asyncio.create_task(poll(slow))
    await eventually(lambda: have(holder, 16))
    # When another member wants to join, then it tries again; by then the broker has forgotten its first try
    world.bus = subscribing = Subscribing(KafkaBus(replace(world.kafka, join_seconds=12)))
    consuming = asyncio.create_task(world.consume(world.projector(WorkTotals())))
    await eventually(lambda: subscribing.has_tried(2))
    assert not consuming.done()
    assert await world.totals() == {}
    # And once that one has left it is taken in, and has missed nothing
    polling.cancel()
    await slow.close()
    await consuming
    assert await world.totals() == trails(WORKS)


class Subscribing:
    """A bus that counts its subscriptions."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._count = 0

    async def subscribe(self, group: str, logs: Sequence[str], assignee: Assignee) -> Subscription:
        self._count += 1
        return await self._bus.subscribe(group, logs, assignee)

    async def follow(self, starts: Mapping[Slot, Start]) -> Subscription:
        return await self._bus.follow(starts)

    async def has_tried(self, times: int) -> bool:
        return self._count >= times


async def have(*expected: Any) -> bool:
    return all(len(who.slots) == number for who, number in zip(expected[::2], expected[1::2], strict=True))


async def poll(subscription: Any) -> None:
    while True:
        await subscription.batch(100, 0.2)


async def test_an_offset_that_the_topic_does_not_have_is_no_reason_to_miss_anything(world: World) -> None:
    """The topic was made anew, or the database restored: slot numbers still hold, offsets do not."""
    await record_work(world.log, *WORKS)
    await world.consume(world.projector(WorkTotals()))
    connection = await world.connect()
    await connection.execute("update bus.mark set bus_offset = bus_offset + 1000")
    await connection.close()
    await record_work(world.log, ("T1", "later"), ("T2", "later"))

    await world.consume(world.projector(WorkTotals()))

    totals = await world.totals()
    assert sum(entries for entries, _ in totals.values()) == len(WORKS) + 2
    assert totals["T1"][1].endswith(" later")


async def test_reading_goes_on_from_the_offset_beside_the_mark(world: World) -> None:
    await record_work(world.log, *WORKS)
    await world.consume(world.projector(WorkTotals()))
    connection = await world.connect()
    found = await marks.read(connection, marks.projector_id("work-totals"), slots_of(["intake"]))
    await connection.close()
    done = {slot: mark for slot, mark in found.items() if mark.slot_seq}
    assert {mark.offset for mark in done.values()} != {None}
    # 16 partitions: the offset of a slot's nth event, published once, is n - 1.
    assert all(mark.start == Start(mark.slot_seq, mark.slot_seq) for mark in done.values())
