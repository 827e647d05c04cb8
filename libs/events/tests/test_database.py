"""A service's database: roles that can do what they should and no more, migrations, row-level security."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from kippu_events.database import FOUNDATION, Database, MigrationChanged, Server, awaited, migrate, refuse_superuser
from kippu_events.testing.buses import eventually
from kippu_events.testing.plugin import MakeDatabase


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


READ_MODEL = """
    create table read.tickets (provider text not null, customer_id text, ticket_no text primary key);
    create table read.plans (provider text not null, family text not null);
    create table read.unprotected (provider text not null);
    select read.protect('tickets');
    select read.protect('plans');
"""


@pytest.fixture
async def read_models(service_database: MakeDatabase, tmp_path: Path) -> Database:
    (tmp_path / "001_read.sql").write_text(READ_MODEL)
    database = await service_database("reads", [tmp_path])
    async with connected(database.writer_url) as writer:
        await writer.execute("""
            insert into read.tickets values ('iij', 'customer-1', 'a'), ('iij', 'customer-2', 'b'),
                ('iij', null, 'c'), ('svt', 'customer-1', 'd');
            insert into read.plans values ('iij', 'one'), ('svt', 'two');
        """)
    return database


async def shown(database: Database, provider: str | None, customers: str | None) -> tuple[str, str]:
    async with connected(database.reader_url) as reader, reader.transaction():
        if provider is not None:
            await reader.execute("select set_config('kippu.provider', $1, true)", provider)
        if customers is not None:
            await reader.execute("select set_config('kippu.customers', $1, true)", customers)
        tickets = await reader.fetchval(
            "select coalesce(string_agg(ticket_no, '' order by ticket_no), '') from read.tickets"
        )
        plans = await reader.fetchval("select coalesce(string_agg(family, '' order by family), '') from read.plans")
        return tickets, plans


@pytest.mark.parametrize(
    ("provider", "customers", "tickets", "plans"),
    [
        ("iij", "*", "abc", "one"),
        ("iij", "customer-1", "a", "one"),
        ("iij", "customer-1,customer-2", "ab", "one"),
        ("iij", "customer", "", "one"),
        ("iij", "", "", "one"),
        ("iij", None, "", "one"),
        ("svt", "*", "d", "two"),
        ("nobody", "*", "", ""),
        ("", "*", "", ""),
        (None, "*", "", ""),
        (None, None, "", ""),
    ],
)
async def test_a_reader_sees_its_provider_and_customers_alone(
    read_models: Database, provider: str | None, customers: str | None, tickets: str, plans: str
) -> None:
    assert await shown(read_models, provider, customers) == (tickets, plans)


async def test_the_owner_is_bound_too(read_models: Database) -> None:
    async with connected(read_models.admin_url) as admin:
        await admin.execute(f"set role {read_models.roles}_owner")
        assert await admin.fetchval("select count(*) from read.tickets") == 0


async def test_the_setting_ends_with_its_transaction(read_models: Database) -> None:
    async with connected(read_models.reader_url) as reader:
        async with reader.transaction():
            await reader.execute(
                "select set_config('kippu.provider', 'iij', true), set_config('kippu.customers', '*', true)"
            )
            assert await reader.fetchval("select count(*) from read.tickets") == 3
        assert await reader.fetchval("select count(*) from read.tickets") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read.unprotected",
        "insert into read.tickets values ('iij', 'customer-1', 'x')",
        "update read.tickets set provider = 'iij'",
        "delete from read.tickets",
        "select * from log.event",
        "create table read.mine (n int)",
        "create table public.mine (n int)",
        "set role postgres",
        "update bus.mark set slot_seq = 0",
    ],
)
async def test_a_reader_can_do_nothing_else(read_models: Database, statement: str) -> None:
    async with connected(read_models.reader_url) as reader:
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedObjectError)):
            await reader.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into log.command values ('c', '', '', '{}')",
        "update log.head set position = 7",
        "delete from log.saved_state",
        "select log.new_epoch()",
        "alter table read.tickets disable row level security",
        "drop table read.tickets",
        "create table read.mine (n int)",
    ],
)
async def test_a_writer_cannot_go_round_the_log_nor_change_tables(read_models: Database, statement: str) -> None:
    async with connected(read_models.writer_url) as writer:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await writer.execute(statement)


async def test_a_superuser_is_refused_and_the_roles_are_not(read_models: Database) -> None:
    for url in (read_models.writer_url, read_models.reader_url):
        async with connected(url) as connection:
            await refuse_superuser(connection)
    async with connected(read_models.admin_url) as admin:
        with pytest.raises(PermissionError):
            await refuse_superuser(admin)


async def test_the_owner_cannot_log_in(read_models: Database) -> None:
    url = read_models.writer_url.replace(f"{read_models.roles}_writer", f"{read_models.roles}_owner")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(url)


async def test_migrations_run_once_in_order_and_must_not_change(service_database: MakeDatabase, tmp_path: Path) -> None:
    database = await service_database("migrated")
    (tmp_path / "502_b.sql").write_text("insert into read.n values (2)")
    (tmp_path / "501_a.sql").write_text("create table read.n (n int)")
    folders = (FOUNDATION, tmp_path)

    assert await migrate(database, folders) == ["501_a.sql", "502_b.sql"]
    assert await migrate(database, folders) == []

    (tmp_path / "502_b.sql").write_text("insert into read.n values (3)")
    with pytest.raises(MigrationChanged, match="502_b"):
        await migrate(database, folders)
    (tmp_path / "502_b.sql").unlink()
    with pytest.raises(MigrationChanged, match="502_b"):
        await migrate(database, folders)


async def test_a_writer_sees_what_was_migrated(service_database: MakeDatabase, tmp_path: Path) -> None:
    database = await service_database("awaiting")
    (tmp_path / "501_a.sql").write_text("create table read.n (n int)")
    folders = (FOUNDATION, tmp_path)
    assert await awaited(database, folders) == ["501_a.sql"]

    await migrate(database, folders)
    assert await awaited(database, folders) == []
    assert await awaited(database, [FOUNDATION]) == []  # an older build goes on, while a newer one is rolled out

    (tmp_path / "501_a.sql").write_text("create table read.m (n int)")
    with pytest.raises(MigrationChanged, match="501_a"):
        await awaited(database, folders)


async def test_a_migration_that_fails_leaves_nothing(service_database: MakeDatabase, tmp_path: Path) -> None:
    database = await service_database("failing")
    (tmp_path / "501_a.sql").write_text("create table read.n (n int); select 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(database, (FOUNDATION, tmp_path))
    async with connected(database.writer_url) as writer:
        assert await writer.fetchval("select to_regclass('read.n')") is None


BOTH = """
    alter table read.events add column n int;
    select pg_advisory_xact_lock(1);
    alter table read.commands add column n int;
