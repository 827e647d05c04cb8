"""Who could go and who goes: given a roster, when a visit is settled, then somebody is engaged or it is refused."""

from datetime import date, datetime, time, timedelta
from functools import reduce
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_dispatch.domain import capacity as capacities
from kippu_dispatch.domain.availability import Job, candidates, is_late, next_free, proposals, why_not
from kippu_dispatch.domain.capacity import Capacity
from kippu_dispatch.domain.staffing import Choice, Staffed, no_longer_fitting, staff, unassign
from kippu_dispatch.domain.visit import Status, Visit, Visits, evolve
from kippu_dispatch.domain.working_hours import WEEKDAYS, working_times
from kippu_dispatch.streams import CAPACITY
from kippu_dispatch.testing.rosters import WEEK, engineer, off, roster, roster_events, shift
from kippu_events.catalogue.capacity import EngineerEngaged, EngineerReleased
from kippu_events.catalogue.dispatch import (
    VisitAssigned,
    VisitBooked,
    VisitCompleted,
    VisitPostponed,
    VisitUnassigned,
    VisitWithdrawn,
)
from kippu_events.catalogue.fulfilment import Target
from kippu_events.event import Event
from kippu_terms.refusal import Refused

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 6, 1, 8, 0, tzinfo=TOKYO)
"""A Monday."""


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=TOKYO)


def job(starts_at: datetime, minutes: int = 60, *, area: str | None = None, skill: str | None = None) -> Job:
    return Job("KP-0000-0001.V1", area, skill, starts_at, starts_at + timedelta(minutes=minutes))


def visit(number: int = 1, starts_at: datetime | None = None, **changes: Any) -> Visits:
    """Held, an hour of work."""
    ticket_no, begins = f"KP-0000-{number:04}", starts_at or at(2, 10)
    usual: dict[str, Any] = {
        "visit_id": f"{ticket_no}.V1",
        "ticket_no": ticket_no,
        "customer_id": "customer-1",
        "status": Status.HELD,
        "wanted_at": begins,
        "wanted_minutes": 60,
        "starts_at": begins,
        "minutes": 60,
        "clause": "IIJ-09",
    }
    return Visits(Visit(**usual | changes))


def about(visits: Visits) -> dict[str, str]:
    assert visits.latest is not None
    latest = visits.latest
    return {"visit_id": latest.visit_id, "ticket_no": latest.ticket_no, "customer_id": latest.customer_id}


def booked(visits: Visits, minutes: int = 60) -> VisitBooked:
    assert visits.latest is not None
    return VisitBooked(
        occurred_at=NOW, starts_at=visits.latest.starts_at, minutes=minutes, booked_by="d", **about(visits)
    )


def after(capacity: Capacity, *events: Event) -> Capacity:
    return reduce(capacities.evolve, events, capacity)


def books(capacity: Capacity, visits: Visits, choice: Choice | None = None) -> tuple[Visits, Capacity, Staffed]:
    staffed = staff(visits, capacity, [booked(visits)], choice)
    return reduce(evolve, staffed.visits, visits), after(capacity, *staffed.capacity), staffed


def engaged(capacity: Capacity) -> list[tuple[str, str]]:
    return [(each.visit_id, each.engineer_id) for each in capacity.engagements]


TWO = roster(engineer("e-1"), engineer("e-2"))
"""Both on weekdays from 9:00 to 18:00."""


@pytest.mark.parametrize(
    ("starts_at", "minutes", "works"),
    [
        (at(1, 9), 540, True),
        (at(1, 9), 541, False),
        (at(1, 8, 59), 60, False),
        (at(1, 17), 60, True),
        (at(1, 17, 1), 60, False),
        (at(6, 10), 60, False),  # a Saturday
    ],
)
def test_the_first_minute_of_the_hours_is_inside_and_work_ends_with_them(
    starts_at: datetime, minutes: int, works: bool
) -> None:
    assert (why_not(TWO, TWO.engineers[0], job(starts_at, minutes)) == ()) is works


@pytest.mark.parametrize(
    ("starts_at", "minutes", "works"),
    [
        (at(1, 22), 480, True),
        (at(2, 5), 60, True),  # of the night that began on Monday
        (at(2, 5), 61, False),
        (at(1, 5), 60, False),  # Sunday's night is free
        (at(6, 5), 60, True),  # Friday's night ends on Saturday
    ],
)
def test_a_night_shift_ends_on_the_next_day(starts_at: datetime, minutes: int, works: bool) -> None:
    night = roster(engineer("e-1", weekly=shift("22:00", "06:00")))
    assert (why_not(night, night.engineers[0], job(starts_at, minutes)) == ()) is works


