"""Public holidays on a roster: given its country, nobody is free on one unless the roster says so."""

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from kippu_dispatch.domain import capacity as capacities
from kippu_dispatch.domain.availability import Job, next_free, why_not
from kippu_dispatch.domain.capacity import Capacity
from kippu_dispatch.domain.staffing import Choice, no_longer_fitting, staff
from kippu_dispatch.domain.visit import Status, Visit, Visits
from kippu_dispatch.streams import CAPACITY
from kippu_dispatch.testing.rosters import WEEK, engineer, roster, roster_events, shift
from kippu_events.catalogue.capacity import EngineerEngaged
from kippu_events.catalogue.dispatch import VisitBooked
from kippu_events.catalogue.hours import DateException
from kippu_terms.calendar import public_holidays
from kippu_terms.refusal import Refused

ZONES = {"JP": ZoneInfo("Asia/Tokyo"), "TH": ZoneInfo("Asia/Bangkok")}


def at(country: str, day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONES[country])


def tokyo(day: int, hour: int, minute: int = 0) -> datetime:
    """In September 2026, of which the 21st to the 23rd are holidays, Monday to Wednesday."""
    return at("JP", date(2026, 9, day), hour, minute)


def of(country: str, *, known: bool = True, **changes: Any) -> Capacity:
    zone = ZONES[country].key
    return roster(engineer("e-1", **changes), time_zone=zone, country=country if known else None)


def reasons(capacity: Capacity, starts_at: datetime, minutes: int = 60) -> tuple[str, ...]:
    job = Job("KP-0000-0001.V1", None, None, starts_at, starts_at + timedelta(minutes=minutes))
    return why_not(capacity, capacity.engineers[0], job)


@pytest.mark.parametrize(
    ("country", "day", "holiday"),
    [
        ("JP", date(2026, 9, 18), False),  # the Friday before
        ("JP", date(2026, 9, 21), True),
        ("JP", date(2026, 9, 22), True),  # between two holidays, and so one itself
        ("JP", date(2026, 9, 23), True),
        ("JP", date(2026, 9, 24), False),
        ("JP", date(2026, 5, 5), True),
        ("JP", date(2026, 5, 6), True),  # in lieu of Sunday the 3rd
        ("JP", date(2026, 5, 7), False),
        ("JP", date(2026, 4, 13), False),  # a holiday elsewhere
        ("TH", date(2026, 4, 10), False),
        ("TH", date(2026, 4, 13), True),
        ("TH", date(2026, 4, 16), False),
        ("TH", date(2026, 6, 1), True),  # in lieu of Sunday 31 May
        ("TH", date(2026, 6, 2), False),
        ("TH", date(2026, 9, 22), False),
    ],
)
def test_nobody_works_on_a_public_holiday_of_the_rosters_country(country: str, day: date, holiday: bool) -> None:
    ten = at(country, day, 10)
    assert reasons(of(country), ten) == (("holiday",) if holiday else ())
    assert reasons(of(country, known=False), ten) == (), "without a country no holiday is known"
    on_duty = of(country, weekly=shift("09:00", "18:00", on_holidays=True))
    assert reasons(on_duty, ten) == (), "the roster says that these hours hold on holidays"


