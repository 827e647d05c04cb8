"""Contracts: where each stands on a day, and all that is known of one."""

import json
from typing import Any, Literal, get_args

from kippu_service.http import Page

from kippu_console.views import history, sheets
from kippu_console.views.look import Look, listed

Status = Literal["unregistered", "upcoming", "registered", "in_force", "ends_soon", "ended", "refunded"]
Which = Literal[
    "current", "unregistered", "upcoming", "registered", "in_force", "ends_soon", "ended", "refunded", "all"
]

_SOON = 30
"""Days before its last one in which a contract ends soon."""

# On the day $1; the date decides, whether or not a deadline has run.
_STATUS = f"""
    case
        when refunded_at is not null then 'refunded'
        when ended_on is not null or valid_until < $1 then 'ended'
        when needs_registration and registered_at is null then 'unregistered'
        when valid_from is null or valid_from > $1 then
            case when registered_at is not null then 'registered' else 'upcoming' end
        when valid_until <= $1 + {_SOON} then 'ends_soon'
        else 'in_force'
    end
"""
# A contract that was sold may also stand on its device: it is one.
_EVERY = f"""
with known as (
    select contract_id, customer_id, plan_family, product, coalesce(serial, '') as serial, model, valid_from,
        valid_until, needs_registration, register_by, registered_at, ended_on, refunded_at
    from read.contract
    union all
    select contract_id, customer_id, plan_family, product, serial, model, valid_from,
        valid_until, false, null, registered_at, null, null
    from read.device_contract
    where not exists (select from read.contract as sold where sold.contract_id = device_contract.contract_id)
), every as (
    select *, coalesce(valid_until, date '9999-12-31') as ends, {_STATUS} as status from known
)
"""  # noqa: S608  our own text
_ROWS = f"""
{_EVERY}
select every.*, product.name
from every left join read.product using (plan_family, product)
where ($2::date is null or (ends, contract_id, serial) > ($2, $3::text, $4::text))
    and ($5 = 'all' or status = $5 or ($5 = 'current' and status not in ('ended', 'refunded')))
    and ($6::text is null or customer_id = $6)
    and ($7::text is null or plan_family = $7)
    and ($8::text is null or contract_id = $8 or serial = $8)
order by ends, contract_id, serial
limit $9
"""  # noqa: S608  our own text
_COUNTS = f"{_EVERY} select plan_family, status, count(*) from every group by plan_family, status"  # noqa: S608  our own text

_SOLD = f"""
select contract.*, {_STATUS} as status, product.name, terms.clauses,
    (select array_agg(later.contract_id order by later.contract_id) from read.contract as later
        where later.renews = contract.contract_id) as renewed_by
from read.contract
left join read.product using (plan_family, product)
left join read.terms using (plan_family, plan_version)
where contract_id = $2
"""  # noqa: S608  our own text
_ON_DEVICES = f"""
{_EVERY}
select every.*, product.name from every left join read.product using (plan_family, product)
where contract_id = $2 order by serial
"""  # noqa: S608  our own text


async def contracts(
    look: Look, page: Page, which: Which, customer_id: str | None, family: str | None, find: str | None
) -> dict[str, Any]:
    """The next to end first; how many stand where; and the families that there are."""
    rows = await look.fetch(_ROWS, look.today, *page.after, which, customer_id, family, find, page.fetch_limit)
    counts: dict[str, int] = dict.fromkeys(get_args(Status), 0)
    families = set()
    for row in await look.fetch(_COUNTS, look.today):
        counts[row["status"]] += row["count"]
        families.add(row["plan_family"])
    values = listed(page, rows) | {"counts": counts, "families": sorted(families), "today": look.today}
    for row in values["rows"]:
        row["name"] = json.loads(row["name"] or "null")
    return values


async def contract(look: Look, contract_id: str) -> dict[str, Any] | None:
    """One contract: of its own stream if it was sold here, else as the register of devices has it."""
    row = await look.fetchrow(_SOLD, look.today, contract_id)
    if row is None:
        return await _on_devices(look, contract_id)
    clauses = json.loads(row["clauses"] or "{}")
    happened = await history.of_thing(look, "contract", contract_id, row["order_id"])
    timeline = history.with_clauses(happened, clauses)
    registered = next((event["causation_id"] for event in timeline if event["name"] == "ContractRegistered"), None)
    return {
        "contract": dict(row) | {"name": json.loads(row["name"] or "null")},
        "documents": [event for event in timeline if event["name"] == "DocumentIssued"],
        "sheet_id": await sheets.by_event(look, registered),
        "timeline": timeline,
        "today": look.today,
    }


async def _on_devices(look: Look, contract_id: str) -> dict[str, Any] | None:
    rows = [dict(row) for row in await look.fetch(_ON_DEVICES, look.today, contract_id)]
    if not rows:
        return None
    one = rows[0] | {"name": json.loads(rows[0]["name"] or "null"), "site": None, "devices": rows}
    return {"contract": one, "documents": [], "timeline": [], "today": look.today}
