"""The bus on Apache Kafka: a topic per log, partition = slot modulo their number, kept without end.

Where a consumer reads on is never taken from Kafka: its mark, with the offset beside it, is in PostgreSQL. What is
committed to Kafka only shows lag to others. Nothing waits without a time-out.
"""

import asyncio
import contextlib
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    TopicAlreadyExistsError,
    for_code,
)

from kippu_events import steps
from kippu_events.bus import COMMIT_EVERY_SECONDS, Assignee, BusUnavailable, Record, Slot, Start
from kippu_events.bus.cloudevents import envelope_from, headers_of
from kippu_events.envelope import SLOTS, Envelope
from kippu_events.log import LogCorrupt

REQUEST_SECONDS = 10
PUBLISH_SECONDS = 60
CLOSE_SECONDS = 5
BATCH_BYTES = 256 * 1024
FETCH_MILLISECONDS = 1000
"""How long the broker holds a question for events while there are none; it answers at once when there are."""


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Where the brokers are, and how topics are named and made."""

    bootstrap_servers: str
    """`host:port`, several separated by commas."""
    prefix: str = "kippu"
    """What the names of topics and consumer groups start with."""
    partitions: int = SLOTS
    """Of new topics: 16 or a divisor of it. Those that exist keep theirs."""
    replication_factor: int = 1
    """Of new topics; 3 where there are three brokers or more."""
    session_seconds: float = 10.0
    """After so long without a heartbeat a consumer has lost its slots."""
    longest_pause_seconds: float = 300.0
    """After so long without a call for a batch a consumer has lost its slots."""
    join_seconds: float = 120.0
    """A member that its group has not taken in by then begins anew: aiokafka's own attempts can end without a word,
    such as when the broker's name could not be resolved for a while."""

    def __post_init__(self) -> None:
        if self.partitions < 1 or SLOTS % self.partitions:
            raise ValueError(f"{self.partitions} partitions: it must be a divisor of {SLOTS}")

    def topic(self, log: str) -> str:
        return f"{self.prefix}.{log}"


class KafkaBus:
    """Subscriptions of one group share the partitions."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    async def subscribe(self, group: str, logs: Sequence[str], assignee: Assignee) -> "KafkaSubscription":
        partitions = await ensure_topics(self._settings, logs)
        subscription = KafkaSubscription(self._settings, group, partitions, assignee)
        await subscription.start()
        return subscription

    async def follow(self, starts: Mapping[Slot, Start]) -> "KafkaSubscription":
        partitions = await ensure_topics(self._settings, {log for log, _ in starts})
        subscription = KafkaSubscription(self._settings, None, partitions, _Standing(starts))
        await subscription.start(starts)
        return subscription


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a subscription without a group begins."""

    starts: Mapping[Slot, Start]

    async def assigned(self, slots: Collection[Slot]) -> Mapping[Slot, Start]:
        return {slot: self.starts[slot] for slot in slots}

    async def revoked(self, slots: Collection[Slot]) -> None:
        """Nobody takes them away."""


async def ensure_topics(settings: KafkaSettings, logs: Iterable[str]) -> dict[str, int]:
    """Makes the topics of these logs where they are missing; answers their numbers of partitions, by log."""
    topics = {settings.topic(log): log for log in logs}
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers, request_timeout_ms=REQUEST_SECONDS * 1000)
    try:
        async with asyncio.timeout(REQUEST_SECONDS * 2):
            await admin.start()
            found = await _partitions(admin, topics)
            missing = [topic for topic in topics if topic not in found]
            if missing:
                await _create(admin, settings, missing)
                while not found.keys() >= topics.keys():
                    await asyncio.sleep(0.05)
                    found = await _partitions(admin, topics)
    except (KafkaError, TimeoutError, OSError) as error:
        raise BusUnavailable(f"Kafka at {settings.bootstrap_servers}: {error!r}") from error
    finally:
        with contextlib.suppress(Exception):
            await admin.close()
    for topic, number in found.items():
        if SLOTS % number:
            raise ValueError(f"topic {topic} has {number} partitions, which is no divisor of {SLOTS}")
    return {topics[topic]: number for topic, number in found.items()}


async def _partitions(admin: AIOKafkaAdminClient, topics: Collection[str]) -> dict[str, int]:
    described = await admin.describe_topics(list(topics))
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in described
        if topic["error_code"] == 0 and all(part["error_code"] == 0 for part in topic["partitions"])
    }


