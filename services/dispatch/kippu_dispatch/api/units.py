"""HTTP: the spare units in stock. The provider's own people only."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi import Query as QueryParameter
from kippu_events.work import Work
from kippu_service.http import Command, Input, Line, Page, PageOf, Query, command, paged, query
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from kippu_dispatch.api.serials import OurSerial
from kippu_dispatch.domain import unit
from kippu_dispatch.domain.shipment import ticket_of
from kippu_dispatch.readmodels import units as readmodels
from kippu_dispatch.streams import shipments_of, unit_of

router = APIRouter(prefix="/v1/units", tags=["units"])

Status = Literal["in_stock", "reserved", "shipped"]


class Unit(BaseModel):
    model_config = ConfigDict(frozen=True)

    serial: str
    model: str
    status: Status
    stocked_at: datetime
    reserved_for: str | None
    """The shipment's id."""

    @classmethod
    def of(cls, row: Any) -> "Unit":
        return cls.model_validate(dict(row))


class Stocking(Input):
    serial: OurSerial
    model: Line


class Stocked(BaseModel):
    serial: str
    model: str


@router.get("")
async def units(
    query: Annotated[Query, query("units:read", staff=True)],
    page: Annotated[Page, paged(serial=str)],
    status: Status | None = None,
    model: Annotated[str | None, QueryParameter(max_length=200)] = None,
) -> PageOf[Unit]:
    """By serial number."""
    return page.of(await query.fetch(readmodels.PAGE, status, model, *page.after, page.fetch_limit), Unit.of)


@router.post("", status_code=201, response_model=Stocked)
async def stock(command: Annotated[Command, command("units:write", staff=True)], body: Stocking) -> Response:
    """A spare unit is there: a new one, or one that was delivered to a customer and came back."""

    async def record(work: Work) -> dict[str, Any]:
        stream = await unit_of(work, command.provider, body.serial)
        command.expect(stream)
        shipments = await shipments_of(work, command.provider, ticket_of(stream.state.reserved_for or ""))
        work.record(stream, unit.stock(stream.state, shipments.state, body.serial, body.model, work.now))
        return {"serial": body.serial, "model": body.model}

    return await command.run(body, record)
