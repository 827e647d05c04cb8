"""HTTP: the visits, and what the dispatcher says about them."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi import Query as QueryParameter
from kippu_events.catalogue.fulfilment import Target
from kippu_events.event import Event
from kippu_events.work import Work
from kippu_service.http import (
    Command,
    Identifier,
    Input,
    Line,
    Page,
    PageOf,
    Query,
    command,
    not_found,
    paged,
    query,
)
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from kippu_dispatch.api.shown import parsed
from kippu_dispatch.domain import visit as domain
from kippu_dispatch.domain import visit_reports as reports
from kippu_dispatch.domain.visit import Status, Visits
from kippu_dispatch.readmodels import visits as readmodels
from kippu_dispatch.streams import visits_of

router = APIRouter(prefix="/v1/visits", tags=["visits"])

Dispatcher = Annotated[Command, command("visits:write", staff=True)]
Reader = Annotated[Query, query("visits:read")]


class Visit(BaseModel):
    """One visit. `starts_at` is the wanted time until another is agreed; instants in UTC."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    visit_id: str
    ticket_no: str
    customer_id: str
    status: Status
    requested_at: datetime
    wanted_at: datetime
    notice_days: int
    clause: str
    starts_at: datetime
    minutes: int
    reason: str | None
    settled_by: str | None
    completed_at: datetime | None
    target: Target | None
    serial: str | None
    """The unit that the work is on, where it is a repair."""
    model: str | None
    part: str | None
    """The part to bring."""
    failed_part: Literal["taken_away", "handed_over"] | None

    @classmethod
    def of(cls, row: Any) -> "Visit":
        return cls.model_validate({**row, "target": parsed(row["target"])})


class Settled(BaseModel):
    """What the dispatcher's word came to."""

    visit_id: str
    status: Status
    starts_at: datetime
    minutes: int


Minutes = Annotated[int, Field(strict=True, le=100_000)]


class Booking(Input):
    starts_at: AwareDatetime | None = None
    """The time that was agreed with the customer; the wanted one where it is left out."""
    minutes: Minutes | None = None
    """As before where it is left out."""


class Postponement(Input):
    to_at: AwareDatetime
    minutes: Minutes | None = None
    """As before where it is left out."""
    reason: Line


class Declining(Input):
    reason: Line


class Completion(Input):
    completed_at: AwareDatetime


@router.get("")
async def visits(
    query: Reader,
    page: Annotated[Page, paged(starts_at=datetime, visit_id=str)],
    status: Annotated[list[Status] | None, QueryParameter(description="Those still open, where left out.")] = None,
) -> PageOf[Visit]:
    """The next one first."""
    rows = await query.fetch(readmodels.PAGE, status or list(domain.OPEN), *page.after, page.fetch_limit)
    return page.of(rows, Visit.of)


@router.get("/{visit_id}", response_model=Visit)
async def visit(query: Reader, visit_id: Identifier) -> Response:
    row = await query.fetchrow(readmodels.ONE, visit_id)
    if row is None:
        raise not_found()
    return query.answer(Visit.of(row), version=row["version"])


@router.post("/{visit_id}/book", response_model=Settled)
async def book(command: Dispatcher, visit_id: Identifier, body: Booking) -> Response:
    def decide(visits: Visits, now: datetime) -> list[Event]:
        return [reports.book(visits, visit_id, body.starts_at, body.minutes, command.principal.client_id, now)]

    return await _settle(command, visit_id, body, decide)


@router.post("/{visit_id}/postpone", response_model=Settled)
async def postpone(command: Dispatcher, visit_id: Identifier, body: Postponement) -> Response:
    def decide(visits: Visits, now: datetime) -> list[Event]:
        by = command.principal.client_id
        return [reports.postpone(visits, visit_id, body.to_at, body.minutes, body.reason, by, now)]

    return await _settle(command, visit_id, body, decide)


@router.post("/{visit_id}/decline", response_model=Settled)
async def decline(command: Dispatcher, visit_id: Identifier, body: Declining) -> Response:
    def decide(visits: Visits, now: datetime) -> list[Event]:
        return [reports.decline(visits, visit_id, body.reason, command.principal.client_id, now)]

    return await _settle(command, visit_id, body, decide)


@router.post("/{visit_id}/complete", response_model=Settled)
async def complete(command: Dispatcher, visit_id: Identifier, body: Completion) -> Response:
    def decide(visits: Visits, now: datetime) -> list[Event]:
        return reports.complete(visits, visit_id, body.completed_at, now)

    return await _settle(command, visit_id, body, decide)


async def _settle(
    command: Command, visit_id: str, body: Input, decide: Callable[[Visits, datetime], list[Event]]
) -> Response:
    async def settle(work: Work) -> dict[str, Any]:
        stream = await visits_of(work, command.provider, domain.ticket_of(visit_id))
        command.expect(stream)
        visit = work.record(stream, *decide(stream.state, work.now)).latest
        if visit is None:
            raise AssertionError("a visit that was just settled exists")
        return {
            "visit_id": visit.visit_id,
            "status": visit.status,
            "starts_at": visit.starts_at.isoformat(),
            "minutes": visit.minutes,
        }

    return await command.run(body, settle, status=200)
