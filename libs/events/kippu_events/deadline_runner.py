"""Runs a service's deadlines: plans them from its own log, and fires what has fallen due, each once.

Planning writes the rows and the mark in one transaction. Firing claims due rows (SKIP LOCKED: schedulers share the
work), appends under the deadline's own command id, and notes it as fired after that. A crash in between fires again,
which the command id makes harmless; a plan made anew from position 0 changes no row that has fired.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
import structlog
from asyncpg import Connection

from kippu_events import steps
from kippu_events.consumer.runner import STOPPING, Connect
from kippu_events.deadlines import Deadline, Deadlines, Schedule
from kippu_events.envelope import Envelope
from kippu_events.log import LogCorrupt, LogUnavailable
from kippu_events.passing import passes
from kippu_events.work import Cause, Worker

READ_AT_ONCE = 1000
CLAIM_AT_ONCE = 50
RECONNECT_SECONDS = 1.0
LONGEST_ERROR = 1000

MARK = "select position from work.deadline_mark for update"

MOVE_MARK = "update work.deadline_mark set position = $1"

# A row that has fired, or that a later event spoke about, stays as it is.
PLAN = """
insert into work.deadline as deadline
       (id, kind, provider, due_at, payload, position, correlation_id, causation_id)
select wish.id, wish.kind, wish.provider, wish.due_at, wish.payload::jsonb,
       wish.position, wish.correlation_id, wish.causation_id
  from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::bigint[], $7::text[], $8::text[])
       as wish (id, kind, provider, due_at, payload, position, correlation_id, causation_id)
    on conflict (id) do update
   set kind = excluded.kind, provider = excluded.provider, due_at = excluded.due_at, payload = excluded.payload,
       position = excluded.position, correlation_id = excluded.correlation_id, causation_id = excluded.causation_id,
       attempts = 0, error = null, retry_at = null
 where deadline.fired_at is null and deadline.position < excluded.position
"""

CLAIM = """
select id, kind, provider, due_at, payload::text, correlation_id, causation_id
  from work.deadline
 where due_at <= $1 and fired_at is null and (retry_at is null or retry_at <= clock_timestamp())
 order by due_at, id
 limit $2
   for update skip locked
"""

FIRED = "update work.deadline set fired_at = $2, attempts = attempts + 1, error = null where id = any($1::text[])"

# After 1, 2, 4 … seconds, at most 5 minutes.
FAILED = """
update work.deadline
   set attempts = attempts + 1, error = failed.error,
       retry_at = clock_timestamp() + least(interval '1 second' * 2 ^ least(attempts, 16), interval '5 minutes')
  from unnest($1::text[], $2::text[]) as failed (id, error)
 where deadline.id = failed.id