@pytest.mark.parametrize(
    ("starts_at", "found"),
    [
        (tokyo(21, 0, 30), ()),  # of the night that began on Sunday
        (tokyo(21, 5, 0), ()),
        (tokyo(21, 5, 1), ("hours",)),
        (tokyo(21, 22, 0), ("holiday",)),
        (tokyo(24, 5, 0), ("holiday",)),  # the night of the last holiday would have ended now
        (tokyo(24, 22, 0), ()),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(starts_at: datetime, found: tuple[str, ...]) -> None:
    assert reasons(of("JP", weekly=shift("22:00", "06:00", WEEK)), starts_at) == found


def test_of_a_week_only_the_hours_that_hold_on_holidays_begin_on_one() -> None:
    capacity = of("JP", weekly=(*shift("09:00", "17:00"), *shift("22:00", "06:00", WEEK, on_holidays=True)))
    assert reasons(capacity, tokyo(22, 22)) == reasons(capacity, tokyo(23, 5)) == ()
    assert reasons(capacity, tokyo(22, 9)) == ("holiday",)
    assert reasons(capacity, tokyo(22, 18)) == ("hours",), "the holiday is not why"
    always = of("JP", weekly=shift("00:00", "00:00", WEEK, on_holidays=True))
    assert reasons(always, tokyo(18, 0), 60 * 24 * 7) == (), "around the clock has no seam there"


def test_what_a_person_entered_for_a_date_stands_beside_its_being_a_holiday() -> None:
    extra = DateException.model_validate({"on": "2026-09-22", "starts": "09:00", "ends": "12:00"})
    assert reasons(of("JP", exceptions=(extra,)), tokyo(22, 9), 180) == ()
    assert reasons(of("JP", exceptions=(extra,)), tokyo(22, 9), 181) == ("holiday",)
    off = DateException.model_validate({"on": "2026-09-22"})
    duty = shift("09:00", "18:00", on_holidays=True)
    assert reasons(of("JP", weekly=duty, exceptions=(off,)), tokyo(22, 9)) == ("hours",)
    assert reasons(of("JP", weekly=duty, exceptions=(off, extra)), tokyo(22, 9)) == ()


def test_the_next_free_time_is_after_the_holidays_or_with_who_works_on_them() -> None:
    job = Job("KP-0000-0001.V1", None, None, tokyo(18, 17), tokyo(18, 19))
    assert next_free(of("JP"), job, tokyo(18, 17)) == (tokyo(24, 9), "e-1")
    duty = engineer("e-2", weekly=shift("09:00", "18:00", on_holidays=True))
    both = roster(engineer("e-1"), duty, country="JP")
    assert next_free(both, job, tokyo(18, 17)) == (tokyo(21, 9), "e-2")


def visit(starts_at: datetime) -> Visits:
    return Visits(
        Visit("KP-0000-0001.V1", "KP-0000-0001", "customer-1", Status.HELD, starts_at, 60, starts_at, 60, "QNP-09")
    )


def booked(starts_at: datetime) -> VisitBooked:
    return VisitBooked(
        occurred_at=tokyo(1, 9), starts_at=starts_at, minutes=60, booked_by="d", visit_id="KP-0000-0001.V1",
        ticket_no="KP-0000-0001", customer_id="customer-1",
    )  # fmt: skip


def test_who_is_engaged_is_so_by_a_version_of_the_calendar() -> None:
    for known, version in ((True, public_holidays("JP").version), (False, None)):
        (engaged,) = staff(visit(tokyo(24, 10)), of("JP", known=known), [booked(tokyo(24, 10))], None).capacity
        assert isinstance(engaged, EngineerEngaged)
        assert engaged.calendar_version == version


def test_a_dispatcher_who_asks_for_a_holiday_is_told_so() -> None:
    with pytest.raises(Refused) as refused:
        staff(visit(tokyo(22, 10)), of("JP"), [booked(tokyo(22, 10))], Choice("e-1"))
    cannot, reason = refused.value.faults
    assert tokyo(24, 9).astimezone(UTC).isoformat() in cannot.message
    assert (reason.code, reason.message) == ("capacity.holiday", "e-1 does not work on the public holiday")


def test_a_roster_that_gets_a_country_releases_who_was_to_go_on_its_holidays() -> None:
    for day, unfit in ((18, []), (22, ["KP-0000-0001.V1"])):
        before = of("JP", known=False)
        staffed = staff(visit(tokyo(day, 10)), before, [booked(tokyo(day, 10))], None)
        changed = [*staffed.capacity, *roster_events(engineer("e-1"), country="JP")]
        capacity = reduce(capacities.evolve, changed, before)
        assert [each.visit_id for each in no_longer_fitting(capacity, tokyo(1, 9))] == unfit
        assert CAPACITY.restore(CAPACITY.save(capacity)) == capacity
