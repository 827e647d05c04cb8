"""Months, terms and local dates. A date is one of the provider's zone; "by" and "within" include the last day."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


def months_after(day: date, months: int) -> date:
    """The same day of that month, or the month's last day where it has none: 31 Jan + 3 months is 30 Apr.

    Negative `months` count back. Raises ValueError beyond the years 1 to 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise ValueError(f"{months} months from {day} is beyond the calendar")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_before(day: date, months: int) -> date:
    return months_after(day, -months)


def first_of_month_after(day: date, months: int) -> date:
    """The 1st of a later month: "the month after next" of any day in November is 1 January."""
    return months_after(day.replace(day=1), months)


def last_day_of_term(start: date, *, years: int = 0, months: int = 0) -> date:
    """The last day, inclusive, of a term that begins on `start`: the day before the corresponding day.

    Where there is no corresponding day, that month's last day: 29 Feb 2024 + 1 year ends on 28 Feb 2025.
    Raises ValueError for a term of no length.
    """
    length = years * 12 + months
    if length <= 0:
        raise ValueError("a term lasts at least one month")
    corresponding = months_after(start, length)
    return corresponding - _DAY if corresponding.day == start.day else corresponding


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The date on the wall at that instant. Raises ValueError for a datetime without a zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local date, in UTC."""
    return local_instant(day, time(0), zone)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant after a local date, in UTC: what ends with that day is valid until just before it."""
    return start_of(day + _DAY, zone)


def local_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant of a local date and time, in UTC."""
    return datetime.combine(day, at, zone).astimezone(UTC)
