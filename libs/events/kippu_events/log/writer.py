"""Group commit: appends that wait at the same time are committed together, on one dedicated connection.

There is no timer: what arrives while one batch is being committed forms the next. A conflict fails its own append and
no neighbour.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from kippu_events import steps
from kippu_events.log import Append, Appended, LogCorrupt, LogUnavailable
from kippu_events.log.batch import arguments, outcomes
from kippu_events.log.connection import connect, is_passing, persist, sql

LARGE_BATCH = 128
"""Beyond this a larger batch gains nothing, and its callers would wait for each other."""

LARGE_BATCH_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    append: Append
    answer: asyncio.Future[Appended]
    keys: tuple[Hashable, ...]
    """What may occur only once in a batch: the command, its streams, its mark."""
    size: int


class GroupWriter:
    """The only writer of a log in this process. Other processes may have their own: the head row's lock orders them."""

    def __init__(
        self, url: str, look_up: Callable[[str], Awaitable[Appended]], committed: Callable[[int], None]
    ) -> None:
        """`look_up` answers a command that was recorded before; `committed` is told each new last position."""
        self._url = url
        self._look_up = look_up
        self._committed = committed
        self._connection: asyncpg.Connection[Any] | None = None
        self._queue: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._looking_up: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._connection = await connect(self._url, "writer")
        self._task = asyncio.create_task(self._run(), name="log writer")

    async def close(self) -> None:
        """Commits what still waits, then ends."""
        self._closing = True
        self._arrived.set()
        if self._task is not None:
            await self._task
        await asyncio.gather(*self._looking_up)
        if self._connection is not None:
            with suppress(OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError):
                await self._connection.close(timeout=1)

    async def append(self, append: Append) -> Appended:
        if self._closing or self._task is None or self._task.done():
            raise LogUnavailable("the log's writer is closed")
        waiting = _Waiting(append, asyncio.get_running_loop().create_future(), _keys(append), _size(append))
        self._queue.append(waiting)
        self._arrived.set()
        # A caller that is cancelled cancels its own answer only; the batch it may be in goes on.
        return await waiting.answer

    async def _run(self) -> None:
        while self._queue or not self._closing:
            batch = self._next_batch()
            if batch:
                await self._commit(batch)
            else:
                self._arrived.clear()
                await self._arrived.wait()

    def _next_batch(self) -> list[_Waiting]:
        """All that wait and may go together. Of very many a part, so that Python can work for the others while
        PostgreSQL commits these.
        """
        batch: list[_Waiting] = []
        held_back: list[_Waiting] = []
        keys: set[Hashable] = set()
        size = 0
        while self._queue and len(batch) < LARGE_BATCH and size < LARGE_BATCH_BYTES:
            waiting = self._queue.popleft()
            if waiting.answer.done():
                continue
            if keys.isdisjoint(waiting.keys):
                batch.append(waiting)
                size += waiting.size
            else:
                held_back.append(waiting)
            # Also those of one held back, so that nobody overtakes it on a stream.
            keys.update(waiting.keys)
        self._queue.extendleft(reversed(held_back))
        return batch

    async def _commit(self, batch: Sequence[_Waiting]) -> None:
        """Settles every append of the batch, whatever happens."""
        appends = [waiting.append for waiting in batch]
        try:
            answer = await persist(lambda: self._call(appends))
        except LogUnavailable as error:
            self._give_up([*batch, *self._queue], error)
            self._queue.clear()
        except Exception as error:
            # Something in the batch cannot be stored. One by one, it fails alone.
            if len(batch) == 1:
                _fail(batch[0], _named(error, appends[0]))
            else:
                for waiting in batch:
                    await self._commit([waiting])
        else:
            # Not now but as soon as the next batch, if one waits, is on its way: PostgreSQL works on it meanwhile.
            asyncio.get_running_loop().call_soon(self._settle, batch, appends, answer)

    async def _call(self, appends: Sequence[Append]) -> Any:
        """One call of log.append, which commits by itself.

        If the connection was lost after that commit was sent, the call is made again on a new connection, and finds the
        commands recorded; if the old session should still be at it, the call waits for its lock. Either way each
        command is recorded once.
        """
        if self._connection is None:
            self._connection = await connect(self._url, "writer")
        try:
            steps.reached("append.batched")
            answer = await self._connection.fetchrow(sql("append"), *arguments(appends))
            steps.reached("append.committed")
            return answer
        except BaseException as error:
            if is_passing(error) or isinstance(error, asyncio.CancelledError):
                self._connection.terminate()
                self._connection = None
            raise

    def _settle(self, batch: Sequence[_Waiting], appends: Sequence[Append], answer: Any) -> None:
        try:
            came = outcomes(appends, answer)
        except Exception as unreadable:
            self._give_up(batch, unreadable)
            raise
        last = 0
        for waiting, outcome in zip(batch, came, strict=True):
            match outcome:
                case None:
                    looking_up = asyncio.create_task(self._answer_first_result(waiting))
                    self._looking_up.add(looking_up)
                    looking_up.add_done_callback(self._looking_up.discard)
                case Appended(recorded=recorded):
                    if recorded:
                        last = max(last, *[each.position for each in recorded])
                    if not waiting.answer.done():
                        waiting.answer.set_result(outcome)
                case error:
                    _fail(waiting, error)
        if last:
            self._committed(last)

    async def _answer_first_result(self, waiting: _Waiting) -> None:
        try:
            first = await self._look_up(waiting.append.command_id)
        except Exception as error:
            _fail(waiting, error)
        else:
            if not waiting.answer.done():
                waiting.answer.set_result(first)

    def _give_up(self, all_waiting: Sequence[_Waiting], error: Exception) -> None:
        for waiting in all_waiting:
            _fail(waiting, error)


def _keys(append: Append) -> tuple[Hashable, ...]:
    streams = [part.stream for part in append.streams]
    mark = [(append.mark.consumer, append.mark.log, append.mark.slot)] if append.mark else []
    return ("command", append.command_id), *streams, *mark


def _size(append: Append) -> int:
    return sum(len(event.data) + len(event.metadata) for part in append.streams for event in part.events)


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(error)


def _named(error: Exception, append: Append) -> Exception:
    """What PostgreSQL refused, in the log's terms."""
    if not isinstance(error, asyncpg.UniqueViolationError):
        return error
    if error.constraint_name == "event_id_key":
        return ValueError(f"command {append.command_id}: an event id was used before")
    return LogCorrupt(f"command {append.command_id}: {error} ({error.detail}): the head is not where the events end")
