"""Pytest fixtures: a real PostgreSQL for the session, and fresh migrated databases for each test.

The server is the one of `DATABASE_URL` (an administrator's), else a container where a Docker engine answers, else the
one from the wheel. Where none can start, tests fail; they are never skipped.
"""

import os
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest

from kippu_events.database import FOUNDATION, Database, Server
from kippu_events.local.postgres import LocalPostgres

POSTGRES_IMAGE = "postgres:18-alpine"
POSTGRES_SETTINGS = ("-c", "max_connections=300", "-c", "fsync=off")
"""The local server's, for its data goes with it as well."""

_numbers = count(1)


class MakeDatabase(Protocol):
    async def __call__(self, service: str, migrations: Sequence[Path] = ()) -> Database:
        """A fresh database with the foundation and the service's own migrations; gone when the test ends."""


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """An administrator's URL of a real PostgreSQL."""
    if url := os.environ.get("DATABASE_URL"):
        yield url
    elif docker_answers():
        from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415  a development tool, used only here

        container = PostgresContainer(POSTGRES_IMAGE, driver=None).with_command(["postgres", *POSTGRES_SETTINGS])
        with container:
            yield container.get_connection_url()
    else:
        with LocalPostgres() as server:
            yield server.admin_url


def docker_answers() -> bool:
    """Whether there is a container engine to start servers in."""
    import docker  # noqa: PLC0415  comes with testcontainers
    from docker.errors import DockerException  # noqa: PLC0415

    try:
        client = docker.from_env(timeout=5)
    except DockerException:
        return False
    try:
        return bool(client.ping())
    except (DockerException, OSError):
        return False
    finally:
        client.close()


class Templates:
    """One migrated database for each set of migrations, made when first asked for and cloned from then on."""

    def __init__(self, server: Server, roles: str) -> None:
        self.server = server
        self._roles = roles
        self._made: dict[tuple[Path, ...], tuple[str, Database]] = {}

    async def clone(self, service: str, migrations: tuple[Path, ...]) -> Database:
        if migrations not in self._made:
            name = f"template_{len(self._made)}"
            self._made[migrations] = name, await self.server.create(name, (FOUNDATION, *migrations), self._roles)
        return await self.server.clone(self._made[migrations][1], service)

    async def drop(self, service: str) -> None:
        await self.server.drop(service, self._roles, keep_roles=True)

    async def drop_all(self) -> None:
        for name, _ in self._made.values():
            await self.drop(name)
        await self.server.drop("none", self._roles)


@pytest.fixture(scope="session")
async def templates(postgres_url: str) -> AsyncIterator[Templates]:
    prefix = f"t{secrets.token_hex(4)}"
    passwords = {f"{prefix}_{role}": secrets.token_hex(16) for role in ("writer", "reader")}
    made = Templates(Server(postgres_url, prefix, passwords), prefix)
    yield made
    await made.drop_all()


@pytest.fixture
async def service_database(templates: Templates) -> AsyncIterator[MakeDatabase]:
    """`await service_database("intake")` or `await service_database("intake", [folder])` makes a fresh database."""
    made: list[str] = []

    async def make(service: str, migrations: Sequence[Path] = ()) -> Database:
        name = f"{service}_{next(_numbers)}"
        made.append(name)
        return await templates.clone(name, tuple(migrations))

    yield make
    for name in made:
        await templates.drop(name)


@pytest.fixture
async def database(service_database: MakeDatabase) -> Database:
    """A fresh database with the foundation alone."""
    return await service_database("service")
