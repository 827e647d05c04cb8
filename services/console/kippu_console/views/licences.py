"""Licences: until when they are maintained, what they are worth on a day, and whether the member ID works."""

import json
from typing import Any, Literal

from asyncpg import Record
from kippu_service.http import Page
from kippu_terms.renewals.section import ValueLoss
from kippu_terms.renewals.worth import worth

from kippu_console.views import history
from kippu_console.views.look import Look, listed

Which = Literal["maintained", "lapsed", "all"]

_LICENCE = """
select licence.*, terms.currency, terms.value_loss, terms.clauses,
    wallet.credited - wallet.debited + wallet.reversed - wallet.expired as incidents
from read.licence
left join read.terms using (plan_family, plan_version)
left join read.wallet on wallet.wallet_id = licence.licence_id
where maintained_until is not null
"""
_ROWS = f"""
{_LICENCE}
    and ($2::date is null or (maintained_until, licence_id) > ($2, $3::text))
    and ($4 = 'all' or (maintained_until >= $1) = ($4 = 'maintained'))
    and ($5::text is null or licence.customer_id = $5)
order by maintained_until, licence_id
limit $6
"""
_ONE = f"{_LICENCE} and licence_id = $1"


async def licences(look: Look, page: Page, which: Which, customer_id: str | None) -> dict[str, Any]:
    """The next maintenance to end first."""
    rows = await look.fetch(_ROWS, look.today, *page.after, which, customer_id, page.fetch_limit)
    values = listed(page, rows)
    return values | {"rows": [_shown(row, look) for row in values["rows"]]}


async def licence(look: Look, licence_id: str) -> dict[str, Any] | None:
    row = await look.fetchrow(_ONE, licence_id)
    if row is None:
        return None
    timeline = await history.of_thing(look, "licence", licence_id)
    return {
        "licence": _shown(row, look),
        "timeline": history.with_clauses(timeline, json.loads(row["clauses"] or "{}")),
    }


def _shown(row: Record | dict[str, Any], look: Look) -> dict[str, Any]:
    """With where it stands today: its maintenance, its value, and its member ID."""
    shown = dict(row)
    ended = shown["maintained_until"] < look.today
    shown["status"] = "lapsed" if ended else "ends_soon" if shown["noticed_at"] else "maintained"
    shown["member"] = "none" if shown["member_issued_at"] is None else "valid"
    if shown["member_ends_at"] is not None and shown["member_ends_at"] <= look.now:
        shown["member"] = "ended"
    if shown["value_loss"] is not None:
        terms = ValueLoss.model_validate_json(shown["value_loss"])
        shown["worth"] = worth(terms, price_paid=shown["price_paid"], full_on=shown["full_on"], on=look.today)
    return shown
