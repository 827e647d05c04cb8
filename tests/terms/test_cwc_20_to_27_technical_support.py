"""CWC-09, CWC-10, CWC-16, CWC-18 and CWC-20 to CWC-27: paid technical support and services, and renewals asked for."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.metering import is_counted, units_due
from kippu_terms.plan import Plan


@dataclass(frozen=True)
class Call:
    minutes: int
    kind: str = "remote_work"


def technical(support: Any, **changes: Any) -> Any:
    return support(**{"category": "technical_support", "topic": None, "asked_by": None, **changes})


def service(support: Any, **changes: Any) -> Any:
    return technical(support, **{"category": "technical_service", **changes})


@pytest.mark.clause("CWC-22")
@pytest.mark.parametrize(("minutes", "incidents"), [(1, 1), (29, 1), (30, 1), (31, 2), (60, 2), (61, 3)])
def test_a_call_costs_one_incident_per_started_30_minutes(cwc: Plan, minutes: int, incidents: int) -> None:
    assert units_due(cwc, [Call(minutes)]) == incidents


@pytest.mark.clause("CWC-22")
def test_calls_are_not_added_up(cwc: Plan) -> None:
    assert units_due(cwc, [Call(10), Call(10), Call(10)]) == 3
    assert units_due(cwc, [Call(20), Call(31)]) == 3
    assert units_due(cwc, [Call(30), Call(500, "waiting"), Call(15, "identification")]) == 1  # only calls count
    assert units_due(cwc, []) == 0


@given(calls=st.lists(st.integers(1, 600)), more=st.integers(1, 600))
def test_another_call_costs_what_it_costs_alone(cwc: Plan, calls: list[int], more: int) -> None:
    before, after = (units_due(cwc, map(Call, each)) for each in (calls, [*calls, more]))
    assert after - before == units_due(cwc, [Call(more)])


@pytest.mark.clause("CWC-22")
def test_technical_support_is_debited_by_the_calls_after_the_request(support: Any, cwc: Plan) -> None:
    decision = technical(support)
    assert (decision.outcome, decision.metered, decision.deciding_clause) == ("covered_by_debit", True, "CWC-22")
    received = datetime(2026, 11, 16, 1, tzinfo=UTC)
    assert is_counted(cwc, "remote_work", received, received)
    assert not is_counted(cwc, "remote_work", received.replace(minute=0, hour=0), received)


@pytest.mark.clause("CWC-21")
@pytest.mark.parametrize("incident_member", ["none"])
def test_technical_support_takes_an_incident_member_number(support: Any, incident_member: str) -> None:
    decision = technical(support, incident_member=incident_member)
    assert (decision.outcome, decision.deciding_clause) == ("refused", "CWC-21")
    assert decision.remedies[0].action == "buy_incidents"


@pytest.mark.clause("CWC-21")
@pytest.mark.parametrize(
    ("bought", "last_day"),
    [
        (date(2026, 11, 16), date(2027, 11, 15)),
        (date(2028, 2, 29), date(2029, 2, 28)),
        (date(2026, 2, 28), date(2027, 2, 27)),
    ],
)
def test_an_incident_is_valid_for_a_year(cwc: Plan, bought: date, last_day: date) -> None:
    term = cwc.lot_term("incidents-5", bought)
    assert (term.valid_from, term.valid_until) == (bought, last_day)
    assert term.expires_at.astimezone(cwc.zone).hour == 0
    assert cwc.product("incidents-5").tickets == 5


@pytest.mark.clause("CWC-23")
@pytest.mark.parametrize(
    ("internet", "outcome"), [(None, "covered_by_debit"), (True, "covered_by_debit"), (False, "refused")]
)
def test_remote_work_needs_a_server_that_reaches_the_internet(
    support: Any, internet: bool | None, outcome: str
) -> None:
    decision = technical(support, internet=internet)
    assert (decision.outcome, decision.deciding_clause) == (outcome, "CWC-23" if outcome == "refused" else "CWC-22")


@pytest.mark.clause("CWC-23")
@pytest.mark.parametrize(
    ("buyer", "outcome"), [(None, "covered_by_debit"), (True, "covered_by_debit"), (False, "refused")]
)
def test_those_whom_a_buyer_connects_to_are_not_served(support: Any, buyer: bool | None, outcome: str) -> None:
    for decision in (technical(support, buyer=buyer), technical(support, own_environment=buyer)):
        assert (decision.outcome, decision.metered) == (outcome, outcome != "refused")


@pytest.mark.clause("CWC-24")
@pytest.mark.parametrize(
    ("keep_list", "outcome", "clause"),
    [(None, "waiting", "CWC-24"), (True, "quote", "CWC-24"), (False, "covered_by_debit", "CWC-22")],
)
def test_keeping_the_list_of_registered_pcs_is_quoted(
    support: Any, keep_list: bool | None, outcome: str, clause: str
) -> None:
    decision = service(support, topic="ssl_on_server_in_use", keep_list=keep_list)
    assert (decision.outcome, decision.deciding_clause) == (outcome, clause)
    assert decision.waiting_for == ("customer" if keep_list is None else None)


@pytest.mark.clause("CWC-24")
def test_ssl_on_a_new_server_has_no_list_to_lose(support: Any) -> None:
    assert service(support, topic="ssl_on_new_server", keep_list=None).outcome == "covered_by_debit"


@pytest.mark.clause("CWC-25")
@pytest.mark.parametrize("hindrance", [{"remote_access": False}, {"security_software": "not_paused"}])
@pytest.mark.parametrize(
    ("operator_serves", "outcome"), [(None, "waiting"), (False, "refused"), (True, "covered_by_debit")]
)
def test_where_work_is_hindered_an_operator_decides(
    support: Any, hindrance: dict[str, Any], operator_serves: bool | None, outcome: str
) -> None:
    decision = technical(support, operator_serves=operator_serves, **hindrance)
    assert decision.outcome == outcome
    assert decision.waiting_for == ("approval" if operator_serves is None else None)
    assert decision.deciding_clause == ("CWC-22" if operator_serves else "CWC-25")
    assert decision.metered is (operator_serves is True)  # declined: nothing is debited


@pytest.mark.clause("CWC-25")
@pytest.mark.parametrize(("approval", "outcome"), [("granted", "covered_by_debit"), ("refused", "refused")])
def test_an_approval_is_an_operators_decision_too(support: Any, approval: str, outcome: str) -> None:
    assert technical(support, remote_access=False, approval=approval).outcome == outcome


@pytest.mark.clause("CWC-25")
@pytest.mark.parametrize("fine", [{}, {"remote_access": True}, {"security_software": "paused"}])
def test_nobody_is_asked_where_nothing_hinders(support: Any, fine: dict[str, Any]) -> None:
    assert technical(support, **fine).outcome == "covered_by_debit"


@pytest.mark.clause("CWC-27")
@pytest.mark.parametrize("category", ["technical_support", "technical_service"])
@pytest.mark.parametrize(
    ("channel", "outcome"), [("mail", "covered_by_debit"), ("portal", "covered_by_debit"), ("telephone", "refused")]
)
def test_support_and_services_are_requested_by_mail(support: Any, category: str, channel: str, outcome: str) -> None:
    decision = technical(support, category=category, channel=channel)
    assert (decision.outcome, decision.deciding_clause) == (outcome, "CWC-27" if outcome == "refused" else "CWC-22")
    assert outcome != "refused" or "mail" in decision.remedies[0].text["en"]


@pytest.mark.clause("CWC-18")
@pytest.mark.parametrize(("bought", "outcome"), [(True, "covered_by_debit"), (False, "refused"), (None, "waiting")])
def test_technical_services_are_for_those_who_bought_a_licence(support: Any, bought: bool | None, outcome: str) -> None:
    assert service(support, bought_licence=bought).outcome == outcome
    assert service(support, bought_licence=True, member_id="void").outcome == "covered_by_debit"


@pytest.mark.clause("CWC-20")
@pytest.mark.parametrize(
    ("competitor", "outcome"), [(True, "refused"), (False, "covered_by_debit"), (None, "covered_by_debit")]
)
def test_technical_services_are_not_offered_to_competitors(support: Any, competitor: bool | None, outcome: str) -> None:
    decision = service(support, competitor=competitor)
    assert (decision.outcome, decision.deciding_clause) == (outcome, "CWC-20" if outcome == "refused" else "CWC-22")
    assert technical(support, competitor=competitor).outcome == "covered_by_debit"  # support is no such service


@pytest.mark.clause("CWC-16")
def test_a_service_without_incidents_is_booked_and_paid_in_advance(support: Any) -> None:
    decision = service(support, incident_member="none")
    assert (decision.outcome, decision.deciding_clause, decision.metered) == ("quote", "CWC-16", False)


@pytest.mark.clause("CWC-09")
@pytest.mark.parametrize(("channel", "outcome"), [("mail", "quote"), ("portal", "quote"), ("telephone", "refused")])
def test_renewals_are_requested_by_mail(support: Any, channel: str, outcome: str) -> None:
    decision = support(category="renewal", channel=channel)
    assert (decision.outcome, decision.deciding_clause) == (outcome, "CWC-09" if outcome == "refused" else "CWC-10")


@pytest.mark.clause("CWC-10")
@pytest.mark.parametrize(
    ("member_id", "renewal", "form"),
    [("valid", "continuing", "members_form"), ("void", "rejoining", "contact_form")],
)
def test_a_renewal_is_a_continuing_one_while_the_member_id_is_valid(
    support: Any, member_id: str, renewal: str, form: str
) -> None:
    decision = support(category="renewal", member_id=member_id)
    (finding,) = (each for each in decision.findings if each.clause == "CWC-10")
    assert (decision.outcome, finding.inputs["renewal"], finding.inputs["form"]) == ("quote", renewal, form)
    assert support(category="renewal", member_id="none").outcome == "refused"
