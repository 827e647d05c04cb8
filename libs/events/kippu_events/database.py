"""A service's database: creating it with its roles, migrating it, dropping it; and connecting to it as a service may.

Three roles a database: `_owner` owns everything and never logs in, `_writer` appends and writes read models, `_reader`
answers queries under row-level security. The administrator creates and migrates; a service never connects as one,
since row-level security would not hold for it.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import asyncpg

FOUNDATION = Path(__file__).parent / "migrations"
"""What every service's database starts from: 1xx the log and access, 2xx the bus, 3xx deadlines, 4xx the outbox."""

MOST_ATTEMPTS = 10
"""So often a migration is begun that ends in a deadlock with a build that still runs. An append locks the events before
the commands, and looking a command up the commands before the events: no order of a migration's own suits both."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")


class MigrationChanged(Exception):
    """A migration that was applied is no longer what it was, or is missing: write a new one instead."""


@dataclass(frozen=True, slots=True)
class Database:
    """One database, and how each role reaches it."""

    name: str
    roles: str
    """What the names of its roles start with."""
    admin_url: str
    """For creating, migrating and dropping only."""
    writer_url: str
    reader_url: str


class Server:
    """A PostgreSQL server as its administrator sees it. Roles without a password need a server that trusts them."""

    def __init__(self, admin_url: str, prefix: str = "kippu", passwords: Mapping[str, str] | None = None) -> None:
        self._admin_url = admin_url
        self._prefix = prefix
        self._passwords = passwords or {}

    def database(self, service: str, roles: str | None = None) -> Database:
        """Where a service's database is, whether it exists or not. Tests share `roles` between databases."""
        name = _checked(f"{self._prefix}_{service}")
        roles = _checked(roles or name)
        return Database(
            name=name,
            roles=roles,
            admin_url=_with(self._admin_url, database=name),
            writer_url=self._url(name, f"{roles}_writer"),
            reader_url=self._url(name, f"{roles}_reader"),
        )

    def _url(self, database: str, role: str) -> str:
        return _with(self._admin_url, database=database, user=role, password=self._passwords.get(role))

    async def create(self, service: str, folders: Sequence[Path] = (FOUNDATION,), roles: str | None = None) -> Database:
        """Creates the database and its roles where they are missing, and runs the migrations that are new."""
        database = self.database(service, roles)
        connection = await asyncpg.connect(self._admin_url)
        try:
            # Services that start at the same time all come here: one creates, the others find it done.
            await connection.execute("select pg_advisory_lock(hashtext('kippu databases'))")
            await self._create_roles(connection, database.roles)
            if not await connection.fetchval("select true from pg_database where datname = $1", database.name):
                await connection.execute(f"create database {database.name} owner {database.roles}_owner")
            await _let_in(connection, database)
        finally:
            await connection.close()
        await migrate(database, folders)
        return database

    async def clone(self, template: Database, service: str) -> Database:
        """A copy of a database that nobody is connected to, under the same roles: quicker than migrating anew."""
        database = self.database(service, template.roles)
        connection = await asyncpg.connect(self._admin_url)
        try:
            await connection.execute(
                f"create database {database.name} template {template.name} owner {database.roles}_owner"
            )
            await _let_in(connection, database)
        finally:
            await connection.close()
        return database

    async def drop(self, service: str, roles: str | None = None, *, keep_roles: bool = False) -> None:
        """Drops a database with all its sessions, and its roles unless other databases share them."""
        database = self.database(service, roles)
        connection = await asyncpg.connect(self._admin_url)
        try:
            await connection.execute(f"drop database if exists {database.name} with (force)")
            if not keep_roles:
                for role in ("reader", "writer", "owner"):
                    await connection.execute(f"drop role if exists {database.roles}_{role}")
        finally:
            await connection.close()

    async def _create_roles(self, connection: asyncpg.Connection[Any], roles: str) -> None:
        for role, login in ((f"{roles}_owner", "nologin"), (f"{roles}_writer", "login"), (f"{roles}_reader", "login")):
            if not await connection.fetchval("select true from pg_roles where rolname = $1", role):
                await connection.execute(f"create role {role} {login} nosuperuser nobypassrls")
            if role in self._passwords:
                literal = await connection.fetchval("select quote_literal($1::text)", self._passwords[role])
                await connection.execute(f"alter role {role} password {literal}")
        # An administrator that is no superuser can act as the owner only as its member.
        await connection.execute(f"grant {roles}_owner to current_user")


