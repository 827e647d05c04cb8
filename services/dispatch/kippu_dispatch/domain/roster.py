"""A roster as it is handed in: every fault of it is named at once, and a roster with a fault changes nothing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kippu_events.catalogue.capacity import CapacitySet, EngineerRostered
from kippu_events.catalogue.hours import DateException, Weekday, WeeklyShift
from kippu_events.event import Event
from kippu_privacy import Plain
from kippu_terms import calendar
from kippu_terms.facts import CALENDARS_FROM, CALENDARS_UNTIL
from kippu_terms.refusal import Fault, Refused

from kippu_dispatch.domain.working_hours import WEEKDAYS

_ENGINEER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")
"""As plans name areas and skills."""
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES


@dataclass(frozen=True, slots=True)
class HoursAsked:
    """As they were written: `09:00`."""

    weekdays: tuple[str, ...]
    starts: str
    ends: str
    on_holidays: bool = False


@dataclass(frozen=True, slots=True)
class ExceptionAsked:
    on: str
    off: bool
    starts: str | None
    ends: str | None


@dataclass(frozen=True, slots=True)
class EngineerAsked:
    engineer_id: str
    name: str
    areas: tuple[str, ...]
    skills: tuple[str, ...]
    weekly: tuple[HoursAsked, ...]
    exceptions: tuple[ExceptionAsked, ...]


def set_roster(
    provider: str, time_zone: str, country: str | None, engineers: Sequence[EngineerAsked], by: str, now: datetime
) -> list[Event]:
    """The roster from now on, in place of any before it. Raises Refused with every fault, by its place in the input."""
    reading = _Reading()
    reading.zone(time_zone)
    version = reading.calendar_version(country)
    reading.ids([each.engineer_id for each in engineers])
    rostered = [
        EngineerRostered(
            occurred_at=now,
            engineer_id=each.engineer_id,
            name=Plain(f"engineer-{provider}-{each.engineer_id}", each.name),
            areas=reading.names(f"engineers.{number}.areas", each.areas),
            skills=reading.names(f"engineers.{number}.skills", each.skills),
            weekly=reading.weekly(f"engineers.{number}.weekly", each.weekly),
            exceptions=reading.exceptions(f"engineers.{number}.exceptions", each.exceptions),
        )
        for number, each in enumerate(engineers)
    ]
    if reading.faults:
        raise Refused(*reading.faults)
    ids = tuple(each.engineer_id for each in engineers)
    capacity = CapacitySet(
        occurred_at=now, time_zone=time_zone, engineers=ids, set_by=by, country=country, calendar_version=version
    )
    return [capacity, *rostered]


class _Reading:
    """Reads what was written, and goes on past what is wrong with it."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def _wrong(self, code: str, field: str, message: str) -> None:
        self.faults.append(Fault(f"roster.{code}", message, field))

    def zone(self, name: str) -> None:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._wrong("time_zone.unknown", "time_zone", f"there is no time zone {name}")

    def calendar_version(self, country: str | None) -> str | None:
        if country is None:
            return None
        if not calendar.is_known(country):
            self._wrong("country.unknown", "country", f"the public holidays of {country} are not known: name it as TH")
            return None
        return calendar.public_holidays(country).version

    def ids(self, ids: Sequence[str]) -> None:
        for number, engineer_id in enumerate(ids):
            field = f"engineers.{number}.engineer_id"
            if not _ENGINEER_ID.fullmatch(engineer_id):
                self._wrong("engineer_id.malformed", field, "1 to 64 letters, digits, dots, dashes and underscores")
            elif engineer_id in ids[:number]:
                self._wrong("engineer_id.twice", field, f"{engineer_id} is on the roster already")

    def names(self, field: str, names: Sequence[str]) -> tuple[str, ...]:
        for number, name in enumerate(names):
            if not _NAME.fullmatch(name):
                message = f"{name!r} is no name that a plan could use: small letters, digits, dashes, underscores"
                self._wrong("name.malformed", f"{field}.{number}", message)
        return tuple(sorted(set(names)))

    def weekly(self, field: str, asked: Sequence[HoursAsked]) -> tuple[WeeklyShift, ...]:
        shifts = []
        for number, each in enumerate(asked):
            here = f"{field}.{number}"
            starts, ends = self._time(f"{here}.starts", each.starts), self._time(f"{here}.ends", each.ends)
            days = [day for day in each.weekdays if self._is_weekday(f"{here}.weekdays", day)]
            if starts is not None and ends is not None:
                shifts += [
                    WeeklyShift(weekday=cast(Weekday, day), starts=starts, ends=ends, on_holidays=each.on_holidays)
                    for day in days
                ]
        if _overlap(shifts):
            self._wrong("weekly.overlap", field, "hours of a week overlap: give each hour once")
        return tuple(sorted(shifts, key=_minute))

    def _is_weekday(self, field: str, day: str) -> bool:
        if day not in WEEKDAYS:
            self._wrong("weekday.unknown", field, f"{day!r} is none of {', '.join(WEEKDAYS)}")
        return day in WEEKDAYS

    def exceptions(self, field: str, asked: Sequence[ExceptionAsked]) -> tuple[DateException, ...]:
        found, off = [], set()
        for number, each in enumerate(asked):
            here = f"{field}.{number}"
            on = self._date(f"{here}.on", each.on)
            starts, ends = self._time(f"{here}.starts", each.starts), self._time(f"{here}.ends", each.ends)
            if each.off != (each.starts is None and each.ends is None) or (each.starts is None) != (each.ends is None):
                message = 'either "off": true, or an extra shift with "starts" and "ends"'
                self._wrong("exception.unclear", here, message)
            if each.off and each.on in off:
                self._wrong("exception.twice", f"{here}.on", f"{each.on} is off already")
            off |= {each.on} if each.off else set()
            if on is not None:
                found.append(DateException(on=on, starts=starts, ends=ends))
        return tuple(sorted(found, key=lambda each: (each.on, each.starts or time.min)))

    def _time(self, field: str, written: str | None) -> time | None:
        if written is None:
            return None
        if not _TIME.fullmatch(written):
            self._wrong("time.malformed", field, f"{written!r} is no time from 00:00 to 23:59")
            return None
        return time.fromisoformat(written)

    def _date(self, field: str, written: str) -> date | None:
        try:
            day = date.fromisoformat(written) if _DATE.fullmatch(written) else None
        except ValueError:
            day = None
        if day is None or not CALENDARS_FROM.date() <= day < CALENDARS_UNTIL.date():
            self._wrong("date.impossible", field, f"{written!r} is no date of a calendar, such as 2026-11-21")
            return None
        return day


def _minute(shift: WeeklyShift) -> int:
    """Of the week, when it begins."""
    return WEEKDAYS.index(shift.weekday) * _DAY_MINUTES + shift.starts.hour * 60 + shift.starts.minute


def _overlap(shifts: Sequence[WeeklyShift]) -> bool:
    """True if two shifts of a week have time in common; the last of a week may run into the first of the next."""
    begins = sorted((_minute(each), _length(each)) for each in shifts)
    return any(
        at + length > next_at
        for (at, length), (next_at, _) in zip(begins, [*begins[1:], *_next_week(begins[:1])], strict=True)
    )


def _next_week(begins: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(at + _WEEK_MINUTES, length) for at, length in begins]


def _length(shift: WeeklyShift) -> int:
    minutes = (shift.ends.hour - shift.starts.hour) * 60 + shift.ends.minute - shift.starts.minute
    return minutes if minutes > 0 else minutes + _DAY_MINUTES
