"""How fast the log takes single events from many callers, against the least that PostgreSQL could do for them.

A: durable appends of one event each, a stream each, through PostgresLog with so many callers at once. B: bare
`INSERT … SELECT unnest` of 100 rows a transaction into a table of the same shape and indexes, on one connection.
C: pyeventsourcing's recorder. In turns, in one process, against one server: only ratios taken that way can be trusted.
"""

from __future__ import annotations

import asyncio
import gc
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from figures import Figure, peer_settings, run, server, show, spread
from kippu_events.database import Server
from kippu_events.envelope import Metadata, NewEvent, sum_of
from kippu_events.log import Append, Expected, StreamAppend
from kippu_events.log.postgres import PostgresLog
from kippu_events.ports import SystemIds

DATA_BYTES = 350
BARE_ROWS = 100
PEER = "pyeventsourcing"
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


def peer(settings: dict[str, str], appends: Sequence[Append]) -> float:
    """pyeventsourcing's recorder, as an application of its saves: one event a call, each durable."""
    names = ("DBNAME", "HOST", "PORT", "USER", "PASSWORD")
    datastore = PostgresDatastore(*[settings[f"POSTGRES_{name}"] for name in names])
    recorder = PostgresApplicationRecorder(datastore)
    recorder.create_table()
    stored = [
        StoredEvent(uuid4(), 1, "kippu.intake:TicketOpened", append.streams[0].events[0].data) for append in appends
    ]
    start = time.perf_counter()
    for event in stored:
        recorder.insert_events([event])
    rate = len(stored) / (time.perf_counter() - start)
    datastore.close()
    return rate


async def measure(admin_url: str, rounds: int, events: int, callers: int = 256) -> list[Figure]:
    database = await Server(admin_url).create("bench")
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("create schema bench; create table bench.event (like log.event including all)")
    await connection.execute(f"create database {PEER}")
    to_bare, to_peer = [], []
    async with PostgresLog("bench", database.writer_url) as log:
        await through_the_log(log, make_appends(2000), callers)
        for number in range(rounds):
            appends = make_appends(events)
            gc.collect()
            gc.freeze()
            ours = await through_the_log(log, appends, callers)
            least = await bare(connection, appends, 1 + number * events)
            theirs = await asyncio.to_thread(peer, peer_settings(admin_url, PEER), appends[: events // 10])
            to_bare.append(ours / least)
            to_peer.append(ours / theirs)
            print(f"log {ours:8,.0f}/s   bare unnest {least:8,.0f}/s   pyeventsourcing {theirs:8,.0f}/s")
    await connection.close()
    what = f"durable appends of one event, {callers} callers"
    return [
        Figure(f"{what}, to a bare unnest of {BARE_ROWS} rows", spread(to_bare), "0.6"),
        Figure(f"{what}, to pyeventsourcing's recorder, one thread", spread(to_peer), "15"),
    ]


if __name__ == "__main__":
    with server() as admin_url:
        show(run(measure(admin_url, rounds=8, events=20_000)))
