"""HTTP: who could go to a visit, who could not and why, and when somebody is free. The provider's own people only."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi import Query as QueryParameter
from kippu_service.http import Identifier, Query, Snapshot, not_found, query
from kippu_terms.facts import Instant
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from kippu_dispatch.api.shown import answered_now
from kippu_dispatch.domain import availability
from kippu_dispatch.domain.availability import Reason, job_of
from kippu_dispatch.domain.capacity import Capacity
from kippu_dispatch.domain.visit import AGREED, Status, Visit
from kippu_dispatch.readmodels import capacity as readmodels
from kippu_dispatch.readmodels import visits as visit_readmodels

router = APIRouter(prefix="/v1/visits", tags=["visits"])

LONGEST = 100_000
"""Minutes."""


class FreeTime(BaseModel):
    model_config = ConfigDict(frozen=True)

    starts_at: datetime
    engineer_id: str
    late: bool
    """Later than the visit's target."""


class Available(BaseModel):
    """What capacity says of a visit that needs somebody, for the time that is wanted or agreed."""

    model_config = ConfigDict(frozen=True)

    engineer_ids: list[str]
    """Who could go, the one first who would be sent."""
    suggests: Literal["accept", "postpone", "decline"]
    """Somebody is free at that time; or at another; or at none that was looked at."""
    free: list[FreeTime]
    """The first times that can be agreed on, a day each."""


class Candidate(BaseModel):
    model_config = ConfigDict(frozen=True)

    engineer_id: str
    name: str | None
    """None once the person was erased."""
    reasons: list[Reason]
    """Why not; empty for one who could go."""
    engaged_that_day: int


class Candidates(BaseModel):
    model_config = ConfigDict(frozen=True)

    visit_id: str
    starts_at: datetime
    minutes: int
    late: bool
    """A visit at that time is later than its target."""
    can_go: list[Candidate]
    """The first would be sent."""
    cannot_go: list[Candidate]
    free: list[FreeTime]
    """The first times that can be agreed on, a day each: those within the target come first."""


@router.get("/{visit_id}/candidates", response_model=Candidates)
async def candidates(
    query: Annotated[Query, query("visits:read", staff=True)],
    visit_id: Identifier,
    starts_at: Annotated[Instant | None, QueryParameter(description="The visit's own, where left out.")] = None,
    minutes: Annotated[int | None, QueryParameter(ge=1, le=LONGEST, description="Likewise.")] = None,
) -> Response:
    """Everybody on the roster, for the visit at a time. Nobody where no roster is set."""
    now = query.runtime.clock.now()
    async with query.snapshot() as snapshot:
        row = await snapshot.fetchrow(visit_readmodels.ONE, visit_id)
        if row is None:
            raise not_found()
        capacity = await known(snapshot, now)
        sealed = {each["engineer_id"]: each["name"] for each in await snapshot.fetch(readmodels.NAMES)}
    names = dict(zip(sealed, await query.runtime.vault.open_carried(list(sealed.values())), strict=True))
    visit = visit_readmodels.visit_of(row)
    job = job_of(visit, starts_at, minutes)
    found = [Candidate(**asdict(each), name=names[each.engineer_id]) for each in availability.candidates(capacity, job)]
    shown = Candidates(
        visit_id=visit_id,
        starts_at=job.starts_at,
        minutes=minutes or visit.minutes,
        late=availability.is_late(visit.target, job.starts_at),
        can_go=[each for each in found if not each.reasons],
        cannot_go=[each for each in found if each.reasons],
        free=_free(capacity, visit, minutes, now),
    )
    return answered_now(query, shown, row["version"])


async def known(snapshot: Snapshot, now: datetime) -> Capacity:
    """Capacity as the read models have it."""
    row = await snapshot.fetchrow(readmodels.SET)
    if row is None:
        return Capacity()
    engineers = await snapshot.fetch(readmodels.ENGINEERS)
    # Today's count when the work is spread evenly, even what is over.
    engaged = await snapshot.fetch(readmodels.ENGAGED, now - timedelta(days=1))
    return readmodels.capacity_of(row, engineers, engaged)


def available(capacity: Capacity, row: Any, now: datetime) -> Available | None:
    """None for a visit that needs nobody (any more), and where no roster is set."""
    visit = visit_readmodels.visit_of(row)
    unassigned = visit.status in AGREED and visit.engineer_id is None and not row["without_engineer"]
    if not capacity.is_known or not (visit.status is Status.HELD or unassigned):
        return None
    fit = [each.engineer_id for each in availability.candidates(capacity, job_of(visit)) if not each.reasons]
    free = _free(capacity, visit, None, now)
    suggests: Literal["accept", "postpone", "decline"] = "decline"
    if fit and visit.starts_at > now:
        suggests = "accept"
    elif free:
        suggests = "postpone"
    return Available(engineer_ids=fit, suggests=suggests, free=free)


def _free(capacity: Capacity, visit: Visit, minutes: int | None, now: datetime) -> list[FreeTime]:
    return [FreeTime(**asdict(each)) for each in availability.proposals(capacity, visit, minutes, now)]
