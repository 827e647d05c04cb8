"""Whatever the instant, QNP's targets keep to the calendar, show their whole way, and never move back."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_events.catalogue import entitlement, fulfilment, values
from kippu_terms import clock, pricing, returns
from kippu_terms.clock import Pause
from kippu_terms.coverage import Decision, decide_coverage
from kippu_terms.explain import LANGUAGES, explain
from kippu_terms.explain_service import clock_lines
from kippu_terms.facts import AssetFacts, ContractFacts, Facts, RequestFacts
from kippu_terms.loading import load
from kippu_terms.plan import Plan
from kippu_terms.returns import due_return
from kippu_terms.rules import base
from kippu_terms.targets import Target, targets
from pydantic import BaseModel

START = datetime(2026, 1, 1, tzinfo=UTC)
MAINTENANCE = ["advance-send-back", "extended-send-back", "onsite-weekday", "onsite-24h"]
instants = st.integers(0, 3 * 366 * 24 * 60 * 60).map(lambda seconds: START + timedelta(seconds=seconds))
areas = st.sampled_from(["tokyo", "osaka", "sapporo"])


@cache
def plan() -> Plan:
    return load((Path(__file__).parents[2] / "plans" / "qnp.toml").read_text())


plan()  # read before the first example is timed


def target(service: str, isolated_at: datetime, area: str = "tokyo", *pauses: Pause) -> Target | None:
    found = targets(
        plan(),
        plan().fulfilment.service(service),
        area=area,
        received_at=START,
        isolated_at=isolated_at,
        pauses=pauses,
    )
    return found[0] if found else None


@st.composite
def pauses(draw: st.DrawFn) -> tuple[Pause, ...]:
    begins = draw(st.lists(instants, max_size=3))
    return tuple(Pause(begins_at=at, ends_at=at + timedelta(minutes=draw(st.integers(0, 20_000)))) for at in begins)


@given(instants, areas, st.sampled_from(["advance_send_back", "onsite_weekday"]))
def test_no_target_falls_on_a_closed_day(isolated: datetime, area: str, service: str) -> None:
    found = target(service, isolated, area)
    assert found is not None
    assert plan().calendar.is_business_day(found.due_on)
    assert found.due_at > isolated
    first = plan().calendar.local_date(isolated)
    if found.due_on == first:
        assert isolated.astimezone(plan().zone).time().replace(tzinfo=None).isoformat() <= "13:00:00"
        assert (service, area != "sapporo") == ("onsite_weekday", True)
    between = (first + timedelta(days=ahead) for ahead in range(1, (found.due_on - first).days))
    passed = sum(plan().calendar.is_business_day(day) for day in between)
    assert passed == (1 if (service, area) == ("onsite_weekday", "sapporo") else 0)


@given(instants, instants, areas, st.sampled_from(["advance_send_back", "onsite_weekday", "onsite_24h"]))
def test_what_is_isolated_later_is_never_due_earlier(one: datetime, other: datetime, area: str, service: str) -> None:
    first, second = (target(service, isolated, area) for isolated in sorted((one, other)))
    assert (first is None) == (second is None)
    if first and second:
        assert first.due_at <= second.due_at
        assert first.due_on <= second.due_on


@given(instants, pauses(), st.sampled_from(["advance_send_back", "onsite_weekday", "onsite_24h"]))
def test_a_clock_shows_the_whole_way_without_gaps(isolated: datetime, waits: tuple[Pause, ...], service: str) -> None:
    found = target(service, isolated, "tokyo", *waits)
    assert found is not None
    stretches = found.clock.stretches
    assert stretches[0].begins_at == found.clock.starts_at == isolated
    assert stretches[-1].ends_at == found.due_at
    for before, after in pairwise(stretches):
        assert before.ends_at == after.begins_at
        assert (before.state, before.reason, before.names) != (after.state, after.reason, after.names)
    assert all(stretch.begins_at < stretch.ends_at for stretch in stretches)
    paused = sum((each.ends_at - each.begins_at for each in stretches if each.state == "paused"), timedelta())
    within = (max(timedelta(), min(w.ends_at, found.due_at) - max(w.begins_at, isolated)) for w in clock.merged(waits))
    assert paused == sum(within, timedelta())


@given(instants, pauses())
def test_4_hours_are_4_hours_of_running_time(isolated: datetime, waits: tuple[Pause, ...]) -> None:
    found = target("onsite_24h", isolated, "tokyo", *waits)
    assert found is not None
    running = [each.ends_at - each.begins_at for each in found.clock.stretches if each.state == "open"]
    assert sum(running, timedelta()) == timedelta(hours=4)


@given(instants, pauses())
def test_waiting_never_brings_a_target_forward_nor_onto_a_closed_day(
    isolated: datetime, waits: tuple[Pause, ...]
) -> None:
    plain, paused = target("advance_send_back", isolated), target("advance_send_back", isolated, "tokyo", *waits)
    assert plain is not None
    assert paused is not None
    assert paused.due_on >= plain.due_on
    assert plan().calendar.is_business_day(paused.due_on)


@given(st.dates(date(2026, 1, 1), date(2028, 12, 31)), st.integers(1, 60), st.integers(0, 60))
def test_a_return_is_late_from_the_local_midnight_after_its_last_day(received: date, days: int, before: int) -> None:
    due = due_return(received, days=days, remind_days_before=before, zone=plan().zone)
    assert (due.due_on - received).days == days
    late = due.overdue_at.astimezone(plan().zone)
    assert (late.date() - due.due_on, late.hour, late.minute) == (timedelta(days=1), 0, 0)
    assert (due.remind_at is not None) == (0 < before < days)
    if due.remind_at is not None:
        assert received < due.remind_at.astimezone(plan().zone).date() <= due.due_on


categories = st.sampled_from([None, "no_such_category", "fault", "isolation", "question"])
days = st.dates(date(2025, 6, 1), date(2029, 1, 1))
contracts = st.builds(
    ContractFacts,
    product=st.sampled_from([*MAINTENANCE, "no-such-product"]),
    valid_from=days,
    valid_until=days,
    options=st.sampled_from([(), ("non-return-disk",)]),
    delivered_on=st.none() | days,
    area_agreed=st.booleans(),
)
assets = st.builds(
    AssetFacts,
    serial=st.just("unit-1"),
    registered=st.booleans(),
    bought_from_provider=st.sampled_from([None, True, False]),
    warranty_until=st.none() | days,
    disks_from=st.sampled_from([None, "provider", "elsewhere"]),
    area=st.none() | areas,
    remote_island=st.sampled_from([None, True, False]),
)


@st.composite
def requests(draw: st.DrawFn) -> RequestFacts:
    received_at = draw(instants)
    ahead = draw(st.none() | st.integers(-100_000, 1_000_000))
    return RequestFacts(
        received_at=received_at,
        channel=draw(st.sampled_from([None, "portal", "mail", "telephone"])),
        category=draw(categories),
        approval=draw(st.sampled_from([None, "granted", "refused"])),
        topic=draw(st.sampled_from([None, "smb", "ftp"])),
        part=draw(st.sampled_from([None, "disk", "fan"])),
        isolated_at=None if ahead is None else max(START, received_at + timedelta(seconds=ahead)),
        keep_part=draw(st.booleans()),
        wanted_service=draw(st.sampled_from([None, "send_back", "extended_send_back"])),
        answer_wanted_by=draw(st.none() | st.just(received_at)),
        written_report=draw(st.sampled_from([None, "asked", "granted"])),
    )


facts = st.builds(
    Facts,
    provider=st.just("qnp"),
    request=requests(),
    asset=st.none() | assets,
    contracts=st.lists(contracts, max_size=2).map(tuple),
)


def event_of(decision: Decision) -> entitlement.CoverageDecided:
    """The event of a decision; a target is published as a day to keep, or as an instant."""
    known = {"occurred_at": START, "ticket_no": "KP-0", "customer_id": "c", "contact_id": "c", "decision": 1}
    published = [
        fulfilment.Target(
            kind="arrive" if each.kind == "visit" else each.kind,
            clause=each.clause,
            started_at=each.clock.starts_at,
            bound=each.bound,
            due_on=each.due_on if whole_day(each) else None,
            due_at=None if whole_day(each) else each.due_at,
            calendar_version=each.clock.calendar,
            time_zone=each.time_zone,
            stretches=tuple(
                fulfilment.Stretch(
                    from_at=piece.from_at, to_at=piece.to_at, state=piece.state, reason=piece.reason, names=piece.names
                )
                for piece in each.stretches
            ),
        )
        for each in decision.targets
    ]
    return entitlement.CoverageDecided.model_validate(
        {**decision.model_dump(mode="json", exclude={"targets"}), **known, "targets": published}
    )


def whole_day(target: Target) -> bool:
    return target.clock.counts == "business_days" and target.bound == "by"


@given(facts)
def test_every_decision_is_whole_and_fits_into_its_event(facts: Facts) -> None:
    decision = decide_coverage(plan(), facts)
    served = decision.outcome in ("covered", "covered_by_debit")
    assert [finding.rule for finding in decision.findings] == [rule.kind for rule in plan().coverage.rules]
    assert (decision.waiting_for is not None) == (decision.outcome == "waiting")
    assert (decision.quantity == 1) == (decision.outcome == "covered_by_debit")
    assert not served or decision.service is not None
    assert (decision.returns is not None) == (decision.failed_part == "returned_later")
    assert (decision.way == "exchange") == (decision.failed_part == "returned_later")
    if decision.failed_part == "handed_over":
        assert (decision.way, facts.request.part) == ("visit", "disk")
    if decision.targets:
        assert served or decision.outcome == "consult"
        assert decision.way == "answer" or facts.request.isolated_at is not None
    event = event_of(decision)
    for language in LANGUAGES:
        shown = [clock_lines(each, language) for each in event.targets]
        assert shown == [clock_lines(each, language) for each in decision.targets]
    assert all(explain(event, language) == explain(decision, language) for language in LANGUAGES)
    for rule, finding in zip(plan().coverage.rules, decision.findings, strict=True):
        if finding.result in ("refused", "waiting", "consult", "quote") and "unknown" not in finding.inputs:
            assert rule.blanks - {"replaced_by"} <= finding.inputs.keys()
    assert all("$" not in text for remedy in decision.remedies for text in remedy.text.values())


@given(facts)
def test_a_decision_taken_again_from_its_stored_facts_is_the_same(facts: Facts) -> None:
    decision = decide_coverage(plan(), facts)
    again = decide_coverage(plan(), Facts.model_validate_json(decision.facts.model_dump_json()))
    assert again.model_dump_json() == decision.model_dump_json()


@given(facts, st.sampled_from([None, "send_back", "extended_send_back", "onsite_24h"]))
def test_a_wish_never_decides(facts: Facts, wish: str | None) -> None:
    wished = facts.model_copy(update={"request": facts.request.model_copy(update={"wanted_service": wish})})
    one, other = decide_coverage(plan(), facts), decide_coverage(plan(), wished)
    assert (one.outcome, one.service, one.targets) == (other.outcome, other.service, other.targets)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(base.Reply, values.Reply), (returns.ReturnTerms, fulfilment.ReturnTerms), (pricing.Price, values.Price)],
)
def test_each_value_fits_into_the_catalogues(ours: type[BaseModel], theirs: type[BaseModel]) -> None:
    assert set(ours.model_fields) <= set(theirs.model_fields)
    for name in ours.model_fields:
        words, known = (model.model_json_schema()["properties"][name].get("enum") for model in (ours, theirs))
        assert words == known


def test_a_decision_has_a_place_in_its_event_for_everything_but_the_returns_which_a_shipment_carries() -> None:
    assert set(Decision.model_fields) - set(entitlement.CoverageDecided.model_fields) == {"returns"}
    assert "returns" in fulfilment.ShipmentNeed.model_fields
