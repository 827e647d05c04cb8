"""IIJ-01, as far as the plan decides: where requests arrive. Intake's own tests show it, IIJ-02 and IIJ-03 at work."""

from typing import Any

import pytest
from kippu_terms.plan import Plan


@pytest.mark.clause("IIJ-01")
@pytest.mark.parametrize(
    ("subject", "opens"),
    [
        ("[ticket] Router down", True),
        ("  [TICKET]Router down", True),
        ("[Ticket] เราเตอร์ไม่ทำงาน", True),
        ("\t[ticket]", True),
        ("Re: [ticket] Router down", False),
        ("ticket: Router down", False),
        ("[ ticket ] Router down", False),
        ("", False),
    ],
)
def test_a_mail_opens_a_ticket_by_its_prefix_whatever_its_case_or_leading_blanks(
    iij_se: Plan, subject: str, opens: bool
) -> None:
    assert iij_se.intake.touchpoints.opens_ticket(subject) is opens


@pytest.mark.clause("IIJ-01")
@pytest.mark.parametrize("channel", ["portal", "mail", "telephone"])
def test_a_request_may_arrive_at_any_of_the_three_touchpoints(decide: Any, channel: str) -> None:
    finding = next(finding for finding in decide(channel=channel).findings if finding.clause == "IIJ-01")
    assert (finding.result, finding.inputs["channel"]) == ("satisfied", channel)


@pytest.mark.clause("IIJ-01")
def test_a_touchpoint_that_the_terms_do_not_name_is_refused_with_those_they_do(
    decide: Any, iij_se: Plan, reworded: Any
) -> None:
    by_mail_only = reworded('["portal", "mail", "telephone"]', '["mail"]')
    decision = decide(plan=by_mail_only, channel="telephone")
    assert (decision.outcome, decision.deciding_clause) == ("refused", "IIJ-01")
    assert next(f for f in decision.findings if f.clause == "IIJ-01").inputs["offered"] == ["mail"]
    assert decide(plan=by_mail_only, channel="mail").outcome == "covered_by_debit"
