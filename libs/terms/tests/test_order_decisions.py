"""All rules judge an order, whatever the others say; the gravest objection decides, and every one is named."""

from datetime import date
from pathlib import Path
from typing import Any, Literal

import kippu_terms.orders.rules
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.dates import last_day_of_term, months_after
from kippu_terms.loading import check, load
from kippu_terms.orders.deciding import OrderDecision, decide_order
from kippu_terms.orders.facts import OrderFacts
from kippu_terms.orders.rules.base import KINDS, OrderCase, OrderResult, OrderRule, OrderVerdict
from kippu_terms.orders.rules.period import Period
from kippu_terms.plan import Plan
from kippu_terms.refusal import Refused
from pydantic import Field, ValidationError

SOURCE = (Path(__file__).parents[3] / "plans" / "qnp.toml").read_text()
PLAN = load(SOURCE)
OBJECTIONS = ("refused", "consult", "quote")


class Says(OrderRule):
    kind: Literal["says"] = "says"
    result: OrderResult
    states: dict[str, Any] = Field(default_factory=dict)

    def judge(self, case: OrderCase) -> OrderVerdict:
        return OrderVerdict(self.result, {"product": case.product.id}, about="product", **self.states)


def says(clause: int, result: OrderResult, **fields: Any) -> Says:
    return Says(clause=f"QNP-{clause:02}", result=result, **fields)


def plan_with(*rules: OrderRule, **product: Any) -> Plan:
    """QNP's terms with these rules of ordering, and with its products changed."""
    products = tuple(each.model_copy(update=product) for each in PLAN.commercial.products)
    commercial = PLAN.commercial.model_copy(update={"products": products})
    ordering = PLAN.ordering.model_copy(update={"rules": rules})
    return PLAN.model_copy(update={"commercial": commercial, "ordering": ordering})


def order(plan: Plan = PLAN, product: str = "onsite-24h", **facts: Any) -> OrderDecision:
    usual = {"provider": "qnp", "product": product, "ordered_on": date(2026, 5, 1)}
    return decide_order(plan, OrderFacts.model_validate({**usual, **facts}))


def test_each_file_of_the_package_is_one_kind_of_its_name() -> None:
    files = {file.stem for file in Path(kippu_terms.orders.rules.__path__[0]).glob("*.py")} - {"__init__", "base"}
    assert set(KINDS.by_name()) == files


@pytest.mark.parametrize(
    ("rules", "outcome", "clause"),
    [
        ([], "accepted", "QNP-09"),
        ([says(1, "satisfied"), says(2, "note"), says(3, "not_applicable")], "accepted", "QNP-09"),
        ([says(1, "quote"), says(2, "consult"), says(3, "refused"), says(4, "refused")], "refused", "QNP-03"),
        ([says(1, "quote"), says(2, "consult")], "consult", "QNP-02"),
        ([says(1, "quote"), says(2, "satisfied")], "quote", "QNP-01"),
    ],
)
def test_the_gravest_objection_decides(rules: list[Says], outcome: str, clause: str) -> None:
    decision = order(plan_with(*rules))
    assert (decision.outcome, decision.deciding_clause) == (outcome, clause)
    assert [each.clause for each in decision.findings][-len(rules) :] == [rule.clause for rule in rules] or not rules
    objections = [rule.clause for rule in rules if rule.result in OBJECTIONS]
    assert [fault.clause for fault in decision.faults] == objections
    assert (decision.price is None) == (outcome == "refused")


@given(st.lists(st.builds(says, st.integers(1, 16), st.sampled_from(["refused", "consult", "satisfied", "note"]))))
def test_every_broken_rule_is_named_wherever_it_stands(rules: list[Says]) -> None:
    decision = order(plan_with(*rules))
    assert [fault.clause for fault in decision.faults] == [r.clause for r in rules if r.result in OBJECTIONS]
    assert (decision.outcome == "accepted") == (not decision.faults)
    assert all(fault.field == "product" and fault.code == "says" and fault.message for fault in decision.faults)


def test_what_follows_is_stated_by_the_first_rule_that_does() -> None:
    first, second = {"unit_price": 0, "pay_by": date(2026, 5, 7)}, {"unit_price": 9, "register_by": date(2026, 8, 1)}
    decision = order(plan_with(says(1, "note", states=first), says(2, "note", states=second)), quantity=3)
    assert decision.price is not None
    assert [(line.unit_price, line.quantity) for line in decision.price.lines] == [(0, 3)]
    assert (decision.pay_by, decision.register_by, decision.refundable_until) == (
        date(2026, 5, 7),
        date(2026, 8, 1),
        None,
    )


@pytest.mark.parametrize(
    ("limits", "speaks"),
    [
        ({}, True),
        ({"products": ["onsite-24h", "onsite-weekday"]}, True),
        ({"products": ["onsite-weekday"]}, False),
        ({"groups": ["packs"]}, True),
        ({"groups": ["other"]}, False),
        ({"renewals": False}, True),
        ({"renewals": True}, False),
    ],
)
def test_a_rule_speaks_on_what_it_is_limited_to(limits: dict[str, Any], speaks: bool) -> None:
    decision = order(plan_with(says(1, "refused", **limits), group="packs"))
    assert decision.outcome == ("refused" if speaks else "accepted")
    assert decision.findings[-1].result == ("refused" if speaks else "not_applicable")


