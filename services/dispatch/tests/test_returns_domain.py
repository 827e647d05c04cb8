"""What is due back: by the last day, late, not the right one, or never."""

from datetime import date

import pytest
from kippu_dispatch.domain import returns
from kippu_dispatch.testing import S1, after, at, codes, delivered, needed, price, terms, types
from kippu_events.catalogue.shipments import (
    ReturnMismatched,
    ReturnOverdue,
    ReturnReminded,
    UnitReturned,
)


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
