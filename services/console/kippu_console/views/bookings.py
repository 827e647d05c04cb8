"""Services at an appointment: what is still to be done before, by when, and why one is blocked or void."""

import json
from datetime import date
from typing import Any, Literal

from asyncpg import Record
from kippu_service.http import Page

from kippu_console.views import history
from kippu_console.views.look import Look, listed

Which = Literal["ahead", "requested", "confirmed", "blocked", "void", "completed", "cancelled", "all"]

# At the instant $1: an unpaid booking is void once its time is over, whether or not the deadline has run.
_STATUS = "case when status = 'requested' and void_at <= $1 then 'void' else status end"
_BOOKING = f"""
select booking.*, {_STATUS} as stands,
    (select count(*) from read.preparation where preparation.booking_id = booking.booking_id) as to_prepare,
    (select count(*) from read.preparation
        where preparation.booking_id = booking.booking_id and met) as prepared
from read.booking
"""  # noqa: S608  our own text
_ROWS = f"""
{_BOOKING}
where starts_at is not null
    and ($2::timestamptz is null or (starts_at, booking_id) > ($2, $3::text))
    and ($4 = 'all' or {_STATUS} = $4
        or ($4 = 'ahead' and {_STATUS} in ('requested', 'confirmed', 'blocked')))
    and ($5::text is null or customer_id = $5)
order by starts_at, booking_id
limit $6
"""
_ONE = f"{_BOOKING} where booking_id = $2"
_PREPARATIONS = "select * from read.preparation where booking_id = $1 order by number"
_INVOICE = "select * from read.invoice where order_id = $1"


async def bookings(look: Look, page: Page, which: Which, customer_id: str | None) -> dict[str, Any]:
    """The next appointment first."""
    rows = await look.fetch(_ROWS, look.now, *page.after, which, customer_id, page.fetch_limit)
    values = listed(page, rows)
    return values | {"rows": [_shown(row, look.today) for row in values["rows"]]}


async def booking(look: Look, booking_id: str) -> dict[str, Any] | None:
    """One booking: its tasks, each with its due day, and what happened."""
    row = await look.fetchrow(_ONE, look.now, booking_id)
    if row is None:
        return None
    items = [dict(item) | {"name": json.loads(item["name"])} for item in await look.fetch(_PREPARATIONS, booking_id)]
    return {
        "booking": _shown(row, look.today),
        "items": items,
        "invoice": await look.fetchrow(_INVOICE, booking_id),
        "timeline": await history.of_thing(look, "booking", booking_id, booking_id),
    }


def _shown(row: Record | dict[str, Any], today: date) -> dict[str, Any]:
    shown = dict(row)
    waits = shown["stands"] in ("requested", "confirmed", "blocked")
    return shown | {
        "name": json.loads(shown["name"] or "null"),
        "points": _points(shown),
        "points_late": waits and shown["points_answered_at"] is None and shown["points_by"] < today,
        "pay_late": shown["stands"] == "requested" and shown["pay_by"] is not None and shown["pay_by"] < today,
    }


def _points(row: dict[str, Any]) -> str:
    if row["points_answered_at"] is not None:
        return "answered"
    return "mailed" if row["points_mailed_at"] is not None else "not_mailed"
