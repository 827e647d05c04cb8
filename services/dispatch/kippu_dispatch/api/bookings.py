"""HTTP: the services that are booked, what is asked and answered before the appointment, and what is prepared."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi import Query as QueryParameter
from kippu_events.catalogue.bookings import BookingTerms
from kippu_events.event import Event
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Input, Line, Page, PageOf, Query, command, not_found, paged, query
from kippu_terms.facts import Instant
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from kippu_dispatch.api.shown import parsed
from kippu_dispatch.domain import booking as domain
from kippu_dispatch.domain.booking import MAX_POINTS, OPEN, Booking, Status
from kippu_dispatch.readmodels import bookings as readmodels
from kippu_dispatch.streams import booking_of

router = APIRouter(prefix="/v1/bookings", tags=["bookings"])

Engineer = Annotated[Command, command("bookings:write", staff=True)]
Customer = Annotated[Command, command("bookings:write")]
Reader = Annotated[Query, query("bookings:read")]


class Prepared(BaseModel):
    """Something that the customer prepares. `met` is null until the customer has said."""

    item: str
    clause: str
    name: dict[str, str]
    met: bool | None


class BookingShown(BaseModel):
    """One booking. Instants in UTC, days in `time_zone`."""

    model_config = ConfigDict(frozen=True)

    booking_id: str
    customer_id: str
    contact_id: str
    status: Status
    product: str
    name: dict[str, str]
    starts_at: datetime
    minutes: int
    paid_by: Literal["invoice", "incidents"]
    pay_by: date | None
    """The last day on which it can be paid; unpaid, it is void after it."""
    paid_on: date | None
    time_zone: str
    points_by: date
    """By when the points are to be mailed and answered."""
    points: list[str]
    answers: list[str]
    missing: Literal["points", "answers"] | None
    """What is missing although its last day has ended."""
    checklist: list[Prepared]
    blocked_by: list[str]
    """What is not prepared, or not known to be: it blocks the work."""
    requested_at: datetime
    ticket_no: str | None
    """The request that it is for."""
    incidents: int
    """How many were debited for it; 0 by invoice."""
    completed_at: datetime | None
    clauses: list[str]
    """Those that the booking follows."""

    @classmethod
    def of(cls, row: Any) -> "BookingShown":
        terms = BookingTerms.model_validate(parsed(row["terms"]))
        prepared = parsed(row["prepared"])
        checklist = [Prepared(**each.model_dump(), met=prepared.get(each.item)) for each in terms.to_prepare]
        clauses = (terms.clause, terms.points_clause, *(each.clause for each in terms.to_prepare))
        return cls.model_validate(
            {
                **{name: row[name] for name in cls.model_fields if name in row and name not in ("points", "answers")},
                "name": parsed(row["name"]),
                "pay_by": terms.pay_by,
                "points_by": terms.points_by,
                "points": parsed(row["points"]) or [],
                "answers": parsed(row["answers"]) or [],
                "checklist": checklist,
                "blocked_by": [each.item for each in checklist if not each.met],
                "clauses": list(dict.fromkeys(clauses)),
            }
        )


class Followed(BaseModel):
    """What was said of a booking, and how it stands."""

    booking_id: str
    status: Status
    unmet: list[str]
    """What is not prepared."""


Words = Annotated[list[Line], Field(min_length=1, max_length=MAX_POINTS)]


class Points(Input):
    """What the engineer has to know before the work; mailed to the contact who booked."""

    points: Words


class Answers(Input):
    """One for each point, in the same order."""

    answers: Words


class Preparation(Input):
    item: Identifier
    met: bool


class Cancellation(Input):
    reason: Line


class BookingCompletion(Input):
    completed_at: Instant


@router.get("")
async def bookings(
    query: Reader,
    page: Annotated[Page, paged(starts_at=datetime, booking_id=str)],
    status: Annotated[list[Status] | None, QueryParameter(description="Those still open, where left out.")] = None,
) -> PageOf[BookingShown]:
    """The next appointment first."""
    rows = await query.fetch(readmodels.PAGE, status or list(OPEN), *page.after, page.fetch_limit)
    return page.of(rows, BookingShown.of)


@router.get("/{booking_id}", response_model=BookingShown)
async def booking(query: Reader, booking_id: Identifier) -> Response:
    row = await query.fetchrow(readmodels.ONE, booking_id)
    if row is None:
        raise not_found()
    return query.answer(BookingShown.of(row), version=row["version"])


@router.post("/{booking_id}/points", response_model=Followed)
async def mail_points(command: Engineer, booking_id: Identifier, body: Points) -> Response:
    """Asks the customer what has to be known, by 2 business days before the appointment (CWC-17)."""

    def decide(state: Booking, now: datetime) -> Event:
        return domain.mail_points(state, body.points, command.principal.client_id, now)

    return await _follow(command, booking_id, body, decide)


@router.post("/{booking_id}/answers", response_model=Followed)
async def answer_points(command: Customer, booking_id: Identifier, body: Answers) -> Response:
    def decide(state: Booking, now: datetime) -> Event:
        return domain.answer_points(state, body.answers, command.principal.client_id, now)

    return await _follow(command, booking_id, body, decide)


@router.post("/{booking_id}/preparations", response_model=Followed)
async def confirm_item(command: Customer, booking_id: Identifier, body: Preparation) -> Response:
    """Says whether something is prepared; while anything is not, the work is blocked (CWC-19)."""

    def decide(state: Booking, now: datetime) -> Event:
        return domain.confirm_item(state, body.item, body.met, command.principal.client_id, now)

    return await _follow(command, booking_id, body, decide)


@router.post("/{booking_id}/cancel", response_model=Followed)
async def cancel(command: Customer, booking_id: Identifier, body: Cancellation) -> Response:
    """There will be no work: the incidents that pay for it go back, or its invoice is taken back."""
    principal = command.principal

    def decide(state: Booking, now: datetime) -> Event:
        return domain.cancel(state, body.reason, principal.client_id, now, staff=principal.is_staff)

    return await _follow(command, booking_id, body, decide)


@router.post("/{booking_id}/complete", response_model=Followed)
async def complete(command: Engineer, booking_id: Identifier, body: BookingCompletion) -> Response:
    def decide(state: Booking, now: datetime) -> Event:
        return domain.complete(state, body.completed_at, now)

    return await _follow(command, booking_id, body, decide)


async def _follow(
    command: Command, booking_id: str, body: Input, decide: Callable[[Booking, datetime], Event]
) -> Response:
    async def follow(work: Work) -> dict[str, Any]:
        stream = await booking_of(work, command.provider, booking_id)
        if not stream.state.exists:
            raise not_found()
        command.principal.require_customer(stream.state.customer_id)
        command.expect(stream)
        state = work.record(stream, decide(stream.state, work.now))
        return {"booking_id": booking_id, "status": state.status, "unmet": [each.item for each in state.unmet]}

    return await command.run(body, follow, status=200)
