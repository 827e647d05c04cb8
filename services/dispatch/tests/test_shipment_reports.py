"""What the dispatcher says of a shipment: reserved, shipped, failed, delivered; and every fault at once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import reduce

import pytest
from kippu_dispatch.domain import planning, reports, returns
from kippu_dispatch.domain import unit as units
from kippu_dispatch.domain.shipment import Shipments
from kippu_dispatch.domain.unit import Unit
from kippu_dispatch.testing import (
    ISOLATED,
    S1,
    SPARE,
    TICKET,
    TOKYO,
    after,
    allotted,
    at,
    codes,
    delivered,
    failed,
    needed,
    planned,
    price,
    repaired_first,
    shipped,
    terms,
    types,
    withdrawn,
)
from kippu_events.catalogue.shipments import (
    DeliveryFailed,
    DeliveryUnreported,
    DiskRetained,
    OwnershipChanged,
    ReturnExpected,
    ShipmentsStopped,
    ShipmentWithdrawn,
    UnitDelivered,
    UnitStocked,
)


def test_a_unit_is_set_aside_on_both_streams() -> None:
    allotment, reservation = reports.reserve(planned(), S1, SPARE, "SPARE-1", at(7))
    assert (allotment.serial, reservation.serial, reservation.shipment_id) == ("SPARE-1", "SPARE-1", S1)
    assert units.evolve(SPARE, reservation).reserved_for == S1


@pytest.mark.parametrize(
    ("unit", "serial", "kind", "code"),
    [
        (Unit(), "SPARE-1", "invalid", "unit.unknown"),
        (Unit("nas-8"), "SPARE-1", "invalid", "unit.model.differs"),
        (SPARE, "NAS-1", "invalid", "unit.defective"),
        (Unit("nas-4", reserved_for="KP-0000-0002.S1"), "SPARE-1", "conflict", "unit.reserved"),
    ],
)
def test_a_unit_that_does_not_fit_is_refused(unit: Unit, serial: str, kind: str, code: str) -> None:
    assert codes(lambda: reports.reserve(planned(), S1, unit, serial, at(7)), kind) == {code}


def test_every_fault_of_a_reservation_is_named_at_once() -> None:
    taken = Unit("nas-8", reserved_for="KP-0000-0002.S1")
    assert codes(lambda: reports.reserve(planned(repaired_first()), S1, taken, "NAS-1", at(7)), "conflict") == {
        "unit.reserved", "shipment.after_repair", "unit.model.differs", "unit.defective"
    }  # fmt: skip


def test_another_unit_can_be_taken_until_it_has_left() -> None:
    allotment, _ = reports.reserve(allotted(), S1, SPARE, "SPARE-2", at(7))
    assert after(allotment, given=allotted()).find(S1).serial == "SPARE-2"
    assert codes(lambda: reports.reserve(shipped(), S1, SPARE, "SPARE-2", at(7)), "conflict") == {"shipment.shipped"}


def test_a_unit_is_stocked_once_and_free_again_when_released() -> None:
    stocked = units.stock(Unit(), Shipments(), "SPARE-1", "nas-4", at(1))
    assert isinstance(stocked, UnitStocked)
    unit = units.evolve(Unit(), stocked)
    assert codes(lambda: units.stock(unit, Shipments(), "SPARE-1", "nas-4", at(1)), "conflict") == {"unit.stocked"}
    _, reservation = reports.reserve(planned(), S1, unit, "SPARE-1", at(7))
    release = planning.release(allotted().find(S1), "SPARE-1", at(8))
    assert reduce(units.evolve, (reservation, release), unit) == unit


def test_the_first_carriage_is_free_and_the_second_one_costs_what_the_terms_say() -> None:
    first = reports.ship(allotted(), S1, at(7), "CARRIER-1", at(7))
    again = reports.ship(failed(), S1, at(9), None, at(9))
    assert (first.attempt, first.charge) == (1, None)
    assert (again.attempt, again.charge, again.clause, again.serial) == (2, price(1_500), "SVT-23", "SPARE-1")


def test_a_delivery_changes_both_owners_and_the_old_unit_is_due_back() -> None:
    events = reports.deliver(shipped(), S1, at(10), at(11))
    assert types(events) == [UnitDelivered, OwnershipChanged, OwnershipChanged, ReturnExpected]
    unit, theirs, ours, expected = events
    assert isinstance(unit, UnitDelivered)
    assert (unit.serial, unit.defective_serial, unit.received_on) == ("SPARE-1", "NAS-1", date(2026, 5, 10))
    assert isinstance(theirs, OwnershipChanged)
    assert isinstance(ours, OwnershipChanged)
    assert [(each.serial, each.owner) for each in (theirs, ours)] == [("SPARE-1", "customer"), ("NAS-1", "provider")]
    assert isinstance(expected, ReturnExpected)
    assert (expected.serial, expected.due_on) == ("NAS-1", date(2026, 5, 24))
    assert expected.remind_at == datetime(2026, 5, 21, tzinfo=TOKYO)
    assert expected.overdue_at == datetime(2026, 5, 25, tzinfo=TOKYO)


def test_the_days_count_from_the_date_in_tokyo() -> None:
    late_evening = datetime(2026, 5, 10, 15, 30, tzinfo=UTC)  # 11 May, 00:30 in Tokyo
    unit, *_, expected = reports.deliver(shipped(), S1, late_evening, late_evening)
    assert isinstance(unit, UnitDelivered)
    assert isinstance(expected, ReturnExpected)
    assert (unit.received_on, expected.due_on) == (date(2026, 5, 11), date(2026, 5, 25))


def test_no_reminder_where_the_terms_leave_no_time_for_it() -> None:
    expected = reports.deliver(shipped(needed(returns=terms(days=3))), S1, at(10), at(10))[-1]
    assert isinstance(expected, ReturnExpected)
    assert expected.remind_at is None


def test_a_part_that_the_customer_keeps_is_not_due_back_and_any_other_is() -> None:
    keeps = terms(clause="QNP-11", kept_parts=("disk", "ssd"))
    events = reports.deliver(shipped(needed(part="disk", returns=keeps)), S1, at(10), at(10))
    assert types(events) == [UnitDelivered, OwnershipChanged, DiskRetained, OwnershipChanged]
    assert [event.owner for event in events if isinstance(event, OwnershipChanged)] == ["customer", "customer"]
    state = delivered(needed(part="disk", returns=keeps))
    assert codes(lambda: returns.receive(state, S1, "NAS-1", date(2026, 5, 12), at(12)), "conflict") == {"return.none"}
    for part in ("power_supply", None):
        assert delivered(needed(part=part, returns=keeps)).find(S1).due_back is not None


REPORTS: dict[str, Callable[[Shipments, datetime], object]] = {
    "reserve": lambda state, now: reports.reserve(state, S1, SPARE, "SPARE-9", now),
    "ship": lambda state, now: reports.ship(state, S1, now, None, now),
    "fail": lambda state, now: reports.fail(state, S1, now, "nobody there", now),
    "deliver": lambda state, now: reports.deliver(state, S1, now, now),
    "return": lambda state, now: returns.receive(state, S1, "NAS-1", now.date(), now),
}


@pytest.mark.parametrize(
    ("given", "possible"),
    [
        (planned, {"reserve"}),
        (allotted, {"reserve", "ship"}),
        (shipped, {"fail", "deliver"}),
        (failed, {"ship"}),
        (delivered, {"return"}),
        (withdrawn, set()),
    ],
)
def test_a_report_that_does_not_fit_is_refused_and_says_why(given: Callable[[], Shipments], possible: set[str]) -> None:
    """Delivered before it was shipped, twice, after it was withdrawn, and every other such pair."""
    state = given()
    for name, report in REPORTS.items():
        if name in possible:
            report(state, at(12))
        else:
            assert codes(lambda report=report: report(state, at(12)), "conflict") == {  # type: ignore[misc]
                f"shipment.{state.find(S1).status}"
            }


def test_what_left_before_its_request_was_closed_is_delivered_all_the_same() -> None:
    """It is with the customer: refusing the report would lose where the unit is, and what is due back for it."""
    state = after(*planning.stop(shipped(), TICKET, "customer-1", at(9), "the request was closed"), given=shipped())
    assert ReturnExpected in types(reports.deliver(state, S1, at(11), at(11)))


@pytest.mark.parametrize("reopened", [False, True])
def test_what_comes_back_undelivered_once_its_request_has_ended_is_shipped_again_only_if_that_goes_on(
    reopened: bool,
) -> None:
    state = after(*planning.stop(shipped(), TICKET, "customer-1", at(8, 9), "the request was closed"), given=shipped())
    if reopened:
        state = after(*planning.resume(state, TICKET, "customer-1", at(8, 10)), given=state)
    back = planning.after_failure(state, reports.fail(state, S1, at(9), "nobody there", at(9)))
    assert types(back) == ([DeliveryFailed] if reopened else [DeliveryFailed, ShipmentWithdrawn])
    state = after(*back, given=state)
    if reopened:
        assert reports.ship(state, S1, at(10), None, at(10)).attempt == 2
    else:
        assert codes(lambda: reports.ship(state, S1, at(10), None, at(10)), "conflict") == {"shipment.withdrawn"}


def test_a_customers_own_unit_goes_back_to_them_though_the_request_has_ended() -> None:
    """It was sent in and repaired: nobody else is to have it, and the way back is tried again."""
    state = planned(repaired_first())
    state = after(reports.receive_for_repair(state, S1, "NAS-1", date(2026, 5, 7), at(7)), given=state)
    state = after(reports.complete_repair(state, S1, None, date(2026, 5, 7), at(7)), given=state)
    state = after(reports.ship(state, S1, at(7), None, at(7)), given=state)
    state = after(reports.fail(state, S1, at(8), "nobody there", at(8)), given=state)
    ended = planning.stop(state, TICKET, "customer-1", at(9), "the request was closed")
    assert types(ended) == [ShipmentsStopped]
    assert reports.ship(after(*ended, given=state), S1, at(10), None, at(10)).attempt == 2


@pytest.mark.parametrize("given", [planned, allotted, failed])
def test_what_had_not_left_or_was_back_when_its_request_was_closed_is_never_delivered(
    given: Callable[[], Shipments],
) -> None:
    state = after(*planning.stop(given(), TICKET, "customer-1", at(9), "the request was closed"), given=given())
    assert codes(lambda: reports.deliver(state, S1, at(11), at(11)), "conflict") == {"shipment.withdrawn"}


@pytest.mark.parametrize("given", [allotted, shipped, failed, delivered])
def test_a_unit_that_was_delivered_may_come_back_and_any_other_is_not_stocked_twice(
    given: Callable[[], Shipments],
) -> None:
    unit = Unit("nas-4", S1)
    if given is delivered:
        assert units.evolve(unit, units.stock(unit, given(), "SPARE-1", "nas-4b", at(12))) == Unit("nas-4b")
    else:
        assert codes(lambda: units.stock(unit, given(), "SPARE-1", "nas-4", at(12)), "conflict") == {"unit.stocked"}


def test_nothing_is_reported_of_a_shipment_that_is_not_there() -> None:
    for report in REPORTS.values():
        assert codes(lambda report=report: report(Shipments(), at(12)), "not_found") == {"shipment.unknown"}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("report", "field"),
    [
        (lambda when: reports.ship(failed(), S1, when, None, at(12)), "shipped_at"),
        (lambda when: reports.fail(shipped(), S1, when, "x", at(12)), "failed_at"),
        (lambda when: reports.deliver(shipped(), S1, when, at(12)), "delivered_at"),
    ],
)
def test_a_report_is_about_what_happened_after_what_happened_before(
    report: Callable[[datetime], object], field: str
) -> None:
    assert codes(lambda: report(at(13)), "invalid") == {f"shipment.{field}.future"}
    assert codes(lambda: report(at(7, 11)), "invalid") == {f"shipment.{field}.too_early"}


def test_nothing_ships_before_the_fault_was_isolated() -> None:
    before = ISOLATED - timedelta(seconds=1)
    assert codes(lambda: reports.ship(allotted(), S1, before, None, at(7)), "invalid") == {
        "shipment.shipped_at.too_early"
    }


def test_what_has_no_target_ships_on_the_day_on_which_it_was_planned_at_the_earliest() -> None:
    """Terms that aim at no day expect the defective unit back all the same, and charge for it when that is late."""
    state = allotted(needed(target=None))
    assert reports.ship(state, S1, at(1, 0), None, at(7)).shipped_at == at(1, 0)
    early = at(30, 23, month=4)
    assert codes(lambda: reports.ship(state, S1, early, None, at(7)), "invalid") == {"shipment.shipped_at.too_early"}


def test_a_delivery_that_nobody_reports_is_a_question_for_each_attempt_once() -> None:
    (event,) = reports.remain_unreported(shipped(), S1, 1, at(14))
    assert isinstance(event, DeliveryUnreported)
    assert reports.remain_unreported(after(event, given=shipped()), S1, 1, at(14)) == []
    assert reports.remain_unreported(failed(), S1, 1, at(14)) == []
    assert reports.remain_unreported(delivered(), S1, 1, at(14)) == []
    again = after(reports.ship(failed(), S1, at(9), None, at(9)), given=failed())
    assert reports.remain_unreported(again, S1, 1, at(14)) == []
    assert len(reports.remain_unreported(again, S1, 2, at(16))) == 1
