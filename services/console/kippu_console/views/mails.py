"""Mails that opened or joined no request."""

from typing import Any, Literal

from kippu_service.http import Page

from kippu_console.views.look import Look, listed

Which = Literal["unmatched", "all"]

_ROWS = """
select *, ticket_no is null as waits from read.unmatched
where ($1::boolean is null or (ticket_no is null, received_at, mail_id) < ($1, $2::timestamptz, $3::text))
    and ($4 = 'all' or ticket_no is null)
order by waits desc, received_at desc, mail_id desc limit $5
"""


async def unmatched(look: Look, page: Page, which: Which) -> dict[str, Any]:
    """Those that nobody has dealt with first, then the newest."""
    return listed(page, await look.fetch(_ROWS, *page.after, which, page.fetch_limit))
