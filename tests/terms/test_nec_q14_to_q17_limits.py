"""NEC-Q14 to NEC-Q17: faults before registration, the price of what is not used, consumables, packs sold earlier."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from kippu_entitlement.domain import needs
from kippu_terms.plan import Plan

Local = Callable[..., datetime]


@pytest.mark.clause("NEC-Q14")
@pytest.mark.parametrize(
    ("late", "service"),
    [(timedelta(0), "five_days"), (timedelta(seconds=1), "warranty_repair")],
)
def test_support_starts_when_registration_is_complete(
    ask_nec: Any, tokyo: Local, late: timedelta, service: str
) -> None:
    received = tokyo(2026, 11, 20, 10)
    decision = ask_nec(received_at=received, registered_at=received + late)
    assert (decision.outcome, decision.service) == ("covered", service)


@pytest.mark.clause("NEC-Q14")
def test_before_registration_a_pack_gives_nothing_though_its_period_runs(ask_nec: Any) -> None:
    decision = ask_nec(registered_at=None)
    assert (decision.service, decision.contract_id, decision.deciding_clause) == ("warranty_repair", None, "NEC-Q14")
    (looked_at,) = [each for each in decision.findings if each.inputs.get("service") == "five_days"]
    assert looked_at.inputs["why_not"] == "not_registered_before_the_fault"


@pytest.mark.clause("NEC-Q14")
@pytest.mark.parametrize(
    ("warranty_until", "outcome", "service"),
    [(date(2026, 11, 20), "covered", "warranty_repair"), (date(2026, 11, 19), "quote", None)],
)
def test_a_server_that_failed_before_is_repaired_under_its_warranty_or_for_a_fee(
    ask_nec: Any, tokyo: Local, warranty_until: date, outcome: str, service: str | None
) -> None:
    failed = {"failed_at": tokyo(2026, 11, 10, 9), "registered_at": tokyo(2026, 11, 12, 9)}
    decision = ask_nec(warranty_until=warranty_until, **failed)
    assert (decision.outcome, decision.service, decision.deciding_clause) == (outcome, service, "NEC-Q14")
    assert [remedy.action for remedy in decision.remedies] == (["order_spot_repair"] if outcome == "quote" else [])


@pytest.mark.clause("NEC-Q14")
@pytest.mark.parametrize("facts", [{}, {"contracts": (), "warranty_until": None, "quotes_accepted": ("NEC-Q14",)}])
def test_whoever_goes_for_a_fee_knows_servers_as_those_do_who_go_for_a_pack(
    ask_nec: Any, nec: Plan, tokyo: Local, facts: dict[str, Any]
) -> None:
    asked = needs.visit(nec, ask_nec(isolated_at=tokyo(2026, 11, 20, 10), **facts))
    assert asked is not None
    assert asked.skill == "server"


@pytest.mark.clause("NEC-Q14")
def test_a_fault_after_registration_is_covered_though_it_is_reported_later(ask_nec: Any, tokyo: Local) -> None:
    failed = {"failed_at": tokyo(2026, 11, 12, 9), "registered_at": tokyo(2026, 11, 12, 9)}
    assert ask_nec(**failed).service == "five_days"


@pytest.mark.clause("NEC-Q14")
def test_an_order_for_a_fault_that_already_happened_is_taken_and_gives_no_cover_for_it(
    order_nec: Any, ask_nec: Any, tokyo: Local
) -> None:
    failed_at = tokyo(2026, 11, 19, 9)
    order = order_nec("g2-5day-3y", asset={"bought_on": date(2026, 1, 10), "failed_at": failed_at})
    (note,) = [each for each in order.findings if each.clause == "NEC-Q14"]
    assert (order.outcome, note.result, note.inputs["covered"]) == ("accepted", "note", False)
    fault = ask_nec(failed_at=failed_at, registered_at=tokyo(2026, 11, 20, 9), warranty_until=date(2026, 6, 30))
    assert fault.outcome == "quote"
    (none,) = [each for each in order_nec("g2-5day-3y").findings if each.clause == "NEC-Q14"]
    assert none.result == "not_applicable"


@pytest.mark.clause("NEC-Q15")
def test_not_using_the_fault_reporting_lowers_no_price(order_nec: Any) -> None:
    asked = order_nec("g2-5day-3y", reason="discount")
    assert (asked.outcome, asked.deciding_clause) == ("refused", "NEC-Q15")
    assert order_nec("g2-5day-3y").price.lines[0].unit_price == 90_000


@pytest.mark.clause("NEC-Q15")
def test_its_use_is_free_to_choose(ask_nec: Any) -> None:
    report = ask_nec(category="fault_report", channel="portal")
    assert (report.outcome, report.deciding_clause) == ("covered", "NEC-Q15")
    assert ask_nec().outcome == "covered"  # a fault that people report


@pytest.mark.clause("NEC-Q16")
@pytest.mark.parametrize("product", ["g2-5day-3y", "g2-24x365-5y"])
@pytest.mark.parametrize(
    ("part", "cause", "outcome"),
    [
        ("ups_battery", "wear", "refused"),
        ("ups_battery", "hardware_fault", "covered"),
        ("ups_battery", None, "waiting"),
        ("disk", "wear", "covered"),
        (None, None, "covered"),
    ],
)
def test_a_battery_at_the_end_of_its_life_is_bought_by_the_customer(
    ask_nec: Any, product: str, part: str | None, cause: str | None, outcome: str
) -> None:
    decision = ask_nec(product=product, part=part, cause=cause)
    assert decision.outcome == outcome
    if outcome == "refused":
        assert (decision.deciding_clause, decision.remedies[0].action) == ("NEC-Q16", "buy_part")


@pytest.mark.clause("NEC-Q17")
@pytest.mark.parametrize("product", ["esp-5day-3y", "esp-24x365-3y"])
def test_a_pack_of_the_older_family_is_sold_once_sales_agreed(order_nec: Any, product: str) -> None:
    asked = order_nec(product)
    assert (asked.outcome, asked.deciding_clause) == ("consult", "NEC-Q17")
    assert asked.price is not None
    assert order_nec(product, agreed=True).outcome == "accepted"


@pytest.mark.clause("NEC-Q17")
def test_no_consultation_is_needed_for_g2_nor_for_a_renewal(order_nec: Any) -> None:
    assert order_nec("g2-5day-3y").outcome == "accepted"
    held = {"esp-5day-3y": (date(2026, 1, 10), date(2026, 12, 31))}
    assert order_nec("esp-5day-renewal", held=held, renews="contract-esp-5day-3y").outcome == "accepted"
