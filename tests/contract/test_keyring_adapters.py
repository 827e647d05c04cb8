"""What every keyring guarantees, on each adapter."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest
from kippu_events.database import Server
from kippu_privacy.keyring import KeyErased, Keyring
from kippu_privacy.keyring_memory import MemoryKeyring
from kippu_privacy.keyring_postgres import MIGRATIONS, MasterKeyWrong, PostgresKeyring

MASTER_KEY = os.urandom(32)


@pytest.fixture
async def keyring_pool(postgres_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A keyring's own database, as a service reaches it."""
    prefix = f"k{secrets.token_hex(4)}"
    server = Server(postgres_url, prefix, {f"{prefix}_keyring_writer": secrets.token_hex(16)})
    database = await server.create("keyring", [MIGRATIONS])
    async with asyncpg.create_pool(database.writer_url, min_size=1, max_size=8) as pool:
        yield pool
    await server.drop("keyring")


@pytest.fixture(params=["memory", "postgres"])
def keyring(request: pytest.FixtureRequest) -> Keyring:
    if request.param == "memory":
        return MemoryKeyring()
    return PostgresKeyring(request.getfixturevalue("keyring_pool"), MASTER_KEY)


async def test_a_key_is_made_once_and_found_ever_after(keyring: Keyring) -> None:
    assert await keyring.find("iij", ["a", "b"]) == {}
    first = await keyring.ensure("iij", ["a", "b", "a"])
    assert {len(key) for key in first.values()} == {32}
    assert first["a"] != first["b"]
    assert await keyring.ensure("iij", ["b", "a"]) == first
    assert await keyring.find("iij", ["a", "b", "unknown"]) == first


async def test_providers_do_not_share_keys(keyring: Keyring) -> None:
    here, there = await keyring.ensure("iij", ["a"]), await keyring.ensure("svt", ["a"])
    assert here["a"] != there["a"]
    await keyring.erase("svt", "a")
    assert await keyring.find("iij", ["a"]) == here


async def test_an_erased_subject_never_gets_a_key_again(keyring: Keyring) -> None:
    await keyring.ensure("iij", ["a", "b"])
    await keyring.erase("iij", "a")
    await keyring.erase("iij", "a")
    assert (await keyring.find("iij", ["a", "b"])).keys() == {"b"}
    with pytest.raises(KeyErased):
        await keyring.ensure("iij", ["b", "a"])


async def test_a_subject_can_be_erased_before_it_has_a_key(keyring: Keyring) -> None:
    await keyring.erase("iij", "a")
    with pytest.raises(KeyErased):
        await keyring.ensure("iij", ["a"])


async def test_many_who_make_the_same_keys_at_once_get_the_same_ones(keyring: Keyring) -> None:
    subjects = [f"s{number}" for number in range(20)]
    answers = await asyncio.gather(
        *(keyring.ensure("iij", subjects if number % 2 else reversed(subjects)) for number in range(16))
    )
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].keys() == set(subjects)


async def test_nothing_is_asked_for_nobody(keyring: Keyring) -> None:
    assert await keyring.ensure("iij", []) == await keyring.find("iij", []) == {}


async def test_the_database_holds_wrapped_keys_only_and_refuses_to_revive_one(keyring_pool: asyncpg.Pool) -> None:
    keyring = PostgresKeyring(keyring_pool, MASTER_KEY)
    key = (await keyring.ensure("iij", ["a"]))["a"]
    wrapped = await keyring_pool.fetchval("select wrapped from keyring.key")
    assert key not in wrapped

    await keyring.erase("iij", "a")
    assert await keyring_pool.fetchval("select wrapped is null and erased_at is not null from keyring.key")
    with pytest.raises(asyncpg.RaiseError, match="erased or left alone"):
        await keyring_pool.execute("update keyring.key set wrapped = $1, erased_at = null", wrapped)
    for statement in ("delete from keyring.key", "truncate keyring.key"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await keyring_pool.execute(statement)


async def test_another_master_key_says_so(keyring_pool: asyncpg.Pool) -> None:
    await PostgresKeyring(keyring_pool, MASTER_KEY).ensure("iij", ["a"])
    with pytest.raises(MasterKeyWrong, match="KIPPU_MASTER_KEY_FILE"):
        await PostgresKeyring(keyring_pool, os.urandom(32)).find("iij", ["a"])
