"""Connections as a service makes them: readers under row-level security, writers, and dedicated ones."""

from typing import Any

import asyncpg
from kippu_events.database import refuse_superuser

READ_SECONDS = 10
"""The longest that one statement of a query may take."""


async def open_readers(url: str, *, size: int = 10) -> asyncpg.Pool:
    """A pool under a reader role. Nothing is set on its connections but inside transactions, so a reset is cheap."""
    limits = {"statement_timeout": f"{READ_SECONDS}s", "idle_in_transaction_session_timeout": "30s"}
    return await _pool(url, size, {"default_transaction_read_only": "on", **limits})


async def open_writers(url: str, *, size: int = 4) -> asyncpg.Pool:
    """A pool under a writer role, for short statements."""
    return await _pool(url, size, {})


async def connect(url: str) -> "asyncpg.Connection[Any]":
    """One dedicated connection, for whoever keeps it. Raises PermissionError for a superuser."""
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url, timeout=10)
    await refuse_superuser(connection)
    return connection


async def _pool(url: str, size: int, server_settings: dict[str, str]) -> asyncpg.Pool:
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        timeout=10,
        init=refuse_superuser,
        reset=_reset,
        # Without just-in-time compilation: these statements are short, and it would cost more than they do.
        server_settings={"application_name": "kippu", "jit": "off", **server_settings},
    )


async def _reset(connection: "asyncpg.Connection[Any]") -> None:
    """Ends a transaction that was left open, and with it every setting; else costs no round trip."""
    if connection.is_in_transaction():
        await connection.execute("rollback")
