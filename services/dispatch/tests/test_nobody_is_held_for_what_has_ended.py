"""A request that ends holds nobody: given whatever was decided and settled of its visits, when it is declined or
closed, then no engineer is engaged for what is to come, and who was told a time can be told that nobody comes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_dispatch.domain import capacity as capacities
from kippu_dispatch.domain import visit_planning as planning
from kippu_dispatch.domain import visit_reports as reports
from kippu_dispatch.domain.capacity import Capacity
from kippu_dispatch.domain.staffing import Choice, staff
from kippu_dispatch.domain.visit import AGREED, Status, Visits, evolve
from kippu_dispatch.testing import TICKET, coverage
from kippu_dispatch.testing.rosters import engineer, roster
from kippu_events.catalogue.dispatch import (
    RequestCloseNoted,
    VisitBooked,
    VisitHeld,
    VisitRequested,
    VisitWithdrawn,
)
from kippu_events.catalogue.entitlement import CoverageDecided, VisitNeed
from kippu_events.event import Event
from kippu_terms.refusal import Refused

TOKYO = ZoneInfo("Asia/Tokyo")
MONDAY = datetime(2026, 6, 1, 8, 0, tzinfo=TOKYO)
TUESDAY_10 = datetime(2026, 6, 2, 10, 0, tzinfo=TOKYO)
TWO = roster(engineer("e-1"), engineer("e-2"))
"""Both on weekdays from 9:00 to 18:00."""
ENDS = {"declined": planning.note_decline, "closed": planning.note_close}
CUSTOMER = "customer-1"


def decided(decision: int, wanted_at: datetime | None, *, held: bool) -> CoverageDecided:
    need = VisitNeed(wanted_at=wanted_at, minutes=60, held=held, notice_days=1, clause="IIJ-09") if wanted_at else None
    return coverage(decision=decision, visit=need)


class Room:
    """One request and a roster, with a clock that only goes on; what is refused changes nothing."""

    def __init__(self, capacity: Capacity = TWO) -> None:
        self.now, self.visits, self.capacity = MONDAY, Visits(), capacity
        self.decisions = 0

    def record(self, events: list[Event], choice: Choice | None = None) -> list[Event]:
        staffed = staff(self.visits, self.capacity, events, choice)
        self.visits = reduce(evolve, staffed.visits, self.visits)
        self.capacity = reduce(capacities.evolve, staffed.capacity, self.capacity)
        return list(staffed.visits)

    def decide(self, wanted_at: datetime | None, *, held: bool = False) -> list[Event]:
        self.decisions += 1
        return self.record(planning.plan(self.visits, decided(self.decisions, wanted_at, held=held), self.now))

    def end(self, how: str) -> list[Event]:
        return self.record(ENDS[how](self.visits, TICKET, CUSTOMER, self.now))

    def act(self, what: str, hours: int) -> None:
        visit_id = self.visits.latest.visit_id if self.visits.latest else f"{TICKET}.V1"
        at = self.now + timedelta(hours=hours)
        match what:
            case "decide" | "decide held":
                self.decide(at, held=what == "decide held")
            case "decide none":
                self.decide(None)
            case "book":
                self.record([reports.book(self.visits, visit_id, at, None, "d", self.now)], Choice())
            case "postpone":
                self.record([reports.postpone(self.visits, visit_id, at, None, "x", "d", self.now)], Choice())
            case "decline":
                self.record([reports.decline(self.visits, visit_id, "x", "d", self.now)])
            case "complete":
                self.record(reports.complete(self.visits, visit_id, self.now, self.now))
            case _:
                self.end(what)


WORDS = ("decide", "decide held", "decide none", "book", "postpone", "decline", "complete", "declined", "closed")


@given(
    st.lists(st.tuples(st.sampled_from(WORDS), st.integers(1, 60)), max_size=20),
    st.sampled_from(["declined", "closed"]),
    st.booleans(),
)
def test_no_engineer_is_engaged_for_what_is_to_come_of_a_request_that_has_ended(
    steps: list[tuple[str, int]], how: str, known: bool
) -> None:
    room = Room(TWO if known else Capacity())
    for what, hours in steps:
        room.now += timedelta(hours=3)
        try:
            room.act(what, hours)
        except Refused:
            continue
    stale = decided(room.decisions + 1, room.now + timedelta(days=1), held=False)
    decided_at, room.now = room.now, room.now + timedelta(minutes=1)
    room.end(how)
    room.record(planning.plan(room.visits, stale, decided_at))  # which was taken before it ended
    begun = [each for each in room.capacity.engagements if how == "closed" and each.starts_at <= room.now]
    assert list(room.capacity.engagements) == begun
    open_visit = room.visits.latest if room.visits.latest and room.visits.latest.is_open else None
    assert open_visit is None or (how == "closed" and open_visit.starts_at <= room.now)


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("held", [True, False])
def test_what_was_agreed_is_called_off_by_its_time_and_what_was_only_asked_for_without_one(
    held: bool, how: str
) -> None:
    room = Room()
    room.decide(TUESDAY_10, held=held)
    withdrawn = room.end(how)[0]
    assert isinstance(withdrawn, VisitWithdrawn)
    assert (withdrawn.starts_at, withdrawn.with_request) == (None if held else TUESDAY_10, True)


def test_nobody_is_told_that_a_time_is_called_off_which_has_come() -> None:
    room = Room()
    room.decide(TUESDAY_10)
    room.now = TUESDAY_10
    withdrawn = room.end("declined")[0]
    assert isinstance(withdrawn, VisitWithdrawn)
    assert withdrawn.starts_at is None


@pytest.mark.parametrize(("minutes", "goes_on"), [(-1, False), (0, True)])
def test_a_visit_whose_time_has_come_as_its_request_is_closed_goes_on_to_its_report(
    minutes: int, goes_on: bool
) -> None:
    room = Room()
    room.decide(TUESDAY_10)
    room.now = TUESDAY_10 + timedelta(minutes=minutes)
    ended = [type(event) for event in room.end("closed")]
    assert ended == ([RequestCloseNoted] if goes_on else [VisitWithdrawn, RequestCloseNoted])
    assert room.visits.latest is not None
    assert (room.visits.latest.status in AGREED, bool(room.capacity.engagements)) == (goes_on, goes_on)
    if goes_on:
        ended_at = TUESDAY_10 + timedelta(hours=1)
        room.record(reports.complete(room.visits, f"{TICKET}.V1", ended_at, ended_at))
        assert room.visits.latest.status is Status.COMPLETED
        assert room.capacity.engagements == ()


@pytest.mark.parametrize(("hours", "follows"), [(-1, VisitBooked), (0, VisitHeld)])
def test_reopened_it_is_booked_as_asked_before_and_agreed_anew_where_that_time_has_passed(
    hours: int, follows: type[Event]
) -> None:
    room = Room()
    room.decide(TUESDAY_10)
    room.end("closed")
    room.now = TUESDAY_10 + timedelta(hours=hours)
    requested, settled = room.decide(TUESDAY_10)
    assert (type(requested), type(settled)) == (VisitRequested, follows)
    assert isinstance(settled, VisitBooked) or (isinstance(settled, VisitHeld) and settled.to_agree)


@pytest.mark.parametrize("close_first", [True, False])
@pytest.mark.parametrize(("minutes", "open_after"), [(-1, True), (1, False)])
def test_a_close_and_a_decision_may_arrive_in_any_order(close_first: bool, minutes: int, open_after: bool) -> None:
    """A close before the decision leaves the visit, one after it withdraws it."""
    room = Room()
    closed_at = MONDAY + timedelta(minutes=minutes)
    arrivals: list[Callable[[], object]] = [
        lambda: room.decide(TUESDAY_10),
        lambda: room.record(planning.note_close(room.visits, TICKET, CUSTOMER, closed_at)),
    ]
    for arrive in reversed(arrivals) if close_first else arrivals:
        arrive()
    assert (room.visits.latest is not None and room.visits.latest.is_open) is open_after
    assert bool(room.capacity.engagements) is open_after
