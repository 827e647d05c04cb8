"""How fast a projector keeps PostgreSQL tables, against pyeventsourcing's runner keeping one counter.

Ours does more for each event: it writes wallets, lots and statements, as entitlement does. In turns, on one server.
"""

from __future__ import annotations

import asyncio
import time
from functools import singledispatchmethod
from typing import Any

import asyncpg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from figures import Figure, peer_settings, run, server, show, spread
from kippu_entitlement.app import MIGRATIONS
from kippu_entitlement.readmodels.wallets import Wallets
from kippu_events.bus.embedded import EmbeddedBus
from kippu_events.consumer.projector import ProjectorRunner, reset
from kippu_events.consumer.runner import connector
from kippu_events.database import FOUNDATION, Database, Server
from kippu_events.log.postgres import PostgresLog
from psycopg.sql import SQL, Identifier
from wallets import Till

PEER = "pyeventsourcing"
WALLETS = 50


class Account(Aggregate):
    @event("Moved")
    def move(self, quantity: int) -> None: ...


class Accounts(Application[Any]):
    pass


class Counter(PostgresTrackingRecorder):
    """A view of one row, written in the transaction of the event's tracking record."""

    def __init__(self, datastore: Any, **options: Any) -> None:
        super().__init__(datastore, **options)
        names = {"schema": Identifier(self.datastore.schema), "table": Identifier("counter")}
        self.sql_create_statements.append(
            SQL("create table if not exists {schema}.{table} (id int primary key, events bigint)").format(**names)
        )
        self._count = SQL(
            "insert into {schema}.{table} values (1, 1) on conflict (id) do update set events = counter.events + 1"
        ).format(**names)

    def count(self, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._count)


class Counting(Projection[Counter]):
    name = "counting"

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.count(tracking)


def peer(settings: dict[str, str], schema: str, events: int) -> float:
    """Events a second; the tracking starts anew each time, in a schema of its own."""
    environment = {**settings, "PERSISTENCE_MODULE": "eventsourcing.postgres", "POSTGRES_SCHEMA": schema}
    accounts = Accounts(env=environment)
    for _ in range(WALLETS):
        account = Account()
        for _ in range(events // WALLETS - 1):
            account.move(1)
        accounts.save(account)
    last = accounts.recorder.max_notification_id()
    accounts.close()
    start = time.perf_counter()
    with ProjectionRunner(
        application_class=Accounts, projection_class=Counting, view_class=Counter, env=environment
    ) as runner:
        runner.wait(last, timeout=600)
    return events / (time.perf_counter() - start)


async def ours(log: PostgresLog, database: Database) -> float:
    """Events a second, from position 0 to the log's end."""
    connect = connector(database.writer_url, "bench")
    connection = await connect()
    await reset(connection, Wallets())
    await connection.close()
    head = await log.head()
    until = {(log.name, slot): last for slot, last in enumerate(head.slot_seqs)}
    start = time.perf_counter()
    await ProjectorRunner("entitlement", Wallets(), EmbeddedBus({log.name: log}), connect).run(until)
    return head.position / (time.perf_counter() - start)


async def measure(admin_url: str, rounds: int, events: int) -> list[Figure]:
    database = await Server(admin_url).create("projecting", (FOUNDATION, MIGRATIONS))
    theirs = await asyncpg.connect((await Server(admin_url, "peer").create(PEER)).admin_url)
    ratios = []
    async with PostgresLog("entitlement", database.writer_url) as log:
        till = Till(log)
        for number in range(WALLETS):
            await till.fill(f"wallet-{number}", events // WALLETS)
        for number in range(rounds):
            fast = await ours(log, database)
            await theirs.execute(f"create schema round_{number}")
            settings = peer_settings(admin_url, f"peer_{PEER}")
            slow = await asyncio.to_thread(peer, settings, f"round_{number}", events // 20)
            ratios.append(fast / slow)
            print(f"projector {fast:8,.0f}/s   pyeventsourcing's runner {slow:8,.0f}/s")
    await theirs.close()
    return [Figure("a projector with three tables, to pyeventsourcing's runner with a counter", spread(ratios), "10")]


if __name__ == "__main__":
    with server() as admin_url:
        show(run(measure(admin_url, rounds=5, events=50_000)))
