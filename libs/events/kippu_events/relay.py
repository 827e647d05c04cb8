"""The relay: publishes one service's log to the bus, in order, for ever.

It moves its mark only over what the bus has confirmed without a gap, and by compare-and-set. So the bus holds every
event after the one before it in its slot, at least once. A leader lock saves a second relay the work; it is not what
makes two of them harmless: slot numbers are.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import asyncio
import contextlib
from typing import Any
from uuid import UUID

import structlog
from asyncpg import Connection

from kippu_events import steps
from kippu_events.bus import Publisher
from kippu_events.consumer.runner import Connect, Tuning
from kippu_events.log import Log, LogCorrupt
from kippu_events.passing import passes


class Relay:
    """Publishes `log`, whose service's database `connect` opens connections to."""

    def __init__(self, log: Log, publisher: Publisher, connect: Connect, tuning: Tuning | None = None) -> None:
        self._source = log
        self._publisher = publisher
        self._connect = connect
        self._tuning = tuning or Tuning()
        self._failures = 0
        self._log = structlog.get_logger().bind(relay=log.name)

    async def run(self, until: int | None = None) -> None:
        """Publishes until cancelled, or until this position is published.

        Raises LogCorrupt if the log is not the one that was published so far (restored, another epoch).
        """
        try:
            while True:
                try:
                    await self._lead(until)
                    return
                except LogCorrupt:
                    raise
                except Exception as error:
                    if not passes(error):
                        raise
                    self._failures += 1
                    self._log.warning("relay.waiting", error=str(error), failures=self._failures)
                    await asyncio.sleep(self._tuning.backoff(self._failures))
        finally:
            await self._publisher.close()

    async def _lead(self, until: int | None) -> None:
        connection = await self._connect()
        try:
            while True:
                # Held as long as this connection; a leader that sleeps and wakes without it does no harm, see above.
                if await connection.fetchval(
                    "select pg_try_advisory_lock(hashtextextended('kippu relay ' || $1, 0))", self._source.name
                ):
                    return await self._publish(connection, until)
                await asyncio.sleep(self._tuning.idle_seconds)
        finally:
            with contextlib.suppress(Exception):
                await connection.close(timeout=1)

    async def _publish(self, connection: Connection[Any], until: int | None) -> None:
        position = await self._mark(connection)
        reading = asyncio.ensure_future(self._source.read(position, self._tuning.batch))
        try:
            while until is None or position < until:
                envelopes = await reading
                if not envelopes:
                    await self._source.wait(position, self._tuning.idle_seconds)
                    reading = asyncio.ensure_future(self._source.read(position, self._tuning.batch))
                    continue
                last = envelopes[-1].position
                # The next ones are read while these are on their way.
                reading = asyncio.ensure_future(self._source.read(last, self._tuning.batch))
                await self._publisher.publish(envelopes)
                self._failures = 0
                steps.reached("relay.published")
                if await self._move(connection, position, last):
                    position = last
                    steps.reached("relay.moved")
                else:
                    position = await self._mark(connection)
                    await _dropped(reading)
                    reading = asyncio.ensure_future(self._source.read(position, self._tuning.batch))
        finally:
            await _dropped(reading)

    async def _mark(self, connection: Connection[Any]) -> int:
        """Where publishing goes on; checks that the log is still the one that was published."""
        await connection.execute(
            "insert into bus.relay (log, position, epoch) values ($1, 0, $2) on conflict do nothing",
            self._source.name, (await self._source.head()).epoch,
        )  # fmt: skip
        row = await connection.fetchrow("select position, epoch from bus.relay where log = $1", self._source.name)
        if row is None:
            raise LogCorrupt(f"{self._source.name}: the relay's mark is gone")
        position, epoch = int(row["position"]), UUID(str(row["epoch"]))
        # Looked at after the mark: another relay may move it over what was recorded since an earlier look.
        head = await self._source.head()
        if epoch != head.epoch or position > head.position:
            raise LogCorrupt(
                f"{self._source.name} is at position {head.position} of epoch {head.epoch}, but is published up to"
                f" {position} of epoch {epoch}: the log was restored; give it a topic of its own and publish it anew"
            )
        return position

    async def _move(self, connection: Connection[Any], expected: int, position: int) -> bool:
        """Moves the mark from where it was read; False if another relay has moved it."""
        status = await connection.execute(
            "update bus.relay set position = $3 where log = $1 and position = $2",
            self._source.name, expected, position,
        )  # fmt: skip
        return bool(status == "UPDATE 1")


async def _dropped(reading: asyncio.Future[Any]) -> None:
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await reading
