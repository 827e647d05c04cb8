"""QNP-01 and QNP-07: who pays for carriage, when the failed part is due back, and what a late one costs."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from kippu_terms.plan import Plan
from kippu_terms.pricing import invoice_totals
from kippu_terms.returns import DueReturn, due_return, return_terms

Local = Callable[..., datetime]


def due_for(plan: Plan, received_on: date) -> DueReturn:
    terms = return_terms(plan)
    assert terms is not None
    return due_return(received_on, days=terms.days, remind_days_before=terms.remind_days_before, zone=plan.zone)


@pytest.mark.clause("QNP-07")
def test_each_side_pays_for_what_it_ships(ask: Any, qnp: Plan) -> None:
    carriage = qnp.fulfilment.carriage
    assert carriage is not None
    assert (carriage.payer("provider"), carriage.payer("customer")) == ("provider", "customer")
    assert ask().carriage_paid_by == "sender"
    assert ask(contracts=()).carriage_paid_by == "sender"
    assert ask(product="onsite-weekday").carriage_paid_by is None  # nothing ships


@pytest.mark.clause("QNP-07")
def test_who_pays_is_a_setting(ask: Any, qnp_with: Any) -> None:
    plan = qnp_with('paid_by = "sender"', 'paid_by = "customer"')
    assert plan.fulfilment.carriage.payer("provider") == "customer"
    assert ask(plan=plan).carriage_paid_by == "customer"


@pytest.mark.clause("QNP-01")
def test_the_failed_part_is_returned_later_only_where_the_replacement_went_first(ask: Any) -> None:
    decision = ask()
    assert (decision.failed_part, decision.returns.days, decision.returns.clause) == ("returned_later", 14, "QNP-01")
    for other in (
        ask(contracts=()),
        ask(product="onsite-weekday"),
        ask(product="onsite-24h"),
        ask(channel="telephone"),
    ):
        assert other.returns is None


@pytest.mark.clause("QNP-01")
def test_it_is_due_14_days_after_it_was_received_and_late_from_the_next_local_midnight(qnp: Plan, tokyo: Local) -> None:
    due = due_for(qnp, date(2026, 5, 8))
    assert due.due_on == date(2026, 5, 22)
    assert due.overdue_at == tokyo(2026, 5, 23)
    assert due.remind_at == tokyo(2026, 5, 19)


@pytest.mark.clause("QNP-01")
@pytest.mark.parametrize(("days", "due_on", "reminded"), [(3, date(2026, 5, 11), False), (4, date(2026, 5, 12), True)])
def test_days_are_a_setting_and_no_reminder_comes_with_or_before_the_delivery(
    qnp_with: Any, days: int, due_on: date, reminded: bool
) -> None:
    due = due_for(qnp_with("days = 14", f"days = {days}"), date(2026, 5, 8))
    assert (due.due_on, due.remind_at is not None) == (due_on, reminded)


def test_no_reminder_is_a_setting_too(qnp_with: Any) -> None:
    assert due_for(qnp_with("remind_days_before = [3]", ""), date(2026, 5, 8)).remind_at is None


@pytest.mark.clause("QNP-01")
def test_an_overdue_part_costs_the_illustrative_charge_with_tax(qnp: Plan) -> None:
    terms = return_terms(qnp)
    assert terms is not None
    assert qnp.product("overdue-return").illustrative
    totals = invoice_totals(terms.overdue_charge)
    assert (terms.overdue_charge.currency, totals.net, totals.total) == ("JPY", 50_000, 55_000)


@pytest.mark.clause("QNP-01")
@pytest.mark.parametrize("late_return", ["credited", "kept"])
def test_whether_a_late_return_is_credited_is_a_setting(qnp_with: Any, late_return: str) -> None:
    terms = return_terms(qnp_with('late_return = "credited"', f'late_return = "{late_return}"'))
    assert terms is not None
    assert terms.late_return == late_return
