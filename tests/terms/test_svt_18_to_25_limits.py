"""SVT-18 to SVT-25: what is not covered, where units ship and engineers go, when, and what comes back."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from kippu_terms.explain import explain
from kippu_terms.plan import Plan
from kippu_terms.pricing import invoice_totals, price
from kippu_terms.returns import due_return

Local = Callable[..., datetime]
ON_SITE = ["onsite-basic-1y", "onsite-extended-1y"]


def actions(decision: Any) -> list[str]:
    return [remedy.action for remedy in decision.remedies]


@pytest.mark.clause("SVT-18")
def test_each_side_pays_for_what_it_ships(report: Any, svt: Plan) -> None:
    carriage = svt.fulfilment.carriage
    assert carriage is not None
    assert (carriage.payer("provider"), carriage.payer("customer")) == ("provider", "customer")
    assert report().carriage_paid_by == "sender"
    assert report(product="onsite-basic-1y").carriage_paid_by is None  # nothing ships


@pytest.mark.clause("SVT-19")
@pytest.mark.parametrize("product", ["advance-1y", *ON_SITE])
@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        (None, "covered"),
        ("hardware_fault", "covered"),
        ("natural_disaster", "quote"),
        ("customer_intent", "quote"),
        ("customer_negligence", "quote"),
    ],
)
def test_disasters_intent_and_negligence_are_repaired_for_a_fee(
    report: Any, product: str, cause: str | None, outcome: str
) -> None:
    decision = report(product=product, cause=cause)
    assert decision.outcome == outcome
    if outcome == "quote":
        assert (decision.deciding_clause, actions(decision)) == ("SVT-19", ["accept_quote"])


@pytest.mark.clause("SVT-20")
@pytest.mark.parametrize(
    ("named", "to_island", "site_island", "outcome"),
    [
        (None, None, False, "covered"),
        (None, None, True, "refused"),
        ("registered_site", None, True, "refused"),
        ("registered_site", True, False, "covered"),  # what is known of another place does not count
        ("named_place", False, True, "covered"),
        ("named_place", True, False, "refused"),
    ],
)
def test_it_ships_to_the_place_named_or_else_to_the_site_and_never_to_a_remote_island(
    report: Any, named: str | None, to_island: bool | None, site_island: bool, outcome: str
) -> None:
    decision = report(ship_to=named, ship_to_island=to_island, remote_island=site_island)
    assert decision.outcome == outcome
    if outcome == "refused":
        assert (decision.deciding_clause, actions(decision)) == ("SVT-20", ["name_place"])
        assert "The request is not covered." in explain(decision, "en")


@pytest.mark.clause("SVT-20")
def test_a_named_place_waits_until_it_is_known_whether_it_is_on_an_island(report: Any) -> None:
    decision = report(ship_to="named_place")
    assert (decision.outcome, decision.waiting_for, decision.deciding_clause) == ("waiting", "classification", "SVT-20")


@pytest.mark.clause("SVT-21")
@pytest.mark.parametrize("product", ON_SITE)
@pytest.mark.parametrize(
    ("site", "island", "remedies"),
    [
        (None, False, None),
        ("registered", False, None),
        ("other", False, ["change_registration"]),
        ("registered", True, []),
        (None, True, []),
        ("other", True, ["change_registration"]),
    ],
)
def test_engineers_go_to_the_registered_site_and_to_no_remote_island(
    report: Any, product: str, site: str | None, island: bool, remedies: list[str] | None
) -> None:
    decision = report(product=product, visit_site=site, remote_island=island)
    assert decision.outcome == ("covered" if remedies is None else "refused")
    if remedies is not None:
        assert (decision.deciding_clause, actions(decision)) == ("SVT-21", remedies)


@pytest.mark.clause("SVT-20", "SVT-21")
def test_a_place_named_for_shipping_is_none_for_a_visit_and_the_other_way_round(report: Any) -> None:
    assert report(product="onsite-basic-1y", ship_to="named_place", ship_to_island=True).outcome == "covered"
    assert report(product="advance-1y", visit_site="other").outcome == "covered"


@pytest.mark.clause("SVT-19", "SVT-20", "SVT-21")
@pytest.mark.parametrize("product", ["advance-1y", *ON_SITE])
@pytest.mark.parametrize("place", [{}, {"ship_to": "named_place", "ship_to_island": True}])
def test_a_chargeable_repair_ships_back_to_a_remote_island(report: Any, product: str, place: dict[str, Any]) -> None:
    """It is paid for, and no service of the ticket's: what these exclude is no limit of it."""
    island = {"product": product, "remote_island": True, "cause": "natural_disaster", **place}
    assert (report(**island).outcome, report(**island).deciding_clause) == ("quote", "SVT-19")
    repaired = report(**island, quotes_accepted=("SVT-19",))
    assert (repaired.outcome, repaired.service) == ("covered", "chargeable_repair")


