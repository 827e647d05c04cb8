"""CWC-03, CWC-04 and CWC-13 to CWC-15: mail support, for whom and on what, when it begins, and when it becomes paid."""

from datetime import date, datetime
from typing import Any

import pytest
from kippu_terms.explain import explain
from kippu_terms.plan import Plan

IN_SCOPE = ["server_defect", "installation_defect", "update_defect", "basic_settings", "host_operation"]
IN_SCOPE += ["guest_operation", "display", "host_functions"]


@pytest.mark.clause("CWC-03")
def test_mail_support_is_free_while_the_member_id_is_valid(support: Any) -> None:
    decision = support()
    assert (decision.outcome, decision.quantity, decision.metered) == ("covered", None, False)
    assert decision.service == "mail_support"


@pytest.mark.clause("CWC-03", "CWC-04")
@pytest.mark.parametrize(("member_id", "clause"), [("void", "CWC-04"), ("none", "CWC-03")])
def test_without_a_valid_member_id_there_is_no_mail_support(support: Any, member_id: str, clause: str) -> None:
    decision = support(member_id=member_id)
    assert (decision.outcome, decision.deciding_clause) == ("refused", clause)
    assert [remedy.clause for remedy in decision.remedies] == [clause]


@pytest.mark.clause("CWC-03")
def test_what_nobody_knows_of_the_customer_is_not_guessed(support: Any) -> None:
    decision = support(customer=None)
    assert (decision.outcome, decision.waiting_for) == ("waiting", "classification")


@pytest.mark.clause("CWC-13")
@pytest.mark.parametrize("topic", IN_SCOPE)
def test_the_server_its_settings_and_its_use_are_in_scope(support: Any, topic: str) -> None:
    decision = support(topic=topic)
    assert (decision.outcome, decision.deciding_clause) == ("covered", "CWC-13")


@pytest.mark.clause("CWC-13")
@pytest.mark.parametrize("topic", ["customising", "internals", "installation"])
def test_anything_else_gets_an_offer_of_paid_support(support: Any, topic: str) -> None:
    decision = support(topic=topic)
    assert (decision.outcome, decision.deciding_clause, decision.quantity) == ("quote", "CWC-13", None)
    assert "basic_settings" in decision.remedies[0].text["en"]


@pytest.mark.clause("CWC-13")
@pytest.mark.parametrize("cause", ["server_change", "network_change", "guest_environment"])
def test_a_changed_environment_as_the_cause_gets_an_offer_of_paid_support(support: Any, cause: str) -> None:
    decision = support(topic="server_defect", cause=cause)
    assert (decision.outcome, decision.deciding_clause) == ("quote", "CWC-13")


@pytest.mark.clause("CWC-13")
def test_another_cause_does_not_matter(support: Any) -> None:
    assert support(topic="server_defect", cause="hardware_fault").outcome == "covered"


@pytest.mark.clause("CWC-13")
@pytest.mark.parametrize(
    ("asked_by", "outcome", "waiting_for"),
    [("contact", "covered", None), ("other", "refused", None), (None, "waiting", "classification")],
)
def test_only_the_contact_who_bought_is_answered(
    support: Any, asked_by: str | None, outcome: str, waiting_for: str | None
) -> None:
    decision = support(asked_by=asked_by)
    assert (decision.outcome, decision.deciding_clause, decision.waiting_for) == (outcome, "CWC-13", waiting_for)


@pytest.mark.clause("CWC-13")
@pytest.mark.parametrize(("channel", "outcome"), [("mail", "covered"), ("portal", "covered"), ("telephone", "refused")])
def test_a_web_form_counts_as_mail_and_the_telephone_does_not(support: Any, channel: str, outcome: str) -> None:
    assert (support(channel=channel).outcome, support(channel=channel).deciding_clause) == (outcome, "CWC-13")


@pytest.mark.clause("CWC-14")
@pytest.mark.parametrize(
    ("received", "earliest"),
    [
        ((2026, 11, 16, 10, 0), date(2026, 11, 18)),
        ((2026, 11, 16, 23, 59), date(2026, 11, 18)),
        ((2026, 11, 20, 9, 0), date(2026, 11, 25)),  # Friday; Monday 23 November is a holiday
        ((2026, 11, 21, 9, 0), date(2026, 11, 25)),  # Saturday
        ((2026, 12, 25, 9, 0), date(2027, 1, 4)),  # Friday before the year-end closing
        ((2026, 12, 28, 9, 0), date(2027, 1, 5)),
    ],
)
def test_answers_start_from_the_second_business_day(
    support: Any, cwc: Plan, received: tuple[int, ...], earliest: date
) -> None:
    (target,) = support(received_at=datetime(*received, tzinfo=cwc.zone)).targets
    assert (target.kind, target.clause, target.due_on) == ("answer", "CWC-14", earliest)


@pytest.mark.clause("CWC-14")
def test_that_is_the_earliest_start_and_no_deadline(support: Any, cwc: Plan) -> None:
    (target,) = support().targets
    assert (target.bound, target.due_at) == ("from", datetime(2026, 11, 18, tzinfo=cwc.zone))
    assert target.is_met(datetime(2027, 11, 18, tzinfo=cwc.zone))


@pytest.mark.clause("CWC-15")
def test_nothing_is_debited_before_the_customer_agreed(support: Any) -> None:
    decision = support(topic="server_defect", agreement="asked")
    assert (decision.outcome, decision.waiting_for, decision.deciding_clause) == ("waiting", "customer", "CWC-15")
    assert (decision.metered, decision.quantity) == (False, None)


@pytest.mark.clause("CWC-15")
def test_what_was_agreed_to_is_debited_as_it_is_recorded(support: Any) -> None:
    decision = support(topic="server_defect", agreement="given")
    assert (decision.outcome, decision.metered, decision.deciding_clause) == ("covered_by_debit", True, "CWC-15")


@pytest.mark.clause("CWC-15")
def test_without_the_agreement_there_is_no_remote_support(support: Any) -> None:
    decision = support(topic="server_defect", agreement="refused")
    assert (decision.outcome, decision.metered, decision.deciding_clause) == ("refused", False, "CWC-15")
    assert "CWC-15" in explain(decision, "ja")
