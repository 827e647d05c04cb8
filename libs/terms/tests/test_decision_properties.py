"""Whatever the facts, the decision is whole, says by which clause, and can be taken again."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.coverage import decide_coverage
from kippu_terms.explain import LANGUAGES, explain
from kippu_terms.facts import AssetFacts, Facts, RequestFacts
from kippu_terms.loading import load

PLAN = load((Path(__file__).parents[3] / "plans" / "iij-se.toml").read_text())
START = datetime(2026, 1, 1, tzinfo=UTC)
CATEGORIES = [None, "no_such_category", *(category.id for category in PLAN.coverage.categories)]

minutes = st.integers(0, 400 * 24 * 60)
dates = st.none() | st.dates(date(2025, 1, 1), date(2028, 1, 1))
assets = st.builds(
    AssetFacts,
    serial=st.sampled_from(["device-1", "device-2"]),
    registered=st.booleans(),
    kind=st.sampled_from([None, "equipment", "service"]),
    bought_from_provider=st.sampled_from([None, True, False]),
    warranty_until=dates,
    installed_by=st.sampled_from([None, "provider", "customer", "third_party"]),
    maintenance_agreement=st.sampled_from([None, "agreement-1"]),
)


@st.composite
def requests(draw: st.DrawFn) -> RequestFacts:
    received_at = START + timedelta(minutes=draw(minutes))
    ahead = draw(st.none() | st.integers(0, 20 * 24 * 60))
    return RequestFacts(
        received_at=received_at,
        channel=draw(st.sampled_from([None, "portal", "mail", "telephone"])),
        category=draw(st.sampled_from(CATEGORIES)),
        wanted_at=None if ahead is None else received_at + timedelta(minutes=ahead),
        wanted_minutes=draw(st.none() | st.integers(1, 1000)),
        approval=draw(st.sampled_from([None, "granted", "refused"])),
    )


facts = st.builds(Facts, provider=st.just("iij"), request=requests(), asset=st.none() | assets)


@given(facts)
def test_every_decision_is_whole(facts: Facts) -> None:
    decision = decide_coverage(PLAN, facts)
    assert [finding.rule for finding in decision.findings] == [rule.kind for rule in PLAN.coverage.rules]
    assert (decision.waiting_for is not None) == (decision.outcome == "waiting")
    assert decision.metered == (decision.outcome == "covered_by_debit")
    objections = [f for f in decision.findings if f.result in ("refused", "waiting", "consult", "quote")]
    assert bool(objections) == (decision.outcome != "covered_by_debit")
    if objections:
        assert (decision.deciding_clause, decision.outcome) == (objections[0].clause, objections[0].result)
        assert [remedy.clause for remedy in decision.remedies] == [finding.clause for finding in objections]
        assert decision.visit is None
    for rule, finding in zip(PLAN.coverage.rules, decision.findings, strict=True):
        if finding in objections and "unknown" not in finding.inputs:
            assert rule.blanks <= finding.inputs.keys()
    assert all("$" not in text for remedy in decision.remedies for text in remedy.text.values())
    assert all(explain(decision, language) for language in LANGUAGES)


@given(facts)
def test_a_decision_taken_again_from_its_stored_facts_is_the_same(facts: Facts) -> None:
    decision = decide_coverage(PLAN, facts)
    again = decide_coverage(PLAN, Facts.model_validate_json(decision.facts.model_dump_json()))
    assert again.model_dump_json() == decision.model_dump_json()


@given(facts)
def test_a_visit_is_held_exactly_for_short_notice_outside_business_hours(facts: Facts) -> None:
    visit = decide_coverage(PLAN, facts).visit
    if visit is None:
        return
    start = visit.wanted_at.astimezone(PLAN.zone)
    end = start + timedelta(minutes=visit.minutes)
    opens, closes = (start.replace(hour=hour, minute=0, second=0, microsecond=0) for hour in (9, 18))
    inside = PLAN.calendar.is_business_day(start.date()) and opens <= start < closes and end <= closes
    notice = (start.date() - facts.request.received_at.astimezone(PLAN.zone).date()).days
    assert (visit.held, visit.notice_days) == (not inside and notice < 5, notice)


@given(facts)
def test_more_of_what_the_terms_ask_for_never_turns_cover_into_refusal(facts: Facts) -> None:
    before = decide_coverage(PLAN, facts)
    better = facts.model_copy(update={"request": facts.request.model_copy(update={"approval": "granted"})})
    if facts.asset and facts.asset.registered:
        best = {"bought_from_provider": True, "installed_by": "provider", "warranty_until": date(2099, 1, 1)}
        better = better.model_copy(update={"asset": facts.asset.model_copy(update=best)})
    after = decide_coverage(PLAN, better)
    if before.outcome == "covered_by_debit":
        assert after.outcome == "covered_by_debit"
    if facts.asset and facts.asset.registered:
        assert after.outcome != "refused"
