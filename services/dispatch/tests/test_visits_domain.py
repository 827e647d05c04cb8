"""The visits of one request: given events, when something is heard or said, then these events or these faults."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any, Literal

import pytest
from kippu_dispatch.domain import visit_planning as planning
from kippu_dispatch.domain import visit_reports as reports
from kippu_dispatch.domain.visit import Status, Visits, evolve
from kippu_dispatch.testing import TICKET, codes, coverage
from kippu_events.catalogue.dispatch import (
    PartHandedOver,
    RequestDeclineNoted,
    UnitExchanged,
    VisitBooked,
    VisitCompleted,
    VisitDeclined,
    VisitHeld,
    VisitPostponed,
    VisitRequested,
    VisitWithdrawn,
)
from kippu_events.catalogue.entitlement import CoverageDecided, VisitNeed
from kippu_events.catalogue.fulfilment import Target
from kippu_events.event import Event

WEDNESDAY = datetime(2026, 6, 3, 3, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 6, 6, 3, 0, tzinfo=UTC)
V1, V2 = f"{TICKET}.V1", f"{TICKET}.V2"


def decided(decision: int = 1, wanted_at: datetime | None = SATURDAY, *, held: bool = True) -> CoverageDecided:
    need = VisitNeed(wanted_at=wanted_at, minutes=60, held=held, notice_days=3, clause="IIJ-09") if wanted_at else None
    return coverage(decision=decision, visit=need)


def after(*events: Event) -> Visits:
    return reduce(evolve, events, Visits())


def held() -> Visits:
    return after(*planning.plan(Visits(), decided(), WEDNESDAY))


def booked() -> Visits:
    return after(*planning.plan(Visits(), decided(held=False), WEDNESDAY))


def postponed(visits: Visits, to_at: datetime) -> VisitPostponed:
    return reports.postpone(visits, V1, to_at, None, "nobody free", "dispatcher-1", WEDNESDAY)


def test_a_visit_that_the_terms_hold_waits_for_the_dispatcher() -> None:
    events = planning.plan(Visits(), decided(held=True), WEDNESDAY)
    assert [type(event) for event in events] == [VisitRequested, VisitHeld]
    assert after(*events).latest is not None
    assert {event.visit_id for event in events} == {V1}  # type: ignore[attr-defined]


def test_a_visit_that_the_terms_accept_is_booked_at_once() -> None:
    requested, booking = planning.plan(Visits(), decided(held=False), WEDNESDAY)
    assert isinstance(requested, VisitRequested)
    assert isinstance(booking, VisitBooked)
    assert (booking.starts_at, booking.minutes, booking.booked_by) == (SATURDAY, 60, planning.BY_TERMS)


def test_a_decision_without_a_visit_asks_for_nothing() -> None:
    assert planning.plan(Visits(), decided(wanted_at=None), WEDNESDAY) == []


def test_a_new_decision_that_needs_no_visit_withdraws_the_open_one() -> None:
    (withdrawn,) = planning.plan(held(), decided(2, wanted_at=None), WEDNESDAY)
    assert isinstance(withdrawn, VisitWithdrawn)
    assert withdrawn.visit_id == V1


def test_a_new_decision_for_another_time_replaces_the_visit() -> None:
    events = planning.plan(held(), decided(2, SATURDAY + timedelta(days=7), held=False), WEDNESDAY)
    assert [(type(event), event.visit_id) for event in events] == [  # type: ignore[attr-defined]
        (VisitWithdrawn, V1),
        (VisitRequested, V2),
        (VisitBooked, V2),
    ]


def test_a_new_decision_for_the_same_visit_leaves_it_as_the_dispatcher_settled_it() -> None:
    moved = evolve(held(), postponed(held(), SATURDAY + timedelta(days=1)))
    assert planning.plan(moved, decided(2), WEDNESDAY) == []


def test_what_a_visit_has_done_is_not_asked_for_again_and_work_at_another_time_is() -> None:
    ended = SATURDAY + timedelta(hours=1)
    done = reduce(evolve, reports.complete(booked(), V1, ended, ended), booked())
    assert planning.plan(done, decided(2), ended) == []
    again = planning.plan(done, decided(2, SATURDAY + timedelta(days=7)), ended)
    assert [type(event) for event in again] == [VisitRequested, VisitHeld]


def test_what_is_closed_is_not_withdrawn() -> None:
    declined = evolve(held(), reports.decline(held(), V1, "nobody free", "dispatcher-1", WEDNESDAY))
    assert planning.plan(declined, decided(2, wanted_at=None), WEDNESDAY) == []


def test_a_declined_request_withdraws_its_visit() -> None:
    events = planning.note_decline(booked(), TICKET, "customer-1", WEDNESDAY + timedelta(hours=1))
    assert [type(event) for event in events] == [VisitWithdrawn, RequestDeclineNoted]


@pytest.mark.parametrize("decline_first", [True, False])
@pytest.mark.parametrize(("minutes", "open_after"), [(-1, True), (1, False)])
def test_a_decline_and_a_decision_may_arrive_in_any_order(decline_first: bool, minutes: int, open_after: bool) -> None:
    """A decline before the decision leaves the visit, one after it withdraws it."""
    declined_at = WEDNESDAY + timedelta(minutes=minutes)
    arrivals: list[Callable[[Visits], list[Event]]] = [
        lambda visits: planning.plan(visits, decided(), WEDNESDAY),
        lambda visits: planning.note_decline(visits, TICKET, "customer-1", declined_at),
    ]
    if decline_first:
        arrivals.reverse()
    visits = Visits()
    for arrive in arrivals:
        visits = reduce(evolve, arrive(visits), visits)
    assert (visits.latest is not None and visits.latest.is_open) is open_after


def test_the_dispatcher_books_a_held_visit_at_the_wanted_time() -> None:
    event = reports.book(held(), V1, None, None, "dispatcher-1", WEDNESDAY)
    assert (event.starts_at, event.booked_by) == (SATURDAY, "dispatcher-1")


def test_the_dispatcher_books_the_time_that_was_agreed() -> None:
    agreed = WEDNESDAY + timedelta(hours=3)
    event = reports.book(held(), V1, agreed, 30, "dispatcher-1", WEDNESDAY)
    assert (event.starts_at, event.minutes) == (agreed, 30)
    assert codes(lambda: reports.book(held(), V1, WEDNESDAY, 0, "dispatcher-1", WEDNESDAY), "invalid") == {
        "visit.starts_at.past",
        "visit.minutes.too_few",
    }


def to_agree(bound: Literal["by", "from"], serial: str = "NAS-1", number: int = 1) -> CoverageDecided:
    """Nobody asked for a time: one from Saturday on, or by then, is to be agreed."""
    target = Target(
        kind="arrive", clause="QNP-08", started_at=WEDNESDAY, bound=bound, due_at=SATURDAY, calendar_version="2026-1"
    )
    need = VisitNeed(
        wanted_at=SATURDAY, minutes=60, held=True, notice_days=3, clause="QNP-08", target=target, to_agree=True,
        serial=serial,
    )  # fmt: skip
    return decided(number).model_copy(update={"visit": need})


@pytest.mark.clause("QNP-08")
def test_a_time_is_agreed_no_earlier_than_the_terms_say() -> None:
    early = SATURDAY - timedelta(seconds=1)
    visits = after(*planning.plan(Visits(), to_agree("from"), WEDNESDAY))
    assert codes(lambda: reports.book(visits, V1, early, None, "dispatcher-1", WEDNESDAY), "invalid") == {
        "visit.starts_at.too_early"
    }
    assert reports.book(visits, V1, SATURDAY, None, "dispatcher-1", WEDNESDAY).starts_at == SATURDAY
    by = after(*planning.plan(Visits(), to_agree("by"), WEDNESDAY))
    assert reports.book(by, V1, early, None, "dispatcher-1", WEDNESDAY).starts_at == early


@pytest.mark.clause("QNP-08")
def test_a_visit_for_which_no_time_was_asked_is_held_to_be_agreed() -> None:
    _, event = planning.plan(Visits(), to_agree("from"), WEDNESDAY)
    assert isinstance(event, VisitHeld)
    assert event.to_agree
    assert event.target is not None


def test_another_unit_at_the_same_time_is_another_visit() -> None:
    visits = after(*planning.plan(Visits(), to_agree("from"), WEDNESDAY))
    assert planning.plan(visits, to_agree("from", number=2), WEDNESDAY) == []
    events = planning.plan(visits, to_agree("from", "NAS-2", 2), WEDNESDAY)
    assert [type(event) for event in events] == [VisitWithdrawn, VisitRequested, VisitHeld]


def test_a_held_visit_is_asked_for_anew_where_something_else_is_aimed_at_and_an_agreed_one_stays() -> None:
    """The request turned out to be under other terms, say: as early as before, and due sooner."""
    first, other = to_agree("by"), to_agree("by", number=2)
    assert other.visit is not None
    assert other.visit.target is not None
    sooner = other.visit.target.model_copy(update={"due_at": SATURDAY - timedelta(hours=1)})
    other = other.model_copy(update={"visit": other.visit.model_copy(update={"target": sooner})})
    visits = after(*planning.plan(Visits(), first, WEDNESDAY))
    events = planning.plan(visits, other, WEDNESDAY)
    assert [type(event) for event in events] == [VisitWithdrawn, VisitRequested, VisitHeld]
    latest = reduce(evolve, events, visits).latest
    assert latest is not None
    assert (latest.visit_id, latest.target) == (V2, sooner)
    agreed = evolve(visits, reports.book(visits, V1, SATURDAY, None, "dispatcher-1", WEDNESDAY))
    assert planning.plan(agreed, other, WEDNESDAY) == []


def test_a_time_that_has_passed_cannot_be_booked() -> None:
    assert codes(lambda: reports.book(held(), V1, None, None, "dispatcher-1", SATURDAY), "invalid") == {"visit.past"}


def test_a_visit_is_postponed_as_often_as_needed_and_always_to_a_later_time() -> None:
    sunday, monday = SATURDAY + timedelta(days=1), SATURDAY + timedelta(days=2)
    once = evolve(held(), postponed(held(), sunday))
    again = postponed(once, monday)
    assert (again.from_at, again.to_at, again.minutes) == (sunday, monday, 60)
    assert codes(lambda: postponed(once, sunday), "invalid") == {"visit.to_at.not_later"}


def test_every_fault_of_a_postponement_is_named_at_once() -> None:
    earlier = WEDNESDAY - timedelta(days=1)
    assert codes(lambda: reports.postpone(held(), V1, earlier, 0, " ", "dispatcher-1", WEDNESDAY), "invalid") == {
        "visit.to_at.past",
        "visit.to_at.not_later",
        "visit.minutes.too_few",
        "visit.reason.empty",
    }


def test_only_a_held_visit_is_declined() -> None:
    event = reports.decline(held(), V1, "nobody free", "dispatcher-1", WEDNESDAY)
    assert isinstance(event, VisitDeclined)
    assert event.clause == "IIJ-09"
    assert codes(lambda: reports.decline(booked(), V1, "", "dispatcher-1", WEDNESDAY), "conflict") == {
        "visit.booked",
        "visit.reason.empty",
    }


def test_a_visit_is_complete_once_it_has_ended() -> None:
    ended = SATURDAY + timedelta(hours=1)
    (completed,) = reports.complete(booked(), V1, ended, ended)
    assert isinstance(completed, VisitCompleted)
    assert completed.completed_at == ended
    assert codes(lambda: reports.complete(booked(), V1, ended, SATURDAY), "invalid") == {"visit.completed_at.future"}
    assert codes(lambda: reports.complete(booked(), V1, SATURDAY, ended), "invalid") == {
        "visit.completed_at.before_start"
    }
    assert codes(lambda: reports.complete(held(), V1, ended, ended), "conflict") == {"visit.held"}


@pytest.mark.parametrize("closing", [Status.DECLINED, Status.COMPLETED, Status.WITHDRAWN])
def test_nothing_is_said_about_a_closed_visit(closing: Status) -> None:
    ended = SATURDAY + timedelta(hours=1)
    visits = {
        Status.DECLINED: evolve(held(), reports.decline(held(), V1, "nobody free", "dispatcher-1", WEDNESDAY)),
        Status.COMPLETED: reduce(evolve, reports.complete(booked(), V1, ended, ended), booked()),
        Status.WITHDRAWN: after(
            *planning.plan(Visits(), decided(), WEDNESDAY), *planning.plan(held(), decided(2, None), WEDNESDAY)
        ),
    }[closing]
    later = ended + timedelta(days=1)
    for act in (
        lambda: reports.book(visits, V1, None, None, "dispatcher-1", WEDNESDAY),
        lambda: reports.postpone(visits, V1, later, None, "nobody free", "dispatcher-1", ended),
        lambda: reports.decline(visits, V1, "nobody free", "dispatcher-1", ended),
        lambda: reports.complete(visits, V1, ended, ended),
    ):
        assert codes(act, "conflict") == {f"visit.{closing}"}


def test_an_unknown_visit_is_not_found_and_a_replaced_one_is_closed() -> None:
    replaced = after(
        *planning.plan(Visits(), decided(), WEDNESDAY),
        *planning.plan(held(), decided(2, SATURDAY + timedelta(days=7)), WEDNESDAY),
    )
    assert codes(lambda: reports.book(replaced, V1, None, None, "dispatcher-1", WEDNESDAY), "conflict") == {
        "visit.replaced"
    }
    assert codes(
        lambda: reports.book(replaced, f"{TICKET}.V7", None, None, "dispatcher-1", WEDNESDAY), "not_found"
    ) == {"visit.unknown"}
    assert codes(lambda: reports.book(Visits(), V1, None, None, "dispatcher-1", WEDNESDAY), "not_found") == {
        "visit.unknown"
    }


@pytest.mark.clause("QNP-10", "QNP-11")
@pytest.mark.parametrize(("becomes", "kept"), [("handed_over", True), ("taken_away", False), (None, False)])
def test_a_failed_disk_is_handed_over_with_the_visit_where_the_option_says_so(becomes: str | None, kept: bool) -> None:
    need = decided(held=False).visit
    assert need is not None
    repair = need.model_copy(
        update={"serial": "NAS-1", "part": "hdd", "failed_part": becomes, "failed_part_clause": "QNP-11"}
    )
    visits = after(*planning.plan(Visits(), decided(held=False).model_copy(update={"visit": repair}), WEDNESDAY))
    ended = SATURDAY + timedelta(hours=1)
    handed_over = [event for event in reports.complete(visits, V1, ended, ended) if isinstance(event, PartHandedOver)]
    assert [(each.serial, each.part, each.clause) for each in handed_over] == [("NAS-1", "hdd", "QNP-11")] * kept


def to_a_unit(becomes: str | None, **changes: Any) -> Visits:
    """A visit to a unit, booked; what becomes of what failed, as the terms say."""
    need = decided(held=False).visit
    assert need is not None
    terms = {"serial": "UNIT-1", "failed_part": becomes, "failed_part_clause": "SVT-13" if becomes else None}
    repair = need.model_copy(update=terms | changes)
    return after(*planning.plan(Visits(), decided(held=False).model_copy(update={"visit": repair}), WEDNESDAY))


ENDED = SATURDAY + timedelta(hours=1)


@pytest.mark.clause("SVT-13", "QNP-10", "QNP-11")
@pytest.mark.parametrize(
    ("becomes", "part", "owner", "clause"),
    [
        ("taken_away", None, "provider", "SVT-13"),
        ("taken_away", "hdd", "provider", "SVT-13"),
        ("handed_over", "hdd", "customer", "SVT-13"),
        (None, None, None, "IIJ-09"),
    ],
)
def test_what_was_exchanged_on_site_is_on_record_with_the_owners_of_both(
    becomes: str | None, part: str | None, owner: str | None, clause: str
) -> None:
    events = reports.complete(to_a_unit(becomes, part=part), V1, ENDED, ENDED, serial="UNIT-2")
    [exchanged] = [event for event in events if isinstance(event, UnitExchanged)]
    assert (exchanged.serial, exchanged.defective_serial, exchanged.part) == ("UNIT-2", "UNIT-1", part)
    assert (exchanged.owner, exchanged.clause, exchanged.exchanged_at) == (owner, clause, ENDED)
    assert isinstance(events[0], VisitCompleted)
    assert not any(isinstance(event, UnitExchanged) for event in reports.complete(to_a_unit(becomes), V1, ENDED, ENDED))


@pytest.mark.parametrize(
    ("visits", "serial", "code"),
    [
        (booked(), "UNIT-2", "visit.serial.no_unit"),
        (to_a_unit("taken_away"), "UNIT-1", "visit.serial.defective"),
    ],
)
def test_what_cannot_have_been_exchanged_is_refused(visits: Visits, serial: str, code: str) -> None:
    assert codes(lambda: reports.complete(visits, V1, ENDED, ENDED, serial=serial), "invalid") == {code}
    early = SATURDAY - timedelta(hours=1)
    named = codes(lambda: reports.complete(visits, V1, early, ENDED, serial=serial), "invalid")
    assert named == {code, "visit.completed_at.before_start"}
