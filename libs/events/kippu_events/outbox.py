"""The outbox: what leaves the house because of an event, at least once, under a reference that stays the same.

Noting writes a row per event and the mark in one transaction. Sending claims rows (SKIP LOCKED, with a lease), hands
each to the service's carrier, records the outcome as an event of its own under the command id
`outbox:{service}:{event id}`, and closes the row after that. So:

- a crash before the outcome is recorded sends again, with the same reference (a mail's Message-ID), by which a receiver
  knows the second from the first: over SMTP nobody can promise more than "at least once";
- a crash after it sends nothing: before a row is sent, the log is asked whether its outcome is recorded already;
- the log noted anew from position 0 adds no row that was there.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from asyncpg import Connection

from kippu_events import steps
from kippu_events.consumer.runner import Connect
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.log import LogCorrupt
from kippu_events.passing import passes
from kippu_events.work import Cause, Work, Worker

READ_AT_ONCE = 1000
CLAIM_AT_ONCE = 8
SEND_SECONDS = 60.0
LEASE_SECONDS = 180.0
"""Longer than sending may take, so that a row is claimed again only after its sender died."""
GIVE_UP_SECONDS = 5 * 24 * 3600.0
"""How long a temporary failure is tried again (RFC 5321, 4.5.4.1: "at least 4-5 days")."""
RECONNECT_SECONDS = 1.0
LONGEST_ERROR = 1000


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side took it."""

    reference: str


@dataclass(frozen=True, slots=True)
class Bounced:
    """The other side refused it for good, or did not take it for days. `code` is its reply, such as 550."""

    code: int
    reason: str


class NotNow(Exception):
    """A temporary failure: to be tried again. `code` is the other side's reply, if it gave one."""

    def __init__(self, reason: str, code: int = 451) -> None:
        super().__init__(reason)
        self.code = code


class Carrier(Protocol):
    """How a service sends what its events ask for."""

    carries: tuple[type[Event], ...]
    """The events of the service's own log that ask for something to be sent."""

    async def send(self, envelope: Envelope) -> Delivered | Bounced:
        """Sends, under a reference made from the event's id alone. Raises NotNow; must end within SEND_SECONDS."""

    async def record(self, envelope: Envelope, outcome: Delivered | Bounced, work: Work) -> None:
        """Records the outcome on a stream of the service."""


MARK = "select position from work.outbox_mark for update"

MOVE_MARK = "update work.outbox_mark set position = $1"

NOTE = """
insert into work.outbox (event_id, position)
select * from unnest($1::uuid[], $2::bigint[])
    on conflict (event_id) do nothing
"""

CLAIM = """
update work.outbox
   set attempts = attempts + 1, try_at = clock_timestamp() + make_interval(secs => $2)
 where event_id in (
       select event_id from work.outbox
        where closed_at is null and try_at <= clock_timestamp()
        order by try_at, position
        limit $1
          for update skip locked)
returning event_id, position, attempts, extract(epoch from clock_timestamp() - noted_at)::float8 as age
"""

CLOSE = "update work.outbox set closed_at = clock_timestamp(), last_error = null where event_id = $1"

# After 1, 2, 4 … seconds, at most 15 minutes.
LATER = """
update work.outbox
   set last_error = $2,
       try_at = clock_timestamp() + least(interval '1 second' * 2 ^ least(attempts - 1, 16), interval '15 minutes')
 where event_id = $1
"""

WAITING = "select count(*) from work.outbox where closed_at is null"


