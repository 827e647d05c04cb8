"""Who goes on site: short-notice work accepted or postponed by capacity, engineers by area, skill and hours.

The visits come from decisions under the plans of each family; the rosters are made up.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from kippu_dispatch.domain import visit_planning, visit_reports
from kippu_dispatch.domain.availability import candidates, is_late, job_of, proposals
from kippu_dispatch.domain.capacity import Capacity
from kippu_dispatch.domain.staffing import Choice, Staffed, staff
from kippu_dispatch.domain.visit import Visit, Visits, evolve
from kippu_dispatch.testing import TICKET, coverage
from kippu_dispatch.testing.rosters import WEEK, engineer, off, roster, shift
from kippu_entitlement.domain import needs
from kippu_events.catalogue.capacity import EngineerEngaged
from kippu_events.catalogue.dispatch import VisitBooked, VisitPostponed
from kippu_terms.plan import Plan
from kippu_terms.refusal import Refused

VISIT = f"{TICKET}.V1"
Local = Callable[..., datetime]


def asked(plan: Plan, decision: Any, at: datetime, capacity: Capacity) -> tuple[Visits, Staffed]:
    """What dispatch records when it hears the decision, and the request's visits after that."""
    decided = coverage(TICKET, occurred_at=at, visit=needs.visit(plan, decision))
    staffed = staff(Visits(), capacity, visit_planning.plan(Visits(), decided, at), None)
    return reduce(evolve, staffed.visits, Visits()), staffed


def latest(visits: Visits) -> Visit:
    assert visits.latest is not None
    return visits.latest


def who(capacity: Capacity, visit: Visit) -> list[str]:
    return [each.engineer_id for each in candidates(capacity, job_of(visit)) if not each.reasons]


def booked(visits: Visits, capacity: Capacity, now: datetime, starts_at: datetime | None = None) -> Visit:
    event = visit_reports.book(visits, VISIT, starts_at, None, "dispatcher-1", now)
    return latest(reduce(evolve, staff(visits, capacity, [event], Choice()).visits, visits))


OFFICE = engineer("office-1")


class TestShortNotice:
    """Work wanted on Saturday 20 June 2026 at 10:00 in Bangkok: outside business hours."""

    @pytest.fixture
    def saturday(self, bangkok: Local) -> datetime:
        return bangkok(2026, 6, 20, 10)

    @pytest.fixture
    def on(self, iij_se: Plan, decide: Any, saturday: datetime) -> Callable[[datetime, Capacity], Any]:
        def asked_at(received: datetime, capacity: Capacity) -> tuple[Visits, Staffed]:
            decision = decide(received_at=received, wanted_at=saturday, wanted_minutes=120)
            return asked(iij_se, decision, received, capacity)

        return asked_at

    @staticmethod
    def staffed_by(*engineers: Any) -> Capacity:
        return roster(*engineers, time_zone="Asia/Bangkok")

    @pytest.mark.clause("IIJ-09")
    def test_where_somebody_is_on_duty_the_dispatcher_accepts(
        self, on: Any, bangkok: Local, saturday: datetime
    ) -> None:
        capacity = self.staffed_by(OFFICE, engineer("duty-1", exceptions=(off(20, "09:00", "12:00"),)))
        visits, _ = on(bangkok(2026, 6, 17, 17, 30), capacity)
        assert (latest(visits).status, who(capacity, latest(visits))) == ("held", ["duty-1"])
        visit = booked(visits, capacity, bangkok(2026, 6, 18, 9))
        assert (visit.status, visit.starts_at, visit.engineer_id) == ("booked", saturday, "duty-1")

    @pytest.mark.clause("IIJ-09")
    def test_where_nobody_is_he_cannot_and_postpones_to_a_time_that_is_free(self, on: Any, bangkok: Local) -> None:
        capacity, now = self.staffed_by(OFFICE), bangkok(2026, 6, 18, 9)
        visits, _ = on(bangkok(2026, 6, 17, 17, 30), capacity)
        with pytest.raises(Refused) as refused:
            booked(visits, capacity, now)
        nobody, reason = refused.value.faults
        assert (refused.value.kind, nobody.code, nobody.clause) == ("conflict", "capacity.none", "IIJ-09")
        assert reason.code == "capacity.hours"
        free = proposals(capacity, latest(visits), None, now)[0].starts_at
        assert free == bangkok(2026, 6, 22, 9), "Monday, when the office opens"
        event = visit_reports.postpone(visits, VISIT, free, None, "nobody on duty on Saturday", "dispatcher-1", now)
        (postponed,) = staff(visits, capacity, [event], Choice()).visits
        assert isinstance(postponed, VisitPostponed)
        assert (postponed.engineer_id, postponed.clause) == ("office-1", "IIJ-09")

    @pytest.mark.clause("IIJ-09")
    def test_where_nobody_works_at_all_there_is_only_declining(self, on: Any, bangkok: Local) -> None:
        capacity, now = self.staffed_by(engineer("absent-1", weekly=())), bangkok(2026, 6, 18, 9)
        visits, _ = on(bangkok(2026, 6, 17, 17, 30), capacity)
        assert proposals(capacity, latest(visits), None, now) == ()
        declined = visit_reports.decline(visits, VISIT, "nobody can be found", "dispatcher-1", now)
        assert latest(evolve(visits, declined)).status == "declined"

    @pytest.mark.clause("IIJ-09")
    @pytest.mark.parametrize("on_duty", [True, False])
    def test_5_days_ahead_it_is_booked_with_or_without_somebody(self, on: Any, bangkok: Local, on_duty: bool) -> None:
        capacity = self.staffed_by(engineer("duty-1", exceptions=(off(20, "09:00", "12:00"),) if on_duty else ()))
        visits, staffed = on(bangkok(2026, 6, 15, 17, 30), capacity)
        event = staffed.visits[-1]
        assert isinstance(event, VisitBooked)
        assert (latest(visits).status, event.engineer_id) == ("booked", "duty-1" if on_duty else None)
        assert [type(each) for each in staffed.capacity] == [EngineerEngaged] * on_duty


