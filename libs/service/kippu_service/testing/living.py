"""A service that lives: its API, its consumers on the embedded bus, its deadlines; on a real database.

Slots are shuffled against each other, so that whatever relies on an order it is not promised is found out.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from kippu_events.bus.embedded import EmbeddedBus
from kippu_events.consumer.marks import projector_id, reactor_id
from kippu_events.consumer.projector import ProjectorRunner, reset
from kippu_events.consumer.reactor import ReactorRunner
from kippu_events.consumer.runner import Runner
from kippu_events.database import Database
from kippu_events.deadline_runner import DeadlineRunner
from kippu_events.event import Event
from kippu_events.log import Log
from kippu_events.ports import VirtualClock
from kippu_privacy.keyring import Keyring

from kippu_service.application import create_app
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing import runtime_on
from kippu_service.testing.hearing import tell

SETTLE_SECONDS = 120.0
"""On a machine that has other things to do."""

_MARKS = "select consumer, log, slot, slot_seq from bus.mark"
_DUMP = "select t::text from read.{} t order by 1"


@dataclass
class Living:
    """One service, alive. `logs` holds its own log and those of the services it hears."""

    service: Service
    runtime: Runtime
    app: FastAPI
    clock: VirtualClock
    logs: dict[str, Log]
    bus: EmbeddedBus
    deadlines: DeadlineRunner | None
    running: list[asyncio.Task[None]]

    async def hear(self, log: str, stream: str, *events: Event, provider: str = "iij") -> None:
        """Another service's events, appended to that service's log."""
        await tell(self.runtime, self.logs[log], stream, *events, provider=provider)

    async def events(self, *types: type[Event]) -> list[Any]:
        """What the service has recorded, of these types (of all, if none is named)."""
        envelopes = await self.runtime.log.read(0, 10_000)
        return [envelope.event for envelope in envelopes if not types or isinstance(envelope.event, types)]

    async def run_due(self) -> int:
        """Fires what is due and waits until everybody has heard of it."""
        if self.deadlines is None:
            return 0
        fired = await self.deadlines.run_due()
        await self.settle()
        return fired

    async def dump(self) -> dict[str, list[str]]:
        """Every read model as text, row by row in the order of the rows' text: equal dumps are equal tables."""
        tables = [table.removeprefix("read.") for each in self.service.projectors for table in each.tables]
        return {table: [row[0] for row in await self.runtime.writers.fetch(_DUMP.format(table))] for table in tables}

    async def rebuild(self) -> None:
        """Empties every read model and builds it anew from position 0, beside the consumer that runs already."""
        connection = await self.runtime.connect_writer()
        try:
            for projector in self.service.projectors:
                await reset(connection, projector)
                numbers = await self._numbers()
                until = {(log, slot): number for log in projector.logs for slot, number in enumerate(numbers[log])}
                await ProjectorRunner(self.service.name, projector, self.bus, self.runtime.connect_writer).run(until)
        finally:
            await connection.close()

    async def settle(self) -> None:
        """Waits until every consumer has done everything there is, and nothing more came of it."""
        async with asyncio.timeout(SETTLE_SECONDS):
            while True:
                before = await self._numbers()
                if await self._all_done(before) and before == await self._numbers():
                    return
                for task in self.running:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.01)

    async def _numbers(self) -> dict[str, tuple[int, ...]]:
        return {name: (await log.head()).slot_seqs for name, log in self.logs.items()}

    async def _all_done(self, numbers: dict[str, tuple[int, ...]]) -> bool:
        marks = {tuple(row)[:3]: row["slot_seq"] for row in await self.runtime.writers.fetch(_MARKS)}
        consumers = [(projector_id(each.name), each.logs) for each in self.service.projectors]
        consumers += [(reactor_id(each.name), each.logs) for each in self.service.reactors]
        return all(
            marks.get((consumer, log, slot), 0) >= number
            for consumer, logs in consumers
            for log in logs
            for slot, number in enumerate(numbers[log])
        )


@asynccontextmanager
async def living(
    build: Callable[[Runtime], Service],
    database: Database,
    log: Log,
    heard: Sequence[Log],
    clock: VirtualClock,
    shuffle_seed: int = 1,
    keyring: Keyring | None = None,
) -> AsyncIterator[Living]:
    """The service of `build` on its database and log, hearing the logs of other services. Services that live together
    are given one keyring."""
    logs = {each.name: each for each in (log, *heard)}
    bus = EmbeddedBus(logs, random.Random(shuffle_seed))  # noqa: S311  not for secrets, but to be repeatable
    async with runtime_on(database, log, clock=clock, keyring=keyring) as runtime:
        service = build(runtime)
        connect, worker = runtime.connect_writer, runtime.worker
        runners: list[Runner] = [ProjectorRunner(service.name, each, bus, connect) for each in service.projectors]
        runners += [ReactorRunner(service.name, each, worker, bus, connect) for each in service.reactors]
        deadlines = DeadlineRunner(service.name, service.deadlines, worker, connect) if service.deadlines else None
        running = [asyncio.create_task(runner.run()) for runner in runners]
        try:
            yield Living(service, runtime, create_app(service, runtime), clock, logs, bus, deadlines, running)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            if deadlines is not None:
                await deadlines.close()
