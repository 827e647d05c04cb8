"""Sheets of registrations that came by mail: what one registered, or what is wrong in it."""

import json
from typing import Any, Literal

from kippu_service.http import Page

from kippu_console.views.look import Look, listed

Which = Literal["to_put_right", "imported", "refused", "all"]

# A sheet of the same customer that was registered later is taken for the one put right.
TO_PUT_RIGHT = """
    status = 'refused' and not exists (select from read.sheet as later
        where later.customer_id = sheet.customer_id and later.status = 'imported' and later.read_at > sheet.read_at)
"""
_STATUS = f"""
    case when {TO_PUT_RIGHT} then 'to_put_right'
        when status = 'refused' then 'not_registered' else coalesce(status, 'unread') end
"""
_ROWS = f"""
select *, {_STATUS} as stands from read.sheet
where mailed_at is not null
    and ($1::timestamptz is null or (mailed_at, sheet_id) < ($1, $2::text))
    and ($3 = 'all' or status = $3 or ($3 = 'to_put_right' and {TO_PUT_RIGHT}))
    and ($4::text is null or customer_id = $4)
order by mailed_at desc, sheet_id desc
limit $5
"""  # noqa: S608  our own text
_ONE = f"select *, {_STATUS} as stands from read.sheet where sheet_id = $1 and mailed_at is not null"  # noqa: S608  our own text
_REGISTERED = """
select data from read.timeline
where causation_id = $1 and type = 'kippu.entitlement.ContractRegistered.v1' order by log, position
"""
_BY_EVENT = "select sheet_id from read.sheet where event_id = $1"


async def sheets(look: Look, page: Page, which: Which, customer_id: str | None) -> dict[str, Any]:
    """The newest first."""
    return listed(page, await look.fetch(_ROWS, *page.after, which, customer_id, page.fetch_limit))


async def sheet(look: Look, sheet_id: str) -> dict[str, Any] | None:
    """One sheet, with the contracts that it registered, or what is wrong in it."""
    row = await look.fetchrow(_ONE, sheet_id)
    if row is None:
        return None
    registered = [json.loads(each["data"]) for each in await look.fetch(_REGISTERED, row["event_id"])]
    found = json.loads(row["found"]) if row["found"] else []
    return {"sheet": dict(row) | {"found": found}, "registered": registered}


async def by_event(look: Look, event_id: str | None) -> str | None:
    """The sheet that an event handed over."""
    row = await look.fetchrow(_BY_EVENT, event_id) if event_id else None
    return row["sheet_id"] if row else None