class TestOnSite:
    """A NAS in Nagoya, isolated on Friday 1 May 2026; from Monday to Wednesday there are holidays."""

    @pytest.fixture
    def visit(self, qnp: Plan, ask: Any) -> Callable[..., Visits]:
        def held(product: str, isolated_at: datetime, **facts: Any) -> Visits:
            decision = ask(product=product, isolated_at=isolated_at, **{"area": "nagoya"} | facts)
            return asked(qnp, decision, isolated_at, Capacity())[0]

        return held

    @pytest.mark.clause("QNP-08")
    def test_who_goes_covers_the_area_and_knows_the_product(self, visit: Any, tokyo: Local) -> None:
        nas = {"skills": ("nas",)}
        capacity = roster(
            engineer("tokyo-1", areas=("tokyo",), **nas),
            engineer("nagoya-1", areas=("nagoya",), skills=("switch",)),
            engineer("nagoya-2", areas=("nagoya", "osaka"), **nas),
        )
        visits = visit("onsite-weekday", tokyo(2026, 5, 1, 12))
        reasons = {each.engineer_id: each.reasons for each in candidates(capacity, job_of(latest(visits)))}
        assert reasons == {"nagoya-2": (), "nagoya-1": ("skill",), "tokyo-1": ("area",)}
        assert booked(visits, capacity, tokyo(2026, 5, 1, 11, 59)).engineer_id == "nagoya-2"

    @pytest.mark.clause("QNP-08")
    @pytest.mark.parametrize(
        ("isolated", "works", "free", "late"),
        [
            ((2026, 5, 1, 13), ("09:00", "18:00"), (2026, 5, 1, 13, 1), False),  # the same day is aimed at
            ((2026, 5, 1, 13), ("09:00", "13:30"), (2026, 5, 7, 9), True),  # nobody is free that day any more
            ((2026, 5, 1, 13, 0, 1), ("09:00", "18:00"), (2026, 5, 7, 9), False),  # from the next business day on
        ],
    )
    def test_the_first_time_within_the_target_or_else_the_first_after_it(
        self, visit: Any, tokyo: Local, isolated: Sequence[int], works: tuple[str, str], free: Any, late: bool
    ) -> None:
        capacity = roster(engineer("e-1", areas=("nagoya",), skills=("nas",), weekly=shift(*works)))
        visits = visit("onsite-weekday", tokyo(*isolated))
        found = proposals(capacity, latest(visits), None, tokyo(*isolated))[0]
        assert (found.starts_at, found.late) == (tokyo(*free), late)

    @pytest.mark.clause("QNP-09")
    @pytest.mark.parametrize(
        ("product", "free", "late"),
        [("onsite-24h", (2026, 5, 2, 22, 31), False), ("onsite-weekday", (2026, 5, 7, 9), False)],
    )
    def test_a_night_shift_goes_within_4_hours_and_only_where_the_service_is_given_at_night(
        self, visit: Any, tokyo: Local, product: str, free: Any, late: bool
    ) -> None:
        night = (*shift("20:00", "08:00", WEEK), *shift("08:00", "20:00", WEEK[:5]))
        capacity = roster(engineer("night-1", areas=("nagoya",), skills=("nas",), weekly=night))
        visits = visit(product, tokyo(2026, 5, 2, 22, 30))
        found = proposals(capacity, latest(visits), None, tokyo(2026, 5, 2, 22, 30))[0]
        assert (found.starts_at, found.engineer_id, found.late) == (tokyo(*free), "night-1", late)

    @pytest.mark.clause("QNP-09")
    @pytest.mark.parametrize(("minutes", "late"), [(240, False), (241, True)])
    def test_later_than_4_hours_can_be_agreed_on_and_is_shown_as_late(
        self, visit: Any, tokyo: Local, minutes: int, late: bool
    ) -> None:
        isolated = tokyo(2026, 5, 1, 10)
        capacity = roster(engineer("e-1", areas=("nagoya",), skills=("nas",)))
        agreed = booked(visit("onsite-24h", isolated), capacity, isolated, isolated + timedelta(minutes=minutes))
        assert is_late(agreed.target, agreed.starts_at) is late

    @pytest.mark.clause("QNP-09")
    def test_at_night_nobody_goes_where_nobody_works_at_night(self, visit: Any, tokyo: Local) -> None:
        capacity = roster(engineer("e-1", areas=("nagoya",), skills=("nas",)))
        visits = visit("onsite-24h", tokyo(2026, 5, 2, 22, 30))
        found = proposals(capacity, latest(visits), None, tokyo(2026, 5, 2, 22, 30))[0]
        assert (found.starts_at, found.late) == (tokyo(2026, 5, 4, 9), True), "Monday, a holiday on which he works"

    @pytest.mark.clause("QNP-09")
    @pytest.mark.parametrize(
        ("night_on_holidays", "isolated", "free", "late"),
        [
            (True, (2026, 5, 5, 22, 30), (2026, 5, 5, 22, 31), False),
            (False, (2026, 5, 5, 22, 30), (2026, 5, 7, 8), True),  # the 6th is one in lieu of Sunday
            (False, (2026, 5, 1, 22, 30), (2026, 5, 1, 22, 31), False),
            (False, (2026, 5, 6, 20, 1), (2026, 5, 7, 8), True),
            (False, (2026, 5, 7, 20), (2026, 5, 7, 20, 1), False),
        ],
    )
    def test_in_a_holiday_night_goes_who_works_on_holidays_by_the_roster(
        self, visit: Any, tokyo: Local, night_on_holidays: bool, isolated: Any, free: Any, late: bool
    ) -> None:
        week = (*shift("08:00", "20:00"), *shift("20:00", "08:00", WEEK, on_holidays=night_on_holidays))
        capacity = roster(engineer("e-1", areas=("nagoya",), skills=("nas",), weekly=week), country="JP")
        visits = visit("onsite-24h", tokyo(*isolated))
        found = proposals(capacity, latest(visits), None, tokyo(*isolated))[0]
        assert (found.starts_at, found.late) == (tokyo(*free), late)


@pytest.mark.clause("SVT-25")
@pytest.mark.parametrize(
    ("product", "free"),
    [("onsite-basic-1y", (2026, 9, 24, 9)), ("onsite-extended-1y", (2026, 9, 19, 3, 1))],
)
def test_times_are_proposed_in_the_hours_of_the_service(
    report: Any, svt: Plan, tokyo: Local, product: str, free: tuple[int, ...]
) -> None:
    """Reported in the night to a Saturday; three days of holidays follow."""
    at = tokyo(2026, 9, 19, 3)
    capacity = roster(engineer("e-1", skills=("switch",), weekly=shift("00:00", "00:00", WEEK)))
    visits, _ = asked(svt, report(product=product, received_at=at, isolated_at=at), at, Capacity())
    assert proposals(capacity, latest(visits), None, at)[0].starts_at == tokyo(*free)
    working = tokyo(2026, 9, 24, 16)
    last = proposals(capacity, latest(visits), 61, working)[0].starts_at
    assert last == (tokyo(2026, 9, 25, 9) if product == "onsite-basic-1y" else working + timedelta(minutes=1))