def test_what_a_product_is_has_to_be_kept_to_under_every_plan() -> None:
    assert [fault.code for fault in order(product="overdue-return", quantity=101).faults] == ["orderable", "quantity"]
    assert order(quantity=100).outcome == "accepted"
    refused = order(plan_with(renewal=True), renews="contract-2")
    assert [(fault.code, fault.field) for fault in refused.faults] == [("renewal_of", "renews")]


def test_an_unknown_product_is_refused_and_another_providers_facts_are_an_error() -> None:
    with pytest.raises(Refused, match="does not sell"):
        order(product="onsite-25h")
    with pytest.raises(ValueError, match="provider 'iij'"):
        order(provider="iij")


@pytest.mark.parametrize("day", [date(1979, 12, 31), date(2100, 1, 1)])
def test_days_for_which_no_holidays_are_known_are_refused(day: date) -> None:
    with pytest.raises(ValidationError):
        order(ordered_on=day)


HELD = {"contract_id": "contract-1", "product": "onsite-24h", "valid_from": "2025-01-11", "valid_until": "2026-01-10"}


@pytest.mark.parametrize(
    ("runs_from", "facts", "valid_from", "awaits"),
    [
        ("order", {}, date(2026, 5, 1), None),
        (None, {}, date(2026, 5, 1), None),
        ("payment", {"paid_on": "2026-05-20"}, date(2026, 5, 20), None),
        ("payment", {}, None, "payment"),
        ("delivery", {"asset": {"delivered_on": "2026-06-10"}}, date(2026, 6, 10), None),
        ("delivery", {"wanted_delivery_on": "2026-06-10"}, None, "delivery"),
        ("asset_purchase", {"asset": {"bought_on": "2026-02-01"}}, date(2026, 2, 1), None),
        ("asset_purchase", {"asset": {}}, None, "asset_purchase"),
        ("after_renewed", {"renews": "contract-1", "held": [HELD]}, date(2026, 1, 11), None),
        ("after_renewed", {"renews": "contract-2", "held": [HELD]}, None, "renewed_contract"),
    ],
)
def test_a_period_runs_from_what_the_product_says(
    runs_from: str | None, facts: dict[str, Any], valid_from: date | None, awaits: str | None
) -> None:
    plan = plan_with(Period(clause="QNP-08"), runs_from=runs_from)
    decision = order(plan, **facts)
    assert (decision.period and decision.period.valid_from) == valid_from
    assert decision.findings[-1].inputs.get("awaits") == awaits
    if decision.period:
        assert decision.period.clause == "QNP-08"
        assert decision.period.valid_until == last_day_of_term(decision.period.valid_from, months=12)


@given(st.dates(date(2000, 1, 1), date(2090, 12, 31)), st.integers(1, 60), st.integers(-3, 3))
def test_what_has_a_day_left_is_sold_and_the_day_after_is_not(bought: date, months: int, off: int) -> None:
    plan = plan_with(Period(clause="QNP-08"), runs_from="asset_purchase", validity_months=months)
    last = last_day_of_term(bought, months=months)
    ordered_on = date.fromordinal(last.toordinal() + off)
    decision = order(plan, ordered_on=ordered_on, asset={"bought_on": bought})
    assert decision.period is not None
    assert (decision.period.valid_from, decision.period.valid_until) == (bought, last)
    assert last <= months_after(bought, months)
    assert decision.outcome == ("accepted" if off <= 0 else "refused")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "area"\nclause = "QNP-09"', 'kind = "aria"\nclause = "QNP-09"', "'aria'"),
        ('kind = "area"\nclause = "QNP-09"', 'kind = "area"\nclause = "QNP-99"', "QNP-99 is not stated"),
        ('kind = "area"\nclause = "QNP-09"', 'kind = "area"\nclause = "QNP-09"\ngroups = ["g"]', "no group 'g'"),
        ('["technical-tickets-5"]', '["technical-tickets-6"]', "no product 'technical-tickets-6'"),
        ('id = "onsite-24h"', 'id = "onsite-24h"\nruns_from = "after_renewed"', "only a `renewal`"),
        ('id = "onsite-24h"', 'id = "onsite-24h"\nruns_from = "sunrise"', "'order'"),
        ('id = "non-return-disk"', 'id = "non-return-disk"\nruns_from = "order"', "validity_months"),
        ('id = "non-return-disk"', 'id = "non-return-disk"\nrenewal = true', "kind `maintenance`"),
        ('id = "technical-tickets-5"', 'id = "technical-tickets-5"\nruns_from = "delivery"', "`order` or the"),
    ],
)
def test_ordering_that_cannot_be_obeyed_is_a_fault_on_its_line(old: str, new: str, message: str) -> None:
    assert old in SOURCE
    faults = check(SOURCE.replace(old, new, 1))
    assert any(message in fault.message for fault in faults), faults
    assert all(fault.line > 1 and fault.advice for fault in faults)


@pytest.mark.parametrize("quantity", [0, 10_001, 1.0, "2", True])
def test_a_quantity_is_a_whole_number_as_it_is_written(quantity: Any) -> None:
    with pytest.raises(ValidationError, match="quantity"):
        order(quantity=quantity)


def test_a_contract_that_ends_before_it_begins_is_not_held() -> None:
    held = {"contract_id": "C-1", "product": "onsite-24h", "valid_from": "2026-05-02", "valid_until": "2026-05-01"}
    with pytest.raises(ValidationError, match="ends before it begins"):
        order(held=[held])
    assert order(held=[held | {"valid_until": "2026-05-02"}]).facts.held[0].valid_until == date(2026, 5, 2)
