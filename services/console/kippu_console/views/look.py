"""What a page is looked at with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from asyncpg import Record
from kippu_service.http import Page, Snapshot


@dataclass(frozen=True, slots=True)
class Look:
    """One snapshot of the read models, at one instant of business time: what is late is so by the provider's clock."""

    reads: Snapshot
    provider: str
    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """Where the provider is."""
        return self.now.astimezone(self.zone).date()

    async def fetch(self, sql: str, *arguments: Any) -> list[Record]:
        return await self.reads.fetch(sql, *arguments)

    async def fetchrow(self, sql: str, *arguments: Any) -> Record | None:
        return await self.reads.fetchrow(sql, *arguments)


View = Callable[[Look], Awaitable[dict[str, Any] | None]]
"""Reads what one page shows; None if there is no such thing."""


async def look(reads: Snapshot, provider: str, now: datetime) -> Look:
    """In the provider's time zone, as its published terms say; UTC before any are."""
    row = await reads.fetchrow("select time_zone from read.provider")
    return Look(reads, provider, now, ZoneInfo(row["time_zone"] if row else "UTC"))


def listed(page: Page, rows: list[Record]) -> dict[str, Any]:
    """A page of a list: its rows, and the cursor of the next page if there is one."""
    shown = page.of(rows, dict)
    return {"rows": shown.items, "next": shown.next}
