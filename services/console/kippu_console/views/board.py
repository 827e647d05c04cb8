"""The board: the requests, and what needs a person first."""

from typing import Any, Literal

from asyncpg import Record
from kippu_service.http import Page

from kippu_console.views.look import Look, listed
from kippu_console.views.sheets import TO_PUT_RIGHT

Which = Literal["active", "open", "waiting", "resolved", "closed", "declined", "all"]

_ROWS = """
select ticket_no, customer_id, status, waiting_for, waiting_since, channel, asset_serial, received_at, subject,
    outcome, deciding_clause, debited, missing, status = 'waiting' as waits
from read.board
where received_at is not null
    and ($1::boolean is null or (status = 'waiting', received_at, ticket_no) < ($1, $2::timestamptz, $3::text))
    and ($4 = 'all' or status = $4 or ($4 = 'active' and status in ('open', 'waiting')))
    and ($5::text is null or waiting_for = $5)
    and ($6::text is null or customer_id = $6)
order by (status = 'waiting') desc, received_at desc, ticket_no desc
limit $7
"""

_UNREGISTERED = """
    needs_registration and registered_at is null and refunded_at is null and ended_on is null
        and (valid_until is null or valid_until >= $2)
"""
_FIGURES = f"""
select
    (select count(*) from read.board where status in ('open', 'waiting') and received_at is not null) as open,
    (select count(*) from read.board where waiting_for = 'classification') as to_classify,
    (select count(*) from read.board where waiting_for = 'approval') as approvals,
    (select count(*) from read.visit where status = 'held') as held,
    (select count(*) from read.visit where unassigned and status in ('booked', 'postponed')) as unassigned,
    (select count(*) from read.unmatched where ticket_no is null) as unmatched,
    (select count(*) from read.sheet where {TO_PUT_RIGHT}) as sheets,
    (select count(*) from read.quote where status = 'offered' and valid_until >= $2) as quotes,
    (select count(*) from read.quote_order where status = 'order_refused') as orders_refused,
    (select count(*) from read.refund where status = 'due') as refunds,
    (select count(*) from read.invoice where outstanding > 0 and due_on < $2) as overdue,
    (select count(*) from read.shipment
        where status in ('planned', 'allotted', 'in_repair', 'repaired', 'failed')) as to_ship,
    (select count(*) from read.shipment
        where return_status = 'overdue' or (return_status = 'expected' and overdue_at <= $1)) as returns_overdue,
    (select count(*) from read.contract where {_UNREGISTERED}) as registrations,
    (select count(*) from read.contract where {_UNREGISTERED} and register_by < $2) as registrations_late,
    (select count(*) from read.booking where status = 'blocked') as blocked,
    (select count(*) from read.booking where status in ('requested', 'confirmed') and points_answered_at is null
        and points_by <= $2 and starts_at > $1) as points_due
"""  # noqa: S608  our own text


async def figures(look: Look) -> Record:
    """How much waits for somebody, in one round trip."""
    rows = await look.fetch(_FIGURES, look.now, look.today)
    return rows[0]


async def board(
    look: Look, page: Page, which: Which, waiting_for: str | None, customer_id: str | None
) -> dict[str, Any]:
    """The requests, those that wait first, then the newest; and how much waits for somebody."""
    rows = await look.fetch(_ROWS, *page.after, which, waiting_for, customer_id, page.fetch_limit)
    return listed(page, rows) | {"figures": await figures(look)}
