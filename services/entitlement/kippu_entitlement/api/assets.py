"""The asset register, kept by the provider's people: what it says decides coverage (IIJ-04, IIJ-05)."""

from datetime import date
from typing import Annotated, Any

import orjson
from fastapi import APIRouter
from kippu_events.catalogue.entitlement import AssetContract, UndatedContract
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Input, Line, Query, command, not_found, query
from kippu_terms.refusal import Refused
from kippu_terms.value import Flag, Integer, StatedDate
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from kippu_entitlement import folds
from kippu_entitlement.domain import asset, streams
from kippu_entitlement.domain.asset import DisksFrom, InstalledBy, Kind
from kippu_entitlement.registration import register as registration

router = APIRouter(tags=["assets"])


Name = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class ContractInput(Input):
    """A maintenance contract, both days inclusive."""

    contract_id: Line
    product: Name
    """A maintenance product of the plan."""
    valid_from: StatedDate
    valid_until: StatedDate
    options: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    area_agreed: Flag = False
    """True if it was sold for the device's area after consultation."""
    contact_id: Identifier | None = None
    """The maintenance contact, where the terms let nobody else ask."""


class AssetInput(Input):
    customer_id: Identifier
    serial: Line
    """Full-width letters and digits, small letters and blanks are normalised."""
    kind: Kind
    model: Line
    plan_family: Identifier
    bought_from_provider: Flag
    bought_on: StatedDate | None = None
    warranty_until: StatedDate | None = None
    """The last day of the warranty, inclusive."""
    installed_by: InstalledBy
    maintenance_agreement: Identifier | None = None
    delivered_on: StatedDate | None = None
    area: Name | None = None
    """Where it stands, by the plan's areas, such as `tokyo`."""
    remote_island: Flag = False
    height_cm: Annotated[Integer, Field(ge=0, le=asset.HIGHEST_CM)] | None = None
    """At what height it is installed, in whole centimetres, rounded down."""
    disks_from: DisksFrom | None = None
    """`elsewhere` if any disk in it was bought from somebody else."""
    part_of: Line | None = None
    """The serial of the registered unit that a disk is in; the unit's contracts count for it."""
    contracts: Annotated[tuple[ContractInput, ...], Field(max_length=asset.MAX_CONTRACTS)] = ()

    def asset(self) -> asset.Asset:
        plain = self.model_dump(exclude={"serial", "part_of", "contracts"})
        return asset.Asset(
            **plain,
            serial=asset.normalised(self.serial),
            part_of=asset.normalised(self.part_of) if self.part_of else None,
            contracts=tuple(AssetContract(**each.model_dump()) for each in self.contracts),
        )


class ReplacementShown(BaseModel):
    serial: str
    replaced_on: date
    shipment_id: str


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
    delivered_on: date | None
    area: str | None
    remote_island: bool
    height_cm: int | None
    disks_from: DisksFrom | None
    part_of: str | None
    contracts: list[AssetContract]
    undated: list[UndatedContract]
    """The contracts that are registered for it and wait for its delivery, with which their terms begin."""
    replaced_by: ReplacementShown | None
    """The unit that took its place; from that day on this one is not covered."""
    replaces: ReplacementShown | None
    """The unit whose place it took."""


class AssetRef(BaseModel):
    serial: str
    customer_id: str


@router.post("/v1/assets", status_code=201, response_model=AssetRef)
async def register(body: AssetInput, command: Annotated[Command, command("assets:write", staff=True)]) -> Response:
    """Registers a device or service, or what has changed about one of the same customer."""
    wanted = body.asset()

    async def decide(work: Work) -> dict[str, Any]:
        stream = await work.load(folds.ASSET, command.provider, streams.asset(command.provider, wanted.serial))
        command.expect(stream)
        by_serial = await registration.register(work, command.provider, [wanted])
        faults = [fault for found in by_serial.faults.values() for fault in found]
        if faults:
            raise Refused(*faults, kind=by_serial.kind)
        return {"serial": wanted.serial, "customer_id": wanted.customer_id}

    return await command.run(body, decide, location="/v1/assets/{serial}")


@router.get("/v1/assets/{serial:path}", response_model=AssetShown)
async def show(serial: Line, query: Annotated[Query, query("assets:read")]) -> Response:
    found = await query.fetchrow("select * from read.asset where serial = $1", asset.normalised(serial))
    if found is None:
        raise not_found()
    opened = {
        name: orjson.loads(found[name]) for name in ("contracts", "undated", "replaced_by", "replaces") if found[name]
    }
    return query.answer(AssetShown.model_validate({**found, **opened}), version=found["version"])
