"""A target's clock: what pauses do to it, and that it counts in the provider's zone, whatever the instant's."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from kippu_terms.clock import Pause, merged
from kippu_terms.loading import load
from kippu_terms.targets import Target, targets

PLAN = load((Path(__file__).parents[3] / "plans" / "qnp.toml").read_text())


def tokyo(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=PLAN.zone)


def target(service: str, isolated_at: datetime, *pauses: tuple[datetime, datetime]) -> Target:
    waits = [Pause(begins_at=begins_at, ends_at=ends_at) for begins_at, ends_at in pauses]
    (found,) = targets(
        PLAN,
        PLAN.fulfilment.service(service),
        area="tokyo",
        received_at=tokyo(1, 5),
        isolated_at=isolated_at,
        pauses=waits,
    )
    return found


@pytest.mark.parametrize(
    ("begins", "ends", "due"),
    [
        (tokyo(5, 11, 10), tokyo(5, 11, 16), date(2026, 5, 12)),  # within a day: no business day is lost
        (tokyo(5, 11, 10), tokyo(5, 12, 0), date(2026, 5, 13)),
        (tokyo(5, 11, 17), tokyo(5, 13, 9), date(2026, 5, 14)),
        (tokyo(5, 8, 10), tokyo(5, 10, 10), date(2026, 5, 12)),  # before the start
        (tokyo(5, 12, 23), tokyo(5, 18, 9), date(2026, 5, 18)),  # over a weekend
        (tokyo(5, 13, 0), tokyo(5, 18, 9), date(2026, 5, 12)),  # after it was due
    ],
)
def test_business_days_that_begin_while_it_waits_do_not_count(begins: datetime, ends: datetime, due: date) -> None:
    assert target("advance_send_back", tokyo(5, 11, 9), (begins, ends)).due_on == due


def test_hours_stand_still_while_it_waits_and_the_clock_shows_it() -> None:
    found = target("onsite_24h", tokyo(5, 3, 23), (tokyo(5, 4, 1), tokyo(5, 4, 6)), (tokyo(5, 4, 5), tokyo(5, 4, 7)))
    assert found.due_at == tokyo(5, 4, 9)
    shown = [(each.state, each.reason, (each.ends_at - each.begins_at) / timedelta(hours=1)) for each in
             found.clock.stretches]  # fmt: skip
    assert shown == [("open", "around_the_clock", 2), ("paused", "waiting", 6), ("open", "around_the_clock", 2)]


def test_a_pause_is_seen_within_a_day_of_business() -> None:
    found = target("advance_send_back", tokyo(5, 11, 9), (tokyo(5, 11, 10), tokyo(5, 11, 16)))
    assert [stretch.state for stretch in found.clock.stretches] == ["open", "paused", "open"]


def test_pauses_are_joined_in_order_and_empty_ones_left_out() -> None:
    day = datetime(2026, 5, 4, tzinfo=UTC)
    hours = ((5, 6), (1, 3), (3, 4), (2, 3), (8, 8), (9, 8))
    pauses = [Pause(begins_at=day.replace(hour=a), ends_at=day.replace(hour=b)) for a, b in hours]
    assert [(each.begins_at.hour, each.ends_at.hour) for each in merged(pauses)] == [(1, 4), (5, 6)]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_the_zone_of_the_instant_does_not_matter(zone: str) -> None:
    isolated = tokyo(5, 1, 13)
    here, there = target("onsite_weekday", isolated), target("onsite_weekday", isolated.astimezone(ZoneInfo(zone)))
    assert here.model_dump_json() == there.model_dump_json()
    assert here.due_on == date(2026, 5, 1)


def test_the_calendar_names_why_a_day_is_closed() -> None:
    reasons = {day: PLAN.calendar.closure(day) for day in (date(2026, 12, 29), date(2027, 1, 1), date(2026, 5, 2))}
    assert [closure and closure.because for closure in reasons.values()] == ["year_end", "holiday", "weekend"]
    new_year = reasons[date(2027, 1, 1)]
    assert new_year is not None
    assert new_year.names == {"ja": "元日", "en": "New Year's Day"}
    assert PLAN.calendar.closure(date(2026, 5, 1)) is None
