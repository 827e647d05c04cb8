"""Who waits for the log to grow is woken by NOTIFY, with a poll behind it for notifications that got lost."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog

from kippu_events.log.connection import connect, is_passing

CHANNEL = "log"
POLL_SECONDS = 1.0
NOTIFY_PAUSE_SECONDS = 0.005
"""Between two notifications: a busy log tells others of many commits at once."""


class SignalEnded(Exception):
    """Nobody tells any more how far the log has come, and waiting is no help: the process is to stop."""


class Signal:
    """Knows how far the log has come, and tells: waiters in this process at once, other processes by NOTIFY.

    NOTIFY takes a lock over the whole database while it commits, so it is never part of an append's transaction.

    What does not pass by itself ends it. Whoever waits for the log is then told, which are the parts that must not end:
    so the process does.
    """

    def __init__(self, url: str, read_position: Callable[[], Awaitable[int]]) -> None:
        self._url = url
        self._read_position = read_position
        self._position = 0
        self._grown = asyncio.Event()
        self._to_announce = 0
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ended: Exception | None = None

    def open(self) -> None:
        self._task = asyncio.create_task(self._run(), name="log signal")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def committed(self, position: int) -> None:
        """This process has committed up to a position."""
        self._learn(position)
        self._to_announce = position
        self._work.set()

    def _learn(self, position: int) -> None:
        if position > self._position:
            self._position = position
            grown, self._grown = self._grown, asyncio.Event()
            grown.set()

    async def wait(self, after: int, seconds: float) -> bool:
        """Raises SignalEnded."""
        give_up_at = time.monotonic() + seconds
        while self._position <= after:
            if self._ended is not None:
                raise SignalEnded(f"the log's signal has ended: {self._ended!r}") from self._ended
            grown = self._grown
            self._learn(await self._read_position())
            if self._position > after:
                break
            left = give_up_at - time.monotonic()
            if left <= 0:
                return False
            # Not wait_for: before Python 3.12 it loses a cancellation that comes together with the event, and whoever
            # waits here would not stop.
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, POLL_SECONDS)):
                    await grown.wait()
        return True

    async def _run(self) -> None:
        while True:
            try:
                await self._listen_and_notify()
            except Exception as error:
                if not is_passing(error):
                    structlog.get_logger().exception("signal.ended")
                    self._ended = error
                    self._grown.set()
                    return
            await asyncio.sleep(POLL_SECONDS)

    async def _listen_and_notify(self) -> None:
        # A notification lost in a crash is made good by the poll, so it need not wait for the disk.
        connection = await connect(self._url, "signal", synchronous_commit="off")
        # After a lost connection the log may have been restored to an earlier point.
        self._position = 0
        try:
            await connection.add_listener(CHANNEL, self._heard)
            connection.add_termination_listener(lambda _: self._work.set())
            while not connection.is_closed():
                if self._to_announce:
                    position, self._to_announce = self._to_announce, 0
                    await connection.execute("select pg_notify($1, $2)", CHANNEL, str(position))
                    await asyncio.sleep(NOTIFY_PAUSE_SECONDS)
                else:
                    self._work.clear()
                    await self._work.wait()
        finally:
            connection.terminate()

    def _heard(self, _connection: Any, _process_id: int, _channel: str, payload: Any) -> None:
        self._learn(int(payload))
