"""Only a part inside a unit is exchanged: the unit stays with the customer, and nobody expects it back (QNP-01)."""

from datetime import date

import pytest
from kippu_dispatch.domain import planning, reports, returns
from kippu_dispatch.domain.shipment import Shipments
from kippu_dispatch.domain.unit import Unit
from kippu_dispatch.testing import S1, after, at, codes, decided, delivered, needed, planned, repaired_first, shipped
from kippu_events.catalogue.fulfilment import ShipmentNeed
from kippu_events.catalogue.shipments import (
    OwnershipChanged,
    ReturnExpected,
    ReturnMismatched,
    ReturnOverdue,
    ReturnReminded,
    UnitReturned,
    UnitShipped,
)
from kippu_events.event import Event

INSIDE = needed(part="disk", inside=True)


def repaired(need: ShipmentNeed, came: str) -> Shipments:
    """Sent in, repaired and on its way back."""
    state = planned(need)
    state = after(reports.receive_for_repair(state, S1, came, date(2026, 5, 8), at(8)), given=state)
    state = after(reports.complete_repair(state, S1, None, date(2026, 5, 9), at(9)), given=state)
    return after(reports.ship(state, S1, at(9), None, at(9)), given=state)


@pytest.mark.clause("QNP-01")
def test_the_part_is_due_back_and_the_unit_stays_its_owners() -> None:
    events = reports.deliver(shipped(INSIDE), S1, at(10), at(10))
    (expected,) = [event for event in events if isinstance(event, ReturnExpected)]
    assert (expected.serial, expected.part, expected.due_on) == ("NAS-1", "disk", date(2026, 5, 24))
    owned = [(event.serial, event.owner) for event in events if isinstance(event, OwnershipChanged)]
    assert owned == [("SPARE-1", "customer")]


@pytest.mark.clause("QNP-01")
def test_any_part_ends_the_return_but_the_unit_itself_does_not() -> None:
    state = delivered(INSIDE)
    (mismatch,) = returns.receive(state, S1, "NAS-1", date(2026, 5, 20), at(20))
    assert isinstance(mismatch, ReturnMismatched)
    (returned,) = returns.receive(after(mismatch, given=state), S1, "DISK-7", date(2026, 5, 20), at(20))
    assert isinstance(returned, UnitReturned)
    assert (returned.serial, returned.late) == ("DISK-7", False)


def test_a_reminder_and_an_overdue_charge_name_the_part() -> None:
    news: list[Event] = [*returns.remind(delivered(INSIDE), S1, at(21)), *returns.fall_overdue(delivered(INSIDE), S1)]
    assert [event.part for event in news if isinstance(event, ReturnReminded | ReturnOverdue)] == ["disk", "disk"]


def test_which_part_fits_is_the_dispatchers_to_say() -> None:
    allotment, _ = reports.reserve(planned(INSIDE), S1, Unit("HDD 8 TB"), "DISK-9", at(7))
    state = after(allotment, given=planned(INSIDE))
    sent = reports.ship(state, S1, at(7), None, at(7))
    assert isinstance(sent, UnitShipped)
    assert (sent.serial, sent.part, sent.defective_serial) == ("DISK-9", "disk", "NAS-1")
    assert codes(lambda: reports.reserve(planned(INSIDE), S1, Unit(), "DISK-9", at(7)), "invalid") == {"unit.unknown"}


@pytest.mark.clause("QNP-02")
def test_a_part_that_is_repaired_first_comes_back_by_its_own_serial_number() -> None:
    need = repaired_first().model_copy(update={"part": "disk", "inside": True})
    refused = codes(lambda: reports.receive_for_repair(planned(need), S1, "NAS-1", date(2026, 5, 8), at(8)), "invalid")
    assert refused == {"repair.serial.differs"}
    (event,) = reports.deliver(repaired(need, "DISK-7"), S1, at(10), at(10))
    assert (event.serial, event.defective_serial, event.part) == ("DISK-7", "NAS-1", "disk")  # type: ignore[attr-defined]


def test_the_same_part_is_shipped_once() -> None:
    assert planning.plan(delivered(INSIDE), decided(INSIDE, 2), at(11)) == []