def due_for(plan: Plan, received_on: date) -> Any:
    returns = plan.fulfilment.returns
    assert returns is not None
    return due_return(
        received_on, days=returns.days, remind_days_before=max(returns.remind_days_before), zone=plan.zone
    )


@pytest.mark.clause("SVT-22")
def test_what_was_replaced_on_1_june_is_due_on_8_june_and_overdue_from_the_next_midnight(
    report: Any, svt: Plan, tokyo: Local
) -> None:
    returns = report().returns
    assert (returns.clause, returns.days) == ("SVT-22", 7)
    due = due_for(svt, date(2026, 6, 1))
    assert (due.due_on, due.overdue_at, due.remind_at) == (date(2026, 6, 8), tokyo(2026, 6, 9), tokyo(2026, 6, 6))


@pytest.mark.clause("SVT-22")
def test_an_overdue_unit_costs_the_illustrative_charge(report: Any, svt: Plan) -> None:
    assert svt.product("overdue-return").illustrative
    totals = invoice_totals(report().returns.overdue_charge)
    assert (totals.net, totals.total) == (60_000, 66_000)


@pytest.mark.clause("SVT-23")
def test_shipping_again_costs_the_carriage(svt: Plan, qnp: Plan) -> None:
    again = svt.fulfilment.reshipment
    assert again is not None
    totals = invoice_totals(price(svt, again.charge_product, 1))
    assert (again.clause, totals.net, totals.total) == ("SVT-23", 1_500, 1_650)
    assert qnp.fulfilment.reshipment is None  # other terms charge nothing for it


@pytest.mark.clause("SVT-24")
@pytest.mark.parametrize("product", ON_SITE)
@pytest.mark.parametrize(
    ("height_cm", "outcome"), [(None, "covered"), (0, "covered"), (199, "covered"), (200, "refused"), (450, "refused")]
)
def test_on_site_covers_units_below_2_metres(report: Any, product: str, height_cm: int | None, outcome: str) -> None:
    decision = report(product=product, height_cm=height_cm)
    assert decision.outcome == outcome
    if outcome == "refused":
        assert (decision.deciding_clause, actions(decision)) == ("SVT-24", ["lower_device"])


@pytest.mark.clause("SVT-24")
def test_the_height_does_not_matter_where_the_customer_does_the_exchange(report: Any) -> None:
    assert report(height_cm=450).outcome == "covered"


@pytest.mark.clause("SVT-25")
@pytest.mark.parametrize(
    ("received", "counts_from"),
    [
        ((2026, 6, 1, 8, 59, 59), (2026, 6, 1, 9)),
        ((2026, 6, 1, 9), (2026, 6, 1, 9)),
        ((2026, 6, 1, 16, 59, 59), (2026, 6, 1, 16, 59, 59)),
        ((2026, 6, 1, 17), (2026, 6, 2, 9)),
        ((2026, 6, 6, 12), (2026, 6, 8, 9)),  # a Saturday
        ((2026, 9, 22, 12), (2026, 9, 24, 9)),  # between two holidays: a holiday itself
        ((2026, 12, 28, 17), (2027, 1, 4, 9)),  # the turn of the year
    ],
)
def test_on_site_basic_serves_on_weekdays_from_9_to_17(
    report: Any, tokyo: Local, received: tuple[int, ...], counts_from: tuple[int, ...]
) -> None:
    decision = report(product="onsite-basic-1y", received_at=tokyo(*received))
    assert (decision.outcome, decision.counts_from) == ("covered", tokyo(*counts_from))
    noted = next(each for each in decision.findings if each.rule == "reception" and each.clause == "SVT-25")
    assert noted.inputs["inside_hours"] == (received == counts_from)


@pytest.mark.clause("SVT-25")
@pytest.mark.parametrize("received", [(2026, 6, 1, 17), (2026, 6, 6, 3), (2026, 12, 31, 23, 59)])
def test_on_site_extended_serves_always(report: Any, tokyo: Local, received: tuple[int, ...]) -> None:
    decision = report(product="onsite-extended-1y", received_at=tokyo(*received))
    assert (decision.outcome, decision.counts_from) == ("covered", tokyo(*received))
