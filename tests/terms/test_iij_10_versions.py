"""IIJ-10: the terms have a date of effect; a decision uses and names the version in force."""

from datetime import date
from typing import Any

import pytest
from kippu_entitlement.domain.plan import Plans, PlanVersion
from kippu_terms.coverage import decide_coverage
from kippu_terms.facts import Facts
from kippu_terms.plan import Plan


def published_with(*plans: Plan) -> Plans:
    return Plans(tuple(PlanVersion(plan.version, plan.effective_from, "", "") for plan in plans))


@pytest.mark.clause("IIJ-10")
def test_the_terms_are_in_force_from_the_first_of_april_2025(iij_se: Plan) -> None:
    published = published_with(iij_se)
    first = published.in_force(date(2025, 4, 1))
    assert first is not None
    assert first.version == iij_se.version
    assert published.in_force(date(2025, 3, 31)) is None


@pytest.mark.clause("IIJ-10")
def test_a_decision_follows_the_version_it_is_given_and_names_it(decide: Any, iij_se: Plan, reworded: Any) -> None:
    stricter = reworded("days = 5", "days = 7", version="2026-12-01")
    published = published_with(iij_se, stricter)
    for on, days in ((date(2026, 11, 30), 5), (date(2026, 12, 1), 7)):
        in_force = published.in_force(on)
        assert in_force is not None
        plan = iij_se if in_force.version == iij_se.version else stricter
        decision = decide(plan=plan, wanted_at="2026-11-21T03:00:00Z")
        assert decision.plan_version == plan.version
        findings = {finding.clause: finding for finding in decision.findings}
        assert findings["IIJ-10"].inputs["version"] == plan.version
        assert findings["IIJ-09"].inputs["needed_days"] == days


@pytest.mark.clause("IIJ-10")
def test_enquiries_go_to_the_salesperson(iij_se: Plan) -> None:
    assert iij_se.intake.enquiries is not None
    assert (iij_se.intake.enquiries.to, iij_se.intake.enquiries.clause) == ("salesperson", "IIJ-10")


@pytest.mark.clause("IIJ-01", "IIJ-04", "IIJ-05", "IIJ-06", "IIJ-07", "IIJ-08", "IIJ-09", "IIJ-10")
@pytest.mark.parametrize("change", [{}, {"asset": None}, {"category": None}, {"installed_by": "customer"}])
def test_an_explanation_lists_every_rule_with_its_text(decide: Any, iij_se: Plan, change: dict[str, Any]) -> None:
    decision = decide(**change)
    assert [(f.clause, f.rule) for f in decision.findings] == [(r.clause, r.kind) for r in iij_se.coverage.rules]
    assert all({"th", "en"} <= set(finding.text) for finding in decision.findings)
    assert decision.deciding_clause in {finding.clause for finding in decision.findings}


def test_a_decision_can_be_taken_again_from_what_it_kept(decide: Any, iij_se: Plan) -> None:
    decision = decide(wanted_at="2026-11-21T03:00:00Z")
    kept = decision.facts.model_dump(mode="json")
    assert decide_coverage(iij_se, Facts.model_validate(kept)) == decision


def test_facts_of_another_provider_are_never_judged(decide: Any, iij_se: Plan) -> None:
    facts = decide().facts.model_copy(update={"provider": "other"})
    with pytest.raises(ValueError, match="other"):
        decide_coverage(iij_se, facts)


def test_unknown_facts_are_refused(decide: Any) -> None:
    kept = decide().facts.model_dump(mode="json")
    with pytest.raises(ValueError, match="Extra inputs"):
        Facts.model_validate({**kept, "mood": "good"})
