"""Contracts that were ordered: for what, from when to when, and whether they ended."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import orjson
from asyncpg import Record
from fastapi import APIRouter
from kippu_service.http import Identifier, Line, Page, PageOf, Query, not_found, paged, query
from pydantic import BaseModel
from starlette.responses import Response

from kippu_entitlement.domain import asset

router = APIRouter(tags=["contracts"])

CONTRACTS = """
    select * from read.contract
    where ($1::text is null or customer_id = $1) and ($2::text is null or serial = $2)
      and ($3::text is null or order_id = $3) and ($4::text is null or contract_id collate "C" > $4)
    order by contract_id collate "C" limit $5
"""


class ContractShown(BaseModel):
    """Dates are local and inclusive; `sold` gives nothing yet: it is not dated, or has to be registered first."""

    contract_id: str
    customer_id: str
    status: Literal["sold", "active", "ended"]
    plan_family: str
    plan_version: str
    """The version of the terms that it was sold under, and keeps."""
    product: str
    options: list[str]
    order_id: str
    serial: str | None
    valid_from: date | None
    valid_until: date | None
    needs_registration: bool
    register_by: date | None
    refundable_until: date | None
    """The last day on which it can be given back, while it is not registered."""
    renews: str | None
    sold_at: datetime
    end_announced_at: datetime | None
    ended_on: date | None


@router.get("/v1/contracts", response_model=PageOf[ContractShown])
async def list_contracts(
    query: Annotated[Query, query("contracts:read")],
    page: Annotated[Page, paged(contract_id=str)],
    customer_id: Identifier | None = None,
    serial: Line | None = None,
    order_id: Identifier | None = None,
) -> Response:
    """The contracts of a customer, of a device or of an order."""
    device = asset.normalised(serial) if serial else None
    rows = await query.fetch(CONTRACTS, customer_id, device, order_id, *page.after, page.fetch_limit)
    return query.answer(page.of([_shown(row) for row in rows], ContractShown.model_validate))


@router.get("/v1/contracts/{contract_id}", response_model=ContractShown)
async def show(contract_id: Line, query: Annotated[Query, query("contracts:read")]) -> Response:
    found = await query.fetchrow("select * from read.contract where contract_id = $1", contract_id)
    if found is None:
        raise not_found()
    return query.answer(ContractShown.model_validate(_shown(found)), version=found["version"])


def _shown(row: Record) -> dict[str, Any]:
    return {**row, "options": orjson.loads(row["options"]), "status": _status(row)}


def _status(row: Record) -> Literal["sold", "active", "ended"]:
    if row["ended_on"] is not None:
        return "ended"
    return "sold" if row["valid_from"] is None or row["needs_registration"] else "active"
