"""QNP-12 to QNP-16: technical questions, what they cost, what is answered and when."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from kippu_terms.explain import explain
from kippu_terms.facts import ContractFacts
from kippu_terms.plan import Plan
from kippu_terms.pricing import invoice_totals, price

Local = Callable[..., datetime]
Parts = tuple[int, ...]


@pytest.mark.clause("QNP-12")
def test_a_question_about_settings_costs_one_prepaid_ticket(ask: Any) -> None:
    decision = ask(category="question", topic="smb")
    assert (decision.outcome, decision.quantity, decision.metered) == ("covered_by_debit", 1, False)
    assert (decision.deciding_clause, decision.service) == ("QNP-12", "technical_support")
    assert ask(category="question", topic="smb", contracts=()).quantity == 1  # a contract makes no difference


@pytest.mark.clause("QNP-12")
@pytest.mark.parametrize("product", ["advance-send-back", "extended-send-back", "onsite-weekday", "onsite-24h"])
def test_isolation_of_a_hardware_fault_is_free_under_a_contract(ask: Any, tokyo: Local, product: str) -> None:
    decision = ask(category="isolation", product=product, received_at=tokyo(2026, 6, 1, 10))
    assert (decision.outcome, decision.quantity, decision.deciding_clause) == ("covered", None, "QNP-12")


@pytest.mark.clause("QNP-12")
@pytest.mark.parametrize(
    ("received", "quantity"),
    [
        ((2025, 12, 31, 23, 59), 1),
        ((2026, 1, 1, 0, 0), None),
        ((2026, 12, 31, 23, 59), None),
        ((2027, 1, 1, 0, 0), 1),
    ],
)
def test_isolation_without_a_contract_in_force_costs_one(
    ask: Any, tokyo: Local, received: Parts, quantity: int | None
) -> None:
    assert ask(category="isolation", received_at=tokyo(*received)).quantity == quantity


@pytest.mark.clause("QNP-12")
def test_a_warranty_alone_is_no_maintenance_contract(ask: Any) -> None:
    assert ask(category="isolation", contracts=(), warranty_until=date(2030, 1, 1)).quantity == 1
    option = ContractFacts(product="non-return-disk", valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31))
    assert ask(category="isolation", contracts=(option,)).quantity == 1


@pytest.mark.clause("QNP-13")
@pytest.mark.parametrize("topic", ["smb", "nfs", "afp", "iscsi", "maker_application"])
def test_basic_functions_and_the_makers_applications_are_in_scope(ask: Any, topic: str) -> None:
    assert ask(category="question", topic=topic).outcome == "covered_by_debit"


@pytest.mark.clause("QNP-13")
@pytest.mark.parametrize("topic", ["ftp", "third_party_application"])
def test_anything_else_is_refused_and_nothing_is_debited(ask: Any, topic: str) -> None:
    decision = ask(category="question", topic=topic)
    assert (decision.outcome, decision.quantity, decision.deciding_clause) == ("refused", None, "QNP-13")
    assert "smb" in decision.remedies[0].text["en"]


@pytest.mark.clause("QNP-13")
def test_what_a_question_is_about_has_to_be_known(ask: Any) -> None:
    decision = ask(category="question")
    assert (decision.outcome, decision.waiting_for) == ("waiting", "classification")
    assert ask(category="isolation").outcome == "covered"  # no topic is asked for there


@pytest.mark.clause("QNP-14")
@pytest.mark.parametrize(
    ("channel", "outcome"), [("mail", "covered_by_debit"), ("portal", "covered_by_debit"), ("telephone", "refused")]
)
def test_questions_are_asked_by_mail(ask: Any, channel: str, outcome: str) -> None:
    decision = ask(category="question", topic="smb", channel=channel)
    assert (decision.outcome, decision.deciding_clause) == (outcome, "QNP-14" if outcome == "refused" else "QNP-12")


@pytest.mark.clause("QNP-14")
@pytest.mark.parametrize(
    ("received", "expected_from"),
    [
        ((2026, 5, 1, 9, 0), (2026, 5, 1, 9, 0)),
        ((2026, 5, 1, 17, 29, 59), (2026, 5, 1, 17, 29, 59)),  # possible on the same day, and not promised
        ((2026, 5, 1, 17, 30), (2026, 5, 7, 9, 0)),
        ((2026, 5, 3, 12, 0), (2026, 5, 7, 9, 0)),
        ((2026, 5, 7, 8, 59, 59), (2026, 5, 8, 9, 0)),  # outside hours: from the next business day
    ],
)
def test_the_ticket_shows_from_when_an_answer_can_be_expected(
    ask: Any, tokyo: Local, received: Parts, expected_from: Parts
) -> None:
    (target,) = ask(category="question", topic="smb", received_at=tokyo(*received)).targets
    assert (target.kind, target.bound, target.clause) == ("answer", "from", "QNP-14")
    assert target.due_at == tokyo(*expected_from)
    assert target.clock.since == "receipt"
    assert target.is_met(datetime(2027, 1, 1, tzinfo=UTC))  # nobody is late


@pytest.mark.clause("QNP-14")
def test_a_deadline_that_the_customer_sets_is_recorded_and_does_not_bind(ask: Any, tokyo: Local) -> None:
    wanted = ask(category="question", topic="smb", answer_wanted_by=tokyo(2026, 5, 1, 12))
    assert [(reply.about, reply.answer, reply.clause) for reply in wanted.replies] == [
        ("answer_wanted_by", "not_binding", "QNP-14")
    ]
    without = ask(category="question", topic="smb")
    assert (wanted.outcome, wanted.targets, without.replies) == (without.outcome, without.targets, ())
    assert wanted.facts.request.answer_wanted_by == tokyo(2026, 5, 1, 12)
    assert "does not bind (QNP-14)" in explain(wanted, "en")


@pytest.mark.clause("QNP-15")
@pytest.mark.parametrize(("written_report", "answers"), [(None, []), ("asked", ["declined"]), ("granted", ["granted"])])
def test_a_written_report_is_declined_unless_an_operator_grants_it(
    ask: Any, written_report: str | None, answers: list[str]
) -> None:
    decision = ask(written_report=written_report)
    assert [reply.answer for reply in decision.replies if reply.clause == "QNP-15"] == answers
    assert (decision.outcome, decision.deciding_clause) == ("covered", "QNP-01")  # it is served all the same


@pytest.mark.clause("QNP-16")
def test_5_tickets_cost_60000_yen_before_tax_and_nothing_else_is_the_sources_price(qnp: Plan) -> None:
    product = qnp.product("technical-tickets-5")
    assert (product.tickets, product.unit_price, product.clause) == (5, 60_000, "QNP-16")
    assert [each.id for each in qnp.commercial.products if not each.illustrative] == ["technical-tickets-5"]
    totals = invoice_totals(price(qnp, "technical-tickets-5", 1, "ja"))
    assert (totals.net, [tax.tax for tax in totals.taxes], totals.total) == (60_000, [6_000], 66_000)


@pytest.mark.clause("QNP-16")
@pytest.mark.parametrize(("quantity", "net", "tax"), [(1, 54_546, 5_454), (2, 109_091, 10_909), (3, 163_637, 16_363)])
def test_that_the_price_includes_tax_is_a_setting_and_tax_is_then_taken_out_once(
    qnp_with: Any, quantity: int, net: int, tax: int
) -> None:
    plan = qnp_with("included = false", "included = true")
    totals = invoice_totals(price(plan, "technical-tickets-5", quantity))
    assert (totals.net, totals.taxes[0].tax, totals.total) == (net, tax, 60_000 * quantity)


@pytest.mark.clause("QNP-16")
def test_the_tickets_last_for_a_year(qnp: Plan, tokyo: Local) -> None:
    term = qnp.lot_term("technical-tickets-5", date(2026, 5, 1))
    assert (term.valid_from, term.valid_until) == (date(2026, 5, 1), date(2027, 4, 30))
    assert term.expires_at == tokyo(2027, 5, 1)


@pytest.mark.clause("QNP-16")
def test_the_sixth_question_is_offered_5_more(qnp: Plan) -> None:
    offer = qnp.shortfall_offer(1, date(2026, 5, 1))
    assert offer is not None
    assert (offer.product, offer.quantity, offer.clause) == ("technical-tickets-5", 1, "QNP-16")
