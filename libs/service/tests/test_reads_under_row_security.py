"""A reader sees what its token allows, and a pooled connection carries nothing over to the next caller."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import pytest
from fastapi import Request
from kippu_events.database import Database
from kippu_events.log.memory import MemoryLog
from kippu_events.passing import passes
from kippu_events.testing.plugin import Templates
from kippu_service.http import Query
from kippu_service.pools import connect, open_readers
from kippu_service.principal import Principal
from kippu_service.runtime import Runtime
from kippu_service.testing import runtime_on
from kippu_service.testing.sample import MIGRATIONS

ALL = "select contact_id from read.contacts order by contact_id"


@pytest.fixture(scope="module")
async def rows(templates: Templates) -> AsyncIterator[Database]:
    database = await templates.clone("row_security", (MIGRATIONS,))
    writer = await connect(database.writer_url)
    await writer.execute("""
        insert into read.contacts (provider, contact_id, customer_id, language, version) values
            ('iij', 'a', 'customer-1', 'en', 1), ('iij', 'b', 'customer-2', 'en', 1),
            ('svt', 'c', 'customer-1', 'en', 1)
    """)
    await writer.close()
    yield database
    await templates.drop("row_security")


@pytest.fixture
async def runtime(rows: Database) -> AsyncIterator[Runtime]:
    """With one connection for all readers, so that each uses what the one before left."""
    async with runtime_on(rows, MemoryLog("sample"), reader_connections=1) as made:
        yield made


def of(runtime: Runtime, provider: str, *customers: str, staff: bool = False) -> Query:
    principal = Principal(provider, "client-1", None if staff else frozenset(customers), frozenset())
    return Query(Request({"type": "http", "headers": []}), runtime, principal)


async def shown(query: Query) -> str:
    return "".join(row["contact_id"] for row in await query.fetch(ALL))


async def test_each_sees_its_own(runtime: Runtime) -> None:
    assert await shown(of(runtime, "iij", staff=True)) == "ab"
    assert await shown(of(runtime, "iij", "customer-1")) == "a"
    assert await shown(of(runtime, "iij", "customer-1", "customer-2")) == "ab"
    assert await shown(of(runtime, "svt", "customer-1")) == "c"
    assert await shown(of(runtime, "iij")) == ""
    assert await shown(of(runtime, "other", staff=True)) == ""


async def test_a_connection_keeps_nothing_of_the_caller_before(runtime: Runtime) -> None:
    assert await shown(of(runtime, "iij", staff=True)) == "ab"
    async with runtime.readers.acquire() as connection:
        assert await connection.fetch(ALL) == []
        assert not await connection.fetchval("select current_setting('kippu.provider', true)")


async def test_neither_after_an_error_nor_after_a_caller_who_went_away(runtime: Runtime) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await of(runtime, "iij", staff=True).fetch("select 1 / 0")
    gone = asyncio.create_task(of(runtime, "iij", staff=True).fetch("select pg_sleep(30)"))
    await asyncio.sleep(0.1)
    gone.cancel()
    with suppress(asyncio.CancelledError):
        await gone
    async with runtime.readers.acquire() as connection:
        assert not connection.is_in_transaction()
        assert await connection.fetch(ALL) == []
    assert await shown(of(runtime, "svt", staff=True)) == "c"


async def test_a_session_that_is_killed_amid_a_snapshot_gives_nothing_but_errors_that_pass(
    runtime: Runtime, rows: Database
) -> None:
    errors = []
    administrator = await asyncpg.connect(rows.admin_url)
    try:
        async with of(runtime, "iij", staff=True).snapshot() as snapshot:
            session = await snapshot.connection.fetchval("select pg_backend_pid()")
            await administrator.execute("select pg_terminate_backend($1, 60000)", session)
            for _ in range(2):
                try:
                    await snapshot.fetch(ALL)
                except Exception as error:
                    errors.append(error)
    except Exception as error:
        errors.append(error)
    finally:
        await administrator.close()
    assert [passes(error) for error in errors] == [True] * 3, errors
    assert await shown(of(runtime, "iij", staff=True)) == "ab"


async def test_many_callers_at_once_never_get_each_others(rows: Database) -> None:
    async with runtime_on(rows, MemoryLog("sample"), reader_connections=3) as runtime:
        callers = [("iij", "customer-1", "a"), ("iij", "customer-2", "b"), ("svt", "customer-1", "c")] * 40
        answers = await asyncio.gather(*(shown(of(runtime, provider, customer)) for provider, customer, _ in callers))
        assert answers == [wanted for _, _, wanted in callers]


async def test_one_snapshot_sees_one_state(runtime: Runtime) -> None:
    async with of(runtime, "svt", staff=True).snapshot() as snapshot:
        before = await snapshot.fetch(ALL)
        await runtime.writers.execute(
            "insert into read.contacts (provider, contact_id, customer_id, language, version)"
            " values ('svt', 'd', 'customer-1', 'en', 1)"
        )
        assert await snapshot.fetch(ALL) == before
    assert await shown(of(runtime, "svt", staff=True)) == "cd"
    await runtime.writers.execute("delete from read.contacts where contact_id = 'd'")


async def test_a_reader_cannot_write(runtime: Runtime) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await of(runtime, "iij", staff=True).fetch("delete from read.contacts")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await runtime.readers.execute("begin read write; delete from read.contacts")
    assert await shown(of(runtime, "iij", staff=True)) == "ab"


@pytest.mark.parametrize("customer", ["*", "a,b", "a'; select 1; --", "a\n", ""])
async def test_an_id_that_could_end_a_literal_or_a_list_never_gets_into_one(runtime: Runtime, customer: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        await shown(of(runtime, "iij", customer))


async def test_nobody_comes_as_a_superuser(postgres_url: str) -> None:
    with pytest.raises(PermissionError, match="bypasses row-level security"):
        await open_readers(postgres_url)
    with pytest.raises(PermissionError, match="bypasses row-level security"):
        await connect(postgres_url)
