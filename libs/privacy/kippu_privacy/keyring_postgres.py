"""The keyring in PostgreSQL: a database of its own, so that it is backed up, and forgets, apart from the logs.

Keys are wrapped with a master key (AES key wrap, RFC 3394) that is never in the database. An erased subject leaves a
tombstone without a key, and the database itself refuses to give it another. What an erased row held stays in dead
tuples and write-ahead log until PostgreSQL reuses them: wrapped, so useless without the master key.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from kippu_privacy.box import KEY_BYTES
from kippu_privacy.files import write_private
from kippu_privacy.keyring import KeyErased

MIGRATIONS = Path(__file__).parent / "migrations"
"""The SQL files of the keyring's database, to be run in the order of their names."""

# `do nothing` waits for another transaction that is making the same key, and then leaves that one in place.
_MAKE = """
insert into keyring.key (provider, subject, wrapped)
select $1, made.subject, made.wrapped from unnest($2::text[], $3::bytea[]) as made (subject, wrapped)
on conflict (provider, subject) do nothing
"""
_FIND = "select subject, wrapped from keyring.key where provider = $1 and subject = any ($2::text[])"
_ERASE = """
insert into keyring.key (provider, subject, wrapped, erased_at) values ($1, $2, null, now())
on conflict (provider, subject) do update set wrapped = null, erased_at = coalesce(keyring.key.erased_at, now())
"""


class MasterKeyWrong(Exception):
    """A key in the keyring does not unwrap: the master key is not the one it was wrapped with."""


class PostgresKeyring:
    """Each statement commits by itself, so a key is durable before `ensure` returns it."""

    def __init__(self, pool: asyncpg.Pool, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError(f"the master key must have {KEY_BYTES} bytes, this one has {len(master_key)}")
        self._pool = pool
        self._master_key = master_key

    async def ensure(self, provider: str, subjects: Iterable[str]) -> Mapping[str, bytes]:
        # Sorted, so that two callers who make the same keys lock them in the same order.
        wanted = sorted(set(subjects))
        rows = await self._rows(provider, wanted)
        missing = [name for name in wanted if name not in rows]
        if missing:
            new_keys = [aes_key_wrap(self._master_key, os.urandom(KEY_BYTES)) for _ in missing]
            await self._pool.execute(_MAKE, provider, missing, new_keys)
            # Read back: where another was faster, its key counts.
            rows |= await self._rows(provider, missing)
        erased = [name for name, wrapped in rows.items() if wrapped is None]
        if erased:
            raise KeyErased(f"{provider}: the key of {', '.join(erased)} was erased")
        return {name: self._unwrap(wrapped) for name, wrapped in rows.items() if wrapped is not None}

    async def find(self, provider: str, subjects: Iterable[str]) -> Mapping[str, bytes]:
        rows = await self._rows(provider, sorted(set(subjects)))
        return {name: self._unwrap(wrapped) for name, wrapped in rows.items() if wrapped is not None}

    async def erase(self, provider: str, subject: str) -> None:
        await self._pool.execute(_ERASE, provider, subject)

    async def _rows(self, provider: str, subjects: list[str]) -> dict[str, bytes | None]:
        return {row["subject"]: row["wrapped"] for row in await self._pool.fetch(_FIND, provider, subjects)}

    def _unwrap(self, wrapped: bytes) -> bytes:
        try:
            return aes_key_unwrap(self._master_key, wrapped)
        except InvalidUnwrap:
            raise MasterKeyWrong(
                "a key in the keyring does not unwrap; set KIPPU_MASTER_KEY_FILE to the file it was made with"
            ) from None


def master_key_from(path: Path, *, make: bool = False) -> bytes:
    """The master key (32 bytes, in hexadecimal in the file). With `make`, a missing file is made, mode 0600.

    Raises FileNotFoundError, or ValueError if the file holds something else.
    """
    if make and not path.exists():
        write_private(path, os.urandom(KEY_BYTES).hex() + "\n")
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} is not a master key: it must hold {KEY_BYTES * 2} hexadecimal digits")
    return key
