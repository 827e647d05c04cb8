"""Whatever is ordered, whenever, for whichever server: no accepted pack breaks what NEC-ESP says of all packs."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kippu_terms.dates import last_day_of_term
from kippu_terms.orders.deciding import OrderDecision, decide_order
from kippu_terms.orders.facts import OrderFacts
from kippu_terms.plan import Plan

PACKS = st.sampled_from(
    [
        *(f"g2-{kind}-{years}y" for kind in ("5day", "24x365") for years in (3, 4, 5)),
        *("esp-5day-3y", "esp-24x365-3y", "esp-5day-renewal", "esp-24x365-renewal"),
    ]
)
REASONS = st.sampled_from([None, "lost", "upgrade", "transfer", "discount"])


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    """Of a server bought in the six years before, with up to two packs."""
    ordered_on = draw(st.dates(date(2026, 1, 1), date(2031, 12, 31)))
    bought_on = ordered_on - timedelta(days=draw(st.integers(0, 2200)))
    held = []
    for number, product in enumerate(draw(st.lists(PACKS, max_size=2))):
        begins = bought_on + timedelta(days=draw(st.integers(0, 400)))
        days = {"valid_from": begins, "valid_until": begins + timedelta(days=draw(st.integers(1, 1900)))}
        registered = draw(st.booleans())
        held.append({"contract_id": f"C-{number}", "product": product, "registered": registered, **days})
    return {
        "provider": "nec",
        "product": draw(PACKS),
        "ordered_on": ordered_on,
        "asset": {"serial": "server-1", "bought_on": bought_on},
        "held": held,
        "renews": draw(st.sampled_from([None, *(each["contract_id"] for each in held)])),
        "reason": draw(REASONS),
        "agreed": draw(st.booleans()),
    }


def decided(plan: Plan, order: dict[str, Any]) -> OrderDecision:
    return decide_order(plan, OrderFacts.model_validate(order))


@pytest.mark.clause("NEC-Q1", "NEC-Q6", "NEC-Q10", "NEC-Q11")
@settings(max_examples=300)
@given(order=orders())
def test_an_accepted_pack_has_a_day_left_ends_within_5_years_and_is_of_the_servers_family(
    nec: Plan, order: dict[str, Any]
) -> None:
    decision = decided(nec, order)
    for rule, finding in zip(nec.ordering.rules, decision.findings[-len(nec.ordering.rules) :], strict=True):
        if finding.result in ("refused", "consult") and "unknown" not in finding.inputs:
            assert rule.blanks <= finding.inputs.keys()
    if decision.outcome != "accepted":
        assert decision.faults
        return
    assert decision.period is not None
    assert order["ordered_on"] <= decision.period.valid_until
    assert decision.period.valid_until <= last_day_of_term(order["asset"]["bought_on"], years=5)
    families = {nec.product(each["product"]).group for each in order["held"]}
    assert families <= {nec.product(order["product"]).group}
    assert order["reason"] in (None, "upgrade")


@pytest.mark.clause("NEC-Q17")
@settings(max_examples=150)
@given(order=orders())
def test_what_sales_agree_to_never_lifts_a_refusal(nec: Plan, order: dict[str, Any]) -> None:
    asked, agreed = decided(nec, order | {"agreed": False}), decided(nec, order | {"agreed": True})
    assert (asked.outcome == "refused") == (agreed.outcome == "refused")
    if asked.outcome == "consult":
        assert agreed.outcome == "accepted"


@pytest.mark.clause("NEC-Q14")
@settings(max_examples=100)
@given(order=orders(), days=st.integers(0, 100))
def test_a_fault_before_the_order_changes_nothing_about_it(nec: Plan, order: dict[str, Any], days: int) -> None:
    failed_at = f"{order['ordered_on'] - timedelta(days=days)}T09:00:00+09:00"
    failed = decided(nec, order | {"asset": order["asset"] | {"failed_at": failed_at}})
    sound = decided(nec, order)
    assert (failed.outcome, failed.period, failed.price, failed.faults) == (
        sound.outcome,
        sound.period,
        sound.price,
        sound.faults,
    )
