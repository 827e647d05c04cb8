"""HTTP: the provider's roster, and who is engaged. The provider's own people only."""

from dataclasses import fields
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from kippu_events.catalogue.hours import LocalTime, Weekday
from kippu_events.work import Work
from kippu_service.http import Command, Input, Line, Query, command, query
from kippu_terms.value import Flag
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from kippu_dispatch.api.shown import answered_now
from kippu_dispatch.domain import roster, staffing
from kippu_dispatch.domain.visit import ticket_of
from kippu_dispatch.readmodels import capacity as readmodels
from kippu_dispatch.streams import capacity_of, visits_of

router = APIRouter(prefix="/v1/capacity", tags=["capacity"])

MOST_ENGINEERS = 200
MOST_EXCEPTIONS = 10_000
"""Of all engineers together: each booking writes the state of the whole roster anew."""
MOST_BODY = 8 * 1024 * 1024
"""Bytes of a request: the largest roster that these bounds allow takes half of it."""
Names = Annotated[tuple[Line, ...], Field(max_length=50)]


class HoursInput(Input):
    """Hours that begin on each of the weekdays. Where `ends` is not later than `starts`, they end on the next day:
    `22:00` to `06:00` is a night shift, `00:00` to `00:00` the whole day."""

    weekdays: Annotated[tuple[Line, ...], Field(min_length=1, max_length=7, examples=[["monday", "friday"]])]
    starts: Annotated[Line, Field(examples=["09:00"])]
    ends: Annotated[Line, Field(examples=["18:00"])]
    on_holidays: Flag = False
    """True if they begin on the public holidays of the roster's country too."""

    def asked(self) -> roster.HoursAsked:
        return roster.HoursAsked(self.weekdays, self.starts, self.ends, self.on_holidays)


class ExceptionInput(Input):
    """Off on a date, so that no weekly hours begin on it; or an extra shift that begins on it."""

    on: Annotated[Line, Field(examples=["2026-11-21"])]
    off: Flag = False
    starts: Annotated[Line | None, Field(examples=["09:00"])] = None
    ends: Annotated[Line | None, Field(examples=["13:00"])] = None

    def asked(self) -> roster.ExceptionAsked:
        return roster.ExceptionAsked(self.on, self.off, self.starts, self.ends)


class EngineerInput(Input):
    engineer_id: Line
    name: Line
    areas: Names = ()
    """Where he goes, by the plans' areas. Visits whose area nobody stated need none of them."""
    skills: Names = ()
    """By the plans' words for them. Visits that need no skill need none of them."""
    weekly: Annotated[tuple[HoursInput, ...], Field(max_length=50)] = ()
    exceptions: Annotated[tuple[ExceptionInput, ...], Field(max_length=400)] = ()

    def asked(self) -> roster.EngineerAsked:
        return roster.EngineerAsked(
            self.engineer_id,
            self.name,
            self.areas,
            self.skills,
            tuple(each.asked() for each in self.weekly),
            tuple(each.asked() for each in self.exceptions),
        )


class RosterInput(Input):
    """The whole roster. Without engineers there is none: visits are booked as if everybody could go."""

    time_zone: Annotated[Line, Field(examples=["Asia/Bangkok"])]
    """The provider's (IANA): hours and dates are local ones in it."""
    country: Annotated[Line | None, Field(examples=["TH"])] = None
    """ISO 3166-1 alpha-2, as plans name it: nobody works on its public holidays and their days in lieu, except in hours
    that hold on holidays, and by exceptions. Without one, no public holiday is known."""
    engineers: Annotated[tuple[EngineerInput, ...], Field(max_length=MOST_ENGINEERS)]
    """With at most 10,000 exceptions in all."""

    @field_validator("engineers")
    @classmethod
    def _not_too_many_exceptions(cls, engineers: tuple[EngineerInput, ...]) -> tuple[EngineerInput, ...]:
        stated = sum(len(each.exceptions) for each in engineers)
        if stated > MOST_EXCEPTIONS:
            message = "a roster takes {most} exceptions in all, not {stated}: leave out those of days that are over"
            raise PydanticCustomError("too_many_exceptions", message, {"most": MOST_EXCEPTIONS, "stated": stated})
        return engineers


class RosterSet(BaseModel):
    engineers: int
    unassigned: list[str]
    """The visits whose engineer cannot go by this roster: somebody else is to be found for them."""


class Shown(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Shift(Shown):
    weekday: Weekday
    starts: LocalTime
    ends: LocalTime
    on_holidays: bool


class DayException(Shown):
    """Off where it has no times."""

    on: date
    starts: LocalTime | None
    ends: LocalTime | None


class Engineer(Shown):
    engineer_id: str
    name: str | None
    """None once the person was erased."""
    areas: list[str]
    skills: list[str]
    weekly: list[Shift]
    exceptions: list[DayException]


class Engagement(Shown):
    visit_id: str
    engineer_id: str
    starts_at: datetime
    ends_at: datetime


class Roster(Shown):
    time_zone: str | None
    """None where no roster was ever set."""
    country: str | None
    calendar_version: str | None
    """Of the public holidays, as the roster was set by them."""
    set_by: str | None
    set_at: datetime | None
    engineers: list[Engineer]
    engagements: list[Engagement]
    """Those that are not over."""


@router.put("", response_model=RosterSet, max_body_size=MOST_BODY)
async def set_capacity(
    command: Annotated[Command, command("capacity:write", staff=True)], body: RosterInput
) -> Response:
    """Sets the roster, in place of the one before. Who is engaged for a visit to come, and cannot go by the new roster,
    is released from it. The ETag covers the engagements, too."""

    async def decide(work: Work) -> dict[str, Any]:
        stream = await capacity_of(work, command.provider)
        command.expect(stream)
        asked = [each.asked() for each in body.engineers]
        by = command.principal.client_id
        capacity = work.record(
            stream, *roster.set_roster(command.provider, body.time_zone, body.country, asked, by, work.now)
        )
        unfit = staffing.no_longer_fitting(capacity, work.now)
        for engagement in unfit:
            visits = await visits_of(work, command.provider, ticket_of(engagement.visit_id))
            unassigned, released = staffing.unassign(visits.state, engagement, work.now)
            work.record(visits, unassigned)
            work.record(stream, released)
        return {"engineers": len(asked), "unassigned": [each.visit_id for each in unfit]}

    return await command.run(body, decide, status=200)


@router.get("", response_model=Roster)
async def capacity(query: Annotated[Query, query("capacity:read", staff=True)]) -> Response:
    """The roster, and who is engaged for what is to come. Names are in the clear as far as nobody was erased."""
    async with query.snapshot() as snapshot:
        row = await snapshot.fetchrow(readmodels.SET)
        engineers = await snapshot.fetch(readmodels.ENGINEERS)
        engaged = await snapshot.fetch(readmodels.ENGAGED, query.runtime.clock.now())
    names = await query.runtime.vault.open_carried([each["name"] for each in engineers])
    shown = Roster(
        time_zone=row["time_zone"] if row else None,
        country=row["country"] if row else None,
        calendar_version=row["calendar_version"] if row else None,
        set_by=row["set_by"] if row else None,
        set_at=row["set_at"] if row else None,
        engineers=[_engineer(each, name) for each, name in zip(engineers, names, strict=True)],
        engagements=[Engagement.model_validate(dict(each)) for each in engaged],
    )
    return answered_now(query, shown, row["version"] if row else 0)


def _engineer(row: Any, name: str | None) -> Engineer:
    known = readmodels.engineer_of(row)
    return Engineer.model_validate({**{each.name: getattr(known, each.name) for each in fields(known)}, "name": name})