def test_hours_around_the_clock_have_no_seam_at_midnight() -> None:
    always = roster(engineer("e-1", weekly=shift("00:00", "00:00", WEEK)))
    assert why_not(always, always.engineers[0], job(at(3, 20), 60 * 24 * 5)) == ()


def test_a_day_off_takes_the_hours_that_begin_on_it_and_an_extra_shift_adds_some() -> None:
    saturday = off(6, "09:00", "13:00")
    one = roster(engineer("e-1", weekly=shift("22:00", "06:00"), exceptions=(off(2), saturday))).engineers[0]
    found = list(working_times(one, at(1, 12), date(2026, 6, 6), TOKYO))
    assert found == [
        (at(1, 22), at(2, 6)),  # the night before the day off stays
        (at(3, 22), at(4, 6)),
        (at(4, 22), at(5, 6)),
        (at(5, 22), at(6, 6)),
        (at(6, 9), at(6, 13)),
    ]


@given(days=st.lists(st.integers(1, 30), max_size=12).map(sorted), since=st.integers(2, 30), ahead=st.integers(0, 9))
def test_of_many_exceptions_those_of_the_days_that_are_asked_about_count(
    days: list[int], since: int, ahead: int
) -> None:
    extra = tuple(off(day, f"{10 + days[:place].count(day)}:00", "23:00") for place, day in enumerate(days))
    one = roster(engineer("e-1", weekly=(), exceptions=extra)).engineers[0]
    last = min(since + ahead, 30)
    found = list(working_times(one, at(since, 12), date(2026, 6, last), TOKYO))
    assert found == [(at(day, 10), at(day, 23)) for day in sorted(set(days)) if since - 1 <= day <= last]


def test_every_reason_is_named_and_who_could_go_comes_first() -> None:
    capacity = roster(
        engineer("e-1", areas=("osaka",)),
        engineer("e-2", areas=("tokyo",), skills=("switch",)),
        engineer("e-3", areas=("tokyo",), skills=("nas",)),
    )
    found = candidates(capacity, job(at(6, 10), area="tokyo", skill="nas"))
    assert [(each.engineer_id, each.reasons) for each in found] == [
        ("e-1", ("area", "skill", "hours")),
        ("e-2", ("skill", "hours")),
        ("e-3", ("hours",)),
    ]
    assert candidates(capacity, job(at(5, 10), area="tokyo", skill="nas"))[0].engineer_id == "e-3"


def test_work_without_area_and_skill_can_be_done_by_anybody() -> None:
    capacity = roster(engineer("e-1", areas=("osaka",), skills=("nas",)))
    assert candidates(capacity, job(at(2, 10)))[0].reasons == ()


def test_the_least_engaged_of_the_day_goes_and_then_the_first_by_id() -> None:
    capacity, who = TWO, []
    for number, hour in ((1, 9), (2, 14), (3, 15)):
        visits, capacity, _ = books(capacity, visit(number, at(2, hour)))
        assert visits.latest is not None
        who.append(visits.latest.engineer_id)
    assert who == ["e-1", "e-2", "e-1"]
    tomorrow, _, _ = books(capacity, visit(4, at(3, 9)))
    assert tomorrow.latest is not None
    assert tomorrow.latest.engineer_id == "e-1", "only that day counts"


def test_two_visits_at_the_same_moment_never_get_the_same_engineer_and_a_third_gets_none() -> None:
    capacity = TWO
    for number in (1, 2):
        _, capacity, _ = books(capacity, visit(number), Choice())
    assert engaged(capacity) == [("KP-0000-0001.V1", "e-1"), ("KP-0000-0002.V1", "e-2")]
    with pytest.raises(Refused) as refused:
        books(capacity, visit(3), Choice())
    assert refused.value.kind == "conflict"
    first, *others = refused.value.faults
    assert (first.code, first.clause) == ("capacity.none", "IIJ-09")
    assert at(2, 11).isoformat() in first.message
    assert [(each.code, each.message.split()[0]) for each in others] == [
        ("capacity.engaged", "e-1"),
        ("capacity.engaged", "e-2"),
    ]


def test_what_nobody_was_asked_about_is_never_refused() -> None:
    _, capacity, staffed = books(TWO, visit(1, at(6, 10)))
    (event,) = staffed.visits
    assert isinstance(event, VisitBooked)
    assert (event.engineer_id, engaged(capacity)) == (None, [])


