"""How the terms read dates: terms of years, windows of months, and days of business, for every day there is."""

from calendar import isleap, monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from kippu_terms.calendar import BusinessCalendar
from kippu_terms.dates import end_of, last_day_of_term, local_date, months_after, months_before, start_of

DAY = timedelta(days=1)
TOKYO, BANGKOK = ZoneInfo("Asia/Tokyo"), ZoneInfo("Asia/Bangkok")
JAPAN = BusinessCalendar("JP", TOKYO, year_end=((12, 29), (1, 3)))
THAILAND = BusinessCalendar("TH", BANGKOK)
days = st.dates(date(2000, 1, 1), date(2090, 12, 31))
near = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@given(days, st.integers(1, 10))
@example(date(2024, 2, 29), 1)
@example(date(2024, 2, 29), 4)
@example(date(2022, 6, 10), 5)
def test_a_term_of_years_lasts_up_to_the_day_before_its_anniversary(start: date, years: int) -> None:
    last = last_day_of_term(start, years=years)
    leap_day = (start.month, start.day) == (2, 29)
    if leap_day and not isleap(start.year + years):
        assert last == date(start.year + years, 2, 28)
    else:
        assert last + DAY == start.replace(year=start.year + years)


@given(days, st.integers(1, 5), st.integers(1, 5))
@example(date(2024, 2, 29), 1, 1)
def test_a_term_that_follows_another_leaves_no_day_between(start: date, first: int, second: int) -> None:
    one = last_day_of_term(start, years=first)
    other = last_day_of_term(one + DAY, years=second)
    whole = last_day_of_term(start, years=first + second)
    assert one < other
    assert whole <= other <= whole + DAY  # one begun on 29 February may have gained a day with the turn in March


@given(days, st.integers(0, 24))
@example(date(2026, 1, 31), 3)
@example(date(2027, 3, 31), 1)
def test_a_window_of_months_is_counted_by_calendar_months(day: date, count: int) -> None:
    for counted, months in ((months_after(day, count), count), (months_before(day, count), -count)):
        assert counted.year * 12 + counted.month == day.year * 12 + day.month + months
        assert counted.day == min(day.day, monthrange(counted.year, counted.month)[1])
    assert months_before(months_after(day, count), count) <= day
    assert day.day > 28 or months_before(months_after(day, count), count) == day


@given(near, st.integers(0, 30), st.sampled_from([JAPAN, THAILAND]))
def test_so_many_business_days_on_or_back_the_day_itself_not_counted(
    day: date, count: int, calendar: BusinessCalendar
) -> None:
    after, before = calendar.business_days_after(day, count), calendar.business_days_before(day, count)
    between = [day + DAY * ahead for ahead in range(1, (after - day).days + 1)]
    assert sum(map(calendar.is_business_day, between)) == count
    between = [day - DAY * back for back in range(1, (day - before).days + 1)]
    assert sum(map(calendar.is_business_day, between)) == count
    assert count == 0 or (calendar.is_business_day(after) and calendar.is_business_day(before))


@pytest.mark.parametrize(
    ("calendar", "last", "then"),
    [
        (JAPAN, date(2026, 9, 18), date(2026, 9, 24)),  # 22 September lies between two holidays, and is one
        (JAPAN, date(2026, 5, 1), date(2026, 5, 7)),  # 6 May is in lieu of Sunday 3 May
        (JAPAN, date(2026, 12, 28), date(2027, 1, 4)),  # the year-end closing
        (THAILAND, date(2026, 12, 4), date(2026, 12, 8)),  # 7 December is in lieu of Saturday 5 December
        (THAILAND, date(2026, 4, 10), date(2026, 4, 16)),  # Songkran
    ],
)
def test_holidays_and_days_in_lieu_are_passed_over(calendar: BusinessCalendar, last: date, then: date) -> None:
    assert calendar.business_days_after(last, 1) == then
    assert calendar.business_days_before(then, 1) == last


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  naive bounds
@example(datetime(2026, 12, 31, 15, tzinfo=UTC))
@example(datetime(2026, 12, 31, 17, tzinfo=UTC))
def test_an_instant_near_midnight_has_the_date_of_the_providers_zone(at: datetime) -> None:
    for zone in (TOKYO, BANGKOK):
        day = local_date(at, zone)
        assert start_of(day, zone) <= at < end_of(day, zone)
    assert timedelta(0) <= local_date(at, TOKYO) - local_date(at, BANGKOK) <= DAY
