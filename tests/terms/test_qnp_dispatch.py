"""QNP-01, QNP-02 and QNP-11 at the dispatcher's: what may ship when, whose the units are, and what is due back.

The target, the days and the charge are pinned in the decision; here they are those of the clauses' own examples.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from kippu_dispatch.domain import planning, reports, returns
from kippu_dispatch.domain.shipment import Shipments, evolve
from kippu_dispatch.domain.unit import Unit
from kippu_dispatch.testing import coverage
from kippu_events.catalogue.fulfilment import ReturnTerms, ShipmentNeed, Target
from kippu_events.catalogue.shipments import (
    DiskRetained,
    OwnershipChanged,
    ReturnExpected,
    ReturnMismatched,
    ReturnOverdue,
    ShipmentPlanned,
    UnitDelivered,
    UnitReturned,
)
from kippu_events.catalogue.values import Price, PriceLine
from kippu_events.event import Event
from kippu_terms.refusal import Refused

TOKYO = ZoneInfo("Asia/Tokyo")
TICKET = "KP-0000-0001"
SHIPMENT = f"{TICKET}.S2"
ISOLATED = datetime(2026, 5, 1, 16, 0, tzinfo=TOKYO)
CHARGE = Price(
    currency="JPY",
    lines=(PriceLine(product="unit", description="unit", quantity=1, unit_price=80_000, tax_rate_permyriad=1000),),
    tax_name="消費税",
    tax_rounding="down",
    payment_days=30,
    time_zone="Asia/Tokyo",
)
RETURNS = ReturnTerms(clause="QNP-01", days=14, remind_days_before=3, overdue_charge=CHARGE, late_return="credited")
ADVANCE = ShipmentNeed(
    mode="advance",
    clause="QNP-01",
    serial="NAS-1",
    model="nas-4",
    target=Target(
        kind="ship", clause="QNP-01", started_at=ISOLATED, due_on=date(2026, 5, 7), calendar_version="2026-1"
    ),
    returns=RETURNS,
    time_zone="Asia/Tokyo",
)
AFTER_REPAIR = ADVANCE.model_copy(update={"mode": "after_repair", "clause": "QNP-02", "target": None, "returns": None})


def on(day: int, hour: int = 10) -> datetime:
    return datetime(2026, 5, day, hour, tzinfo=TOKYO)


class Desk:
    """A dispatcher with one request's shipments."""

    def __init__(self, need: ShipmentNeed) -> None:
        self.state = Shipments()
        decided = coverage(TICKET, 2, occurred_at=ISOLATED, deciding_clause=need.clause, shipment=need)
        self.planned = self.records(planning.plan(self.state, decided, ISOLATED))

    def records(self, events: Sequence[Event]) -> list[Event]:
        self.state = reduce(evolve, events, self.state)
        return list(events)

    def ships(self, at: datetime) -> None:
        self.records([reports.ship(self.state, SHIPMENT, at, None, at)])

    def delivers(self, at: datetime) -> list[Event]:
        """A spare unit, reserved and shipped the hour before."""
        self.records(reports.reserve(self.state, SHIPMENT, Unit("nas-4"), "SPARE-1", at)[:1])
        self.ships(at - timedelta(hours=1))
        return self.records(reports.deliver(self.state, SHIPMENT, at, at))

    def takes_back(self, serial: str, at: datetime) -> list[Event]:
        return self.records(returns.receive(self.state, SHIPMENT, serial, at.date(), at))


def refused(act: Any) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value.faults[0].code, refusal.value.faults[0].clause


