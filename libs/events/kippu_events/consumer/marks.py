"""Marks: how far a consumer has come in each slot of each log. In PostgreSQL, with what they guard.

Marks never go back by themselves, and move only from where one believes them to be (compare-and-set): a second
instance of a consumer, a redelivery or a replay can therefore change nothing.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

from asyncpg import Connection, Pool

from kippu_events.bus import Record, Slot, Start
from kippu_events.consumer import Projector
from kippu_events.envelope import SLOTS, Envelope
from kippu_events.log import MarkMoved


class Outcome(Enum):
    """What an event is to a consumer that stands at a mark."""

    APPLY = "apply"
    """The next one."""
    DUPLICATE = "duplicate"
    """Done before: skipped."""
    GAP = "gap"
    """One before it is missing: rewind, never skip."""
    FOREIGN = "foreign"
    """From another epoch of the log, which was restored: stop."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The last slot number that is done (0 before the first), in which epoch, and where the bus keeps it."""

    slot_seq: int = 0
    epoch: UUID | None = None
    offset: int | None = None

    def outcome(self, envelope: Envelope) -> Outcome:
        if self.epoch is not None and self.epoch != envelope.epoch:
            return Outcome.FOREIGN
        if envelope.slot_seq <= self.slot_seq:
            return Outcome.DUPLICATE
        return Outcome.APPLY if envelope.slot_seq == self.slot_seq + 1 else Outcome.GAP

    def after(self, record: Record) -> Mark:
        offset = self.offset if record.offset is None else record.offset
        return Mark(record.envelope.slot_seq, record.envelope.epoch, offset)

    @property
    def start(self) -> Start:
        return Start(self.slot_seq, None if self.offset is None else self.offset + 1)


def projector_id(name: str) -> str:
    """The name under which a projector's marks and parked events are kept."""
    return f"projector:{name}"


def reactor_id(name: str) -> str:
    """The name under which a reactor's marks and parked events are kept."""
    return f"reactor:{name}"


def slots_of(logs: Iterable[str]) -> list[Slot]:
    return [(log, number) for log in logs for number in range(SLOTS)]


async def read(connection: Connection[Any], consumer: str, slots: Collection[Slot]) -> dict[Slot, Mark]:
    """The marks of these slots; a slot without one gets it, at 0."""
    logs, numbers = [log for log, _ in slots], [number for _, number in slots]
    await connection.execute(
        "insert into bus.mark (consumer, log, slot, slot_seq)"
        " select $1, log, slot, 0 from unnest($2::text[], $3::smallint[]) as wanted (log, slot)"
        " on conflict do nothing",
        consumer, logs, numbers,
    )  # fmt: skip
    rows = await connection.fetch(
        "select log, slot, slot_seq, epoch, bus_offset from bus.mark"
        " join unnest($2::text[], $3::smallint[]) as wanted (log, slot) using (log, slot)"
        " where consumer = $1",
        consumer, logs, numbers,
    )  # fmt: skip
    return {(row["log"], row["slot"]): Mark(row["slot_seq"], row["epoch"], row["bus_offset"]) for row in rows}


Moves = Mapping[Slot, tuple[Mark, Mark]]
"""Marks of one consumer, each from where it stands (first) to where it shall (second)."""


async def move(connection: Connection[Any], consumer: str, moves: Moves) -> None:
    """Moves a consumer's marks in one statement.

    Raises MarkMoved if one stands elsewhere; the caller's transaction is then to be rolled back.
    """
    if moves and await move_all(connection, [(consumer, moves)]) != {consumer: len(moves)}:
        raise moved_by_another(consumer, moves)


def moved_by_another(consumer: str, moves: Moves) -> MarkMoved:
    return MarkMoved(f"{consumer}: another instance has moved a mark of {sorted(moves)}")