"""
ASKS_FOR = "select exists (select from pg_locks where locktype = $1 and not granted and database = $2::oid)"


async def test_a_migration_that_meets_a_running_build_in_a_deadlock_begins_again(
    service_database: MakeDatabase, tmp_path: Path
) -> None:
    (tmp_path / "501_a.sql").write_text("create table read.events (); create table read.commands ()")
    database = await service_database("meeting", [tmp_path])
    (tmp_path / "502_b.sql").write_text(BOTH)
    async with connected(database.admin_url) as build, connected(database.admin_url) as admin:
        number = await admin.fetchval("select oid from pg_database where datname = current_database()")
        # Given that it is the migration that PostgreSQL ends, and at once
        await admin.execute(f"alter database {database.name} set deadlock_timeout = '10ms'")
        await build.execute("set deadlock_timeout = '10min'")
        await admin.execute("select pg_advisory_lock(1)")
        async with asyncio.TaskGroup() as group, build.transaction():
            # When a build that looks at commands, and then at events, meets one that changes them the other way round
            await build.execute("select from read.commands")
            migrating = group.create_task(migrate(database, (FOUNDATION, tmp_path)))
            await eventually(lambda: admin.fetchval(ASKS_FOR, "advisory", number))
            looking = group.create_task(build.execute("select from read.events"))
            await eventually(lambda: admin.fetchval(ASKS_FOR, "relation", number))
            await admin.execute("select pg_advisory_unlock(1)")
            # Then the build goes on
            await looking
        # And what was to be changed is
        assert migrating.result() == ["502_b.sql"]
        assert await admin.fetch("select n from read.events, read.commands as c (m)") == []


async def test_creating_again_changes_nothing_and_dropping_leaves_nothing(postgres_url: str) -> None:
    prefix = f"t{secrets.token_hex(4)}"
    server = Server(postgres_url, prefix, {f"{prefix}_one_writer": "it's a secret", f"{prefix}_one_reader": "another"})
    try:
        database = await server.create("one")
        assert await server.create("one") == database
        async with connected(database.writer_url) as writer:
            assert await writer.fetchval("select current_user") == f"{prefix}_one_writer"
    finally:
        await server.drop("one")
    async with connected(postgres_url) as admin:
        assert not await admin.fetch("select from pg_database where starts_with(datname, $1)", prefix)
        assert not await admin.fetch("select from pg_roles where starts_with(rolname, $1)", prefix)


def test_names_that_are_not_plain_are_refused() -> None:
    with pytest.raises(ValueError, match="no name"):
        Server("postgresql://localhost/postgres").database('x"; drop database y')


async def test_services_that_start_at_the_same_time_create_their_databases_together(postgres_url: str) -> None:
    server, service = Server(postgres_url, f"t{secrets.token_hex(4)}"), "together"
    try:
        # Given five processes that all find no database, then a database that is there already
        for _ in range(2):
            made = await asyncio.gather(*(server.create(service) for _ in range(5)))
            # Then each of them gets the same one
            assert len(set(made)) == 1
    finally:
        await server.drop(service)
