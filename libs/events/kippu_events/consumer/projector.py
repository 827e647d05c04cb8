"""Runs a projector: a batch, its effect on the tables and its marks in one transaction."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Sequence
from typing import Any

from asyncpg import Connection

from kippu_events import steps
from kippu_events.bus import Bus, Record, Subscription
from kippu_events.consumer import Projector, marks, parking
from kippu_events.consumer.interest import Interest
from kippu_events.consumer.marks import MarkMover
from kippu_events.consumer.retrying import final_error
from kippu_events.consumer.runner import STOPPING, Connect, ConsumerStopped, Runner, Tuning
from kippu_events.envelope import Envelope
from kippu_events.log import MarkMoved
from kippu_events.passing import passes


class ProjectorRunner(Runner):
    """Feeds one projector. Several of them for the same projector share its slots, or do no harm."""

    def __init__(
        self, service: str, projector: Projector, bus: Bus, connect: Connect, tuning: Tuning | None = None,
        mover: MarkMover | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            marks.projector_id(projector.name),
            f"{service}.projector.{projector.name}",
            projector.logs,
            Interest(projector.subscribes),
            bus,
            connect,
            tuning or Tuning(),
            mover,
        )
        self.projector = projector

    async def _prepare(self, connection: Connection[Any]) -> None:
        await prepare(connection, self.projector)

    async def _handle(self, subscription: Subscription, records: Sequence[Record]) -> None:
        """All in one transaction; if that fails, in halves, until the poison stands alone."""
        wanted = [record for record in records if self._interest.takes(record.envelope.type)]
        if not wanted:
            await self._pass_over(records)
            return
        try:
            await self._transact(records, wanted)
        except (MarkMoved, *STOPPING):
            raise
        except Exception as error:
            if passes(error) or self.connection.is_closed():
                raise
            if len(records) > 1:
                middle = len(records) // 2
                await self._handle(subscription, records[:middle])
                await self._handle(subscription, records[middle:])
            else:
                await self._retry_or_park(records, error)

    async def _transact(self, records: Sequence[Record], wanted: Sequence[Record]) -> None:
        moves = self._moves(records)
        async with self._connection_turn, self.connection.transaction():
            # The marks first: they are now locked, and a second instance ends here before it has written anything.
            await marks.move(self.connection, self.consumer, moves)
            free = await self._park_behind(wanted)
            if free:
                await self.projector.apply(self.connection, free)
            steps.reached("project.applied")
        steps.reached("project.committed")
        self._marks.update({slot: after for slot, (_, after) in moves.items()})

    async def _park_behind(self, wanted: Sequence[Record]) -> list[Envelope]:
        """Parks those whose key is parked already; answers the others."""
        keys = {(record.envelope.log, record.envelope.stream) for record in wanted}
        parked = await parking.parked_among(self.connection, self.consumer, keys) if keys else set()
        free: list[Envelope] = []
        for record in wanted:
            key = (record.envelope.log, record.envelope.stream)
            if key in parked and await parking.park_behind(self.connection, self.consumer, record.envelope):
                continue
            parked.discard(key)
            free.append(record.envelope)
        return free

    async def _retry_or_park(self, records: Sequence[Record], error: Exception) -> None:
        last = await final_error(self.tuning, error, lambda: self._transact(records, records))
        if last is None:
            return
        [record] = records
        moves = self._moves(records)
        async with self._connection_turn, self.connection.transaction():
            await marks.move(self.connection, self.consumer, moves)
            await parking.park(self.connection, self.consumer, record.envelope, last, self.tuning.attempts)
        self._marks.update({slot: after for slot, (_, after) in moves.items()})
        self._log.error("consumer.parked", key=record.envelope.stream, error=parking.describe(last))


async def prepare(connection: Connection[Any], projector: Projector) -> None:
    """Rebuilds a projector whose tables were made by an older version of it.

    Raises ConsumerStopped if a newer version has taken over.
    """
    consumer = marks.projector_id(projector.name)
    async with connection.transaction():
        await connection.execute(
            "insert into bus.projector (consumer, version) values ($1, $2) on conflict do nothing",
            consumer, projector.version,
        )  # fmt: skip
        stored = await connection.fetchval("select version from bus.projector where consumer = $1 for update", consumer)
        if stored > projector.version:
            raise ConsumerStopped(f"{consumer}: version {stored} has taken over from version {projector.version}")
        if stored < projector.version:
            await _empty(connection, projector)


async def reset(connection: Connection[Any], projector: Projector) -> None:
    """Empties a projector's tables and moves its marks back to 0, so that it is rebuilt from there.

    An instance that runs meanwhile finds its marks moved, and follows. Nothing else happens a second time: a
    projector has no effect but its tables.
    """
    async with connection.transaction():
        await _empty(connection, projector)


async def _empty(connection: Connection[Any], projector: Projector) -> None:
    consumer = marks.projector_id(projector.name)
    # The marks first, as the runner does: whoever is in a transaction ends it before the tables are emptied.
    await marks.reset(connection, consumer)
    await parking.forget(connection, consumer)
    if projector.tables:
        await connection.execute(f"truncate {', '.join(qualified(table) for table in projector.tables)}")
    await connection.execute(
        "insert into bus.projector (consumer, version) values ($1, $2)"
        " on conflict (consumer) do update set version = excluded.version",
        consumer, projector.version,
    )  # fmt: skip


def qualified(table: str) -> str:
    """`read."tickets"` for `tickets` or `read.tickets`: a projector's tables are all in that schema."""
    return f'read."{table.removeprefix("read.")}"'


async def redrive(
    connection: Connection[Any], projector: Projector, key: parking.Key | None = None
) -> list[parking.Redriven]:
    """Applies the parked events of a key, or of all, in order, each in the transaction that takes it out of parking."""

    async def handle(envelope: Envelope) -> None:
        await projector.apply(connection, [envelope])

    return await parking.redrive(connection, marks.projector_id(projector.name), key, handle)
