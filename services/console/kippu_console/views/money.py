"""Quotes that wait for somebody, refunds that are to be paid, and invoices with what is still owed."""

import json
from typing import Any, Literal

from kippu_service.http import Page

from kippu_console.views.look import Look, listed

Which = Literal["unpaid", "overdue", "paid", "credited", "all"]
WhichRefunds = Literal["due", "paid", "all"]

_FIRST = 100
"""Of what waits for somebody beside the invoices."""
_QUOTE = """
select quote.*, product.name, ordered.clauses, ordered.reasons, ordered.order_id,
    case when quote.status = 'accepted' then coalesce(ordered.status, quote.status) else quote.status end as stands
from read.quote
left join read.product using (plan_family, product)
left join read.quote_order as ordered using (quote_id)
"""
_WAITING = f"""
{_QUOTE}
where quote.status = 'offered' and valid_until >= $1 or ordered.status = 'order_refused'
order by ordered.status is null, valid_until, quote_id
limit {_FIRST}
"""
_OF_TICKET = f"{_QUOTE} where ticket_no = $1 order by offered_at, quote_id"
_TO_PAY = f"select * from read.refund where status = 'due' order by due_since, refund_id limit {_FIRST}"  # noqa: S608  our own text
_REFUNDS = """
select *, status <> 'due' as turn from read.refund
where ($1::boolean is null or (status <> 'due', due_since, refund_id) > ($1, $2::timestamptz, $3::text))
    and ($4 = 'all' or status = $4)
    and ($5::text is null or customer_id = $5)
order by turn, due_since, refund_id
limit $6
"""
# On the day $1, the date decides what is overdue, whether or not a deadline has run.
_INVOICES = """
select *, outstanding > 0 and due_on < $1 as overdue, not (outstanding > 0 and due_on < $1) as turn
from read.invoice
where ($2::boolean is null
        or (not (outstanding > 0 and due_on < $1), due_on, invoice_no) > ($2, $3::date, $4::text))
    and case $5 when 'all' then true when 'unpaid' then outstanding > 0
        when 'overdue' then outstanding > 0 and due_on < $1 else status = $5 end
    and ($6::text is null or customer_id = $6)
order by turn, due_on, invoice_no
limit $7
"""


async def money(look: Look, page: Page, which: Which, customer_id: str | None) -> dict[str, Any]:
    """The quotes whose order is to be settled, and those that end first; what is to be paid back; the invoices, overdue
    ones first, then by the day they are due."""
    rows = await look.fetch(_INVOICES, look.today, *page.after, which, customer_id, page.fetch_limit)
    first = page.after[0] is None
    quotes = await look.fetch(_WAITING, look.today) if first else []
    refunds = await look.fetch(_TO_PAY) if first else []
    return listed(page, rows) | {
        "quotes": [_quote(row) for row in quotes],
        "refunds": refunds,
        "first": first,
        "at_most": _FIRST,
    }


async def refunds(look: Look, page: Page, which: WhichRefunds, customer_id: str | None) -> dict[str, Any]:
    """Those that are due for longest first, then what was paid."""
    return listed(page, await look.fetch(_REFUNDS, *page.after, which, customer_id, page.fetch_limit))


async def of_ticket(look: Look, ticket_no: str) -> list[dict[str, Any]]:
    return [_quote(row) for row in await look.fetch(_OF_TICKET, ticket_no)]


def _quote(row: Any) -> dict[str, Any]:
    return dict(row) | {"name": json.loads(row["name"] or "null")}
