"""Months and terms, as the table "How dates, hours and money are read" has them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.dates import end_of, last_day_of_term, local_date, months_after, months_before, start_of

BANGKOK, NEW_YORK = ZoneInfo("Asia/Bangkok"), ZoneInfo("America/New_York")
days = st.dates(date(1950, 1, 1), date(2150, 1, 1))
months = st.integers(1, 240)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 5, 10), 0, date(2026, 5, 10)),
    ],
)
def test_months_after(day: date, count: int, expected: date) -> None:
    assert months_after(day, count) == expected


def test_months_before_falls_on_the_last_day_of_a_shorter_month() -> None:
    assert months_before(date(2027, 3, 31), 1) == date(2027, 2, 28)


def test_months_beyond_the_calendar_are_refused() -> None:
    with pytest.raises(ValueError, match="beyond the calendar"):
        months_after(date(9999, 12, 1), 1)


@pytest.mark.parametrize(
    ("start", "years", "last"),
    [
        (date(2022, 6, 10), 5, date(2027, 6, 9)),
        (date(2024, 2, 29), 1, date(2025, 2, 28)),
        (date(2024, 2, 29), 4, date(2028, 2, 28)),
        (date(2026, 1, 1), 1, date(2026, 12, 31)),
    ],
)
def test_a_term_of_years_ends_the_day_before_the_corresponding_day(start: date, years: int, last: date) -> None:
    assert last_day_of_term(start, years=years) == last


def test_a_term_of_months_that_has_no_corresponding_day_ends_with_the_month() -> None:
    assert last_day_of_term(date(2026, 1, 31), months=1) == date(2026, 2, 28)
    assert last_day_of_term(date(2026, 1, 30), months=3) == date(2026, 4, 29)


def test_a_term_lasts() -> None:
    with pytest.raises(ValueError, match="at least one month"):
        last_day_of_term(date(2026, 1, 1))


@given(days, months)
def test_months_after_keeps_the_day_or_takes_the_months_last(day: date, count: int) -> None:
    after = months_after(day, count)
    assert (after.year * 12 + after.month) - (day.year * 12 + day.month) == count
    assert after.day == day.day or (after.day < day.day and (after + timedelta(days=1)).day == 1)


@given(days, days, months)
def test_a_later_day_never_has_an_earlier_term(one: date, other: date, count: int) -> None:
    first, second = sorted((one, other))
    assert months_after(first, count) <= months_after(second, count)
    assert last_day_of_term(first, months=count) <= last_day_of_term(second, months=count)


@given(days, months)
def test_a_term_ends_before_or_on_the_corresponding_month_day(start: date, count: int) -> None:
    last = last_day_of_term(start, months=count)
    assert last in (months_after(start, count), months_after(start, count) - timedelta(days=1))


@given(days, st.sampled_from([BANGKOK, NEW_YORK]))
def test_a_local_day_is_the_instants_between_its_start_and_its_end(day: date, zone: ZoneInfo) -> None:
    start, end = start_of(day, zone), end_of(day, zone)
    assert start.tzinfo is UTC
    assert local_date(start, zone) == day == local_date(end - timedelta(microseconds=1), zone)
    assert local_date(end, zone) == day + timedelta(days=1)


def test_the_date_of_an_instant_is_the_providers() -> None:
    just_before_midnight = datetime(2026, 11, 17, 16, 59, 59, tzinfo=UTC)
    assert local_date(just_before_midnight, BANGKOK) == date(2026, 11, 17)
    assert local_date(just_before_midnight + timedelta(seconds=1), BANGKOK) == date(2026, 11, 18)


def test_an_instant_without_a_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_date(datetime(2026, 11, 17), BANGKOK)  # noqa: DTZ001  what is refused
