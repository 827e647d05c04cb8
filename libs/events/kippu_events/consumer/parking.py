"""Parking: a poison event is set aside with its bytes and its error, and later events of its key behind it, in order.

Nothing is dropped: a redrive takes them in order once the cause is put right. The live consumer and a redrive lock the
key's row; whoever finds no row may go ahead, because the last redrive deletes it in the transaction of its last event.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Connection, Record

from kippu_events.envelope import Envelope

Key = tuple[str, str]
"""What is parked together: the log's name and the stream."""

MAX_ERROR_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class ParkedKey:
    """A key that is set aside: what stopped it, how often that was tried, and how many events wait."""

    consumer: str
    log: str
    key: str
    error: str
    attempts: int
    parked_at: datetime
    events: int


@dataclass(frozen=True, slots=True)
class Redriven:
    """What a redrive of one key came to. `error` is None if nothing of it is parked any more."""

    log: str
    key: str
    done: int
    left: int
    error: str | None


def describe(error: BaseException) -> str:
    """An error as it is kept beside the parked events.

    Of a pydantic error the input is left out: it may hold what must not be copied.
    """
    errors = getattr(error, "errors", None)
    text = str(errors(include_input=False, include_url=False)) if callable(errors) else str(error)
    return f"{type(error).__name__}: {text}"[:MAX_ERROR_CHARACTERS]


async def parked_among(connection: Connection[Any], consumer: str, keys: Collection[Key]) -> set[Key]:
    """Which of these keys are parked now."""
    rows = await connection.fetch(
        "select log, key from bus.parked_key"
        " join unnest($2::text[], $3::text[]) as wanted (log, key) using (log, key) where consumer = $1",
        consumer,
        [log for log, _ in keys],
        [key for _, key in keys],
    )
    return {(row["log"], row["key"]) for row in rows}


async def park(
    connection: Connection[Any], consumer: str, envelope: Envelope, error: BaseException, tried: int
) -> None:
    """Sets a poison event aside, and its key with it; in the transaction that moves the mark past it."""
    await connection.execute(
        "insert into bus.parked_key (consumer, log, key, error, attempts) values ($1, $2, $3, $4, $5)"
        " on conflict do nothing",
        consumer, envelope.log, envelope.stream, describe(error), tried,
    )  # fmt: skip
    await _insert(connection, consumer, envelope)


async def park_behind(connection: Connection[Any], consumer: str, envelope: Envelope) -> bool:
    """Parks an event behind an earlier one of its key, and answers True; False if the key is (no longer) parked.

    Waits for a redrive that holds the key.
    """
    if not await _lock(connection, consumer, (envelope.log, envelope.stream)):
        return False
    await _insert(connection, consumer, envelope)
    return True


async def _lock(connection: Connection[Any], consumer: str, key: Key) -> bool:
    found = await connection.fetchval(
        "select true from bus.parked_key where consumer = $1 and log = $2 and key = $3 for update", consumer, *key
    )
    return found is not None


async def _insert(connection: Connection[Any], consumer: str, envelope: Envelope) -> None:
    await connection.execute(
        "insert into bus.parked_event"
        " (consumer, log, slot, slot_seq, key, epoch, position, version, id, type, provider, recorded_at,"
        " metadata, data, sum)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict do nothing",
        consumer, envelope.log, envelope.slot, envelope.slot_seq, envelope.stream, envelope.epoch, envelope.position,
        envelope.version, envelope.id, envelope.type, envelope.provider, envelope.recorded_at, envelope.metadata_bytes,
        envelope.data, envelope.sum,
    )  # fmt: skip


def _envelope(row: Record) -> Envelope:
    return Envelope(
        log=row["log"],
        epoch=row["epoch"],
        position=row["position"],
        stream=row["key"],
        version=row["version"],
        slot=row["slot"],
        slot_seq=row["slot_seq"],
        id=row["id"],
        type=row["type"],
        provider=row["provider"],
        recorded_at=row["recorded_at"],
        metadata_bytes=row["metadata"],
        data=row["data"],
        sum=row["sum"],
    )


