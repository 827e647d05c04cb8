"""IIJ-06 to IIJ-08: what prepaid tickets may be used for, and how many a request costs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.metering import is_counted, units_due
from kippu_terms.plan import Plan


@dataclass(frozen=True)
class Entry:
    kind: str
    minutes: int


def isolation(*minutes: int) -> list[Entry]:
    return [Entry("isolation", each) for each in minutes]


@pytest.mark.clause("IIJ-06")
@pytest.mark.parametrize(
    ("approval", "outcome", "clause"),
    [(None, "waiting", "IIJ-06"), ("granted", "covered_by_debit", "IIJ-07"), ("refused", "refused", "IIJ-06")],
)
def test_preventive_maintenance_follows_the_recorded_approval(
    decide: Any, approval: str | None, outcome: str, clause: str
) -> None:
    decision = decide(category="preventive_maintenance", approval=approval)
    assert (decision.outcome, decision.deciding_clause) == (outcome, clause)
    assert decision.waiting_for == ("approval" if outcome == "waiting" else None)
    assert [remedy.action for remedy in decision.remedies] == ([] if approval == "granted" else ["approve"])


@pytest.mark.clause("IIJ-06")
@pytest.mark.parametrize("category", ["fault", "question", "maintenance_assistance"])
def test_anything_else_needs_no_approval(decide: Any, category: str) -> None:
    decision = decide(category=category)
    assert decision.outcome == "covered_by_debit"
    assert next(f for f in decision.findings if f.clause == "IIJ-06").result == "not_applicable"


@pytest.mark.clause("IIJ-06", "IIJ-05")
def test_an_approval_does_not_lift_another_clause(decide: Any) -> None:
    decision = decide(category="preventive_maintenance", approval="granted", installed_by="customer")
    assert (decision.outcome, decision.deciding_clause) == ("refused", "IIJ-05")


@pytest.mark.clause("IIJ-07")
def test_a_supported_request_is_debited_as_work_is_recorded(decide: Any) -> None:
    decision = decide()
    assert (decision.outcome, decision.metered, decision.quantity) == ("covered_by_debit", True, None)
    assert decision.deciding_clause == "IIJ-07"


@pytest.mark.clause("IIJ-07")
@pytest.mark.parametrize(
    ("minutes", "tickets"),
    [((), 0), ((1,), 1), ((60,), 1), ((61,), 2), ((35, 50), 2), ((30, 30), 1), ((20, 20, 20, 1), 2), ((0,), 0)],
)
def test_one_ticket_per_started_hour_summed_over_the_request(
    iij_se: Plan, minutes: tuple[int, ...], tickets: int
) -> None:
    assert units_due(iij_se, isolation(*minutes)) == tickets


@pytest.mark.clause("IIJ-07")
@pytest.mark.parametrize(
    "kind",
    ["isolation", "identification", "vendor_coordination", "remote_work", "onsite_work", "preventive_maintenance"],
)
def test_work_of_each_kind_counts(iij_se: Plan, kind: str) -> None:
    assert units_due(iij_se, [Entry(kind, 60)]) == 1


def test_a_plan_may_count_each_entry_by_itself(reworded: Any) -> None:
    by_entry = reworded('summed_over = "request"', 'summed_over = "entry"')
    assert units_due(by_entry, isolation(35, 50)) == 2
    assert units_due(by_entry, isolation(20, 20, 61)) == 4


def test_a_plan_may_set_a_minimum(reworded: Any) -> None:
    at_least_three = reworded("minimum = 1", "minimum = 3")
    assert units_due(at_least_three, isolation(1)) == 3
    assert units_due(at_least_three, isolation(200)) == 4
    assert units_due(at_least_three, [Entry("waiting", 60)]) == 0


@pytest.mark.clause("IIJ-07")
def test_waiting_does_not_count(iij_se: Plan) -> None:
    assert units_due(iij_se, [Entry("waiting", 600)]) == 0
    assert units_due(iij_se, [Entry("waiting", 600), Entry("isolation", 60)]) == 1


@pytest.mark.clause("IIJ-07")
def test_tickets_count_from_receipt(iij_se: Plan, bangkok: Callable[..., datetime]) -> None:
    received_at = bangkok(2026, 11, 18, 10)
    assert is_counted(iij_se, "isolation", received_at, received_at)
    assert not is_counted(iij_se, "isolation", received_at - timedelta(seconds=1), received_at)
    assert not is_counted(iij_se, "waiting", received_at, received_at)


@pytest.mark.clause("IIJ-07")
@given(st.lists(st.integers(1, 500), max_size=8), st.integers(1, 500))
def test_more_work_never_costs_less_and_the_order_of_work_does_not_matter(
    iij_se: Plan, minutes: list[int], more: int
) -> None:
    due = units_due(iij_se, isolation(*minutes))
    assert due <= units_due(iij_se, isolation(*minutes, more)) <= due + units_due(iij_se, isolation(more))
    assert units_due(iij_se, isolation(*reversed(minutes))) == due
    assert 60 * (due - 1) < sum(minutes) <= 60 * due or not minutes


@pytest.mark.clause("IIJ-08")
@pytest.mark.parametrize("category", ["fault", "maintenance_assistance"])
def test_a_maintenance_agreement_does_not_make_the_engineers_work_free(decide: Any, category: str) -> None:
    decision = decide(category=category, maintenance_agreement="agreement-1")
    assert (decision.outcome, decision.metered, decision.deciding_clause) == ("covered_by_debit", True, "IIJ-08")


@pytest.mark.clause("IIJ-08")
def test_without_an_agreement_the_clause_has_nothing_to_say(decide: Any) -> None:
    decision = decide(category="maintenance_assistance", maintenance_agreement=None)
    assert decision.deciding_clause == "IIJ-07"
    assert next(f for f in decision.findings if f.clause == "IIJ-08").result == "not_applicable"


@pytest.mark.clause("IIJ-08", "IIJ-05")
def test_an_agreement_does_not_lift_the_warranty(decide: Any) -> None:
    decision = decide(maintenance_agreement="agreement-1", warranty_until=None)
    assert (decision.outcome, decision.deciding_clause) == ("refused", "IIJ-05")