def test_the_dispatcher_chooses_somebody_or_nobody() -> None:
    chosen, capacity, _ = books(TWO, visit(1), Choice("e-2"))
    assert engaged(capacity) == [("KP-0000-0001.V1", "e-2")]
    assert chosen.latest is not None
    assert chosen.latest.engineer_id == "e-2"
    _, capacity, staffed = books(TWO, visit(1, at(6, 10)), Choice(without_engineer=True))
    (event,) = staffed.visits
    assert isinstance(event, VisitBooked)
    assert (event.engineer_id, event.without_engineer, engaged(capacity)) == (None, True, [])


@pytest.mark.parametrize(
    ("choice", "kind", "codes"),
    [
        (Choice("e-9"), "invalid", ["visit.engineer.unknown"]),
        (Choice("e-1", True), "invalid", ["visit.engineer.contradiction"]),
        (Choice("e-9", True), "invalid", ["visit.engineer.contradiction", "visit.engineer.unknown"]),
        (Choice("e-1"), "conflict", ["capacity.cannot_go", "capacity.engaged"]),
    ],
)
def test_a_choice_that_cannot_be_is_refused(choice: Choice, kind: str, codes: list[str]) -> None:
    _, capacity, _ = books(TWO, visit(1))
    with pytest.raises(Refused) as refused:
        books(capacity, visit(2), choice)
    assert (refused.value.kind, [each.code for each in refused.value.faults]) == (kind, codes)


def test_without_a_roster_everything_is_booked_as_it_was_before() -> None:
    for choice in (None, Choice(), Choice(without_engineer=True)):
        visits, capacity, staffed = books(Capacity(), visit(1, at(7, 3)), choice)
        assert (staffed.capacity, capacity) == ((), Capacity())
        assert visits.latest is not None
        assert visits.latest.status is Status.BOOKED


def _moved(visits: Visits, to_at: datetime) -> VisitPostponed:
    return VisitPostponed(
        occurred_at=NOW, from_at=at(2, 10), to_at=to_at, minutes=60, clause="IIJ-09", reason="x", postponed_by="d",
        **about(visits),
    )  # fmt: skip


def test_a_visit_that_is_postponed_gives_its_time_back() -> None:
    visits, capacity, _ = books(TWO, visit(1))
    staffed = staff(visits, capacity, [_moved(visits, at(2, 10, 30))], Choice("e-1"))
    released, engaging = staffed.capacity
    assert isinstance(released, EngineerReleased)
    assert isinstance(engaging, EngineerEngaged)
    assert (engaging.engineer_id, engaging.starts_at, engaging.ends_at) == ("e-1", at(2, 10, 30), at(2, 11, 30))


@pytest.mark.parametrize("ending", [VisitCompleted, VisitWithdrawn])
def test_what_ends_a_visit_releases_its_engineer(ending: type[Event]) -> None:
    visits, capacity, _ = books(TWO, visit(1))
    fields = {"completed_at": at(2, 11), "reason": "decided anew"}
    event = ending.model_validate({"occurred_at": NOW, **about(visits), **fields})
    staffed = staff(visits, capacity, [event], None)
    assert [type(each) for each in staffed.capacity] == [EngineerReleased]
    assert engaged(after(capacity, *staffed.capacity)) == []


def test_somebody_is_assigned_in_place_of_another() -> None:
    visits, capacity, _ = books(TWO, visit(1))
    event = VisitAssigned(occurred_at=NOW, engineer_id="e-2", assigned_by="d", **about(visits))
    staffed = staff(visits, capacity, [event], Choice("e-2"))
    assert engaged(after(capacity, *staffed.capacity)) == [("KP-0000-0001.V1", "e-2")]


def test_a_new_roster_releases_whoever_cannot_go_any_more_and_nobody_else() -> None:
    first, capacity, _ = books(TWO, visit(1))
    _, capacity, _ = books(capacity, visit(2))
    changed = after(capacity, *roster_events(engineer("e-1", exceptions=(off(2),)), engineer("e-2")))
    (unfit,) = no_longer_fitting(changed, NOW)
    assert (unfit.visit_id, unfit.engineer_id) == ("KP-0000-0001.V1", "e-1")
    unassigned, released = unassign(first, unfit, NOW)
    assert isinstance(unassigned, VisitUnassigned)
    assert engaged(after(changed, released)) == [("KP-0000-0002.V1", "e-2")]
    latest = evolve(first, unassigned).latest
    assert latest is not None
    assert (latest.status, latest.engineer_id) == (Status.BOOKED, None)
    assert no_longer_fitting(changed, at(2, 10)) == (), "what has begun is left as it is"


