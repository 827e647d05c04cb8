"""What a service aims at for one request: when, and by which clock. Pure; the terms are the plan's.

Everything counts from the isolation of the fault, or from the receipt of the request where that came later.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime

from kippu_terms.calendar import BusinessCalendar
from kippu_terms.clock import Clock, Pause, Stretch, day_stretches, hour_stretches, merged
from kippu_terms.dates import end_of, local_instant, start_of
from kippu_terms.fulfilment import Bound, SameDay, Service, TargetTerm
from kippu_terms.plan import Plan
from kippu_terms.value import Value


class Target(Value):
    """`by`: what is done before `due_at` is in time, and a target in hours includes the instant itself. `from`: it can
    be expected from `due_at` on, and nobody is late. `due_on` is the provider's local date of it."""

    kind: Literal["ship", "visit", "answer"]
    service: str
    clause: str
    bound: Bound
    due_on: date
    due_at: AwareDatetime
    clock: Clock

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        return self.clock.stretches

    @property
    def time_zone(self) -> str:
        return self.clock.time_zone

    def is_met(self, done_at: datetime) -> bool:
        """True if what is done at that instant is in time."""
        if self.bound == "from":
            return True
        return done_at <= self.due_at if self.clock.counts == "hours" else done_at < self.due_at


def targets(
    plan: Plan,
    service: Service,
    *,
    area: str | None,
    received_at: datetime,
    isolated_at: datetime | None,
    pauses: Iterable[Pause] = (),
) -> tuple[Target, ...]:
    """What is aimed at in an area; nothing before the fault is isolated, where it counts from that."""
    term = service.target_in(area)
    if term is None:
        return ()
    if term.counts_from == "receipt":
        start = received_at
    elif isolated_at is not None:
        start = max(received_at, isolated_at)
    else:
        return ()
    return (_target(plan, service, term, start.astimezone(UTC), merged(pauses)),)


def _target(plan: Plan, service: Service, term: TargetTerm, start: datetime, pauses: tuple[Pause, ...]) -> Target:
    calendar = plan.calendar
    if term.hours is not None:
        bound: Bound = "by"
        due_at = _after_hours(start, term.hours, pauses)
        due_on = calendar.local_date(due_at)
        stretches = hour_stretches(start, due_at, pauses)
    else:
        day, bound = _after_days(calendar, term, start)
        due_on = _delayed(calendar, day, start, pauses)
        due_at = _due_at(calendar, service, due_on, start, bound)
        stretches = day_stretches(calendar, start, due_at, pauses)
    return Target(
        kind=term.kind,
        service=service.id,
        clause=term.clause,
        bound=bound,
        due_on=due_on,
        due_at=due_at,
        clock=Clock(
            counts="hours" if term.hours is not None else "business_days",
            since=term.counts_from,
            starts_at=start,
            stretches=tuple(stretches),
            calendar=calendar.version,
            time_zone=plan.time_zone,
        ),
    )


def _after_days(calendar: BusinessCalendar, term: TargetTerm, start: datetime) -> tuple[date, Bound]:
    day = calendar.local_date(start)
    if term.same_day and calendar.is_business_day(day) and _same_day(calendar, term.same_day, day, start):
        return day, term.same_day.bound
    return calendar.business_days_after(day, term.business_days or 0), term.bound


def _same_day(calendar: BusinessCalendar, same_day: SameDay, day: date, start: datetime) -> bool:
    if same_day.until is not None:
        return start <= local_instant(day, same_day.until, calendar.zone)
    return same_day.within is not None and calendar.is_open(same_day.within, start)


def _due_at(calendar: BusinessCalendar, service: Service, day: date, start: datetime, bound: Bound) -> datetime:
    """The end of the day; or, for what begins then, when it opens, and never before it is asked for."""
    if bound == "by":
        return end_of(day, calendar.zone)
    opening = calendar.opening(service.reception, day) if service.reception else None
    return max(start, opening[0] if opening else start_of(day, calendar.zone))


def _after_hours(start: datetime, hours: int, pauses: tuple[Pause, ...]) -> datetime:
    due_at = start + timedelta(hours=hours)
    for pause in pauses:
        if pause.ends_at > start and pause.begins_at < due_at:
            due_at += pause.ends_at - max(start, pause.begins_at)
    return due_at


def _delayed(calendar: BusinessCalendar, due_on: date, start: datetime, pauses: tuple[Pause, ...]) -> date:
    """Later by as many business days as began during pauses."""
    for pause in pauses:
        begins_at = max(start, pause.begins_at)
        if begins_at < pause.ends_at and begins_at < end_of(due_on, calendar.zone):
            due_on = calendar.business_days_after(due_on, _mornings(calendar, begins_at, pause.ends_at))
    return due_on


def _mornings(calendar: BusinessCalendar, begins_at: datetime, ends_at: datetime) -> int:
    """How many business days began between two instants."""
    day, last = calendar.local_date(begins_at), calendar.local_date(ends_at)
    return sum(calendar.is_business_day(day + timedelta(days=ahead)) for ahead in range(1, (last - day).days + 1))
