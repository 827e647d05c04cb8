"""IIJ-04 and IIJ-05: support is for what the provider sold and installed, while in warranty."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from kippu_terms.coverage import Decision


def results(decision: Decision) -> dict[str, str]:
    return {finding.rule: finding.result for finding in decision.findings}


@pytest.mark.clause("IIJ-04")
def test_equipment_in_warranty_bought_from_the_provider_is_supported(decide: Any) -> None:
    decision = decide()
    assert decision.outcome == "covered_by_debit"
    assert results(decision)["bought_from_provider"] == "satisfied"
    assert decision.remedies == ()


@pytest.mark.clause("IIJ-04")
def test_equipment_bought_elsewhere_is_refused_though_in_warranty(decide: Any) -> None:
    decision = decide(bought_from_provider=False)
    assert (decision.outcome, decision.deciding_clause) == ("refused", "IIJ-04")
    assert results(decision)["in_warranty"] == "satisfied"


@pytest.mark.clause("IIJ-04")
def test_a_serial_that_is_not_in_the_register_is_refused_and_may_be_registered(decide: Any) -> None:
    decision = decide(serial="device-9", registered=False, kind=None, bought_from_provider=None, installed_by=None)
    assert (decision.outcome, decision.deciding_clause) == ("refused", "IIJ-04")
    assert [(remedy.action, remedy.clause) for remedy in decision.remedies] == [("register_asset", "IIJ-04")]
    assert "device-9" in decision.remedies[0].text["en"]
    assert results(decision)["in_warranty"] == results(decision)["not_installed_by_customer"] == "not_applicable"


@pytest.mark.clause("IIJ-04")
@pytest.mark.parametrize("bought_from_provider", [True, False])
def test_a_service_needs_no_warranty_but_to_be_bought_from_the_provider(
    decide: Any, bought_from_provider: bool
) -> None:
    decision = decide(kind="service", warranty_until=None, bought_from_provider=bought_from_provider)
    assert decision.outcome == ("covered_by_debit" if bought_from_provider else "refused")
    assert results(decision)["in_warranty"] == "not_applicable"


@pytest.mark.clause("IIJ-05")
@pytest.mark.parametrize(
    ("received", "outcome"),
    [
        ((2026, 11, 18, 0, 0, 0), "covered_by_debit"),
        ((2026, 11, 18, 23, 59, 59), "covered_by_debit"),
        ((2026, 11, 19, 0, 0, 0), "refused"),
    ],
)
def test_the_warranty_counts_through_its_last_local_day(
    decide: Any, bangkok: Callable[..., datetime], received: tuple[int, ...], outcome: str
) -> None:
    decision = decide(warranty_until=date(2026, 11, 18), received_at=bangkok(*received))
    assert decision.outcome == outcome


@pytest.mark.clause("IIJ-05")
def test_out_of_warranty_is_refused_with_iij_05_and_says_what_was_compared(decide: Any) -> None:
    decision = decide(warranty_until=date(2026, 11, 17))
    assert (decision.outcome, decision.deciding_clause) == ("refused", "IIJ-05")
    finding = next(finding for finding in decision.findings if finding.rule == "in_warranty")
    assert finding.inputs == {
        "asset_serial": "device-1",
        "warranty_until": "2026-11-17",
        "received_on": "2026-11-18",
    }
    assert [remedy.action for remedy in decision.remedies] == ["extend_warranty"]


@pytest.mark.clause("IIJ-05")
def test_equipment_without_a_warranty_on_record_is_out_of_warranty(decide: Any) -> None:
    decision = decide(warranty_until=None)
    assert (decision.outcome, decision.deciding_clause) == ("refused", "IIJ-05")


@pytest.mark.clause("IIJ-05")
@pytest.mark.parametrize("kind", ["equipment", "service"])
@pytest.mark.parametrize(
    ("installed_by", "outcome"),
    [("customer", "refused"), ("provider", "covered_by_debit"), ("third_party", "covered_by_debit")],
)
def test_what_the_customer_installed_is_refused(decide: Any, kind: str, installed_by: str, outcome: str) -> None:
    decision = decide(kind=kind, installed_by=installed_by)
    assert decision.outcome == outcome
    assert decision.deciding_clause == ("IIJ-05" if outcome == "refused" else "IIJ-07")


@pytest.mark.clause("IIJ-04", "IIJ-05")
def test_every_objection_gets_its_remedy_and_the_first_decides(decide: Any) -> None:
    decision = decide(bought_from_provider=False, installed_by="customer", warranty_until=date(2020, 1, 1))
    assert decision.deciding_clause == "IIJ-04"
    assert [remedy.action for remedy in decision.remedies] == ["register_asset", "have_installed", "extend_warranty"]


@pytest.mark.clause("IIJ-04")
@pytest.mark.parametrize("unknown", [{"category": None}, {"category": "gardening"}, {"asset": None}])
def test_an_unknown_category_or_device_waits_for_classification(decide: Any, unknown: dict[str, Any]) -> None:
    decision = decide(**unknown)
    assert (decision.outcome, decision.waiting_for) == ("waiting", "classification")
    assert [remedy.action for remedy in decision.remedies] == ["classify"]


def test_a_category_may_need_no_device(decide: Any, reworded: Any) -> None:
    about_anything = reworded('id = "question"', 'id = "question"\nneeds_asset = false')
    decision = decide(plan=about_anything, category="question", asset=None)
    assert decision.outcome == "covered_by_debit"
    assert decide(plan=about_anything, category="fault", asset=None).waiting_for == "classification"


@pytest.mark.clause("IIJ-04", "IIJ-05")
@pytest.mark.parametrize("field", ["bought_from_provider", "installed_by", "kind"])
def test_what_the_register_does_not_say_is_waited_for(decide: Any, field: str) -> None:
    decision = decide(**{field: None})
    assert (decision.outcome, decision.waiting_for) == ("waiting", "classification")
