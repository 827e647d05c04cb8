"""When somebody works or a service is given, as instants: weekly hours, less the days off, and extra hours of a date.

Hours are the provider's local ones. They belong to the date on which they begin: a day off on Saturday leaves the night
that began on Friday, and a public holiday that of its eve. Where the public holidays are known, weekly hours begin on
them only if they hold on holidays.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Protocol, get_args
from zoneinfo import ZoneInfo

from kippu_events.catalogue.hours import DateException, Weekday, WeeklyShift
from kippu_terms.calendar import BusinessCalendar
from kippu_terms.dates import local_date, local_instant

Interval = tuple[datetime, datetime]
"""The end is outside."""

WEEKDAYS: tuple[str, ...] = get_args(Weekday)
_DAY = timedelta(days=1)
_on = attrgetter("on")


class Hours(Protocol):
    @property
    def weekly(self) -> Sequence[WeeklyShift]: ...
    @property
    def exceptions(self) -> Sequence[DateException]:
        """In the order of their dates."""
        ...


def works_throughout(
    hours: Hours, starts_at: datetime, ends_at: datetime, zone: ZoneInfo, holidays: BusinessCalendar | None = None
) -> bool:
    """True if the time lies within hours that follow each other without a break."""
    times = working_times(hours, starts_at, local_date(ends_at, zone), zone, holidays)
    return any(begins <= starts_at and ends_at <= ends for begins, ends in times)


def working_times(
    hours: Hours, since: datetime, last: date, zone: ZoneInfo, holidays: BusinessCalendar | None = None
) -> Iterator[Interval]:
    """The working times in order, from those that an instant may lie in to those that begin on a local date; what
    touches or overlaps is one."""
    pending: Interval | None = None
    # Hours may run past midnight, so those in which the instant lies may have begun the day before.
    day = local_date(since, zone) - _DAY
    changed = _between(hours.exceptions, day, last)
    while day <= last:
        for begins, ends in _beginning_on(day, hours.weekly, changed.get(day, ()), zone, holidays):
            if pending is not None and begins <= pending[1]:
                pending = (pending[0], max(pending[1], ends))
                continue
            if pending is not None:
                yield pending
            pending = (begins, ends)
        day += _DAY
    if pending is not None:
        yield pending


def _between(exceptions: Sequence[DateException], first: date, last: date) -> Mapping[date, Sequence[DateException]]:
    """By date. Somebody may have hundreds, of which a question about a week looks at a few."""
    begins, ends = bisect_left(exceptions, first, key=_on), bisect_right(exceptions, last, key=_on)
    return {day: tuple(of_day) for day, of_day in groupby(exceptions[begins:ends], key=_on)}


def _beginning_on(
    day: date,
    weekly: Sequence[WeeklyShift],
    of_day: Sequence[DateException],
    zone: ZoneInfo,
    holidays: BusinessCalendar | None,
) -> list[Interval]:
    times = [(each.starts, each.ends) for each in of_day if each.starts is not None and each.ends is not None]
    if not any(each.starts is None for each in of_day):
        holiday = holidays is not None and holidays.is_holiday(day)
        of_weekday = [each for each in weekly if each.weekday == WEEKDAYS[day.weekday()]]
        times += [(each.starts, each.ends) for each in of_weekday if each.on_holidays or not holiday]
    return sorted(_interval(day, starts, ends, zone) for starts, ends in times)


def _interval(day: date, starts: time, ends: time, zone: ZoneInfo) -> Interval:
    """From 22:00 to 6:00 ends on the next day, and from 0:00 to 0:00 is the whole day."""
    ends_on = day if ends > starts else day + _DAY
    return local_instant(day, starts, zone), local_instant(ends_on, ends, zone)
