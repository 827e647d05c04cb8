"""What decisions and the end of a request make of its shipments: given events, when something is heard, then these."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from kippu_dispatch.domain import planning, reports
from kippu_dispatch.domain.shipment import Shipments, Status
from kippu_dispatch.testing import (
    ISOLATED,
    S1,
    S2,
    TICKET,
    after,
    allotted,
    at,
    decided,
    delivered,
    failed,
    needed,
    planned,
    repaired_first,
    shipped,
    types,
)
from kippu_events.catalogue.shipments import (
    ShipmentPlanned,
    ShipmentsStopped,
    ShipmentWithdrawn,
)
from kippu_events.event import Event


def test_a_decision_that_needs_a_unit_plans_its_shipment_with_the_target() -> None:
    (event,) = planning.plan(Shipments(), decided(needed()), ISOLATED)
    assert isinstance(event, ShipmentPlanned)
    assert (event.shipment_id, event.defective_serial, event.model) == (S1, "NAS-1", "nas-4")
    assert event.target is not None
    assert event.target.due_on == date(2026, 5, 7)


def test_a_decision_without_a_need_plans_nothing() -> None:
    assert planning.plan(Shipments(), decided(None), ISOLATED) == []


@pytest.mark.parametrize("given", [planned, allotted, shipped, failed, delivered])
def test_the_same_need_decided_again_ships_nothing_again(given: Callable[[], Shipments]) -> None:
    assert planning.plan(given(), decided(needed(), 2), at(11)) == []


@pytest.mark.parametrize("given", [planned, allotted])
def test_what_waits_is_withdrawn_by_a_decision_that_needs_none(given: Callable[[], Shipments]) -> None:
    (event,) = planning.plan(given(), decided(None, 2), at(7))
    assert isinstance(event, ShipmentWithdrawn)
    assert after(event, given=given()).find(S1).status is Status.WITHDRAWN


@pytest.mark.parametrize("given", [shipped, failed, delivered])
def test_what_has_left_is_not_withdrawn_and_what_came_back_undelivered_only_as_the_request_ends(
    given: Callable[[], Shipments],
) -> None:
    assert planning.plan(given(), decided(None, 2), at(11)) == []
    ended: list[type[Event]] = [ShipmentWithdrawn, ShipmentsStopped] if given is failed else [ShipmentsStopped]
    assert types(planning.stop(given(), TICKET, "customer-1", at(11), "closed")) == ended


def test_what_waits_for_another_need_gives_way_to_it() -> None:
    events = planning.plan(planned(), decided(needed(serial="NAS-2"), 2), at(2))
    assert types(events) == [ShipmentWithdrawn, ShipmentPlanned]
    assert [each.status for each in after(*events, given=planned()).all] == [Status.WITHDRAWN, Status.PLANNED]


def test_another_unit_of_the_request_is_shipped_beside_what_has_left() -> None:
    (event,) = planning.plan(shipped(), decided(needed(serial="NAS-2"), 2), at(8))
    assert isinstance(event, ShipmentPlanned)
    assert event.shipment_id == S2


def test_a_unit_at_the_makers_is_not_forgotten_by_a_later_decision() -> None:
    state = planned(repaired_first())
    state = after(reports.receive_for_repair(state, S1, "NAS-1", date(2026, 5, 8), at(8)), given=state)
    assert planning.plan(state, decided(None, 2), at(9)) == []
    assert planning.plan(state, decided(needed(), 2), at(9)) == []


@pytest.mark.parametrize("end_first", [True, False])
@pytest.mark.parametrize(("minutes", "waiting"), [(-1, True), (1, False)])
def test_the_end_of_a_request_and_a_decision_may_arrive_in_any_order(
    end_first: bool, minutes: int, waiting: bool
) -> None:
    ended_at = ISOLATED + timedelta(minutes=minutes)
    arrivals: list[Callable[[Shipments], list[Event]]] = [
        lambda state: planning.plan(state, decided(needed()), ISOLATED),
        lambda state: planning.stop(state, TICKET, "customer-1", ended_at, "the request was declined"),
    ]
    if end_first:
        arrivals.reverse()
    state = Shipments()
    for arrive in arrivals:
        state = after(*arrive(state), given=state)
    assert any(each.is_waiting for each in state.all) is waiting
