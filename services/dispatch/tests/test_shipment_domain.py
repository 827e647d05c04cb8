"""The shipments of one request: given events, when something is decided or reported, then these events or faults."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_dispatch.domain import planning, reports, returns
from kippu_dispatch.domain import unit as units
from kippu_dispatch.domain.shipment import Shipments, Status, evolve
from kippu_dispatch.domain.unit import Unit
from kippu_events.catalogue.entitlement import CoverageDecided
from kippu_events.catalogue.fulfilment import ReturnTerms, ShipmentNeed, Target
from kippu_events.catalogue.shipments import (
    DeliveryUnreported,
    DiskRetained,
    OwnershipChanged,
    ReturnExpected,
    ReturnMismatched,
    ReturnOverdue,
    ReturnReminded,
    ShipmentPlanned,
    ShipmentsStopped,
    ShipmentWithdrawn,
    UnitDelivered,
    UnitReturned,
    UnitShipped,
    UnitStocked,
)
from kippu_events.catalogue.values import Outcome, Price, PriceLine
from kippu_events.event import Event
from kippu_events.work import Fold
from kippu_terms.refusal import Refused

TOKYO = ZoneInfo("Asia/Tokyo")
TICKET = "KP-0000-0001"
S1, S2 = f"{TICKET}.S1", f"{TICKET}.S2"
ISOLATED = datetime(2026, 5, 1, 16, 0, tzinfo=TOKYO)
SPARE = Unit("nas-4")


def price(amount: int) -> Price:
    line = PriceLine(product="x", description="x", quantity=1, unit_price=amount, tax_rate_permyriad=1000)
    return Price(
        currency="JPY",
        lines=(line,),
        tax_name="消費税",
        tax_rounding="down",
        payment_days=30,
        time_zone="Asia/Tokyo",
    )


def needed(*, serial: str = "NAS-1", **changes: Any) -> ShipmentNeed:
    target = Target(
        kind="ship", clause="QNP-01", started_at=ISOLATED, due_on=date(2026, 5, 7), calendar_version="2026-1"
    )
    terms = ReturnTerms(
        clause="QNP-01", days=14, remind_days_before=3, overdue_charge=price(80_000), late_return="credited"
    )
    usual: dict[str, Any] = {
        "mode": "advance",
        "clause": "QNP-01",
        "serial": serial,
        "model": "nas-4",
        "target": target,
        "returns": terms,
        "reship_charge": price(1_500),
        "reship_clause": "SVT-23",
        "time_zone": "Asia/Tokyo",
    }
    return ShipmentNeed(**{**usual, **changes})


def terms(**changes: Any) -> ReturnTerms:
    usual = needed().returns
    assert usual is not None
    return usual.model_copy(update=changes)


def repaired_first() -> ShipmentNeed:
    return needed(mode="after_repair", clause="QNP-02", target=None, returns=None, reship_charge=None)


def decided(need: ShipmentNeed | None, decision: int = 1) -> CoverageDecided:
    return CoverageDecided(
        occurred_at=ISOLATED,
        ticket_no=TICKET,
        customer_id="customer-1",
        contact_id="contact-1",
        decision=decision,
        plan_family="qnp",
        plan_version="2025-04-01",
        outcome=Outcome.COVERED,
        deciding_clause="QNP-01",
        findings=(),
        remedies=(),
        facts={},
        shipment=need,
    )


def after(*events: Event, given: Shipments | None = None) -> Shipments:
    return reduce(evolve, events, given or Shipments())


def at(day: int, hour: int = 12, month: int = 5) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=TOKYO)


def planned(need: ShipmentNeed | None = None) -> Shipments:
    return after(*planning.plan(Shipments(), decided(need or needed()), ISOLATED))


def allotted(need: ShipmentNeed | None = None) -> Shipments:
    state = planned(need)
    return after(reports.reserve(state, S1, SPARE, "SPARE-1", at(7))[0], given=state)


def shipped(need: ShipmentNeed | None = None) -> Shipments:
    state = allotted(need)
    return after(reports.ship(state, S1, at(7), "CARRIER-1", at(7)), given=state)


def failed(need: ShipmentNeed | None = None) -> Shipments:
    state = shipped(need)
    return after(reports.fail(state, S1, at(8), "nobody there", at(8)), given=state)


def delivered(need: ShipmentNeed | None = None) -> Shipments:
    """On 10 May: due back by the 24th."""
    state = shipped(need)
    return after(*reports.deliver(state, S1, at(10), at(10)), given=state)


def withdrawn() -> Shipments:
    state = planned()
    return after(*planning.plan(state, decided(None, 2), at(2)), given=state)


def codes(act: Callable[[], object], kind: str) -> set[str]:
    with pytest.raises(Refused) as refused:
        act()
    assert refused.value.kind == kind
    return {fault.code for fault in refused.value.faults}


def types(events: list[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


# What decisions make of it.


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
def test_what_has_left_is_not_withdrawn(given: Callable[[], Shipments]) -> None:
    assert planning.plan(given(), decided(None, 2), at(11)) == []
    assert types(planning.stop(given(), TICKET, "customer-1", at(11), "closed")) == [ShipmentsStopped]


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


# Reservations.


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
    stocked = units.stock(Unit(), "SPARE-1", "nas-4", at(1))
    assert isinstance(stocked, UnitStocked)
    unit = units.evolve(Unit(), stocked)
    assert codes(lambda: units.stock(unit, "SPARE-1", "nas-4", at(1)), "conflict") == {"unit.stocked"}
    _, reservation = reports.reserve(planned(), S1, unit, "SPARE-1", at(7))
    release = planning.release(allotted().find(S1), "SPARE-1", at(8))
    assert reduce(units.evolve, (reservation, release), unit) == unit


# Shipping and delivery.


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


def test_a_delivery_that_nobody_reports_is_a_question_for_each_attempt_once() -> None:
    (event,) = reports.remain_unreported(shipped(), S1, 1, at(14))
    assert isinstance(event, DeliveryUnreported)
    assert reports.remain_unreported(after(event, given=shipped()), S1, 1, at(14)) == []
    assert reports.remain_unreported(failed(), S1, 1, at(14)) == []
    assert reports.remain_unreported(delivered(), S1, 1, at(14)) == []
    again = after(reports.ship(failed(), S1, at(9), None, at(9)), given=failed())
    assert reports.remain_unreported(again, S1, 1, at(14)) == []
    assert len(reports.remain_unreported(again, S1, 2, at(16))) == 1


# Repairs.


def test_nothing_ships_before_receipt_and_repair_are_on_record() -> None:
    state = planned(repaired_first())
    assert codes(lambda: reports.ship(state, S1, at(8), None, at(8)), "conflict") == {"shipment.planned"}
    early = date(2026, 5, 8)
    assert codes(lambda: reports.complete_repair(state, S1, None, early, at(8)), "conflict") == {"shipment.planned"}
    state = after(reports.receive_for_repair(state, S1, "NAS-1", early, at(8)), given=state)
    assert codes(lambda: reports.ship(state, S1, at(8), None, at(8)), "conflict") == {"shipment.in_repair"}
    state = after(reports.complete_repair(state, S1, None, date(2026, 5, 29), at(29)), given=state)
    assert codes(lambda: reports.ship(state, S1, at(28), None, at(29)), "invalid") == {
        "shipment.shipped_at.before_repair"
    }
    state = after(reports.ship(state, S1, at(29), None, at(29)), given=state)
    # It is the customer's own unit: nobody's but theirs, and nothing is due back.
    assert types(reports.deliver(state, S1, at(30), at(30))) == [UnitDelivered]


def test_the_maker_may_give_another_unit_and_keeps_the_old_one() -> None:
    state = planned(repaired_first())
    state = after(reports.receive_for_repair(state, S1, "NAS-1", date(2026, 5, 8), at(8)), given=state)
    state = after(reports.complete_repair(state, S1, "MAKER-1", date(2026, 5, 9), at(9)), given=state)
    state = after(reports.ship(state, S1, at(9), None, at(9)), given=state)
    unit, theirs, ours = reports.deliver(state, S1, at(10), at(10))
    assert isinstance(unit, UnitDelivered)
    assert unit.serial == "MAKER-1"
    assert isinstance(theirs, OwnershipChanged)
    assert isinstance(ours, OwnershipChanged)
    assert (theirs.serial, theirs.owner, ours.serial, ours.owner) == ("MAKER-1", "customer", "NAS-1", "provider")


def test_every_fault_of_a_repair_report_is_named_at_once() -> None:
    state = planned(repaired_first())
    assert codes(lambda: reports.receive_for_repair(state, S1, "NAS-2", date(2026, 5, 9), at(8)), "invalid") == {
        "repair.received_on.future", "repair.serial.differs"
    }  # fmt: skip
    state = after(reports.receive_for_repair(state, S1, "NAS-1", date(2026, 5, 8), at(8)), given=state)
    assert codes(lambda: reports.complete_repair(state, S1, None, date(2026, 5, 7), at(8)), "invalid") == {
        "repair.completed_on.before_receipt"
    }
    advance = planned()
    assert codes(lambda: reports.receive_for_repair(advance, S1, "NAS-1", date(2026, 5, 8), at(8)), "conflict") == {
        "shipment.advance"
    }


# What is due back.


def test_the_unit_comes_back_by_the_last_day() -> None:
    (returned,) = returns.receive(delivered(), S1, "NAS-1", date(2026, 5, 24), at(24))
    assert isinstance(returned, UnitReturned)
    assert (returned.late, returned.credited) == (False, False)
    state = after(returned, given=delivered())
    assert codes(lambda: returns.receive(state, S1, "NAS-1", date(2026, 5, 24), at(24)), "conflict") == {
        "return.received"
    }
    assert not returns.remind(state, S1, at(21)) + returns.fall_overdue(state, S1)


@pytest.mark.parametrize(("late_return", "credited"), [("credited", True), ("kept", False)])
def test_a_late_unit_is_overdue_whether_or_not_the_deadline_has_run(late_return: str, credited: bool) -> None:
    state = delivered(needed(returns=terms(late_return=late_return)))
    events = returns.receive(state, S1, "NAS-1", date(2026, 5, 25), at(25))
    assert isinstance(events[0], ReturnOverdue)
    assert isinstance(events[1], UnitReturned)
    overdue = returns.fall_overdue(state, S1)
    assert events[0] in overdue
    (returned,) = returns.receive(after(*overdue, given=state), S1, "NAS-1", date(2026, 5, 25), at(25))
    assert isinstance(returned, UnitReturned)
    assert (returned.late, returned.credited) == (True, credited)


def test_what_came_in_time_but_is_recorded_late_is_not_late() -> None:
    overdue = after(*returns.fall_overdue(delivered(), S1), given=delivered())
    (returned,) = returns.receive(overdue, S1, "NAS-1", date(2026, 5, 24), at(26))
    assert isinstance(returned, UnitReturned)
    assert (returned.late, returned.credited) == (False, False)


def test_a_wrong_unit_is_recorded_and_the_right_one_is_still_due() -> None:
    (mismatch,) = returns.receive(delivered(), S1, "NAS-9", date(2026, 5, 20), at(20))
    assert isinstance(mismatch, ReturnMismatched)
    assert (mismatch.expected_serial, mismatch.received_serial) == ("NAS-1", "NAS-9")
    state = after(mismatch, given=delivered())
    assert types(returns.fall_overdue(state, S1)) == [ReturnOverdue]
    assert types(returns.receive(state, S1, "NAS-1", date(2026, 5, 21), at(21))) == [UnitReturned]


def test_a_return_is_reminded_and_overdue_once_and_names_its_charge() -> None:
    (reminder,) = returns.remind(delivered(), S1, at(21))
    assert isinstance(reminder, ReturnReminded)
    assert returns.remind(after(reminder, given=delivered()), S1, at(21)) == []
    (overdue,) = returns.fall_overdue(delivered(), S1)
    assert isinstance(overdue, ReturnOverdue)
    assert (overdue.occurred_at, overdue.charge, overdue.clause) == (at(25, 0), price(80_000), "QNP-01")
    assert returns.fall_overdue(after(overdue, given=delivered()), S1) == []


def test_a_day_of_return_that_cannot_be_is_refused() -> None:
    assert codes(lambda: returns.receive(delivered(), S1, "NAS-1", date(2026, 5, 21), at(20)), "invalid") == {
        "return.received_on.future"
    }
    assert codes(lambda: returns.receive(delivered(), S1, "NAS-1", date(2026, 5, 9), at(20)), "invalid") == {
        "return.received_on.too_early"
    }


# Whatever is reported, in whatever order.

FOLD = Fold(Shipments, Shipments, evolve, version=1)
SERIALS = ("SPARE-1", "SPARE-2")


class Room:
    """Two requests and two spare units, with a clock that only goes on; refused reports change nothing."""

    def __init__(self) -> None:
        self.now = at(7)
        self.shipments = {"A": Shipments(), "B": Shipments()}
        self.units = dict.fromkeys(SERIALS, SPARE)
        self.events: list[Event] = []
        self.decisions = 0

    def record(self, request: str, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, ShipmentWithdrawn):
                shipment = self.shipments[request].find(event.shipment_id)
                if shipment.serial in self.units:
                    self.release(shipment.shipment_id, request)
        self.events += events
        self.shipments[request] = FOLD.restore(FOLD.save(after(*events, given=self.shipments[request])))

    def release(self, shipment_id: str, request: str) -> None:
        shipment = self.shipments[request].find(shipment_id)
        assert shipment.serial is not None
        event = planning.release(shipment, shipment.serial, self.now)
        self.units[shipment.serial] = units.evolve(self.units[shipment.serial], event)

    def decide(self, request: str, need: ShipmentNeed | None) -> None:
        self.decisions += 1
        decision = decided(need, self.decisions).model_copy(update={"ticket_no": request})
        self.record(request, planning.plan(self.shipments[request], decision, self.now))

    def reserve(self, request: str, shipment_id: str, serial: str) -> None:
        state = self.shipments[request]
        allotment, reservation = reports.reserve(state, shipment_id, self.units[serial], serial, self.now)
        if state.find(shipment_id).serial:
            self.release(shipment_id, request)
        self.units[serial] = units.evolve(self.units[serial], reservation)
        self.record(request, [allotment])

    def act(self, what: str, request: str, which: int, serial: str) -> None:
        state = self.shipments[request]
        shipment_id = state.all[which % len(state.all)].shipment_id if state.all else "none"
        if what == "go" and state.all:
            shipment = state.all[which % len(state.all)]
            mode = "repair" if shipment.is_repaired_first else "reserve"
            what = NEXT.get(shipment.status, mode)
        match what:
            case "stop":
                self.record(request, planning.stop(state, request, "customer-1", self.now, "closed"))
            case "reserve":
                self.reserve(request, shipment_id, serial)
            case "ship":
                self.record(request, [reports.ship(state, shipment_id, self.now, None, self.now)])
            case "fail":
                self.record(request, [reports.fail(state, shipment_id, self.now, "x", self.now)])
            case "deliver":
                self.record(request, reports.deliver(state, shipment_id, self.now, self.now))
            case "repair":
                day = self.now.date()
                self.record(request, [reports.receive_for_repair(state, shipment_id, "NAS-1", day, self.now)])
            case "complete":
                self.record(request, [reports.complete_repair(state, shipment_id, None, self.now.date(), self.now)])
            case "return":
                self.record(request, returns.receive(state, shipment_id, "NAS-1", self.now.date(), self.now))
            case "overdue":
                self.record(request, returns.fall_overdue(state, shipment_id))
            case "remind":
                self.record(request, returns.remind(state, shipment_id, self.now))


NEEDS = (
    None,
    needed(),
    needed(serial="NAS-2"),
    needed(part="disk", returns=terms(kept_parts=("disk",))),
    repaired_first(),
)
NEXT = {
    Status.ALLOTTED: "ship",
    Status.IN_REPAIR: "complete",
    Status.REPAIRED: "ship",
    Status.SHIPPED: "deliver",
    Status.FAILED: "ship",
    Status.DELIVERED: "return",
}
"""What usually comes next, so that chance also comes to the end of a shipment."""
WORDS = ("stop", "reserve", "ship", "fail", "deliver", "repair", "complete", "return", "overdue", "remind")
decisions = st.tuples(st.just("decide"), st.sampled_from("AB"), st.integers(0, 4), st.sampled_from(SERIALS))
usual = st.tuples(st.just("go"), st.sampled_from("AB"), st.integers(0, 3), st.sampled_from(SERIALS))
said = st.tuples(st.sampled_from(WORDS), st.sampled_from("AB"), st.integers(0, 3), st.sampled_from(SERIALS))


@given(st.lists(decisions | said | usual | usual, min_size=20, max_size=60))
def test_no_order_of_reports_ships_twice_or_expects_two_returns(steps: list[tuple[str, str, int, str]]) -> None:
    room = Room()
    for what, request, which, serial in steps:
        room.now += timedelta(days=1)
        try:
            if what == "decide":
                room.decide(request, NEEDS[which])
            else:
                room.act(what, request, which, serial)
        except Refused:
            continue
    of: dict[str, list[Event]] = {}
    for event in room.events:
        of.setdefault(getattr(event, "shipment_id", ""), []).append(event)
    for request, state in room.shipments.items():
        assert sum(each.is_waiting for each in state.all) <= 1
        served = [(each.need.serial, each.need.part) for each in state.all if each.status is not Status.WITHDRAWN]
        assert len(served) == len(set(served)), f"{request} ships twice for one unit"
        for shipment in state.all:
            _holds(of[shipment.shipment_id], shipment.need)
    left = [event.serial for event in room.events if isinstance(event, UnitShipped) and event.attempt == 1]
    spares = [serial for serial in left if serial in SERIALS]
    assert len(spares) == len(set(spares)), "a spare unit left twice"


def _holds(events: list[Event], need: ShipmentNeed) -> None:
    def count(kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in events)

    attempts = [event.attempt for event in events if isinstance(event, UnitShipped)]
    assert attempts == list(range(1, len(attempts) + 1))
    assert count(UnitDelivered) <= min(1, len(attempts))
    advance = need.returns is not None and need.part not in need.returns.kept_parts
    assert count(ReturnExpected) == (count(UnitDelivered) if advance else 0), "one due return per advance shipment"
    assert count(UnitReturned) <= count(ReturnExpected)
    assert count(ReturnOverdue) <= count(ReturnExpected)
    assert not (count(ShipmentWithdrawn) and attempts), "what was withdrawn never left"