async def parked_keys(connection: Connection[Any], consumer: str | None = None) -> list[ParkedKey]:
    """What is set aside, of one consumer or of all, the oldest first."""
    rows = await connection.fetch(
        "select parked_key.*, (select count(*) from bus.parked_event"
        " where (parked_event.consumer, parked_event.log, parked_event.key)"
        "     = (parked_key.consumer, parked_key.log, parked_key.key)) as events"
        " from bus.parked_key where $1::text is null or consumer = $1 order by parked_at, consumer, log, key",
        consumer,
    )
    return [ParkedKey(**row) for row in rows]


async def parked_events(connection: Connection[Any], consumer: str, key: Key) -> list[Envelope]:
    """A key's parked events, in order, with their bytes as they were received."""
    rows = await connection.fetch(
        "select * from bus.parked_event where consumer = $1 and log = $2 and key = $3 order by slot_seq",
        consumer, *key,
    )  # fmt: skip
    return [_envelope(row) for row in rows]


async def forget(connection: Connection[Any], consumer: str) -> None:
    """Clears what a consumer has parked, because it is about to read everything again from position 0."""
    await connection.execute("delete from bus.parked_event where consumer = $1", consumer)
    await connection.execute("delete from bus.parked_key where consumer = $1", consumer)


async def redrive(
    connection: Connection[Any],
    consumer: str,
    key: Key | None,
    handle: Callable[[Envelope], Awaitable[None]],
) -> list[Redriven]:
    """Takes parked events again, in order, one transaction each; of each key up to the first that still fails.

    `handle` applies one event, within the connection's transaction or idempotently. Without a key, all of the
    consumer's keys are taken, the oldest first.
    """
    keys = [(parked.log, parked.key) for parked in await parked_keys(connection, consumer)] if key is None else [key]
    return [await _redrive_key(connection, consumer, each, handle) for each in keys]


async def _redrive_key(
    connection: Connection[Any], consumer: str, key: Key, handle: Callable[[Envelope], Awaitable[None]]
) -> Redriven:
    done = 0
    while True:
        try:
            if not await _redrive_first(connection, consumer, key, handle):
                return Redriven(*key, done, 0, None)
            done += 1
        except Exception as error:
            # Whatever the handler raised: the event stays where it was, with the newest error beside it.
            left = await _still_failing(connection, consumer, key, describe(error))
            return Redriven(*key, done, left, describe(error))


async def _redrive_first(
    connection: Connection[Any], consumer: str, key: Key, handle: Callable[[Envelope], Awaitable[None]]
) -> bool:
    """Handles the first parked event; False if there was none. The last one takes the key's row with it."""
    async with connection.transaction():
        if not await _lock(connection, consumer, key):
            return False
        row = await connection.fetchrow(
            "select * from bus.parked_event where consumer = $1 and log = $2 and key = $3 order by slot_seq limit 1",
            consumer, *key,
        )  # fmt: skip
        if row is not None:
            await handle(_envelope(row))
            await connection.execute(
                "delete from bus.parked_event where consumer = $1 and log = $2 and slot = $3 and slot_seq = $4",
                consumer, row["log"], row["slot"], row["slot_seq"],
            )  # fmt: skip
        await connection.execute(
            "delete from bus.parked_key where consumer = $1 and log = $2 and key = $3 and not exists"
            " (select from bus.parked_event where consumer = $1 and log = $2 and key = $3)",
            consumer, *key,
        )  # fmt: skip
        return row is not None


async def _still_failing(connection: Connection[Any], consumer: str, key: Key, error: str) -> int:
    await connection.execute(
        "update bus.parked_key set error = $4, attempts = attempts + 1 where consumer = $1 and log = $2 and key = $3",
        consumer, *key, error,
    )  # fmt: skip
    left: int = await connection.fetchval(
        "select count(*) from bus.parked_event where consumer = $1 and log = $2 and key = $3", consumer, *key
    )
    return left
