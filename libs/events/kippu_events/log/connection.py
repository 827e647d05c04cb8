"""How the log reaches PostgreSQL: settings of its connections, what is worth another try, and its SQL by name."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from kippu_events.database import refuse_superuser
from kippu_events.log import LogUnavailable
from kippu_events.passing import passes

Answer = TypeVar("Answer")

PATIENCE_SECONDS = 15.0
"""How long a lost server is waited for before the caller is told."""

STATEMENT_SECONDS = 30.0
"""No statement of the log takes longer; one that does is given up, and asked again on another connection."""

SETTINGS = {
    # Every statement of the log is a few look-ups by key. Planned once, for indexes: a plan made while a table was
    # still small must not outlive that.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_material": "off",
    "enable_memoize": "off",
    "jit": "off",
    "default_transaction_isolation": "read committed",
}


@cache
def sql(name: str) -> str:
    """The statement in `sql/{name}.sql`."""
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text()


async def connect(url: str, purpose: str, **settings: str) -> asyncpg.Connection[Any]:
    """A dedicated connection. Raises PermissionError for a role that row-level security does not bind."""
    connection = await asyncpg.connect(
        url,
        timeout=PATIENCE_SECONDS,
        command_timeout=STATEMENT_SECONDS,
        server_settings={**SETTINGS, **settings, "application_name": f"kippu log {purpose}"},
    )
    await refuse_superuser(connection)
    return connection


async def pool(url: str, size: int) -> asyncpg.Pool[Any]:
    """Connections for reads. They hold no state, so nothing is reset when one is given back."""

    async def keep_as_it_is(_: object) -> None: ...

    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        timeout=PATIENCE_SECONDS,
        command_timeout=STATEMENT_SECONDS,
        init=refuse_superuser,
        reset=keep_as_it_is,
        server_settings={**SETTINGS, "application_name": "kippu log reader"},
    )


def is_passing(error: BaseException) -> bool:
    """Whether the same statement may well succeed later. A role that may do too much (see `connect`) stays so."""
    return passes(error) and not isinstance(error, PermissionError)


async def persist(attempt: Callable[[], Awaitable[Answer]]) -> Answer:
    """Tries until it succeeds or fails for good. Only for what may be done twice. Raises LogUnavailable in the end."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    pause = 0.02
    while True:
        try:
            return await attempt()
        except Exception as error:
            if not is_passing(error):
                raise
            if time.monotonic() + pause > give_up_at:
                raise LogUnavailable(f"the log's database does not answer: {error!r}") from error
        await asyncio.sleep(pause)
        pause = min(pause * 2, 1.0)
