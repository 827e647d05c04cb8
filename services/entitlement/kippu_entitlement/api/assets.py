"""The asset register, kept by the provider's people: what it says decides coverage (IIJ-04, IIJ-05)."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Input, Line, Query, command, not_found, query
from pydantic import BaseModel
from starlette.responses import Response

from kippu_entitlement import folds
from kippu_entitlement.api.references import require_customer, require_plan
from kippu_entitlement.domain import asset, streams
from kippu_entitlement.domain.asset import InstalledBy, Kind

router = APIRouter(tags=["assets"])


class AssetFields(Input):
    customer_id: Identifier
    kind: Kind
    model: Line
    plan_family: Identifier
    bought_from_provider: bool
    bought_on: date | None = None
    warranty_until: date | None = None
    """The last day of the warranty, inclusive."""
    installed_by: InstalledBy
    maintenance_agreement: Identifier | None = None


class AssetInput(AssetFields):
    serial: Line
    """Full-width letters and digits, small letters and blanks are normalised."""


class AssetShown(BaseModel):
    customer_id: str
    serial: str
    kind: Kind
    model: str
    plan_family: str
    bought_from_provider: bool
    bought_on: date | None
    warranty_until: date | None
    installed_by: InstalledBy
    maintenance_agreement: str | None


class AssetRef(BaseModel):
    serial: str
    customer_id: str


@router.post("/v1/assets", status_code=201, response_model=AssetRef)
async def register(body: AssetInput, command: Annotated[Command, command("assets:write", staff=True)]) -> Response:
    """Registers a device or service, or what has changed about one of the same customer."""
    wanted = asset.Asset(**body.model_dump() | {"serial": asset.normalised(body.serial)})

    async def decide(work: Work) -> dict[str, Any]:
        name = streams.asset(command.provider, wanted.serial)
        stream = await work.load(folds.ASSET, command.provider, name)
        command.expect(stream)
        await require_customer(work, command.provider, body.customer_id)
        await require_plan(work, command.provider, body.plan_family)
        work.record(stream, *asset.register(stream.state, wanted, work.now))
        return {"serial": wanted.serial, "customer_id": wanted.customer_id}

    return await command.run(body, decide, location="/v1/assets/{serial}")


@router.get("/v1/assets/{serial:path}", response_model=AssetShown)
async def show(serial: Line, query: Annotated[Query, query("assets:read")]) -> Response:
    found = await query.fetchrow("select * from read.asset where serial = $1", asset.normalised(serial))
    if found is None:
        raise not_found()
    return query.answer(AssetShown(**found), version=found["version"])
