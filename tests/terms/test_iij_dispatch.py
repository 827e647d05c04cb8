"""IIJ-09 from the decision to the dispatcher's word: held, then accepted, postponed or declined, naming the clause."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from kippu_dispatch.domain import visit as domain
from kippu_dispatch.domain import visit_planning as planning
from kippu_dispatch.domain import visit_reports as reports
from kippu_dispatch.domain.visit import Status, Visits
from kippu_dispatch.testing import coverage
from kippu_events.catalogue.dispatch import VisitBooked, VisitHeld, VisitRequested
from kippu_events.catalogue.entitlement import VisitNeed
from kippu_events.event import Event
from kippu_terms.refusal import Refused

TICKET = "KP-0000-0001"
VISIT = f"{TICKET}.V1"
Local = Callable[..., datetime]


@pytest.fixture
def asked_for(decide: Any) -> Callable[[datetime, datetime], list[Event]]:
    """What dispatch records when work at `wanted` was asked for at `received`."""

    def events(received: datetime, wanted: datetime) -> list[Event]:
        decision = decide(received_at=received, wanted_at=wanted, wanted_minutes=120)
        need = VisitNeed(
            wanted_at=wanted,
            minutes=120,
            held=decision.visit.held,
            notice_days=decision.visit.notice_days,
            clause=decision.visit.clause,
        )
        decided = coverage(TICKET, occurred_at=received, deciding_clause="IIJ-09", visit=need)
        return planning.plan(Visits(), decided, received)

    return events


def after(events: list[Event]) -> Visits:
    return reduce(domain.evolve, events, Visits())


@pytest.fixture
def saturday(bangkok: Local) -> datetime:
    return bangkok(2026, 11, 21, 10)


@pytest.fixture
def held(asked_for: Any, bangkok: Local, saturday: datetime) -> Visits:
    """Asked for on Wednesday, 3 days ahead."""
    return after(asked_for(bangkok(2026, 11, 18, 10), saturday))


@pytest.mark.clause("IIJ-09")
def test_saturday_work_asked_for_3_days_ahead_is_held_for_the_dispatcher(
    asked_for: Any, bangkok: Local, saturday: datetime
) -> None:
    requested, holding = asked_for(bangkok(2026, 11, 18, 10), saturday)
    assert isinstance(requested, VisitRequested)
    assert isinstance(holding, VisitHeld)
    assert (requested.notice_days, requested.clause, holding.clause) == (3, "IIJ-09", "IIJ-09")


@pytest.mark.clause("IIJ-09")
def test_asked_for_5_days_ahead_it_is_accepted_without_anybody(
    asked_for: Any, bangkok: Local, saturday: datetime
) -> None:
    booked = asked_for(bangkok(2026, 11, 16, 10), saturday)[-1]
    assert isinstance(booked, VisitBooked)
    assert (booked.starts_at, booked.booked_by) == (saturday, planning.BY_TERMS)


@pytest.mark.clause("IIJ-09")
def test_the_dispatcher_accepts_a_held_visit_if_staff_is_found(
    held: Visits, bangkok: Local, saturday: datetime
) -> None:
    booked = reports.book(held, VISIT, None, None, "dispatcher-1", bangkok(2026, 11, 18, 11))
    assert (booked.starts_at, booked.booked_by) == (saturday, "dispatcher-1")


@pytest.mark.clause("IIJ-09")
def test_the_dispatcher_postpones_a_held_visit_and_the_customer_can_be_told_which(
    held: Visits, bangkok: Local, saturday: datetime
) -> None:
    monday = saturday + timedelta(days=2)
    postponed = reports.postpone(held, VISIT, monday, None, "nobody free", "dispatcher-1", bangkok(2026, 11, 18, 11))
    assert (postponed.from_at, postponed.to_at, postponed.clause) == (saturday, monday, "IIJ-09")
    assert postponed.reason == "nobody free"


@pytest.mark.clause("IIJ-09")
def test_the_dispatcher_declines_a_held_visit_by_the_clause(held: Visits, bangkok: Local) -> None:
    declined = reports.decline(held, VISIT, "nobody free", "dispatcher-1", bangkok(2026, 11, 18, 11))
    assert (declined.clause, declined.reason) == ("IIJ-09", "nobody free")
    latest = domain.evolve(held, declined).latest
    assert latest is not None
    assert latest.status is Status.DECLINED


@pytest.mark.clause("IIJ-09")
def test_what_was_announced_in_time_is_not_declined(asked_for: Any, bangkok: Local, saturday: datetime) -> None:
    booked = after(asked_for(bangkok(2026, 11, 16, 10), saturday))
    with pytest.raises(Refused) as refused:
        reports.decline(booked, VISIT, "nobody free", "dispatcher-1", bangkok(2026, 11, 18, 11))
    assert refused.value.faults[0].clause == "IIJ-09"
