"""How fast the log takes single events from many callers, against the least that PostgreSQL could do for them.

    python bench/append.py [--rounds 8] [--events 20000] [--callers 256]

A: durable appends of one event each, a stream each, through PostgresLog with so many callers at once. B: bare
`INSERT … SELECT unnest` of 100 rows a transaction into a table of the same shape and indexes, on one connection. Both
run in turns in one process against one server, since only ratios taken that way can be trusted.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import secrets
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from kippu_events.database import Database, Server
from kippu_events.envelope import Metadata, NewEvent, sum_of
from kippu_events.local.postgres import LocalPostgres
from kippu_events.log import Append, Expected, StreamAppend
from kippu_events.log.postgres import PostgresLog
from kippu_events.ports import SystemIds

DATA_BYTES = 350
BARE_ROWS = 100
BARE = """
    insert into bench.event
    select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::smallint[], $5::bigint[], $6::uuid[], $7::text[],
                         $8::text[], $9::timestamptz[], $10::bytea[], $11::bytea[], $12::bytea[])
"""


def make_appends(count: int) -> list[Append]:
    ids = SystemIds()
    run = secrets.token_hex(4)
    now = datetime.now(UTC)
    metadata = Metadata("client:portal-1", run * 4, run * 4).to_bytes()
    appends = []
    for number in range(count):
        event_id, stream = ids.event_id(), f"ticket-iij-{run}-{number}"
        data = secrets.token_bytes(DATA_BYTES)
        digest = sum_of(event_id, "kippu.intake.TicketOpened.v1", stream, "iij", metadata, data)
        event = NewEvent(event_id, "kippu.intake.TicketOpened.v1", "iij", metadata, data, digest)
        part = StreamAppend(stream, Expected.NO_STREAM, (event,))
        appends.append(Append(f"http:iij:portal-1:tickets:{run}-{number}", digest, (part,), now, b'"KP-1"'))
    return appends


async def through_the_log(log: PostgresLog, appends: Sequence[Append], callers: int) -> float:
    waiting = iter(appends)

    async def call() -> None:
        for append in waiting:
            await log.append(append)

    start = time.perf_counter()
    await asyncio.gather(*[call() for _ in range(callers)])
    return len(appends) / (time.perf_counter() - start)


async def bare(connection: asyncpg.Connection[Any], appends: Sequence[Append], first: int) -> float:
    rows = [
        (number, append.streams[0].stream, 1, number % 16, number, event.id, event.type, event.provider,
         append.now, event.metadata, event.data, event.sum)
        for number, append in enumerate(appends, start=first)
        for event in append.streams[0].events
    ]  # fmt: skip
    batches = [list(zip(*rows[at : at + BARE_ROWS], strict=True)) for at in range(0, len(rows), BARE_ROWS)]
    statement = await connection.prepare(BARE)
    start = time.perf_counter()
    for batch in batches:
        await statement.fetch(*batch)
    return len(rows) / (time.perf_counter() - start)


async def measure(database: Database, rounds: int, events: int, callers: int) -> None:
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("create schema bench; create table bench.event (like log.event including all)")
    ratios = []
    async with PostgresLog("bench", database.writer_url) as log:
        await through_the_log(log, make_appends(2000), callers)
        for number in range(rounds):
            appends = make_appends(events)
            gc.collect()
            gc.freeze()
            a = await through_the_log(log, appends, callers)
            b = await bare(connection, [replace(append) for append in appends], 1 + number * events)
            ratios.append(a / b)
            print(f"log {a:8,.0f}/s   bare unnest {b:8,.0f}/s   ratio {a / b:.2f}")
    await connection.close()
    print(f"median ratio {statistics.median(ratios):.2f} of {rounds} rounds, {events} events, {callers} callers")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--callers", type=int, default=256)
    options = parser.parse_args()
    # In a folder of its own, not a temporary server: that one would not flush.
    with tempfile.TemporaryDirectory() as folder, LocalPostgres(Path(folder) / "postgres") as server:
        database = asyncio.run(Server(server.admin_url).create("bench"))
        asyncio.run(measure(database, options.rounds, options.events, options.callers))


if __name__ == "__main__":
    main()