async def _let_in(connection: asyncpg.Connection[Any], database: Database) -> None:
    await connection.execute(f"revoke all on database {database.name} from public")
    await connection.execute(
        f"grant connect on database {database.name} to {database.roles}_writer, {database.roles}_reader"
    )


async def migrate(database: Database, folders: Sequence[Path]) -> list[str]:
    """Runs the .sql files of the folders that are new, in the order of their names, folder by folder, as the owner.

    Each runs in a transaction of its own and is recorded with its checksum. Answers the names of those it ran; raises
    MigrationChanged if one that was applied has changed or is gone.
    """
    files = _files(folders)
    names = [name for name, _ in files]
    if len(set(names)) != len(names):
        raise ValueError(f"two migrations of {database.name} have the same name: {sorted(names)}")
    connection = await asyncpg.connect(database.admin_url)
    try:
        # One migrates, the others wait and then find nothing to do.
        await connection.execute("select pg_advisory_lock(hashtext('kippu migrations'))")
        await connection.execute(f"set role {database.roles}_owner")
        await connection.execute(_MIGRATIONS)
        await connection.execute(f"grant usage on schema migration to {database.roles}_writer")
        await connection.execute(f"grant select on migration.applied to {database.roles}_writer")
        applied = {row["name"]: row["checksum"] for row in await connection.fetch(_APPLIED)}
        missing = set(applied) - set(names)
        if missing:
            raise MigrationChanged(f"{database.name} has migrations that this build does not: {sorted(missing)}")
        return [name for name, text in files if await _apply(connection, name, text, applied.get(name))]
    finally:
        await connection.close()


async def awaited(database: Database, folders: Sequence[Path]) -> list[str]:
    """The names of the migrations that the folders have and the database does not yet, asked as its writer.

    Raises MigrationChanged if one that was applied is another one here; asyncpg's errors if it does not exist.
    """
    connection = await asyncpg.connect(database.writer_url)
    try:
        applied = {row["name"]: row["checksum"] for row in await connection.fetch(_APPLIED)}
    finally:
        await connection.close()
    files = _files(folders)
    changed = [name for name, text in files if applied.get(name, _sum(text)) != _sum(text)]
    if changed:
        raise MigrationChanged(f"{database.name} was migrated by another build: {changed} are not the same")
    return [name for name, _ in files if name not in applied]


def _files(folders: Sequence[Path]) -> list[tuple[str, str]]:
    return [(file.name, file.read_text()) for folder in folders for file in sorted(folder.glob("*.sql"))]


def _sum(text: str) -> bytes:
    return sha256(text.encode()).digest()


_APPLIED = "select name, checksum from migration.applied"

_MIGRATIONS = """
    create schema if not exists migration;
    create table if not exists migration.applied (
        name text primary key,
        checksum bytea not null,
        applied_at timestamptz not null default clock_timestamp()
    )
"""


async def _apply(connection: asyncpg.Connection[Any], name: str, text: str, applied: bytes | None) -> bool:
    checksum = _sum(text)
    if applied is not None:
        if applied != checksum:
            raise MigrationChanged(f"{name} was applied and has been changed since: write a new one")
        return False
    for tried in count(1):
        try:
            async with connection.transaction():
                await connection.execute(text)
                await connection.execute(
                    "insert into migration.applied (name, checksum) values ($1, $2)", name, checksum
                )
            break
        except asyncpg.DeadlockDetectedError:
            if tried == MOST_ATTEMPTS:
                raise
    return True


async def refuse_superuser(connection: asyncpg.Connection[Any]) -> None:
    """Raises PermissionError for a connection that row-level security does not bind."""
    unbound = "select rolname from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)"
    name = await connection.fetchval(unbound)
    if name:
        raise PermissionError(f"{name} bypasses row-level security: a service connects as its writer or reader")


def _checked(name: str) -> str:
    """Names go into SQL as they are, so they are plain."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a database or role: lower-case letters, digits and _, at most 50")
    return name


def _with(url: str, *, database: str, user: str | None = None, password: str | None = None) -> str:
    """The same server's URL for another database, and another user."""
    parts = urlsplit(url)
    netloc = parts.netloc
    if user is not None:
        secret = f":{quote(password, safe='')}" if password else ""
        netloc = f"{user}{secret}@{netloc.rpartition('@')[2]}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{netloc}/{database}{query}"
