"""Wallets, and what happened to one."""

from typing import Any

from kippu_service.http import Page

from kippu_console.views import history
from kippu_console.views.look import Look, listed

_ROWS = """
select * from read.wallet
where ($1::text is null or wallet_id > $1) and ($2::text is null or customer_id = $2)
order by wallet_id limit $3
"""


async def wallets(look: Look, page: Page, customer_id: str | None) -> dict[str, Any]:
    return listed(page, await look.fetch(_ROWS, *page.after, customer_id, page.fetch_limit))


async def wallet(look: Look, wallet_id: str) -> dict[str, Any] | None:
    """A wallet and what happened to it, in the order of its stream, with the balance after each entry."""
    row = await look.fetchrow("select * from read.wallet where wallet_id = $1", wallet_id)
    if row is None:
        return None
    events = await history.of_wallet(look, wallet_id)
    balance = 0
    for event in events:
        balance += event["data"].get("quantity", 0) * _SIGNS.get(event["name"], 0)
        event["balance"] = balance
    return {"wallet": row, "timeline": events}


_SIGNS = {
    "TicketsCredited": 1,
    "TicketDebitReversed": 1,
    "TicketsReinstated": 1,
    "TicketDebited": -1,
    "TicketsExpired": -1,
    "TicketsRevoked": -1,
}
