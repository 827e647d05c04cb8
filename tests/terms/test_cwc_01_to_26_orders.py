"""CWC-01, 02, 05, 08, 10, 11, 18, 20, 21, 23, 26 and 27: what can be ordered."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from kippu_terms.orders.deciding import OrderDecision, decide_order
from kippu_terms.orders.facts import OrderFacts
from kippu_terms.plan import Plan

SERVICES = ["server-installation", "introduction-advice", "ssl-setup", "security-option", "list-keeping"]
"""The technical services; keeping the list is part of SSL on a server in use."""
SUPPORT = "paid-support"
QUOTED = ["list-keeping", SUPPORT]
"""Bought by accepting a quote, and in no other way."""
APPOINTMENT = datetime(2026, 12, 10, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def order(cwc: Plan) -> Any:
    """Decides on an order placed on Monday 30 November 2026 by mail, by a customer who bought a licence and holds a
    valid member ID; services for Thursday 10 December, and by a quote where they are quoted. Keywords change the
    order."""

    def decision(product: str, **changes: Any) -> OrderDecision:
        usual = {
            "provider": "cwc",
            "product": product,
            "ordered_on": date(2026, 11, 30),
            "channel": "mail",
            "customer": {"bought_licence": True, "member_id": "valid"},
            "appointment_at": APPOINTMENT if product in (*SERVICES, SUPPORT) else None,
            "quoted": product in QUOTED,
        }
        together = [{"product": each, "quantity": many} for each, many in changes.pop("together", {}).items()]
        return decide_order(cwc, OrderFacts.model_validate({**usual, "together": together, **changes}))

    return decision


def clauses(decision: OrderDecision) -> list[str | None]:
    return [fault.clause for fault in decision.faults]


@pytest.mark.clause("CWC-01")
def test_a_licence_is_ordered_with_the_first_years_maintenance(order: Any) -> None:
    assert order("licence", together={"annual-maintenance": 1}).outcome == "accepted"
    alone = order("licence")
    assert (alone.outcome, alone.price) == ("refused", None)
    assert clauses(alone) == ["CWC-01", "CWC-02"]  # every broken rule at once
    assert [remedy.action for remedy in alone.remedies] == ["order_maintenance", "order_as_many"]


@pytest.mark.clause("CWC-02")
@pytest.mark.parametrize(("units", "outcome"), [(2, "refused"), (3, "accepted"), (4, "refused")])
def test_as_many_units_of_maintenance_as_licences(order: Any, units: int, outcome: str) -> None:
    decision = order("licence", quantity=3, together={"annual-maintenance": units})
    assert (decision.outcome, clauses(decision)) == (outcome, [] if outcome == "accepted" else ["CWC-02"])
    other = order("annual-maintenance", quantity=units, together={"licence": 3})
    assert other.outcome == outcome


LICENCE = {"price_paid": 200_000, "full_on": "2025-12-10", "maintained_until": "2026-12-09", "licence_id": "L-1"}
HELD = [
    {"contract_id": "L-1", "product": "annual-maintenance", "valid_from": "2025-12-10", "valid_until": "2026-12-09"}
]
RENEWS: dict[str, Any] = {"licence": LICENCE, "held": HELD, "renews": "L-1"}


@pytest.mark.clause("CWC-10", "CWC-05")
@pytest.mark.parametrize(
    ("product", "on", "refused_by"),
    [
        ("maintenance-renewal", date(2026, 12, 9), None),
        ("maintenance-renewal", date(2026, 12, 10), "CWC-10"),
        ("maintenance-rejoining", date(2026, 12, 9), "CWC-05"),
        ("maintenance-rejoining", date(2026, 12, 10), None),
    ],
)
def test_a_continuing_renewal_up_to_the_end_and_a_rejoining_after_it(
    order: Any, product: str, on: date, refused_by: str | None
) -> None:
    decision = order(product, ordered_on=on, **RENEWS)
    assert clauses(decision) == ([refused_by] if refused_by else [])


def test_a_renewal_names_what_it_renews(order: Any) -> None:
    assert order("maintenance-renewal").outcome == "refused"


@pytest.mark.clause("CWC-08")
def test_who_holds_licences_adds_to_them(order: Any) -> None:
    together = {"annual-maintenance": 1}
    assert clauses(order("licence", together=together, **RENEWS)) == ["CWC-08"]
    assert order("licence", together={**together, "maintenance-alignment": 1}, **RENEWS).outcome == "accepted"
    assert clauses(order("maintenance-alignment", **RENEWS)) == ["CWC-08"]  # nothing is added


@pytest.mark.clause("CWC-11")
@pytest.mark.parametrize(
    ("wished", "pay_by"),
    [
        (date(2026, 12, 10), date(2026, 12, 7)),  # Thursday → Monday
        (date(2026, 12, 7), date(2026, 12, 2)),  # Monday → Wednesday
        (date(2027, 1, 6), date(2026, 12, 28)),  # across the year-end closing
        (date(2026, 12, 3), date(2026, 11, 30)),  # the day of the order itself
    ],
)
def test_to_be_paid_3_business_days_before_the_wished_delivery(order: Any, wished: date, pay_by: date) -> None:
    decision = order("incidents-5", wanted_delivery_on=wished)
    assert (decision.outcome, decision.pay_by) == ("accepted", pay_by)


@pytest.mark.clause("CWC-11")
def test_a_wish_that_cannot_be_paid_in_time_is_refused_with_the_earliest_day(order: Any) -> None:
    decision = order("incidents-5", wanted_delivery_on=date(2026, 12, 2))
    assert (decision.outcome, clauses(decision), decision.pay_by) == ("refused", ["CWC-11"], None)
    assert "2026-12-03" in decision.remedies[0].text["en"]
    on_saturday = order("incidents-5", ordered_on=date(2026, 11, 28), wanted_delivery_on=date(2026, 12, 2))
    assert "2026-12-03" in on_saturday.remedies[0].text["en"]


@pytest.mark.clause("CWC-18")
@pytest.mark.parametrize("product", SERVICES)
def test_services_are_for_those_who_bought_a_licence(order: Any, product: str) -> None:
    assert order(product, customer={"bought_licence": True}).outcome == "accepted"
    assert clauses(order(product, customer={"bought_licence": False})) == ["CWC-18"]
    assert clauses(order(product, customer=None)) == ["CWC-18"]
    assert order(product, customer=None, together={"licence": 1, "annual-maintenance": 1}).outcome == "accepted"


@pytest.mark.clause("CWC-20")
@pytest.mark.parametrize("product", SERVICES)
def test_services_are_not_sold_to_competitors(order: Any, product: str) -> None:
    refused = order(product, customer={"bought_licence": True, "competitor": True})
    assert clauses(refused) == ["CWC-20"]
    assert order(product, customer={"bought_licence": True, "competitor": False}).outcome == "accepted"
    assert order("incidents-1", customer={"member_id": "valid", "competitor": True}).outcome == "accepted"
    rival = {"bought_licence": True, "competitor": True}
    assert order(SUPPORT, customer=rival).outcome == "accepted"  # support is no technical service


@pytest.mark.clause("CWC-23")
def test_paid_support_is_for_buyers(order: Any) -> None:
    assert order(SUPPORT).outcome == "accepted"
    assert clauses(order(SUPPORT, customer={"bought_licence": False})) == ["CWC-23"]
    assert order(SUPPORT, customer=None, together={"licence": 1, "annual-maintenance": 1}).outcome == "accepted"


@pytest.mark.clause("CWC-21")
def test_incidents_last_for_a_year_from_the_payment(order: Any) -> None:
    decision = order("incidents-5")
    assert (decision.outcome, decision.period) == ("accepted", None)  # not paid yet
    paid = order("incidents-5", paid_on=date(2026, 12, 7))
    assert paid.period is not None
    assert (paid.period.valid_from, paid.period.valid_until) == (date(2026, 12, 7), date(2027, 12, 6))
    assert paid.period.clause == "CWC-21"


@pytest.mark.clause("CWC-26")
@pytest.mark.parametrize("product", ["incidents-1", "incidents-5"])
@pytest.mark.parametrize(("member_id", "refused"), [("valid", False), ("void", True), ("none", True), (None, True)])
def test_incidents_bought_later_take_a_valid_member_id(
    order: Any, product: str, member_id: str | None, refused: bool
) -> None:
    decision = order(product, customer={"bought_licence": True, "member_id": member_id})
    assert clauses(decision) == (["CWC-26"] if refused else [])


@pytest.mark.clause("CWC-26")
def test_incidents_bought_with_the_licence_take_none(order: Any) -> None:
    assert order("incidents-5", customer=None, together={"licence": 1, "annual-maintenance": 1}).outcome == "accepted"


@pytest.mark.clause("CWC-27")
@pytest.mark.parametrize("product", [*SERVICES, SUPPORT])
def test_support_and_services_are_not_ordered_by_telephone(order: Any, product: str) -> None:
    assert clauses(order(product, channel="telephone")) == ["CWC-27"]
    assert order(product, channel="portal").outcome == "accepted"


@pytest.mark.clause("CWC-13", "CWC-24")
@pytest.mark.parametrize(("product", "clause"), [("paid-support", "CWC-13"), ("list-keeping", "CWC-24")])
@pytest.mark.parametrize("facts", [{}, {"appointment_at": None}, {"agreed": True}, {"paid_by": "incidents"}])
def test_what_is_quoted_is_bought_by_accepting_that_alone(
    order: Any, product: str, clause: str, facts: dict[str, Any]
) -> None:
    unquoted = order(product, quoted=False, **facts)
    assert (unquoted.outcome, unquoted.deciding_clause, clauses(unquoted)) == ("quote", clause, [clause])
    assert [remedy.action for remedy in unquoted.remedies] == ["ask_for_a_quote"]
    assert order(product, **facts).outcome == "accepted"


@pytest.mark.clause("CWC-24")
def test_whoever_may_not_have_it_at_all_is_told_so_before_asking_for_a_quote(order: Any) -> None:
    refused = order("list-keeping", quoted=False, customer={"bought_licence": True, "competitor": True})
    assert (refused.outcome, refused.deciding_clause, clauses(refused)) == ("refused", "CWC-20", ["CWC-24", "CWC-20"])


@pytest.mark.clause("CWC-27")
@pytest.mark.parametrize("product", [each for each in SERVICES if each not in QUOTED])
def test_services_are_by_appointment_or_by_an_offer_that_was_accepted(order: Any, product: str) -> None:
    refused = order(product, appointment_at=None)
    assert (clauses(refused), refused.remedies[0].action) == (["CWC-27"], "book")
    assert order(product, appointment_at=None, agreed=True).outcome == "accepted"
    assert order("incidents-1", appointment_at=None).outcome == "accepted"


def test_every_service_of_the_plan_is_bound(cwc: Plan) -> None:
    """A service that is added is bound by CWC-27, and by CWC-18 and CWC-20, or, as support, by CWC-23."""
    assert {each.id for each in cwc.commercial.products if each.kind == "service"} == {*SERVICES, SUPPORT}


@pytest.mark.clause("CWC-16")
@pytest.mark.parametrize(
    ("day", "paid_by", "outcome", "pay_by"),
    [
        (7, "invoice", "accepted", date(2026, 12, 7)),
        (8, "invoice", "refused", None),
        (10, "incidents", "accepted", None),
        (11, "incidents", "refused", None),  # the appointment is over
    ],
)
def test_an_appointment_is_ordered_while_it_can_still_be_paid(
    order: Any, day: int, paid_by: str, outcome: str, pay_by: date | None
) -> None:
    decision = order("ssl-setup", ordered_on=date(2026, 12, day), paid_by=paid_by)
    assert (decision.outcome, decision.pay_by) == (outcome, pay_by)
    assert clauses(decision) == ([] if outcome == "accepted" else ["CWC-16"])
