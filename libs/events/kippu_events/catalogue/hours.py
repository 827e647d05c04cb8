"""Values of hours: when somebody works, and when a service is given. Times and dates are the provider's local ones."""

from datetime import date, time
from typing import Annotated, Literal

from pydantic import PlainSerializer

from kippu_events.event import Value

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

LocalTime = Annotated[time, PlainSerializer(time.isoformat, return_type=str, when_used="json-unless-none")]
"""Of a wall clock. JSON Schema's `time` would need a zone, so it is documented as a text."""


class WeeklyShift(Value):
    """Hours that begin on a weekday. Where `ends` is not later than `starts`, they end on the next day."""

    weekday: Weekday
    starts: LocalTime
    ends: LocalTime
    on_holidays: bool = False
    """True if they begin on public holidays too."""


class DateException(Value):
    """What is different on a date: off, so that no weekly hours begin on it, or (with times) hours beside them."""

    on: date
    starts: LocalTime | None = None
    ends: LocalTime | None = None


class ServiceHours(Value):
    """When the terms have a service given. `exceptions` are the closed days of the time after it was asked for."""

    time_zone: str
    """IANA."""
    weekly: tuple[WeeklyShift, ...]
    exceptions: tuple[DateException, ...] = ()
