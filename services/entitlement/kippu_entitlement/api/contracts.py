"""Contracts that were ordered: for what, from when to when, and whether they ended."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import orjson
from asyncpg import Record
from fastapi import APIRouter
from kippu_service.http import Identifier, Line, Page, PageOf, Query, not_found, paged, query
from pydantic import BaseModel
from starlette.responses import Response

from kippu_entitlement.as_of import TwoDates
from kippu_entitlement.contract_as_of import standing
from kippu_entitlement.domain import asset

router = APIRouter(tags=["contracts"])

CONTRACTS = """
    select * from read.contract
    where ($1::text is null or customer_id = $1) and ($2::text is null or serial = $2)
      and ($3::text is null or order_id = $3) and ($4::text is null or contract_id collate "C" > $4)
    order by contract_id collate "C" limit $5
"""
CONTRACT = """
    select contract.*, coalesce(contract.site, stated.site) as address
    from read.contract as contract
    left join read.contract as stated
        on (stated.provider, stated.contract_id) = (contract.provider, contract.site_of)
    where contract.contract_id = $1
"""


Status = Literal["sold", "pre_registered", "active", "ended", "refunded"]


class SiteShown(BaseModel):
    """Where the device is installed."""

    address: str | None
    """None once it was erased."""
    area: str | None
    remote_island: bool
    height_cm: int | None


class ContractShown(BaseModel):
    """Dates are local and inclusive; `sold` gives nothing yet: it is not dated, or has to be registered first."""

    contract_id: str
    customer_id: str
    status: Status
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
    renewed_by: str | None
    """The renewal of it that was sold last."""
    registered_at: datetime | None
    model: str | None
    contact_id: str | None
    """The maintenance contact."""
    registration_reminded_at: datetime | None
    sold_at: datetime
    end_announced_at: datetime | None
    ended_on: date | None
    refunded_at: datetime | None


class ContractWithSite(ContractShown):
    site: SiteShown | None
    """None while it is not registered."""


class ContractStanding(BaseModel):
    """A contract by two dates. `none`: as far as was known it was not sold then."""

    contract_id: str
    customer_id: str
    valid_at: datetime
    known_at: datetime
    status: Literal["none"] | Status
    in_force: bool
    """True if it had begun, had not ended, and was registered where its terms ask for that."""
    product: str | None
    plan_version: str | None
    serial: str | None
    valid_from: date | None
    valid_until: date | None
    registered_at: datetime | None


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


@router.get("/v1/contracts/{contract_id}", response_model=ContractWithSite)
async def show(contract_id: Line, query: Annotated[Query, query("contracts:read")]) -> Response:
    """A contract with the site that is registered for it, in the clear as far as that was not erased."""
    found = await query.fetchrow(CONTRACT, contract_id)
    if found is None:
        raise not_found()
    site = None
    if found["registered_at"] is not None:
        (address,) = await query.runtime.vault.open_carried([found["address"]])
        site = SiteShown.model_validate({**found, "address": address})
    shown = ContractWithSite.model_validate({**_shown(found), "site": site})
    return query.answer(shown, version=found["version"])


@router.get("/v1/contracts/{contract_id}/standing", response_model=ContractStanding)
async def show_standing(
    contract_id: Line, query: Annotated[Query, query("contracts:read")], dates: TwoDates
) -> Response:
    """Was it in force at `valid_at`, as it was known at `known_at`?"""
    valid_at, known_at = dates.at(query.runtime.clock.now())
    found = await query.fetchrow(CONTRACT, contract_id)
    if found is None:
        raise not_found()
    stood = await standing(query.runtime.log, query.provider, contract_id, valid_at, known_at)
    state, exists = stood.contract, stood.contract.exists
    shown = ContractStanding(
        contract_id=contract_id,
        customer_id=found["customer_id"],
        valid_at=valid_at,
        known_at=known_at,
        status=stood.status,
        in_force=stood.in_force,
        product=state.product if exists else None,
        plan_version=state.plan_version if exists else None,
        serial=state.serial,
        valid_from=state.valid_from,
        valid_until=state.valid_until,
        registered_at=state.registered_at,
    )
    return query.answer(shown)


def _shown(row: Record) -> dict[str, Any]:
    return {**row, "options": orjson.loads(row["options"]), "status": _status(row)}


def _status(row: Record) -> Status:
    """As the contract's own state has it (domain.contract)."""
    if row["refunded_at"] is not None:
        return "refunded"
    if row["ended_on"] is not None:
        return "ended"
    registered = row["registered_at"] is not None
    if row["valid_from"] is None:
        return "pre_registered" if registered else "sold"
    return "active" if registered or not row["needs_registration"] else "sold"
