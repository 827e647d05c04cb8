"""Who could go to a visit, who could not and why, and when somebody is free next. Pure questions about capacity."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from kippu_events.catalogue.fulfilment import Target
from kippu_events.catalogue.hours import ServiceHours
from kippu_terms.dates import end_of, local_date, start_of

from kippu_dispatch.domain.capacity import Capacity, Engineer
from kippu_dispatch.domain.visit import Visit
from kippu_dispatch.domain.working_hours import Interval, working_times, works_throughout

Reason = Literal["area", "skill", "hours", "holiday", "engaged"]

LOOKED_AHEAD = timedelta(days=92)
"""How far a free time is looked for."""
_MOSTLY_FOUND = timedelta(days=8)
"""Looked at first, since somebody is mostly free by then."""
PROPOSALS = 3


@dataclass(frozen=True, slots=True)
class Job:
    """Work at a time; `ends_at` is outside. Without an area or a skill, anybody can do it."""

    visit_id: str
    area: str | None
    skill: str | None
    starts_at: datetime
    ends_at: datetime
    service_hours: ServiceHours | None = None
    """When it is to be proposed; another time may be agreed on with the customer all the same."""


@dataclass(frozen=True, slots=True)
class Candidate:
    engineer_id: str
    reasons: tuple[Reason, ...]
    """Why not; empty for one who could go."""
    engaged_that_day: int
    """For how many other visits, on the provider's local date of the work."""


@dataclass(frozen=True, slots=True)
class FreeTime:
    starts_at: datetime
    engineer_id: str
    late: bool
    """Later than the visit's target."""


def job_of(visit: Visit, starts_at: datetime | None = None, minutes: int | None = None) -> Job:
    """At the visit's own time, where no other is asked about."""
    begins = starts_at or visit.starts_at
    length = timedelta(minutes=minutes or visit.minutes)
    return Job(visit.visit_id, visit.area, visit.skill, begins, begins + length, visit.service_hours)


def is_late(target: Target | None, starts_at: datetime) -> bool:
    """True if somebody who comes then comes later than is aimed at. A target in hours includes the instant itself, one
    in days the whole local day; with one that only says from when on, nobody is late."""
    if target is None or target.bound == "from":
        return False
    if target.due_at is not None:
        return starts_at > target.due_at
    return target.due_on is not None and starts_at >= end_of(target.due_on, ZoneInfo(target.time_zone))


def candidates(capacity: Capacity, job: Job) -> tuple[Candidate, ...]:
    """Everybody on the roster: first those who could go, the least engaged of that day before the others."""
    found = [
        Candidate(each.engineer_id, why_not(capacity, each, job), _engaged_that_day(capacity, each, job))
        for each in capacity.engineers
    ]
    return tuple(sorted(found, key=lambda each: (bool(each.reasons), each.engaged_that_day, each.engineer_id)))


def why_not(capacity: Capacity, engineer: Engineer, job: Job) -> tuple[Reason, ...]:
    """Every reason why an engineer cannot do it; empty if there is none."""
    reasons = list(_unsuited(engineer, job.area, job.skill))
    if not works_throughout(engineer, job.starts_at, job.ends_at, capacity.zone, capacity.holidays):
        # Either the week has no such hours at all, or only the holiday takes them.
        usual = works_throughout(engineer, job.starts_at, job.ends_at, capacity.zone)
        reasons.append("holiday" if usual else "hours")
    others = capacity.engagements_of(engineer.engineer_id, but=job.visit_id)
    if any(each.starts_at < job.ends_at and job.starts_at < each.ends_at for each in others):
        reasons.append("engaged")
    return tuple(reasons)


def _unsuited(engineer: Engineer, area: str | None, skill: str | None) -> Iterator[Reason]:
    if area is not None and area not in engineer.areas:
        yield "area"
    if skill is not None and skill not in engineer.skills:
        yield "skill"


def _engaged_that_day(capacity: Capacity, engineer: Engineer, job: Job) -> int:
    day = local_date(job.starts_at, capacity.zone)
    begins, ends = start_of(day, capacity.zone), end_of(day, capacity.zone)
    others = capacity.engagements_of(engineer.engineer_id, but=job.visit_id)
    return sum(each.starts_at < ends and begins < each.ends_at for each in others)


def next_free(capacity: Capacity, job: Job, since: datetime) -> tuple[datetime, str] | None:
    """When somebody is first free for the whole of the work, from an instant on, and who; None if nobody is in the time
    that is looked ahead."""
    free = [
        (at, each.engineer_id)
        for each in capacity.engineers
        if not any(_unsuited(each, job.area, job.skill)) and (at := _free_from(capacity, each, job, since))
    ]
    return min(free, default=None)


def _free_from(capacity: Capacity, engineer: Engineer, job: Job, since: datetime) -> datetime | None:
    length = job.ends_at - job.starts_at
    engaged = capacity.engagements_of(engineer.engineer_id, but=job.visit_id)
    for ahead in (_MOSTLY_FOUND, LOOKED_AHEAD):
        last = local_date(since + ahead, capacity.zone)
        times = working_times(engineer, since, last, capacity.zone, capacity.holidays)
        for begins, ends in _within(job.service_hours, times):
            at = max(begins, since)
            for each in engaged:
                if each.starts_at < at + length:
                    at = max(at, each.ends_at)
            if at + length <= ends:
                return at
    return None


def _within(hours: ServiceHours | None, times: Iterator[Interval]) -> Iterator[Interval]:
    """What of the times lies in the hours in which the service is given."""
    if hours is None:
        yield from times
        return
    zone = ZoneInfo(hours.time_zone)
    for begins, ends in times:
        for opens, closes in working_times(hours, begins, local_date(ends, zone), zone):
            if max(begins, opens) < min(ends, closes):
                yield max(begins, opens), min(ends, closes)


def proposals(capacity: Capacity, visit: Visit, minutes: int | None, now: datetime) -> tuple[FreeTime, ...]:
    """When somebody is free for the visit: first as early as can be agreed on, then on later days. What is within the
    target comes before what is late, as it is earlier."""
    # An appointment is later than now, and begins on a whole minute.
    soon = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    since = max(soon, visit.starts_at, visit.not_before or soon)
    found: list[FreeTime] = []
    for _ in range(PROPOSALS):
        free = next_free(capacity, job_of(visit, minutes=minutes), since)
        if free is None:
            break
        at, engineer_id = free
        found.append(FreeTime(at, engineer_id, is_late(visit.target, at)))
        since = max(since, end_of(local_date(at, capacity.zone), capacity.zone))
    return tuple(found)
