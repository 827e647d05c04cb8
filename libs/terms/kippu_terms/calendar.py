"""Business days and opening hours of a provider, in its country and time zone.

Public holidays, with their days in lieu, come from the `holidays` package; a plan adds the provider's closing days, and
may add or cancel a holiday that was decreed after the package was made. `version` names all of it, so that a decision
can say by which calendar it was made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from typing import Literal
from zoneinfo import ZoneInfo

import holidays
from holidays.version import __version__ as holidays_version

from kippu_terms.dates import local_date, local_instant

_DAY = timedelta(days=1)
_WEEKDAYS = frozenset(range(5))
_LONGEST_CLOSURE = 366
"""Days. A calendar without an open day in a year is a mistake in a plan, not a closure."""


@dataclass(frozen=True)
class Hours:
    """Opening hours on some weekdays (0 is Monday). `opens` is inside, `closes` is outside."""

    opens: time
    closes: time
    weekdays: frozenset[int] = _WEEKDAYS
    on_holidays: bool = False
    """True if these hours hold on holidays and closing days too."""
    pause: tuple[time, time] | None = None
    """Closed in between, such as at noon: the first time is closed, the second is open again."""


def is_known(country: str) -> bool:
    """True if the public holidays of a country (ISO 3166-1 alpha-2) are known."""
    return len(country) == 2 and country in holidays.list_supported_countries()


ClosedBecause = Literal["holiday", "year_end", "closing_day", "weekend"]


@dataclass(frozen=True)
class Closure:
    """Why a day is no business day. `names` are a public holiday's, by language; empty for one that a plan added."""

    because: ClosedBecause
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BusinessCalendar:
    country: str
    """ISO 3166-1 alpha-2."""
    zone: ZoneInfo
    closing_days: frozenset[date] = frozenset()
    year_end: tuple[tuple[int, int], tuple[int, int]] | None = None
    """First and last (month, day) of the year-end closing, both inclusive; it may run over the turn of the year."""
    added_holidays: frozenset[date] = frozenset()
    cancelled_holidays: frozenset[date] = frozenset()
    hours: Mapping[str, Hours] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Names the source of the public holidays."""
        return f"{self.country}/holidays-{holidays_version}"

    @cached_property
    def _public(self) -> holidays.HolidayBase:
        return holidays.country_holidays(self.country)

    @cached_property
    def _named(self) -> Mapping[str, holidays.HolidayBase]:
        """The same by language: the country's own, and English."""
        known = self._public.supported_languages or ()
        languages = [language for language in (self._public.default_language, "en_US") if language in known]
        return {language[:2]: holidays.country_holidays(self.country, language=language) for language in languages}

    def local_date(self, instant: datetime) -> date:
        return local_date(instant, self.zone)

    def is_holiday(self, day: date) -> bool:
        """True on a public holiday or its day in lieu, weekends not counted as such."""
        if day in self.cancelled_holidays:
            return False
        return day in self.added_holidays or day in self._public

    def is_closed(self, day: date) -> bool:
        """True on holidays, at year end and on the provider's closing days."""
        return self.is_holiday(day) or day in self.closing_days or self._at_year_end(day)

    def _at_year_end(self, day: date) -> bool:
        if self.year_end is None:
            return False
        (first, last), this = self.year_end, (day.month, day.day)
        return first <= this <= last if first <= last else this >= first or this <= last

    def is_business_day(self, day: date) -> bool:
        return day.weekday() in _WEEKDAYS and not self.is_closed(day)

    def closure(self, day: date) -> Closure | None:
        """Why a day is no business day; None if it is one."""
        if self.is_holiday(day):
            names = {language: named[day] for language, named in self._named.items() if day in named}
            return Closure("holiday", names)
        if self._at_year_end(day):
            return Closure("year_end")
        if day in self.closing_days:
            return Closure("closing_day")
        return None if day.weekday() in _WEEKDAYS else Closure("weekend")

    def business_days_after(self, day: date, count: int) -> date:
        """`count` business days on, `day` itself not counted."""
        return self._step(day, count, _DAY)

    def business_days_before(self, day: date, count: int) -> date:
        """`count` business days back, `day` itself not counted."""
        return self._step(day, count, -_DAY)

    def _step(self, day: date, count: int, step: timedelta) -> date:
        if count < 0:
            raise ValueError("business days are counted from 0 up")
        closed = 0
        while count:
            day += step
            if self.is_business_day(day):
                count, closed = count - 1, 0
            elif (closed := closed + 1) > _LONGEST_CLOSURE:
                raise ValueError(f"the calendar of {self.country} has no business day for a year before {day}")
        return day

    def opening(self, hours: str, day: date) -> tuple[datetime, datetime] | None:
        """When those hours open and close on a local date, as instants in UTC; None if they do not."""
        window = self.hours[hours]
        if day.weekday() not in window.weekdays or (self.is_closed(day) and not window.on_holidays):
            return None
        return local_instant(day, window.opens, self.zone), local_instant(day, window.closes, self.zone)

    def openings(self, hours: str, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The same in parts, where those hours pause."""
        opening, pause = self.opening(hours, day), self.hours[hours].pause
        if opening is None:
            return ()
        if pause is None:
            return (opening,)
        closes, opens = (local_instant(day, at, self.zone) for at in pause)
        return (opening[0], closes), (opens, opening[1])

    def is_open(self, hours: str, instant: datetime) -> bool:
        """The opening instant is inside, the closing instant is outside."""
        return any(opens <= instant < closes for opens, closes in self.openings(hours, self.local_date(instant)))

    def is_open_throughout(self, hours: str, start: datetime, minutes: int) -> bool:
        """True if work of `minutes` from `start` stays inside one opening; ending on the closing instant does."""
        end = start + timedelta(minutes=minutes)
        openings = self.openings(hours, self.local_date(start))
        return any(opens <= start < closes and end <= closes for opens, closes in openings)

    def counts_from(self, hours: str, instant: datetime) -> datetime:
        """What is received outside the hours counts as received at the next opening."""
        day = self.local_date(instant)
        for _ in range(_LONGEST_CLOSURE):
            for opens, closes in self.openings(hours, day):
                if instant < closes:
                    return max(instant, opens)
            day += _DAY
        raise ValueError(f"hours {hours!r} do not open for a year after {instant}")


@cache
def public_holidays(country: str) -> BusinessCalendar:
    """The calendar of a country's public holidays, without any provider's own days."""
    return BusinessCalendar(country, ZoneInfo("UTC"))
