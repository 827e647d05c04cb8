"""Replay: read models rebuilt from the logs in an empty database, and dumps of read models that can be compared.

It is how an auditor checks today's figures, or those of a date, and how tests hold that projections do not depend on
the order in which slots arrive.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import io
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from asyncpg import Connection

from kippu_events.consumer import Projector
from kippu_events.consumer.interest import Interest
from kippu_events.consumer.projector import qualified
from kippu_events.envelope import Envelope
from kippu_events.log import Log

BATCH = 1000

Progress = Callable[[str, int, int], None]
"""Told of a log: its name, how many of its events are replayed, of how many."""


class ReplayFailed(Exception):
    """A projector could not apply an event. Live, it is parked, and the read model lacks it until it is redriven."""


async def replay(
    logs: Mapping[str, Log],
    projectors: Sequence[Projector],
    connection: Connection[Any],
    known_at: datetime | None = None,
    progress: Progress | None = None,
) -> int:
    """Runs the projectors over their logs from position 0; answers how many events were read.

    `connection` is a writer's, to a database with the read models' tables and nothing in them. With `known_at`, only
    what was recorded up to that instant is replayed: what was known then. Raises ReplayFailed, LogCorrupt,
    UnknownEventVersion.
    """
    count = 0
    for name in sorted({name for projector in projectors for name in projector.logs}):
        listeners = [projector for projector in projectors if name in projector.logs]
        async for batch in _read(logs[name], known_at, progress):
            await project(connection, listeners, batch)
            count += len(batch)
    return count


async def _read(log: Log, known_at: datetime | None, progress: Progress | None) -> AsyncIterator[list[Envelope]]:
    """The log up to where it is now, or was then: `recorded_at` never goes back, so the first later event ends it."""
    head = await log.head()
    position = 0
    while position < head.position:
        batch = (await log.read(position, BATCH))[: head.position - position]
        position = batch[-1].position
        known = [envelope for envelope in batch if known_at is None or envelope.recorded_at <= known_at]
        if known:
            yield known
        if progress is not None:
            progress(log.name, known[-1].position if known else position, head.position)
        if len(known) < len(batch):
            return


async def project(connection: Connection[Any], projectors: Iterable[Projector], batch: Sequence[Envelope]) -> None:
    """Applies one batch to several projectors, each in a transaction. Without marks: the caller sees to the order."""
    for projector in projectors:
        interest = Interest(projector.subscribes)
        wanted = [envelope for envelope in batch if envelope.log in projector.logs and interest.takes(envelope.type)]
        if not wanted:
            continue
        try:
            async with connection.transaction():
                await projector.apply(connection, wanted)
        except Exception as error:
            first, last = wanted[0], wanted[-1]
            raise ReplayFailed(
                f"{projector.name}, {first.log} positions {first.position} to {last.position}: {error!r}"
            ) from error


async def dump(connection: Connection[Any], tables: Iterable[str]) -> bytes:
    """The contents of read models as text: the same rows give the same bytes, on whatever server, in whatever order
    they were written.

    Each table with its columns' names, its rows in the order of its primary key, values as PostgreSQL's COPY writes
    them in UTC. `connection` sees all rows (a writer's).
    """
    out = io.BytesIO()
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        for setting in ("timezone = 'UTC'", "datestyle = 'ISO'", "intervalstyle = 'iso_8601'", "bytea_output = 'hex'"):
            await connection.execute(f"set local {setting}")
        for table in sorted(tables):
            await _dump_table(connection, table, out)
    return out.getvalue()


async def _dump_table(connection: Connection[Any], table: str, out: io.BytesIO) -> None:
    # Columns by name, not by place: a table that grew by migrations equals one that was made whole.
    columns = await connection.fetch(
        "select quote_ident(attname) as name, coalesce(attnum = any(indkey), false) as is_key,"
        "       coalesce(array_position(indkey::smallint[], attnum), 0) as place"
        " from pg_attribute left join pg_index on indrelid = attrelid and indisprimary"
        ' where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attname collate "C"',
        qualified(table),
    )
    names = [column["name"] for column in columns]
    keys = [column["name"] for column in sorted(columns, key=lambda column: column["place"]) if column["is_key"]]
    # Compared as bytes: the collations of two servers may differ.
    order = ", ".join(f'{name}::text collate "C"' for name in keys or names)
    out.write(f"-- {table.removeprefix('read.')} ({', '.join(names)})\n".encode())
    await connection.copy_from_query(
        f"select {', '.join(names)} from {qualified(table)} order by {order}",  # noqa: S608  names are the catalogue's
        output=out,
        format="text",
    )
