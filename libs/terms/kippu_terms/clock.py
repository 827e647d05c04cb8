"""How a target's time runs, so that it can be shown: from when, and through which stretches, open, closed or paused.

A clock of business days looks at whole local days. A clock of hours runs straight through nights and holidays. While a
request is paused (it waits for the customer), neither runs.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, Field

from kippu_terms.calendar import BusinessCalendar, ClosedBecause
from kippu_terms.dates import end_of, start_of
from kippu_terms.value import StatedInstant, Value

StretchReason = Literal[ClosedBecause, "business_day", "around_the_clock", "waiting"]


class Pause(Value):
    """A time in which a request waited for somebody else; `ends_at` is outside."""

    begins_at: StatedInstant
    ends_at: StatedInstant


class Stretch(Value):
    """A piece of a clock's time; `ends_at` is outside."""

    state: Literal["open", "closed", "paused"]
    reason: StretchReason
    names: dict[str, str] = Field(default_factory=dict)
    """The public holiday's, by language."""
    begins_at: AwareDatetime
    ends_at: AwareDatetime

    @property
    def from_at(self) -> datetime:
        """As the catalogue calls it."""
        return self.begins_at

    @property
    def to_at(self) -> datetime:
        return self.ends_at


class Clock(Value):
    """The whole way from the start to what is due, without gaps."""

    counts: Literal["business_days", "hours"]
    since: Literal["isolation", "receipt"]
    starts_at: AwareDatetime
    stretches: tuple[Stretch, ...]
    calendar: str
    """The version of the calendar that it was counted by."""
    time_zone: str


def merged(pauses: Iterable[Pause]) -> tuple[Pause, ...]:
    """The same time in UTC, in order and without overlaps; what has no length is left out."""
    result: list[Pause] = []
    for begins_at, ends_at in sorted((each.begins_at.astimezone(UTC), each.ends_at.astimezone(UTC)) for each in pauses):
        if ends_at <= begins_at:
            continue
        if result and begins_at <= result[-1].ends_at:
            result[-1] = Pause(begins_at=result[-1].begins_at, ends_at=max(result[-1].ends_at, ends_at))
        else:
            result.append(Pause(begins_at=begins_at, ends_at=ends_at))
    return tuple(result)


def day_stretches(
    calendar: BusinessCalendar, begins: datetime, ends: datetime, pauses: Iterable[Pause]
) -> list[Stretch]:
    """The days from an instant to another, cut where a pause begins or ends; like days in a row are one stretch."""
    return _joined(piece for day in _days(calendar, begins, ends) for piece in _cut(day, pauses))


def hour_stretches(begins: datetime, ends: datetime, pauses: Iterable[Pause]) -> list[Stretch]:
    """The time from an instant to another, straight through, cut where a pause begins or ends."""
    if begins >= ends:
        return []
    whole = Stretch(state="open", reason="around_the_clock", begins_at=begins, ends_at=ends)
    return _joined(_cut(whole, pauses))


def _days(calendar: BusinessCalendar, begins: datetime, ends: datetime) -> Iterator[Stretch]:
    day = calendar.local_date(begins)
    while (begins_at := max(begins, start_of(day, calendar.zone))) < ends:
        closure = calendar.closure(day)
        yield Stretch(
            state="closed" if closure else "open",
            reason=closure.because if closure else "business_day",
            names=dict(closure.names) if closure else {},
            begins_at=begins_at,
            ends_at=min(ends, end_of(day, calendar.zone)),
        )
        day += timedelta(days=1)


def _cut(stretch: Stretch, pauses: Iterable[Pause]) -> Iterator[Stretch]:
    """The stretch without its pauses, and those between."""
    at, ends = stretch.begins_at, stretch.ends_at
    for pause in merged(pauses):
        begins_at, ends_at = max(at, pause.begins_at), min(ends, pause.ends_at)
        if begins_at >= ends_at:
            continue
        if at < begins_at:
            yield stretch.model_copy(update={"begins_at": at, "ends_at": begins_at})
        yield Stretch(state="paused", reason="waiting", begins_at=begins_at, ends_at=ends_at)
        at = ends_at
    if at < ends:
        yield stretch.model_copy(update={"begins_at": at})


def _joined(pieces: Iterable[Stretch]) -> list[Stretch]:
    result: list[Stretch] = []
    for piece in pieces:
        last = result[-1] if result else None
        if last and (last.state, last.reason, last.names) == (piece.state, piece.reason, piece.names):
            result[-1] = last.model_copy(update={"ends_at": piece.ends_at})
        else:
            result.append(piece)
    return result
