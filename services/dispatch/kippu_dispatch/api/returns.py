"""HTTP: what is due back for a delivered shipment, and what came."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi import Query as QueryParameter
from kippu_events.catalogue.shipments import UnitReturned
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Input, Page, PageOf, Query, command, not_found, paged, query
from kippu_terms.facts import Day
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from kippu_dispatch.api.serials import Serial
from kippu_dispatch.domain import returns as domain
from kippu_dispatch.domain.shipment import ticket_of
from kippu_dispatch.readmodels import returns as readmodels
from kippu_dispatch.streams import shipments_of

router = APIRouter(prefix="/v1/returns", tags=["returns"])

Status = Literal["expected", "overdue", "returned"]
OPEN: tuple[Status, ...] = ("expected", "overdue")


class Mismatch(BaseModel):
    """A unit that came back instead of the one that is due."""

    model_config = ConfigDict(frozen=True)

    received_serial: str
    received_on: date
    recorded_at: datetime


class DueBack(BaseModel):
    """What is due back for a shipment, by the end of `due_on`, a local date of the provider's."""

    model_config = ConfigDict(frozen=True)

    shipment_id: str
    ticket_no: str
    customer_id: str
    status: Status
    serial: str
    part: str | None
    """Given if only this part, inside the unit of that serial, is due."""
    due_on: date
    clause: str
    reminded_at: datetime | None
    overdue_since: datetime | None
    received_on: date | None
    late: bool | None
    credited: bool | None
    """Whether the charge for it is credited although it came late."""

    @classmethod
    def of(cls, row: Any) -> "DueBack":
        return cls.model_validate(dict(row))


class ReturnInFull(DueBack):
    mismatches: tuple[Mismatch, ...]


class ReturnReceipt(Input):
    serial: Serial
    received_on: Day


class Received(BaseModel):
    """`matched` is False if it was not the unit that is due, which then still is."""

    shipment_id: str
    matched: bool
    due_on: date
    late: bool
    credited: bool


@router.get("")
async def returns(
    query: Annotated[Query, query("returns:read")],
    page: Annotated[Page, paged(due_on=date, shipment_id=str)],
    status: Annotated[list[Status] | None, QueryParameter(description="Those still due, where left out.")] = None,
    ticket_no: Annotated[str | None, QueryParameter(max_length=64)] = None,
) -> PageOf[DueBack]:
    """The next due day first."""
    rows = await query.fetch(readmodels.PAGE, status or list(OPEN), ticket_no, *page.after, page.fetch_limit)
    return page.of(rows, DueBack.of)


@router.get("/{shipment_id}", response_model=ReturnInFull)
async def one_return(query: Annotated[Query, query("returns:read")], shipment_id: Identifier) -> Response:
    async with query.snapshot() as snapshot:
        row = await snapshot.fetchrow(readmodels.ONE, shipment_id)
        mismatches = await snapshot.fetch(readmodels.MISMATCHES, shipment_id)
    if row is None:
        raise not_found()
    shown = ReturnInFull.model_validate({**row, "mismatches": [dict(each) for each in mismatches]})
    return query.answer(shown, version=row["version"])


@router.post("/{shipment_id}/received", response_model=Received)
async def received(
    command: Annotated[Command, command("returns:write", staff=True)], shipment_id: Identifier, body: ReturnReceipt
) -> Response:
    """A unit came back. One that is not the one expected is recorded, and answered with `matched: false`."""

    async def record(work: Work) -> dict[str, Any]:
        stream = await shipments_of(work, command.provider, ticket_of(shipment_id))
        command.expect(stream)
        events = domain.receive(stream.state, shipment_id, body.serial, body.received_on, work.now)
        due_back = work.record(stream, *events).find(shipment_id).due_back
        returned = next((event for event in events if isinstance(event, UnitReturned)), None)
        return {
            "shipment_id": shipment_id,
            "matched": returned is not None,
            "due_on": due_back.due_on.isoformat() if due_back else None,
            "late": returned is not None and returned.late,
            "credited": returned is not None and returned.credited,
        }

    return await command.run(body, record, status=200)