def test_the_first_free_time_lies_between_engagements_and_within_the_hours() -> None:
    capacity = roster(engineer("e-1"))
    for number, hour in ((1, 9), (2, 12)):
        _, capacity, _ = books(capacity, visit(number, at(2, hour)))
    wanted = Job("KP-0000-0009.V1", None, None, at(2, 9), at(2, 11))
    assert next_free(capacity, wanted, at(2, 9)) == (at(2, 10), "e-1")
    assert next_free(capacity, wanted, at(2, 10, 1)) == (at(2, 13), "e-1")
    assert next_free(capacity, wanted, at(2, 16, 1)) == (at(3, 9), "e-1")
    nobody = roster(engineer("e-1", weekly=()))
    assert next_free(nobody, wanted, NOW) is None


def _target(bound: Literal["by", "from"] = "by", **due: Any) -> Target:
    return Target(
        kind="arrive", clause="QNP-08", started_at=NOW, bound=bound, calendar_version="1", time_zone="Asia/Tokyo", **due
    )


@pytest.mark.parametrize(
    ("target", "starts_at", "late"),
    [
        (None, at(30, 9), False),
        (_target("from", due_at=at(2, 9)), at(30, 9), False),
        (_target(due_at=at(2, 9)), at(2, 9), False),
        (_target(due_at=at(2, 9)), at(2, 9, 1), True),
        (_target(due_on=date(2026, 6, 2)), at(2, 23, 59), False),
        (_target(due_on=date(2026, 6, 2)), at(3, 0), True),
    ],
)
def test_late_is_what_comes_after_the_target(target: Target | None, starts_at: datetime, late: bool) -> None:
    assert is_late(target, starts_at) is late


def test_free_times_are_proposed_a_day_each_and_say_which_are_late() -> None:
    held = visit(1, NOW, target=_target(due_on=date(2026, 6, 2))).latest
    assert held is not None
    found = proposals(roster(engineer("e-1")), held, None, at(1, 16, 30))
    assert [(each.starts_at, each.late) for each in found] == [
        (at(1, 16, 31), False),
        (at(2, 9), False),
        (at(3, 9), True),
    ]


def test_what_is_over_leaves_the_state_on_the_next_day_and_the_state_is_saved_without_names() -> None:
    _, capacity, _ = books(TWO, visit(1))
    later = EngineerReleased(occurred_at=at(2, 23), engineer_id="e-1", visit_id="other", customer_id="customer-1")
    assert engaged(after(capacity, later)) == [("KP-0000-0001.V1", "e-1")], "it counts as long as the day lasts"
    assert engaged(after(capacity, later.model_copy(update={"occurred_at": at(3, 0)}))) == []
    saved = CAPACITY.save(capacity)
    assert CAPACITY.restore(saved) == capacity
    assert b"Engineer" not in saved.state


hours = st.tuples(st.integers(0, 23), st.integers(0, 23)).map(lambda pair: (time(pair[0]), time(pair[1])))


@given(
    weekly=st.dictionaries(st.sampled_from(WEEKDAYS), hours, max_size=7),
    wanted=st.lists(st.tuples(st.integers(0, 6 * 24), st.sampled_from([30, 60, 240])), max_size=12),
)
def test_nobody_is_ever_engaged_twice_or_outside_the_hours_and_a_free_time_can_be_booked(
    weekly: dict[str, tuple[time, time]], wanted: list[tuple[int, int]]
) -> None:
    of_week = tuple(each for day, (starts, ends) in weekly.items() for each in shift(str(starts), str(ends), (day,)))
    capacity = roster(engineer("e-1", weekly=of_week), engineer("e-2"))
    for number, (hour, minutes) in enumerate(wanted, start=1):
        starts_at = NOW + timedelta(hours=1 + hour)
        visits = visit(number, starts_at, minutes=minutes)
        staffed = staff(visits, capacity, [booked(visits, minutes)], None)
        if not staffed.capacity:
            wish = Job(f"KP-0000-{number:04}.V1", None, None, starts_at, starts_at + timedelta(minutes=minutes))
            free = next_free(capacity, wish, starts_at)
            assert free is not None
            assert free[0] > starts_at
            visits = visit(number, free[0], minutes=minutes)
            staffed = staff(visits, capacity, [booked(visits, minutes)], Choice(free[1]))
        capacity = after(capacity, *staffed.capacity)
    assert len(capacity.engagements) == len(wanted)
    assert no_longer_fitting(capacity, NOW) == ()
    for each in capacity.engineers:
        own = capacity.engagements_of(each.engineer_id, but="")
        assert all(before.ends_at <= then.starts_at for before, then in pairwise(own))