async def _create(admin: AIOKafkaAdminClient, settings: KafkaSettings, topics: Iterable[str]) -> None:
    # Without end: a consumer that is rebuilt reads from the first event. And never compacted.
    configs = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
    new = [NewTopic(topic, settings.partitions, settings.replication_factor, topic_configs=configs) for topic in topics]
    response = await admin.create_topics(new)
    for _, code, *message in response.topic_errors:
        error = for_code(code)
        if code != 0 and error is not TopicAlreadyExistsError:
            raise error(*message)


class KafkaPublisher:
    """Publishes one log, in order: one idempotent producer, many sends in flight, acknowledged by all replicas."""

    def __init__(self, settings: KafkaSettings, log: str) -> None:
        self._settings = settings
        self._log = log
        self._producer: AIOKafkaProducer | None = None
        self._partitions = settings.partitions

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                producer = self._producer or await self._start()
                sent = []
                for envelope in envelopes:
                    confirmed = await producer.send(
                        self._settings.topic(self._log),
                        value=envelope.data,
                        key=envelope.stream.encode(),
                        partition=envelope.slot % self._partitions,
                        headers=headers_of(envelope),
                    )
                    sent.append(confirmed)
                    steps.reached("relay.sending")
                await asyncio.gather(*sent)
        except (KafkaError, TimeoutError, OSError) as error:
            # What became of the sends in flight is unknown; a new producer sends them again, and marks sort it out.
            await self.close()
            raise BusUnavailable(f"Kafka at {self._settings.bootstrap_servers}: {error!r}") from error

    async def _start(self) -> AIOKafkaProducer:
        self._partitions = (await ensure_topics(self._settings, [self._log]))[self._log]
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.bootstrap_servers,
            client_id=f"{self._settings.prefix}.relay.{self._log}",
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=REQUEST_SECONDS * 1000,
            max_batch_size=BATCH_BYTES,
        )
        await self._producer.start()
        return self._producer

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await producer.stop()