class Outbox:
    """One sender of one service, on a connection of its own. Any number may run at the same time."""

    def __init__(
        self, service: str, carrier: Carrier, worker: Worker, connect: Connect, poll_seconds: float = 1.0
    ) -> None:
        self._service = service
        self._carrier = carrier
        self._worker = worker
        self._connect = connect
        self._poll_seconds = poll_seconds
        self._types = frozenset(event.type for event in carrier.carries)
        self._connection: Connection[Any] | None = None
        self._turn = asyncio.Lock()
        self._noted = 0
        self._log = structlog.get_logger().bind(outbox=service)

    async def run(self) -> None:
        """Runs until cancelled. A lost connection is opened again; a corrupt log is raised."""
        try:
            while True:
                try:
                    await self.run_once()
                    await self._worker.log.wait(self._noted, self._poll_seconds)
                except Exception as error:
                    if not passes(error):
                        raise
                    self._log.warning("outbox.waiting", error=str(error))
                    await self.close()
                    await asyncio.sleep(RECONNECT_SECONDS)
        finally:
            await self.close()

    async def run_once(self) -> int:
        """Notes what the log holds, and tries everything that is to be tried now. Answers how many rows it closed."""
        await self._note()
        closed = 0
        while claimed := await self._claim():
            closed += sum(await asyncio.gather(*(self._attempt(row) for row in claimed)))
        return closed

    async def waiting(self) -> int:
        """How many rows are not closed yet."""
        return int(await self._query(lambda connection: connection.fetchval(WAITING)))

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                await connection.close(timeout=1)

    async def _query(self, ask: Callable[[Connection[Any]], Awaitable[Any]]) -> Any:
        """One statement or transaction at a time on the sender's own connection."""
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                self._connection = await self._connect()
            return await ask(self._connection)

    async def _note(self) -> None:
        while await self._query(self._note_batch) == READ_AT_ONCE:
            pass

    async def _note_batch(self, connection: Connection[Any]) -> int:
        async with connection.transaction():
            position = await connection.fetchval(MARK)
            batch = await self._worker.log.read(position, READ_AT_ONCE)
            if batch:
                position = batch[-1].position
                asked = [envelope for envelope in batch if envelope.type in self._types]
                if asked:
                    await connection.execute(NOTE, [row.id for row in asked], [row.position for row in asked])
                await connection.execute(MOVE_MARK, position)
            elif (await self._worker.log.head()).position < position:
                raise LogCorrupt(f"the outbox of {self._service} is noted to {position}, where the log never came")
        self._noted = position
        return len(batch)

    async def _claim(self) -> list[Any]:
        return list(await self._query(lambda connection: connection.fetch(CLAIM, CLAIM_AT_ONCE, LEASE_SECONDS)))

    async def _attempt(self, row: Any) -> bool:
        """Sends one claimed row, records its outcome and closes it; on a temporary failure it waits for its backoff."""
        envelope = await self._envelope_of(row)
        cause = Cause(
            command_id=f"outbox:{self._service}:{envelope.id}",
            actor="outbox",
            correlation_id=envelope.metadata.correlation_id,
            causation_id=str(envelope.id),
        )
        try:
            if await self._worker.log.find_command(cause.command_id) is None:
                outcome = await self._send(envelope, row["age"])
                steps.reached("outbox.sent")
                await self._worker.run(cause, lambda work: self._carrier.record(envelope, outcome, work))
                steps.reached("outbox.recorded")
        except LogCorrupt:
            raise
        except Exception as error:
            self._log.warning("outbox.later", about=str(envelope.id), attempts=row["attempts"], error=str(error))
            await self._later(row, error)
            return False
        await self._query(lambda connection: connection.execute(CLOSE, row["event_id"]))
        return True

    async def _envelope_of(self, row: Any) -> Envelope:
        found = await self._worker.log.read(row["position"] - 1, 1)
        if not found or found[0].id != row["event_id"]:
            raise LogCorrupt(f"the outbox of {self._service} holds {row['event_id']}, which the log does not")
        return found[0]

    async def _send(self, envelope: Envelope, age: float) -> Delivered | Bounced:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return await self._carrier.send(envelope)
        except (NotNow, TimeoutError, OSError) as error:
            code = error.code if isinstance(error, NotNow) else 451
            reason = str(error) or type(error).__name__
            if age > GIVE_UP_SECONDS:
                return Bounced(code, f"not taken for {GIVE_UP_SECONDS / 86400:.0f} days: {reason}")
            raise NotNow(reason, code) from error

    async def _later(self, row: Any, error: Exception) -> None:
        text = str(error) if isinstance(error, NotNow) else f"{type(error).__name__}: {error}"
        await self._query(lambda connection: connection.execute(LATER, row["event_id"], text[:LONGEST_ERROR]))
