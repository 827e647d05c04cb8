"""What both kinds of consumer share: a subscription, a connection of its own, marks, and what to do when one breaks.

A runner never goes past an event that it has neither applied nor parked. Whatever it does not understand about its
place (a gap that stays, another epoch, an unknown version, corrupt bytes) stops it: see ConsumerStopped.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog
from asyncpg import Connection

from kippu_events.bus import Bus, BusUnavailable, Record, Slot, Start, Subscription
from kippu_events.consumer import marks
from kippu_events.consumer.interest import Interest
from kippu_events.consumer.marks import Mark, MarkMover, Outcome
from kippu_events.database import refuse_superuser
from kippu_events.event import UnknownEventVersion
from kippu_events.log import LogCorrupt, MarkMoved
from kippu_events.passing import passes

Connect = Callable[[], Awaitable["Connection[Any]"]]
"""Opens a connection of one's own to the service's database, as its writer."""


def connector(url: str, purpose: str) -> Connect:
    """Dedicated connections of a writer's, for one consumer or relay. What takes longer than a minute is given up."""

    async def connect() -> Connection[Any]:
        connection = await asyncpg.connect(
            url, timeout=15, command_timeout=60, server_settings={"application_name": f"kippu {purpose}"}
        )
        await refuse_superuser(connection)
        return connection

    return connect


Progress = Callable[[int, int], None]
"""Told how many events are done, of how many."""


class ConsumerStopped(Exception):
    """A consumer cannot go on without a person: the process is to stop, loudly. Nothing was skipped."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a runner works; the defaults suit a server."""

    batch: int = 500
    """Records taken from the bus at once, and so the most that a projector writes in one transaction."""
    attempts: int = 5
    """How often an event is tried before it is poison."""
    backoff_seconds: float = 0.1
    """The pause before the second attempt; it doubles with each, up to `longest_backoff_seconds`."""
    longest_backoff_seconds: float = 5.0
    gap_patience_seconds: float = 30.0
    """How long a missing event may stay missing after a rewind to the beginning."""
    idle_seconds: float = 1.0

    def backoff(self, attempt: int) -> float:
        """The pause after this failed attempt, counted from 1."""
        return min(self.backoff_seconds * 2.0 ** (min(attempt, 32) - 1), self.longest_backoff_seconds)


STOPPING = (ConsumerStopped, LogCorrupt, UnknownEventVersion)
"""Errors that are neither the event's fault nor pass by themselves."""


