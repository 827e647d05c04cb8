"""For tests of dispatch as a whole: the service alive, on a database of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from kippu_events.log.memory import MemoryLog
from kippu_events.log.postgres import PostgresLog
from kippu_events.ports import VirtualClock
from kippu_events.testing.plugin import MakeDatabase
from kippu_service.testing import Caller
from kippu_service.testing.living import Living, living

import kippu_dispatch
from kippu_dispatch.app import build

MIGRATIONS = Path(kippu_dispatch.__file__).parent / "migrations"


@asynccontextmanager
async def alive(service_database: MakeDatabase, now: datetime) -> AsyncIterator[Living]:
    database = await service_database("dispatch", [MIGRATIONS])
    # Of the others only what they say matters here, so their logs need not survive the test.
    heard = [MemoryLog(name) for name in ("entitlement", "intake", "billing")]
    async with (
        PostgresLog("dispatch", database.writer_url) as log,
        living(build, database, log, heard, VirtualClock(now)) as dispatch,
    ):
        yield dispatch


async def read_back(caller: Caller, path: str, written: httpx.Response | None = None) -> dict[str, Any]:
    """What is at a path, once it shows what an answer wrote."""
    headers = {"Kippu-Min-Position": written.headers["kippu-position"]} if written is not None else {}
    answer = await caller.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
