"""Pytest fixtures: a publishing service, a consuming one, and a bus between them; each test runs on every bus."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import pytest
from kippu_privacy import Associated, Plain, Sealed

from kippu_events.bus import Assignee, Bus, Record, Slot, Start, Subscription
from kippu_events.bus.embedded import EmbeddedBus
from kippu_events.bus.kafka import KafkaBus, KafkaPublisher, KafkaSettings
from kippu_events.bus.shared import SharedBus
from kippu_events.consumer import Projector, Reactor
from kippu_events.consumer.marks import MarkMover
from kippu_events.consumer.projector import ProjectorRunner
from kippu_events.consumer.reactor import ReactorRunner
from kippu_events.consumer.runner import Runner, Tuning, connector
from kippu_events.database import Database
from kippu_events.log import Head
from kippu_events.log.postgres import PostgresLog
from kippu_events.ports import SystemClock, SystemIds
from kippu_events.relay import Relay
from kippu_events.testing import desk
from kippu_events.testing.plugin import MakeDatabase
from kippu_events.work import Worker

QUICK = Tuning(attempts=2, backoff_seconds=0.01, gap_patience_seconds=1.0, idle_seconds=0.2)
"""Runners in tests do not wait longer than they must."""

PATIENCE_SECONDS = 240
"""On a machine that has other things to do."""


class SealsNothing:
    """The desk's events hold no personal data."""

    async def seal(self, values: Iterable[tuple[Plain, Associated]]) -> list[Sealed]:
        raise AssertionError(f"nothing was to be sealed: {list(values)}")


@dataclass(slots=True)
class World:
    """Intake publishes in `log`; the desk consumes, with tables and a log of its own."""

    log: PostgresLog
    own_log: PostgresLog
    publisher_database: Database
    database: Database
    bus: Bus
    kafka: KafkaSettings | None
    mover: MarkMover | None = None

    async def connect(self) -> asyncpg.Connection[Any]:
        return await connector(self.database.writer_url, "test")()

    async def connect_publisher(self) -> asyncpg.Connection[Any]:
        return await connector(self.publisher_database.writer_url, "test")()

    def relay(self) -> Relay:
        assert self.kafka is not None
        return Relay(self.log, KafkaPublisher(self.kafka, self.log.name), self.connect_publisher, QUICK)

    async def publish(self) -> Head:
        """Gets everything that is in the log onto the bus; answers how far that is."""
        head = await self.log.head()
        if self.kafka is not None:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.relay().run(until=head.position)
        return head

    @property
    def worker(self) -> Worker:
        return Worker(self.own_log, SystemClock(), SystemIds(), SealsNothing())

    def projector(self, projector: Projector, tuning: Tuning = QUICK) -> ProjectorRunner:
        return ProjectorRunner("desk", projector, self.bus, self.connect, tuning, self.mover)

    def reactor(self, reactor: Reactor, tuning: Tuning = QUICK) -> ReactorRunner:
        return ReactorRunner("desk", reactor, self.worker, self.bus, self.connect, tuning, self.mover)

    async def consume(self, *runners: Runner) -> None:
        """Publishes, and runs these until they have done all that is in the log now."""
        until = slots_until(await self.publish())
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*[runner.run(until) for runner in runners])

    async def totals(self) -> dict[str, tuple[int, str]]:
        """The desk's read model: entries and trail by ticket number."""
        connection = await self.connect()
        try:
            rows = await connection.fetch("select ticket_no, entries, trail from read.work_total")
        finally:
            await connection.close()
        return {row["ticket_no"]: (row["entries"], row["trail"]) for row in rows}

    async def noted(self, ticket_no: str) -> tuple[str, ...]:
        """The work ids on a ticket's case, in the order in which the reactor noted them."""
        events = await self.own_log.read_stream(desk.case_of(ticket_no))
        return tuple(envelope.event.model_dump()["work_id"] for envelope in events)


async def eventually(holds: Callable[[], Awaitable[object]]) -> None:
    """Waits until it holds; fails if it never does."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.02)


def slots_until(head: Head) -> dict[Slot, int]:
    return {("intake", number): last for number, last in enumerate(head.slot_seqs)}


@pytest.fixture(params=["embedded", "shuffled", "kafka", "together"])
async def world(request: pytest.FixtureRequest, service_database: MakeDatabase) -> AsyncIterator[World]:
    """One world per bus. Kafka has fewer partitions than there are slots, so that slots share them.

    In the last, consumers subscribe and pass over together, as those of a service do.
    """
    async with AsyncExitStack() as stack:
        publisher_database = await service_database("intake")
        database = await service_database("desk", [desk.MIGRATIONS])
        log = await stack.enter_async_context(PostgresLog("intake", publisher_database.writer_url))
        own_log = await stack.enter_async_context(PostgresLog("entitlement", database.writer_url))
        kafka: KafkaSettings | None = None
        mover: MarkMover | None = None
        bus: Bus
        if request.param == "kafka":
            kafka = replace(request.getfixturevalue("kafka"), partitions=8)
            bus = KafkaBus(kafka)
        else:
            chance = random.Random(1)  # noqa: S311  an order to fail on again, not a secret
            bus = EmbeddedBus({"intake": log}, None if request.param == "embedded" else chance)
        if request.param == "together":
            bus = SharedBus(bus, "desk", ["intake"], 1)
            mover = MarkMover(await stack.enter_async_context(asyncpg.create_pool(database.writer_url, min_size=1)))
        yield World(log, own_log, publisher_database, database, bus, kafka, mover)


Change = Callable[[Sequence[Record]], Awaitable[Sequence[Record]]]


class MeddlingBus:
    """A bus over another that changes batches on their way: repeats, drops, holds back records."""

    def __init__(self, bus: Bus, change: Change) -> None:
        self._bus = bus
        self._change = change

    async def subscribe(self, group: str, logs: Sequence[str], assignee: Assignee) -> Subscription:
        return _Meddling(await self._bus.subscribe(group, logs, assignee), self._change)

    async def follow(self, starts: Mapping[Slot, Start]) -> Subscription:
        return _Meddling(await self._bus.follow(starts), self._change)


class _Meddling:
    def __init__(self, subscription: Subscription, change: Change) -> None:
        self._subscription = subscription
        self._change = change
        self.seek = subscription.seek
        self.pause = subscription.pause
        self.resume = subscription.resume
        self.commit = subscription.commit
        self.close = subscription.close

    async def batch(self, limit: int, seconds: float) -> list[Record]:
        return list(await self._change(await self._subscription.batch(limit, seconds)))


def trails(works: Iterable[tuple[str, str]]) -> Mapping[str, tuple[int, str]]:
    """What the desk's read model must come to after these (ticket number, work id)."""
    by_ticket: dict[str, list[str]] = {}
    for ticket_no, work_id in works:
        by_ticket.setdefault(ticket_no, []).append(work_id)
    return {ticket_no: (len(ids), " ".join(ids)) for ticket_no, ids in by_ticket.items()}
