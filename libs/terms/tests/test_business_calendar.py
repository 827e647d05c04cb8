"""Business days and opening hours, in Japan and in Thailand."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.calendar import BusinessCalendar, Hours

TOKYO, BANGKOK = ZoneInfo("Asia/Tokyo"), ZoneInfo("Asia/Bangkok")
JAPAN = BusinessCalendar(
    "JP",
    TOKYO,
    year_end=((12, 29), (1, 3)),
    hours={
        "desk": Hours(time(9), time(17, 30)),
        "service": Hours(time(8, 30), time(17, 30), on_holidays=True),
    },
)
THAILAND = BusinessCalendar("TH", BANGKOK, hours={"business": Hours(time(9), time(18))})
days = st.dates(date(2024, 1, 1), date(2028, 12, 31))
instants = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
either = st.sampled_from([JAPAN, THAILAND])


def tokyo(month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=TOKYO)


def test_the_next_business_day_passes_over_the_holidays_in_may() -> None:
    assert JAPAN.business_days_after(date(2026, 5, 1), 1) == date(2026, 5, 7)


def test_business_days_are_counted_back_without_the_day_itself() -> None:
    assert JAPAN.business_days_before(date(2026, 12, 10), 3) == date(2026, 12, 7)


def test_a_day_in_lieu_is_no_business_day() -> None:
    assert not JAPAN.is_business_day(date(2026, 5, 6))


@pytest.mark.parametrize(("day", "open_"), [(28, True), (29, False), (30, False), (31, False)])
def test_the_year_end_closing_begins(day: int, open_: bool) -> None:
    assert JAPAN.is_business_day(date(2026, 12, day)) is open_


def test_the_year_end_closing_ends_after_its_last_day() -> None:
    assert not JAPAN.is_business_day(date(2025, 1, 3))
    assert JAPAN.is_business_day(date(2025, 1, 6))


# Weekday holidays of 2026 with their substitution days, as announced by the Thai cabinet. Vesak, Sunday 31 May, is
# substituted by 1 June; the King's birthday of 5 December, a Saturday, by 7 December; 2 January was added.
THAI_HOLIDAYS_2026 = {
    *((1, 1), (1, 2), (3, 3), (4, 6), (4, 13), (4, 14), (4, 15), (5, 1), (5, 4), (6, 1), (6, 3), (7, 28), (7, 29)),
    *((7, 30), (8, 12), (10, 13), (10, 23), (12, 7), (12, 10), (12, 31)),
}


def test_thai_holidays_of_2026() -> None:
    year = (date(2026, 1, 1) + timedelta(days=number) for number in range(365))
    closed = {(day.month, day.day) for day in year if day.weekday() < 5 and not THAILAND.is_business_day(day)}
    assert closed == THAI_HOLIDAYS_2026


def test_a_plan_corrects_the_public_holidays() -> None:
    corrected = BusinessCalendar(
        "TH",
        BANGKOK,
        closing_days=frozenset({date(2026, 11, 20)}),
        added_holidays=frozenset({date(2026, 11, 23)}),
        cancelled_holidays=frozenset({date(2026, 12, 7)}),
    )
    assert not corrected.is_business_day(date(2026, 11, 20))
    assert not corrected.is_business_day(date(2026, 11, 23))
    assert corrected.is_business_day(date(2026, 12, 7))


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (tokyo(11, 24, 8, 59, 59), False),
        (tokyo(11, 24, 9), True),
        (tokyo(11, 24, 17, 29, 59), True),
        (tokyo(11, 24, 17, 30), False),
        (tokyo(11, 23, 12), False),  # a holiday
        (tokyo(11, 21, 12), False),  # a Saturday
    ],
)
def test_the_opening_instant_is_inside_and_the_closing_instant_outside(at: datetime, is_open: bool) -> None:
    assert JAPAN.is_open("desk", at) is is_open


def test_hours_may_hold_on_holidays() -> None:
    assert JAPAN.is_open("service", tokyo(11, 23, 12))
    assert JAPAN.is_open("service", tokyo(12, 30, 12))
    assert not JAPAN.is_open("service", tokyo(11, 21, 12))


@pytest.mark.parametrize(
    ("received", "counts"),
    [
        (tokyo(11, 24, 8), tokyo(11, 24, 9)),
        (tokyo(11, 24, 9), tokyo(11, 24, 9)),
        (tokyo(11, 24, 17, 29), tokyo(11, 24, 17, 29)),
        (tokyo(11, 20, 17, 30), tokyo(11, 24, 9)),  # over a weekend and a holiday
    ],
)
def test_received_outside_the_hours_counts_from_the_next_opening(received: datetime, counts: datetime) -> None:
    assert JAPAN.counts_from("desk", received) == counts


def test_work_may_end_at_closing_time_but_not_after() -> None:
    assert JAPAN.is_open_throughout("desk", tokyo(11, 24, 16, 30), 60)
    assert not JAPAN.is_open_throughout("desk", tokyo(11, 24, 16, 30), 61)


def test_a_calendar_without_an_open_day_is_noticed() -> None:
    never = BusinessCalendar("TH", BANGKOK, year_end=((1, 1), (12, 31)))
    with pytest.raises(ValueError, match="no business day"):
        never.business_days_after(date(2026, 1, 1), 1)


@given(either, days, st.integers(1, 15))
def test_counting_on_and_back_meet_on_a_business_day(calendar: BusinessCalendar, day: date, count: int) -> None:
    later = calendar.business_days_after(day, count)
    assert calendar.is_business_day(later)
    between = [day + timedelta(days=step) for step in range(1, (later - day).days + 1)]
    assert sum(map(calendar.is_business_day, between)) == count
    if calendar.is_business_day(day):
        assert calendar.business_days_before(later, count) == day


@given(instants)
def test_what_counts_from_an_opening_is_open_and_nothing_was_open_before(instant: datetime) -> None:
    counts = JAPAN.counts_from("desk", instant)
    assert counts >= instant
    assert JAPAN.is_open("desk", counts)
    assert (counts == instant) == JAPAN.is_open("desk", instant)
    assert JAPAN.counts_from("desk", counts) == counts
    if counts > instant:
        assert not JAPAN.is_open("desk", counts - timedelta(microseconds=1))


@given(instants, st.integers(0, 600))
def test_open_throughout_is_open_at_every_minute(start: datetime, minutes: int) -> None:
    each = all(JAPAN.is_open("desk", start + timedelta(minutes=minute)) for minute in range(max(1, minutes)))
    if not JAPAN.is_open_throughout("desk", start, minutes):
        end = start + timedelta(minutes=minutes) - timedelta(microseconds=1)
        assert not each or not JAPAN.is_open("desk", end)
    else:
        assert each