class Runner(ABC):
    """Runs one consumer. `run` returns only when cancelled or when `until` is reached."""

    def __init__(
        self, consumer: str, group: str, logs: Sequence[str], interest: Interest, bus: Bus, connect: Connect,
        tuning: Tuning, mover: MarkMover | None,
    ) -> None:  # fmt: skip
        self.consumer = consumer
        self.tuning = tuning
        self._group = group
        self._logs = tuple(logs)
        self._interest = interest
        self._bus = bus
        self._connect = connect
        self._mover = mover
        self._connection: Connection[Any] | None = None
        self._connection_turn = asyncio.Lock()
        """asyncpg runs one statement at a time: held around every use that may meet another."""
        self._marks: dict[Slot, Mark] = {}
        self._missing: dict[Slot, float] = {}
        """Slots with a gap, rewound at this monotonic time."""
        self._working = asyncio.Lock()
        """Held while records are in hand, so that `revoked` can wait for them."""
        self._log = structlog.get_logger().bind(consumer=consumer, group=group)

    @abstractmethod
    async def _prepare(self, connection: Connection[Any]) -> None:
        """Once, before the first subscription."""

    @abstractmethod
    async def _handle(self, subscription: Subscription, records: Sequence[Record]) -> None:
        """Applies or parks these records and moves the marks to the last of each slot.

        They are contiguous from the marks on within each slot. Raises MarkMoved if another instance has moved one.
        """

    async def run(self, until: Mapping[Slot, int] | None = None, progress: Progress | None = None) -> None:
        """Consumes until cancelled, or until each slot's mark has reached its number in `until`.

        Raises ConsumerStopped.
        """
        failures = 0
        while True:
            try:
                await self._connect_anew()
                await self._prepare(self.connection)
                subscription = await self._bus.subscribe(self._group, self._logs, self)
                try:
                    failures = 0
                    await self._consume(subscription, until, progress)
                    return
                finally:
                    await subscription.close()
            except STOPPING as error:
                self._log.error("consumer.stopped", error=str(error))
                if isinstance(error, ConsumerStopped):
                    raise
                raise ConsumerStopped(f"{self.consumer}: {error}") from error
            except Exception as error:
                if not passes(error):
                    raise
                failures += 1
                self._log.warning("consumer.waiting", error=str(error), failures=failures)
                await asyncio.sleep(self.tuning.backoff(failures))
            finally:
                await self._disconnect()

    async def _consume(
        self, subscription: Subscription, until: Mapping[Slot, int] | None, progress: Progress | None
    ) -> None:
        while True:
            if until is not None and await self._has_reached(until, progress):
                return
            records = await subscription.batch(self.tuning.batch, self.tuning.idle_seconds)
            if not records:
                continue
            try:
                async with self._working:
                    await self._take(subscription, records)
            except MarkMoved:
                await self._start_again(subscription)
            except Exception as error:
                if not passes(error) or isinstance(error, BusUnavailable):
                    raise
                await self._reconnect(subscription, error)
            await subscription.commit()

    async def _has_reached(self, until: Mapping[Slot, int], progress: Progress | None) -> bool:
        known = dict(self._marks)
        elsewhere = [slot for slot in until if slot not in known]
        if elsewhere:
            # Slots that another instance has.
            async with self._connection_turn:
                known |= await marks.read(self.connection, self.consumer, elsewhere)
        done = {slot: min(known[slot].slot_seq, target) for slot, target in until.items()}
        if progress is not None:
            progress(sum(done.values()), sum(until.values()))
        return all(done[slot] >= target for slot, target in until.items())

    async def _take(self, subscription: Subscription, records: Sequence[Record]) -> None:
        """Sorts out duplicates and gaps; hands on what is next."""
        ahead = dict(self._marks)
        following: list[Record] = []
        rewound: set[Slot] = set()
        for record in records:
            mark = ahead.get(record.slot)
            if mark is None or record.slot in rewound:
                continue
            outcome = mark.outcome(record.envelope)
            if outcome is Outcome.APPLY:
                ahead[record.slot] = mark.after(record)
                self._missing.pop(record.slot, None)
                following.append(record)
            elif outcome is Outcome.GAP:
                rewound.add(record.slot)
            elif outcome is Outcome.FOREIGN:
                raise ConsumerStopped(
                    f"{self.consumer}: {record.envelope.log} is at epoch {record.envelope.epoch}, this consumer has"
                    f" read epoch {mark.epoch}: the log was restored, rebuild what was read from it"
                )
        if following:
            await self._adopt_epochs(following)
            await self._handle(subscription, following)
        for slot in rewound:
            await self._rewind(subscription, slot)

    def _moves(self, records: Sequence[Record]) -> dict[Slot, tuple[Mark, Mark]]:
        """From each slot's mark to the last of these."""
        moves: dict[Slot, tuple[Mark, Mark]] = {}
        for record in records:
            before, reached = moves.get(record.slot) or (self._marks[record.slot], self._marks[record.slot])
            moves[record.slot] = (before, reached.after(record))
        return moves

    async def _pass_over(self, records: Sequence[Record]) -> None:
        """Moves the marks to the end of these, which are of no interest or done, and notes the bus's offsets."""
        moves = self._moves(records)
        if self._mover is not None:
            await self._mover.move(self.consumer, moves)
        else:
            async with self._connection_turn:
                await marks.move(self.connection, self.consumer, moves)
        self._marks.update({slot: after for slot, (_, after) in moves.items()})

    async def _rewind(self, subscription: Subscription, slot: Slot) -> None:
        """Reads a slot with a gap again from the beginning, once; the missing event must come from there or later.

        What is ahead of the gap is not applied, and its mark does not move: it is read again after what is missing.
        """
        since = self._missing.get(slot)
        if since is None:
            self._missing[slot] = time.monotonic()
            self._log.warning("consumer.gap", slot=slot, mark=self._marks[slot].slot_seq)
            await subscription.seek(slot, Start(self._marks[slot].slot_seq))
        elif time.monotonic() - since > self.tuning.gap_patience_seconds:
            raise ConsumerStopped(
                f"{self.consumer}: number {self._marks[slot].slot_seq + 1} of slot {slot[1]} of {slot[0]} is missing"
                " on the bus: publish the log again"
            )

    async def _adopt_epochs(self, records: Sequence[Record]) -> None:
        """Notes the epoch before the first event of a slot is handled, also for marks that an append moves."""
        new = {r.slot: r.envelope.epoch for r in records if self._marks[r.slot].epoch is None}
        if not new:
            return
        async with self._connection_turn:
            await self.connection.executemany(
                "update bus.mark set epoch = $4 where consumer = $1 and log = $2 and slot = $3 and epoch is null",
                [(self.consumer, *slot, epoch) for slot, epoch in new.items()],
            )
        for slot, epoch in new.items():
            mark = self._marks[slot]
            self._marks[slot] = Mark(mark.slot_seq, epoch, mark.offset)

    async def _start_again(self, subscription: Subscription) -> None:
        """Another instance moved a mark, or a commit's fate is unknown: believe the database, and go on from there."""
        slots = list(self._marks)
        async with self._connection_turn:
            self._marks = await marks.read(self.connection, self.consumer, slots)
        for slot, mark in self._marks.items():
            await subscription.seek(slot, mark.start)

    async def _reconnect(self, subscription: Subscription, error: BaseException) -> None:
        """Keeps the slots while the database is away, and takes nothing more from the bus."""
        subscription.pause()
        failures = 0
        while True:
            failures += 1
            self._log.warning("consumer.waiting", error=str(error), failures=failures)
            # What still comes out was fetched before the pause; it is delivered again by the seek below.
            await subscription.batch(self.tuning.batch, self.tuning.backoff(failures))
            try:
                await self._connect_anew()
                await self._start_again(subscription)
            except Exception as again:
                if not passes(again):
                    raise
                error = again
            else:
                subscription.resume()
                return

    @property
    def connection(self) -> Connection[Any]:
        if self._connection is None:
            raise RuntimeError(f"{self.consumer} is not running")
        return self._connection

    async def _connect_anew(self) -> None:
        await self._disconnect()
        self._connection = await self._connect()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close(timeout=1)

    async def assigned(self, slots: Collection[Slot]) -> Mapping[Slot, Start]:
        async with self._connection_turn:
            found = await marks.read(self.connection, self.consumer, slots)
        self._marks = found
        self._missing.clear()
        return {slot: mark.start for slot, mark in found.items()}

    async def revoked(self, slots: Collection[Slot]) -> None:
        async with self._working:
            for slot in slots:
                self._marks.pop(slot, None)