class KafkaSubscription(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """One member of a consumer group; without a group, the only reader of its partitions."""

    def __init__(
        self, settings: KafkaSettings, group: str | None, partitions: Mapping[str, int], assignee: Assignee
    ) -> None:
        self._partitions = partitions
        self._assignee = assignee
        self._logs = {settings.topic(log): log for log in partitions}
        self._topics = {log: settings.topic(log) for log in partitions}
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.bootstrap_servers,
            group_id=f"{settings.prefix}.{group}" if group else None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            request_timeout_ms=REQUEST_SECONDS * 1000,
            session_timeout_ms=int(settings.session_seconds * 1000),
            heartbeat_interval_ms=int(settings.session_seconds * 300),
            max_poll_interval_ms=int(settings.longest_pause_seconds * 1000),
            fetch_max_wait_ms=FETCH_MILLISECONDS,
        )
        self._drain_seconds = settings.session_seconds
        self._join_seconds = settings.join_seconds
        self._sought: set[TopicPartition] = set()
        """Partitions that stand where their marks say. What was fetched of others before that is not delivered."""
        self._failure: BaseException | None = None
        self._join_by: float | None = None
        """When it has to be in its group; None while it is."""
        self._paused = False
        self._committed_at = 0.0
        self._bus_log = structlog.get_logger().bind(group=group)

    async def start(self, slots: Iterable[Slot] = ()) -> None:
        """`slots` are those to follow, without a group."""
        try:
            async with asyncio.timeout(REQUEST_SECONDS * 2):
                await self._consumer.start()
        except (KafkaError, TimeoutError, OSError) as error:
            await self.close()
            raise BusUnavailable(f"Kafka: {error!r}") from error
        if slots:
            partitions = {self._partition(slot) for slot in slots}
            self._consumer.assign(partitions)
            await self.on_partitions_assigned(partitions)
        else:
            self._consumer.subscribe(topics=list(self._logs), listener=self)
            self._join_by = time.monotonic() + self._join_seconds

    async def batch(self, limit: int, seconds: float) -> list[Record]:
        fetched: Mapping[TopicPartition, Sequence[ConsumerRecord]] = {}
        try:
            # During a rebalance getmany waits without a time-out of its own.
            async with asyncio.timeout(seconds + 1):
                fetched = await self._consumer.getmany(timeout_ms=int(seconds * 1000), max_records=limit)
        except TimeoutError:
            pass
        except NoOffsetForPartitionError:
            # Just assigned; `on_partitions_assigned` is about to seek.
            await asyncio.sleep(0.01)
        except OffsetOutOfRangeError as error:
            await self._back_to_beginning(error.args[0])
        except KafkaError as error:
            raise BusUnavailable(f"Kafka: {error!r}") from error
        if self._join_by is not None and time.monotonic() > self._join_by:
            raise BusUnavailable(f"the group did not take this member in within {self._join_seconds:.0f} seconds")
        if self._failure is not None:
            raise BusUnavailable(f"taking over slots failed: {self._failure!r}") from self._failure
        return [
            self._record(partition, message)
            for partition, messages in fetched.items()
            if partition in self._sought and not self._paused
            for message in messages
        ]

    def _record(self, partition: TopicPartition, message: ConsumerRecord) -> Record:
        log = self._logs[partition.topic]
        envelope = envelope_from(log, message.headers, message.value)
        if envelope.slot % self._partitions[log] != partition.partition:
            raise LogCorrupt(f"{log} position {envelope.position} is in partition {partition.partition}")
        return Record(envelope, message.offset)

    async def _back_to_beginning(self, partitions: Collection[TopicPartition]) -> None:
        """The offset beside a mark is one that this topic does not have: it was made anew. Slot numbers still hold."""
        self._bus_log.warning("bus.offsets_out_of_range", partitions=[str(partition) for partition in partitions])
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                beginnings = await self._consumer.beginning_offsets(list(partitions))
        except (KafkaError, TimeoutError) as error:
            raise BusUnavailable(f"Kafka: {error!r}") from error
        for partition, offset in beginnings.items():
            with contextlib.suppress(IllegalStateError):  # no longer ours
                self._consumer.seek(partition, offset)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Called by aiokafka, which swallows what is raised here: `batch` raises it instead."""
        try:
            slots = [slot for partition in assigned for slot in self._slots(partition)]
            starts = await self._assignee.assigned(slots)
            for partition in assigned:
                offsets = [starts[slot].offset for slot in self._slots(partition)]
                self._consumer.seek(partition, _first(offsets))
            if self._paused:
                self._consumer.pause(*assigned)
            self._sought = set(assigned)
            self._join_by = None
        except Exception as error:
            self._failure = error

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Called by aiokafka, which lets the group wait until this returns."""
        self._sought.clear()
        self._join_by = time.monotonic() + self._join_seconds
        try:
            async with asyncio.timeout(self._drain_seconds):
                await self._assignee.revoked([slot for partition in revoked for slot in self._slots(partition)])
        except TimeoutError:
            # Whoever has the slots next finds its marks unmoved; what is still in hand here will find them moved.
            self._bus_log.warning("bus.drain_timed_out", partitions=len(revoked))

    def _slots(self, partition: TopicPartition) -> list[Slot]:
        log = self._logs[partition.topic]
        return [(log, number) for number in range(partition.partition, SLOTS, self._partitions[log])]

    def _partition(self, slot: Slot) -> TopicPartition:
        log, number = slot
        return TopicPartition(self._topics[log], number % self._partitions[log])

    async def seek(self, slot: Slot, start: Start) -> None:
        partition = self._partition(slot)
        if partition not in self._sought:
            return
        offset = _first([start.offset])
        try:
            # Never forward: another slot of the partition may be further behind.
            async with asyncio.timeout(REQUEST_SECONDS):
                offset = min(offset, await self._consumer.position(partition))
            self._consumer.seek(partition, offset)
        except IllegalStateError:
            return  # no longer ours
        except (KafkaError, TimeoutError) as error:
            raise BusUnavailable(f"Kafka: {error!r}") from error

    def pause(self) -> None:
        self._paused = True
        self._consumer.pause(*self._consumer.assignment())

    def resume(self) -> None:
        self._paused = False
        self._consumer.resume(*self._consumer.assignment())

    async def commit(self, done: Mapping[Slot, int] | None = None) -> None:
        if time.monotonic() - self._committed_at < COMMIT_EVERY_SECONDS or done == {}:
            return
        self._committed_at = time.monotonic()
        with contextlib.suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(REQUEST_SECONDS):
                await self._consumer.commit(None if done is None else self._offsets(done))

    def _offsets(self, done: Mapping[Slot, int]) -> dict[TopicPartition, int]:
        """Partitions are read in their order, so the slot that is furthest says how far theirs is done."""
        offsets: dict[TopicPartition, int] = {}
        for slot, offset in done.items():
            partition = self._partition(slot)
            offsets[partition] = max(offset, offsets.get(partition, 0))
        return offsets

    async def close(self) -> None:
        # As a task of its own: without a group, aiokafka may cancel whoever closes it, where it has hardly begun.
        stopping = asyncio.ensure_future(self._consumer.stop())
        await asyncio.wait([stopping], timeout=CLOSE_SECONDS)
        if stopping.done():
            stopping.cancelled() or stopping.exception()
        else:
            stopping.cancel()


def _first(offsets: Iterable[int | None]) -> int:
    """Where a partition is to be read from, so that none of its slots misses anything."""
    return min((0 if offset is None else offset) for offset in offsets)