def of(events: list[Event], kind: type[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.clause("QNP-01")
def test_once_isolated_a_unit_is_to_ship_by_the_next_business_day() -> None:
    (planned,) = of(Desk(ADVANCE).planned, ShipmentPlanned)
    assert (planned.target.started_at, planned.target.due_on) == (ISOLATED, date(2026, 5, 7))


@pytest.mark.clause("QNP-01")
def test_the_customer_exchanges_the_unit_and_has_14_days_to_return_the_failed_one() -> None:
    desk = Desk(ADVANCE)
    events = desk.delivers(on(8))
    assert [(event.serial, event.owner) for event in of(events, OwnershipChanged)] == [
        ("SPARE-1", "customer"), ("NAS-1", "provider")
    ]  # fmt: skip
    (expected,) = of(events, ReturnExpected)
    assert (expected.serial, expected.due_on, expected.clause) == ("NAS-1", date(2026, 5, 22), "QNP-01")
    (returned,) = desk.takes_back("NAS-1", on(22, 23))
    assert isinstance(returned, UnitReturned)
    assert not returned.late


@pytest.mark.clause("QNP-01")
def test_after_the_last_day_it_is_overdue_and_a_late_return_is_credited_as_the_plan_says() -> None:
    desk = Desk(ADVANCE)
    desk.delivers(on(8))
    (overdue,) = desk.records(returns.fall_overdue(desk.state, SHIPMENT))
    assert isinstance(overdue, ReturnOverdue)
    assert (overdue.occurred_at, overdue.charge, overdue.clause) == (on(23, 0), CHARGE, "QNP-01")
    (mismatch,) = desk.takes_back("NAS-9", on(24))
    assert isinstance(mismatch, ReturnMismatched)
    (returned,) = desk.takes_back("NAS-1", on(25))
    assert isinstance(returned, UnitReturned)
    assert (returned.late, returned.credited) == (True, True)


@pytest.mark.clause("QNP-02")
def test_under_the_makers_warranty_nothing_ships_before_receipt_and_repair_are_on_record() -> None:
    desk = Desk(AFTER_REPAIR)
    assert refused(lambda: desk.ships(on(8))) == ("shipment.planned", "QNP-02")
    assert refused(
        lambda: reports.reserve(desk.state, SHIPMENT, Unit("nas-4"), "SPARE-1", on(8))
    ) == ("shipment.after_repair", "QNP-02")  # fmt: skip
    desk.records([reports.receive_for_repair(desk.state, SHIPMENT, "NAS-1", on(8).date(), on(8))])
    assert refused(lambda: desk.ships(on(9))) == ("shipment.in_repair", "QNP-02")
    desk.records([reports.complete_repair(desk.state, SHIPMENT, None, on(28).date(), on(28))])
    desk.ships(on(29))
    (delivered,) = desk.records(reports.deliver(desk.state, SHIPMENT, on(30), on(30)))
    assert isinstance(delivered, UnitDelivered)
    assert delivered.serial == "NAS-1", "the customer's own unit, so nothing is due back"


@pytest.mark.clause("QNP-11")
@pytest.mark.parametrize("part", ["hdd", "ssd", "msata"])
def test_a_failed_disk_is_the_customers_to_keep_and_no_return_is_due_for_it(part: str) -> None:
    keeps = RETURNS.model_copy(update={"clause": "QNP-11", "kept_parts": ("hdd", "ssd", "msata")})
    desk = Desk(ADVANCE.model_copy(update={"serial": "DISK-1", "part": part, "returns": keeps}))
    events = desk.delivers(on(8))
    (retained,) = of(events, DiskRetained)
    assert (retained.serial, retained.part, retained.clause) == ("DISK-1", part, "QNP-11")
    assert of(events, OwnershipChanged)[-1].owner == "customer"
    assert of(events, ReturnExpected) == []


@pytest.mark.clause("QNP-11")
@pytest.mark.parametrize("part", ["power_supply", None])
def test_for_any_other_part_a_return_is_due(part: str | None) -> None:
    keeps = RETURNS.model_copy(update={"kept_parts": ("hdd", "ssd", "msata")})
    events = Desk(ADVANCE.model_copy(update={"part": part, "returns": keeps})).delivers(on(8))
    assert len(of(events, ReturnExpected)) == 1
    assert of(events, DiskRetained) == []


@pytest.mark.clause("QNP-07")
def test_the_provider_pays_for_what_it_ships_also_when_it_ships_again() -> None:
    desk = Desk(ADVANCE)
    desk.records(reports.reserve(desk.state, SHIPMENT, Unit("nas-4"), "SPARE-1", on(7))[:1])
    desk.ships(on(7))
    desk.records([reports.fail(desk.state, SHIPMENT, on(8), "nobody there", on(8))])
    again = reports.ship(desk.state, SHIPMENT, on(9), None, on(9))
    assert (again.attempt, again.charge) == (2, None)
