"""SVT-01: what is sold by part number."""

import pytest
from kippu_terms.plan import Plan


@pytest.mark.clause("SVT-01")
@pytest.mark.parametrize("family", ["advance", "onsite-basic", "onsite-extended"])
def test_each_service_is_sold_for_1_to_5_years_and_renewed_for_1(svt: Plan, family: str) -> None:
    months = {
        product.id.removeprefix(f"{family}-"): product.validity_months
        for product in svt.commercial.products
        if product.id.startswith(f"{family}-")
    }
    assert months == {"1y": 12, "2y": 24, "3y": 36, "4y": 48, "5y": 60, "u1": 12}


@pytest.mark.clause("SVT-01", "SVT-26")
def test_a_switch_is_sold_with_3_or_5_years_of_advance_send_back(svt: Plan) -> None:
    bundles = {each.id: each.validity_months for each in svt.commercial.products if each.clause == "SVT-26"}
    assert bundles == {"bundle-3y": 36, "bundle-5y": 60}
    assert bundles.keys() <= svt.fulfilment.service("advance_send_back").products


@pytest.mark.clause("SVT-01")
def test_every_price_is_illustrative_for_the_source_states_none(svt: Plan) -> None:
    assert all(product.illustrative for product in svt.commercial.products)