async def move_all(connection: Connection[Any] | Pool[Any], wanted: Iterable[tuple[str, Moves]]) -> Mapping[str, int]:
    """Moves marks of several consumers in one statement; answers how many of each stood where they were believed to."""
    rows = [(consumer, slot, *marks) for consumer, moves in wanted for slot, marks in moves.items()]
    rows.sort(key=lambda row: row[:2])  # rows are locked in one order
    moved = await connection.fetch(
        "update bus.mark set slot_seq = moved.slot_seq, epoch = moved.epoch, bus_offset = moved.bus_offset"
        " from unnest($1::text[], $2::text[], $3::smallint[], $4::bigint[], $5::bigint[], $6::uuid[], $7::bigint[])"
        "   as moved (consumer, log, slot, expected, slot_seq, epoch, bus_offset)"
        " where mark.consumer = moved.consumer and mark.log = moved.log and mark.slot = moved.slot"
        "   and mark.slot_seq = moved.expected and (mark.epoch is null or mark.epoch = moved.epoch)"
        " returning mark.consumer",
        [consumer for consumer, _, _, _ in rows],
        [slot[0] for _, slot, _, _ in rows],
        [slot[1] for _, slot, _, _ in rows],
        [before.slot_seq for _, _, before, _ in rows],
        [after.slot_seq for _, _, _, after in rows],
        [after.epoch for _, _, _, after in rows],
        [after.offset for _, _, _, after in rows],
    )
    return Counter(row["consumer"] for row in moved)


class MarkMover:
    """Moves marks that guard nothing, those of events that were of no interest: for all consumers of a service at once.

    Most events are of no interest to most consumers, and all consumers hear them at the same time. What they wish
    moved while one statement is under way, the next one moves: there is no timer.
    """

    def __init__(self, writers: Pool[Any]) -> None:
        self._writers = writers
        self._waiting: list[tuple[str, Moves, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def move(self, consumer: str, moves: Moves) -> None:
        """Raises MarkMoved if one of them stood elsewhere; others of them may then have been moved."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((consumer, moves, done))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="marks")
        await done

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                moved = await move_all(self._writers, [(consumer, moves) for consumer, moves, _ in batch])
            except Exception as error:
                for _, _, done in batch:
                    _settle(done, error)
            else:
                for consumer, moves, done in batch:
                    right = moved.get(consumer, 0) == len(moves)
                    _settle(done, None if right else moved_by_another(consumer, moves))
        self._task = None


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        return  # its consumer was cancelled meanwhile
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)


async def reset(connection: Connection[Any], consumer: str) -> None:
    """Back to position 0 of every log, for a rebuild."""
    await connection.execute(
        "update bus.mark set slot_seq = 0, epoch = null, bus_offset = null where consumer = $1", consumer
    )


async def reached(
    connection: Connection[Any] | Pool[Any], projectors: Iterable[Projector], log: str, slot: int, slot_seq: int
) -> bool:
    """Whether all of these projectors that read the log have done the slot's event of that number."""
    consumers = [projector_id(projector.name) for projector in projectors if log in projector.logs]
    done = await connection.fetchval(
        "select count(*) from bus.mark where consumer = any($1) and log = $2 and slot = $3 and slot_seq >= $4",
        consumers, log, slot, slot_seq,
    )  # fmt: skip
    return bool(done == len(consumers))


FIRST_LOOK_SECONDS = 0.005
LAST_LOOK_SECONDS = 0.1


async def wait_until_reached(
    connection: Connection[Any] | Pool[Any],
    projectors: Iterable[Projector],
    wanted: Iterable[tuple[str, int, int]],
    seconds: float,
) -> bool:
    """Waits, at most so many seconds for all of it, until a write can be read; false if it still cannot.

    `wanted` are the write's last events: a log, a slot, a number in it. It looks again after 5 ms, and then ever less
    often: a projector is usually done within the first few looks. No connection of a pool is held in between.
    """
    projectors = list(projectors)
    until, pause = time.monotonic() + seconds, FIRST_LOOK_SECONDS
    for last in wanted:
        while not await reached(connection, projectors, *last):
            if time.monotonic() + pause > until:
                return False
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LAST_LOOK_SECONDS)
    return True