"""

NEXT_DUE = "select min(due_at) from work.deadline where due_at > $1 and fired_at is null"


class DeadlineRunner:
    """One scheduler of one service, on a connection of its own. Any number may run at the same time."""

    def __init__(
        self, service: str, deadlines: Deadlines, worker: Worker, connect: Connect, poll_seconds: float = 1.0
    ) -> None:
        self._service = service
        self._deadlines = deadlines
        self._worker = worker
        self._connect = connect
        self._poll_seconds = poll_seconds
        self._connection: Connection[Any] | None = None
        self._planned = 0
        self._running = asyncio.Lock()
        self._log = structlog.get_logger().bind(deadlines=service)

    async def run(self) -> None:
        """Runs until cancelled; wakes at the next due time, at new events, and at least every `poll_seconds`.

        A lost connection is opened again. An event that this build cannot read and a corrupt log are raised: nothing
        may fall due on a plan with a hole in it.
        """
        try:
            while True:
                try:
                    await self.run_due()
                    await self._worker.log.wait(self._planned, await self._seconds_to_next())
                except Exception as error:
                    if not passes(error):
                        raise
                    self._log.warning("deadlines.waiting", error=str(error))
                    await self.close()
                    await asyncio.sleep(RECONNECT_SECONDS)
        finally:
            await self.close()

    async def run_due(self) -> int:
        """Plans everything the log holds, then fires everything that is due now, the earliest first.

        What firing brings about is planned and, if due, fired too. Answers how many fired; one that fails waits for
        its backoff and holds up no other.
        """
        async with self._running:
            fired = 0
            while True:
                await self._plan()
                claimed, done = await self._fire_claimed()
                fired += done
                if claimed == 0:
                    return fired

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close(timeout=1)

    async def _open(self) -> Connection[Any]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        return self._connection

    async def _plan(self) -> None:
        while await self._plan_batch() == READ_AT_ONCE:
            pass

    async def _plan_batch(self) -> int:
        connection = await self._open()
        async with connection.transaction():
            position = await connection.fetchval(MARK)
            batch = await self._worker.log.read(position, READ_AT_ONCE)
            if batch:
                position = batch[-1].position
                await self._write_wishes(connection, batch)
                await connection.execute(MOVE_MARK, position)
            elif (await self._worker.log.head()).position < position:
                raise LogCorrupt(f"deadlines of {self._service} are planned to {position}, where the log never came")
        self._planned = position
        return len(batch)

    async def _write_wishes(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        rows: dict[str, tuple[Any, ...]] = {}  # by id: the last wish in a batch stands
        for envelope in batch:
            for wish in self._deadlines.plan(envelope):
                what = (
                    (wish.kind, wish.provider, wish.due_at, orjson.dumps(dict(wish.payload)).decode())
                    if isinstance(wish, Schedule)
                    else (None, None, None, "{}")
                )
                cause = (envelope.position, envelope.metadata.correlation_id, str(envelope.id))
                rows[wish.id] = (wish.id, *what, *cause)
        if rows:
            await connection.execute(PLAN, *zip(*rows.values(), strict=True))

    async def _fire_claimed(self) -> tuple[int, int]:
        """How many rows were claimed, and how many of them fired."""
        connection = await self._open()
        now = self._worker.clock.now()
        fired: list[str] = []
        failed: dict[str, str] = {}
        async with connection.transaction():
            claimed = await connection.fetch(CLAIM, now, CLAIM_AT_ONCE)
            for row in claimed:
                error = await self._fire(row)
                if error is None:
                    fired.append(row["id"])
                else:
                    failed[row["id"]] = error
            if fired:
                await connection.execute(FIRED, fired, now)
            if failed:
                await connection.execute(FAILED, list(failed), list(failed.values()))
        return len(claimed), len(fired)

    async def _fire(self, row: Any) -> str | None:
        """Fires one deadline; answers what went wrong, if anything did."""
        deadline = _deadline_of(row)
        cause = Cause(
            command_id=f"deadline:{self._service}:{deadline.id}",
            actor=f"deadline:{deadline.kind}",
            correlation_id=row["correlation_id"],
            causation_id=row["causation_id"],
        )
        try:
            fire = self._deadlines.fire[deadline.kind]
            await self._worker.run(cause, lambda work: fire(deadline, work))
            steps.reached("deadline.appended")
        except (*STOPPING, LogUnavailable):
            # Not this deadline's fault: it stays as it is, and is claimed again.
            raise
        except Exception as error:
            self._log.exception("deadlines.failed", deadline=deadline.id)
            return f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
        return None

    async def _seconds_to_next(self) -> float:
        """Until the next deadline falls due by business time, at most until the next poll."""
        async with self._running:
            connection = await self._open()
            now = self._worker.clock.now()
            next_due: datetime | None = await connection.fetchval(NEXT_DUE, now)
        if next_due is None:
            return self._poll_seconds
        return min((next_due - now).total_seconds(), self._poll_seconds)


def _deadline_of(row: Any) -> Deadline:
    return Deadline(row["id"], row["kind"], row["provider"], row["due_at"], orjson.loads(row["payload"]))
