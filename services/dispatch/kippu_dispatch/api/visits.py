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
from kippu_terms.facts import Instant
from kippu_terms.value import Flag
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from kippu_dispatch.api.candidates import LONGEST, Available, available, known
from kippu_dispatch.api.serials import OurSerial
from kippu_dispatch.api.shown import answered_now, parsed
from kippu_dispatch.domain import visit as domain
from kippu_dispatch.domain import visit_reports as reports
from kippu_dispatch.domain.availability import is_late
from kippu_dispatch.domain.staffing import Choice, staff
from kippu_dispatch.domain.visit import Status, Visits
from kippu_dispatch.readmodels import visits as readmodels
from kippu_dispatch.readmodels.visits import visit_of
from kippu_dispatch.streams import capacity_of, visits_of

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
    replacement: str | None
    """The serial of what was put in the place of what failed, once that is reported."""
    area: str | None
    skill: str | None
    """What the engineer has to be able to do."""
    engineer_id: str | None
    """Who goes; None while nobody is assigned."""
    without_engineer: bool
    """True if the dispatcher decided that nobody of the roster goes."""
    late: bool
    """Booked, or wanted, later than the target."""
    capacity: Available | None = None
    """Shown to the provider's own people, where a roster is set and somebody is to be found for the visit."""

    @classmethod
    def of(cls, row: Any, capacity: Available | None = None) -> "Visit":
        late = is_late(visit_of(row).target, row["starts_at"])
        return cls.model_validate({**row, "target": parsed(row["target"]), "late": late, "capacity": capacity})


class Settled(BaseModel):
    """What the dispatcher's word came to."""

    visit_id: str
    status: Status
    starts_at: datetime
    minutes: int
    engineer_id: str | None
    late: bool
    """Later than the target."""


Minutes = Annotated[int, Field(strict=True, le=LONGEST)]


class Sending(Input):
    """Who goes. With a roster it is somebody who can, or the request is refused, unless nobody of the roster is to."""

    engineer_id: Identifier | None = None
    """Where it is left out, the one of those who can who is least engaged that day."""
    without_engineer: Flag = False
    """True if nobody of the roster goes: a subcontractor, say."""

    @property
    def choice(self) -> Choice:
        return Choice(self.engineer_id, self.without_engineer)


class Booking(Sending):
    starts_at: Instant | None = None
    """The time that was agreed with the customer; the wanted one where it is left out."""
    minutes: Minutes | None = None
    """As before where it is left out."""


class Postponement(Sending):
    to_at: Instant
    minutes: Minutes | None = None
    """As before where it is left out."""
    reason: Line


class Assignment(Input):
    engineer_id: Identifier


class Declining(Input):
    reason: Line


class VisitCompletion(Input):
    completed_at: Instant
    serial: OurSerial | None = None
    """Of the unit that was put in the place of the defective one, or of the part, where only that was exchanged. From
    then on it is the one in the register."""


@router.get("")
async def visits(
    query: Reader,
    page: Annotated[Page, paged(starts_at=datetime, visit_id=str)],
    status: Annotated[list[Status] | None, QueryParameter(description="Those still open, where left out.")] = None,
    unassigned: Annotated[
        bool | None, QueryParameter(description="True: those whose time is agreed and to which nobody goes yet.")
    ] = None,
) -> PageOf[Visit]:
    """The next one first."""
    rows = await query.fetch(readmodels.PAGE, status or list(domain.OPEN), *page.after, page.fetch_limit, unassigned)
    return page.of(rows, Visit.of)


@router.get("/{visit_id}", response_model=Visit)
async def visit(query: Reader, visit_id: Identifier) -> Response:
    """To the provider's own people with what capacity says of it, so that they accept, postpone or decline by that."""
    now = query.runtime.clock.now()
    async with query.snapshot() as snapshot:
        row = await snapshot.fetchrow(readmodels.ONE, visit_id)
        if row is None:
            raise not_found()
        if query.principal.customers is not None:
            return query.answer(Visit.of(row), version=row["version"])
        capacity = await known(snapshot, now)
    return answered_now(query, Visit.of(row, available(capacity, row, now)), row["version"])


@router.post("/{visit_id}/book", response_model=Settled)
async def book(command: Dispatcher, visit_id: Identifier, body: Booking) -> Response:
    def decide(visits: Visits, now: datetime) -> list[Event]:
        return [reports.book(visits, visit_id, body.starts_at, body.minutes, command.principal.client_id, now)]

    return await _settle(command, visit_id, body, decide, body.choice)


@router.post("/{visit_id}/postpone", response_model=Settled)
async def postpone(command: Dispatcher, visit_id: Identifier, body: Postponement) -> Response:
    def decide(visits: Visits, now: datetime) -> list[Event]:
        by = command.principal.client_id
        return [reports.postpone(visits, visit_id, body.to_at, body.minutes, body.reason, by, now)]

    return await _settle(command, visit_id, body, decide, body.choice)


@router.post("/{visit_id}/assign", response_model=Settled)
async def assign(command: Dispatcher, visit_id: Identifier, body: Assignment) -> Response:
    """Somebody goes to a visit whose time is agreed, in place of whoever was to go before."""

    def decide(visits: Visits, now: datetime) -> list[Event]:
        return [reports.assign(visits, visit_id, body.engineer_id, command.principal.client_id, now)]

    return await _settle(command, visit_id, body, decide, Choice(body.engineer_id))


@router.post("/{visit_id}/decline", response_model=Settled)
async def decline(command: Dispatcher, visit_id: Identifier, body: Declining) -> Response:
    def decide(visits: Visits, now: datetime) -> list[Event]:
        return [reports.decline(visits, visit_id, body.reason, command.principal.client_id, now)]

    return await _settle(command, visit_id, body, decide)


@router.post("/{visit_id}/complete", response_model=Settled)
async def complete(command: Dispatcher, visit_id: Identifier, body: VisitCompletion) -> Response:
    def decide(visits: Visits, now: datetime) -> list[Event]:
        return reports.complete(visits, visit_id, body.completed_at, now, serial=body.serial)

    return await _settle(command, visit_id, body, decide)


async def _settle(
    command: Command,
    visit_id: str,
    body: Input,
    decide: Callable[[Visits, datetime], list[Event]],
    choice: Choice | None = None,
) -> Response:
    """Visit and engineer in one append: two visits at the same moment never get the same one."""

    async def settle(work: Work) -> dict[str, Any]:
        stream = await visits_of(work, command.provider, domain.ticket_of(visit_id))
        command.expect(stream)
        capacity = await capacity_of(work, command.provider)
        staffed = staff(stream.state, capacity.state, decide(stream.state, work.now), choice)
        work.record(capacity, *staffed.capacity)
        visit = work.record(stream, *staffed.visits).latest
        if visit is None:
            raise AssertionError("a visit that was just settled exists")
        return {
            "visit_id": visit.visit_id,
            "status": visit.status,
            "starts_at": visit.starts_at.isoformat(),
            "minutes": visit.minutes,
            "engineer_id": visit.engineer_id,
            "late": is_late(visit.target, visit.starts_at),
        }

    return await command.run(body, settle, status=200)
