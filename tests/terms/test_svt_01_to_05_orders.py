"""SVT-01 to SVT-05, SVT-09 and SVT-26: what is sold, until when, for how long, and until when it can be given back."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.orders.refunds import last_refundable_day, refund_objection
from kippu_terms.plan import Plan
from kippu_terms.pricing import invoice_totals

SERVICES = ["advance", "onsite-basic", "onsite-extended"]


def held(product: str, valid_until: date, **changes: Any) -> dict[str, Any]:
    return {
        "renews": "contract-1",
        "held": [
            {
                "contract_id": "contract-1",
                "product": product,
                "valid_from": date(valid_until.year - 1, valid_until.month, 1),
                "valid_until": valid_until,
                "registered": True,
                **changes,
            }
        ],
    }


def clauses(decision: Any) -> list[str]:
    return [fault.clause for fault in decision.faults]


@pytest.mark.clause("SVT-01")
@pytest.mark.parametrize("family", SERVICES)
def test_each_service_is_sold_for_1_to_5_years_and_renewed_for_1(svt: Plan, family: str) -> None:
    months = {
        product.id.removeprefix(f"{family}-"): product.validity_months
        for product in svt.commercial.products
        if product.id.startswith(f"{family}-")
    }
    assert months == {"1y": 12, "2y": 24, "3y": 36, "4y": 48, "5y": 60, "u1": 12}


@pytest.mark.clause("SVT-01", "SVT-03")
def test_each_has_a_part_number_of_its_own_and_those_of_renewals_end_in_u1(svt: Plan) -> None:
    sold = [product for product in svt.commercial.products if product.kind == "maintenance"]
    numbers = [product.part_number for product in sold]
    assert None not in numbers
    assert len(set(numbers)) == len(sold) == 20
    assert all(product.renewal == str(product.part_number).endswith("U1") for product in sold)


@pytest.mark.clause("SVT-01")
@pytest.mark.parametrize("product", ["advance-6y", "onsite-basic-0y", "bundle-4y"])
def test_nothing_else_is_sold(svt: Plan, product: str) -> None:
    assert product not in {each.id for each in svt.commercial.products}


@pytest.mark.clause("SVT-01")
def test_an_order_takes_no_more_than_the_product_and_its_price_is_illustrative(order_svt: Any, svt: Plan) -> None:
    decision = order_svt("onsite-extended-5y")
    assert (decision.outcome, decision.deciding_clause) == ("accepted", "SVT-01")
    assert invoice_totals(decision.price).total == 231_000
    assert all(product.illustrative for product in svt.commercial.products)


@pytest.mark.clause("SVT-02")
@pytest.mark.parametrize(
    ("bought", "ordered", "outcome"),
    [
        (date(2026, 1, 31), date(2026, 1, 31), "accepted"),
        (date(2026, 1, 31), date(2026, 4, 30), "accepted"),
        (date(2026, 1, 31), date(2026, 5, 1), "refused"),
        (date(2026, 1, 30), date(2026, 4, 30), "accepted"),
        (date(2026, 1, 29), date(2026, 4, 30), "refused"),
        (date(2027, 11, 30), date(2028, 2, 29), "accepted"),
        (date(2027, 11, 30), date(2028, 3, 1), "refused"),
    ],
)
@pytest.mark.parametrize("family", SERVICES)
def test_it_is_ordered_with_the_device_or_within_3_months_after_that_was_bought(
    order_svt: Any, family: str, bought: date, ordered: date, outcome: str
) -> None:
    decision = order_svt(f"{family}-1y", ordered_on=ordered, asset={"bought_on": bought})
    assert decision.outcome == outcome
    if outcome == "refused":
        assert (decision.deciding_clause, clauses(decision), decision.price) == ("SVT-02", ["SVT-02"], None)
        assert decision.faults[0].field == "ordered_on"


@pytest.mark.clause("SVT-02")
def test_it_has_to_be_said_when_the_device_was_bought(order_svt: Any) -> None:
    decision = order_svt("advance-1y", asset=None)
    assert [(fault.clause, fault.field) for fault in decision.faults] == [("SVT-02", "asset.bought_on")]


@pytest.mark.clause("SVT-02", "SVT-26")
def test_a_bundle_comes_with_its_device(order_svt: Any) -> None:
    assert order_svt("bundle-3y", asset=None).outcome == "accepted"


@pytest.mark.clause("SVT-03")
@pytest.mark.parametrize(
    ("expires", "ordered", "outcome"),
    [
        (date(2027, 3, 31), date(2027, 2, 28), "accepted"),
        (date(2027, 3, 31), date(2027, 3, 1), "refused"),
        (date(2027, 3, 28), date(2027, 2, 28), "accepted"),
        (date(2027, 3, 27), date(2027, 2, 28), "refused"),
        (date(2028, 3, 31), date(2028, 2, 29), "accepted"),
        (date(2027, 3, 31), date(2026, 6, 1), "accepted"),
    ],
)
@pytest.mark.parametrize("family", SERVICES)
def test_a_renewal_is_ordered_by_1_month_before_the_expiry_date(
    order_svt: Any, family: str, expires: date, ordered: date, outcome: str
) -> None:
    decision = order_svt(f"{family}-u1", ordered_on=ordered, asset=None, **held(f"{family}-3y", expires))
    assert decision.outcome == outcome
    if outcome == "refused":
        assert clauses(decision) == ["SVT-03"]


@pytest.mark.clause("SVT-03")
@pytest.mark.parametrize(
    ("change", "field"),
    [({}, None), ({"quantity": 2}, "quantity"), ({"together": [{"product": "advance-u1"}]}, "quantity")],
)
def test_a_contract_is_renewed_once(order_svt: Any, change: dict[str, Any], field: str | None) -> None:
    facts = held("advance-1y", date(2027, 3, 31))
    decision = order_svt("advance-u1", ordered_on=date(2027, 2, 1), asset=None, **facts, **change)
    assert [fault.field for fault in decision.faults] == ([field] if field else [])
    facts["held"][0]["renewed_by"] = "contract-2"
    again = order_svt("advance-u1", ordered_on=date(2027, 2, 1), asset=None, **facts, **change)
    assert (again.outcome, [fault.field for fault in again.faults]) == ("refused", ["renews"])
    assert again.remedies[0].action == "renew_the_latest"


@pytest.mark.clause("SVT-02", "SVT-03")
def test_a_renewal_is_exempt_from_the_3_months_and_its_term_starts_the_day_after_the_old_one(order_svt: Any) -> None:
    decision = order_svt(
        "advance-u1",
        ordered_on=date(2026, 12, 9),
        asset={"bought_on": date(2022, 1, 10)},
        **held("advance-5y", date(2027, 1, 9)),
    )
    assert (decision.outcome, decision.deciding_clause) == ("accepted", "SVT-03")
    period = decision.period
    assert (period.valid_from, period.valid_until, period.clause) == (date(2027, 1, 10), date(2028, 1, 9), "SVT-05")


@pytest.mark.clause("SVT-01", "SVT-03")
@pytest.mark.parametrize(
    ("renewal", "old", "outcome"),
    [
        ("advance-u1", "advance-1y", "accepted"),
        ("advance-u1", "advance-u1", "accepted"),
        ("advance-u1", "bundle-5y", "accepted"),
        ("onsite-basic-u1", "onsite-basic-2y", "accepted"),
        ("onsite-basic-u1", "advance-1y", "refused"),
        ("onsite-extended-u1", "onsite-basic-1y", "refused"),
    ],
)
def test_a_renewal_goes_on_with_the_same_service(order_svt: Any, renewal: str, old: str, outcome: str) -> None:
    decision = order_svt(renewal, asset=None, **held(old, date(2027, 1, 9)))
    assert decision.outcome == outcome
    if outcome == "refused":
        assert clauses(decision) == ["SVT-01"]


@pytest.mark.clause("SVT-03")
def test_a_renewal_of_nothing_is_refused_and_every_broken_rule_is_named(order_svt: Any) -> None:
    assert clauses(order_svt("advance-u1", asset=None)) == ["SVT-03"]
    late = order_svt("onsite-basic-u1", asset=None, **held("advance-1y", date(2026, 5, 31)))
    assert clauses(late) == ["SVT-03", "SVT-01"]
    assert [remedy.action for remedy in late.remedies] == ["order_in_time", "order_other_product"]


@pytest.mark.clause("SVT-04")
@pytest.mark.parametrize(
    ("bought", "last"),
    [
        (date(2026, 5, 1), date(2026, 5, 24)),
        (date(2026, 5, 10), date(2026, 5, 24)),
        (date(2026, 5, 24), date(2026, 5, 24)),
        (date(2026, 5, 25), None),
        (date(2026, 5, 26), None),
        (date(2027, 2, 28), None),
    ],
)
def test_what_was_bought_before_the_25th_can_be_given_back_until_the_24th(
    order_svt: Any, bought: date, last: date | None
) -> None:
    decision = order_svt("advance-1y", ordered_on=bought, asset={"bought_on": bought})
    assert (decision.outcome, decision.refundable_until) == ("accepted", last)


@pytest.mark.clause("SVT-04")
@pytest.mark.parametrize(
    ("bought", "asked", "registered", "objection"),
    [
        (date(2026, 5, 10), date(2026, 5, 10), False, None),
        (date(2026, 5, 10), date(2026, 5, 24), False, None),
        (date(2026, 5, 10), date(2026, 5, 25), False, "window_closed"),
        (date(2026, 5, 10), date(2026, 6, 1), False, "window_closed"),
        (date(2026, 5, 10), date(2026, 5, 11), True, "registered"),
        (date(2026, 5, 10), date(2026, 5, 25), True, "registered"),
        (date(2026, 5, 26), date(2026, 5, 26), False, "window_closed"),
        (date(2026, 5, 26), date(2026, 6, 10), False, "window_closed"),
    ],
)
def test_a_refund_ends_with_the_24th_or_with_the_registration(
    order_svt: Any, bought: date, asked: date, registered: bool, objection: str | None
) -> None:
    until = order_svt("advance-1y", ordered_on=bought, asset={"bought_on": bought}).refundable_until
    assert refund_objection(until, asked, registered=registered) == objection


@pytest.mark.clause("SVT-04")
@given(st.dates(date(2020, 1, 1), date(2090, 12, 31)), st.integers(0, 60))
def test_no_refund_reaches_into_the_25th_or_another_month(bought: date, days: int) -> None:
    until = last_refundable_day(bought, 25)
    asked = date.fromordinal(bought.toordinal() + days)
    allowed = refund_objection(until, asked, registered=False) is None
    assert allowed == (asked.day <= 24 and (asked.year, asked.month) == (bought.year, bought.month))


@pytest.mark.clause("SVT-05")
@pytest.mark.parametrize(
    ("product", "ordered", "until"),
    [
        ("advance-1y", date(2026, 5, 10), date(2027, 5, 9)),
        ("onsite-basic-5y", date(2022, 6, 10), date(2027, 6, 9)),
        ("onsite-extended-1y", date(2024, 2, 29), date(2025, 2, 28)),
        ("advance-4y", date(2024, 2, 29), date(2028, 2, 28)),
    ],
)
def test_the_term_runs_from_the_purchase_of_the_service_ticket(
    order_svt: Any, product: str, ordered: date, until: date
) -> None:
    decision = order_svt(product, ordered_on=ordered, asset={"bought_on": ordered})
    period = decision.period
    assert (period.valid_from, period.valid_until, period.clause) == (ordered, until, "SVT-05")


@pytest.mark.clause("SVT-05")
def test_it_runs_from_then_and_not_from_the_purchase_of_the_device(order_svt: Any) -> None:
    decision = order_svt("advance-1y", asset={"bought_on": date(2026, 2, 10)})
    assert decision.period.valid_from == date(2026, 5, 10)


@pytest.mark.clause("SVT-05", "SVT-26")
def test_the_term_of_a_bundle_runs_from_its_delivery(order_svt: Any) -> None:
    assert order_svt("bundle-3y", asset=None).period is None
    period = order_svt("bundle-3y", asset={"delivered_on": date(2026, 6, 1)}).period
    assert (period.valid_from, period.valid_until) == (date(2026, 6, 1), date(2029, 5, 31))


@pytest.mark.clause("SVT-26")
def test_a_switch_is_sold_with_3_or_5_years_of_advance_send_back(svt: Plan) -> None:
    bundles = {each.id: each for each in svt.commercial.products if each.bundle_of == "switch"}
    assert {product: each.validity_months for product, each in bundles.items()} == {"bundle-3y": 36, "bundle-5y": 60}
    assert bundles.keys() <= svt.fulfilment.service("advance_send_back").products


@pytest.mark.clause("SVT-09")
@pytest.mark.parametrize(
    ("product", "change", "register_by"),
    [
        ("advance-1y", {}, date(2026, 8, 10)),
        (
            "advance-1y",
            {"ordered_on": date(2026, 11, 30), "asset": {"bought_on": date(2026, 11, 30)}},
            date(2027, 2, 28),
        ),
        ("bundle-3y", {"asset": None}, None),  # nothing arrived yet
        ("bundle-3y", {"asset": {"delivered_on": date(2026, 6, 1)}}, date(2026, 9, 1)),
    ],
)
def test_it_should_be_registered_within_3_months_of_its_arrival(
    order_svt: Any, product: str, change: dict[str, Any], register_by: date | None
) -> None:
    decision = order_svt(product, **change)
    assert (decision.outcome, decision.register_by) == ("accepted", register_by)
