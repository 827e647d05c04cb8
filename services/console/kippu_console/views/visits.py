"""Visits: those that the dispatcher has to answer first."""

from typing import Any, Literal

from asyncpg import Record
from kippu_service.http import Page

from kippu_console.views import roster
from kippu_console.views.look import Look, listed
from kippu_console.views.targets import aim

Which = Literal["ahead", "held", "booked", "postponed", "completed", "declined", "withdrawn", "all"]

_ROWS = """
select *, status <> 'held' as turn from read.visit
where visit_at is not null
    and ($1::boolean is null or (status <> 'held', visit_at, visit_id) > ($1, $2::timestamptz, $3::text))
    and ($4 = 'all' or status = $4
        or ($4 = 'ahead' and status in ('requested', 'held', 'booked', 'postponed')))
order by turn, visit_at, visit_id limit $5
"""


async def visits(look: Look, page: Page, which: Which) -> dict[str, Any]:
    """Held visits first, then by date."""
    values = listed(page, await look.fetch(_ROWS, *page.after, which, page.fetch_limit))
    return values | {"rows": await roster.with_suited(look, [_shown(row) for row in values["rows"]])}


async def of_ticket(look: Look, ticket_no: str) -> list[dict[str, Any]]:
    rows = await look.fetch("select * from read.visit where ticket_no = $1 order by visit_id", ticket_no)
    return await roster.with_suited(look, [_shown(row) for row in rows])


def _shown(row: Record | dict[str, Any]) -> dict[str, Any]:
    return dict(row) | {"target": aim(row["target"])}
