"""Nothing ships before receipt and repair are on record (QNP-02); the maker may give another unit."""

from datetime import date

from kippu_dispatch.domain import reports
from kippu_dispatch.testing import S1, after, at, codes, planned, repaired_first, types
from kippu_events.catalogue.shipments import (
    OwnershipChanged,
    UnitDelivered,
)


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
