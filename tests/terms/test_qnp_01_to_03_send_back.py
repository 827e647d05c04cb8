"""QNP-01 to QNP-03: what ships first, what is repaired first, and which of them a request gets."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from kippu_terms.explain import explain
from kippu_terms.explain_service import clock_lines
from kippu_terms.facts import ContractFacts

Local = Callable[..., datetime]
YEAR = {"valid_from": date(2026, 1, 1), "valid_until": date(2026, 12, 31)}


@pytest.mark.clause("QNP-01")
def test_a_fault_isolated_on_friday_1_may_ships_by_thursday_7_may(ask: Any, tokyo: Local) -> None:
    decision = ask(isolated_at=tokyo(2026, 5, 1, 16))
    (target,) = decision.targets
    assert (decision.outcome, decision.service, decision.way) == ("covered", "advance_send_back", "exchange")
    assert (decision.deciding_clause, decision.contract_id) == ("QNP-01", "contract-1")
    assert (target.kind, target.bound, target.clause, target.due_on) == ("ship", "by", "QNP-01", date(2026, 5, 7))
    assert target.due_at == datetime(2026, 5, 7, 15, tzinfo=UTC)
    assert target.is_met(tokyo(2026, 5, 7, 23, 59, 59))
    assert not target.is_met(tokyo(2026, 5, 8))


@pytest.mark.clause("QNP-01")
def test_the_clock_shows_which_days_were_closed_and_why(ask: Any, qnp: Any, tokyo: Local) -> None:
    (target,) = ask(isolated_at=tokyo(2026, 5, 1, 16)).targets
    clock = target.clock
    days = [
        (stretch.begins_at.astimezone(qnp.zone).day, stretch.state, stretch.reason, stretch.names.get("en"))
        for stretch in clock.stretches
    ]
    assert days == [
        (1, "open", "business_day", None),
        (2, "closed", "weekend", None),
        (3, "closed", "holiday", "Constitution Day"),
        (4, "closed", "holiday", "Greenery Day"),
        (5, "closed", "holiday", "Children's Day"),
        (6, "closed", "holiday", "Substitute Holiday"),
        (7, "open", "business_day", None),
    ]
    assert (clock.since, clock.starts_at, clock.calendar) == ("isolation", tokyo(2026, 5, 1, 16), qnp.calendar.version)
    assert clock_lines(target, "ja")[3] == "2026-05-04 00:00 – 2026-05-05 00:00  closed  みどりの日"


@pytest.mark.clause("QNP-01")
@pytest.mark.parametrize(
    ("isolated", "due"),
    [
        ((2026, 5, 7, 0, 0), date(2026, 5, 8)),
        ((2026, 5, 6, 23, 59, 59), date(2026, 5, 7)),  # isolated on a holiday
        ((2026, 5, 8, 9, 0), date(2026, 5, 11)),
        ((2026, 9, 18, 17, 0), date(2026, 9, 24)),  # the day between two holidays is one
        ((2026, 12, 28, 12, 0), date(2027, 1, 4)),  # the year-end closing, and the weekend after it
        ((2026, 12, 27, 12, 0), date(2026, 12, 28)),
    ],
)
def test_it_ships_on_the_next_business_day_never_the_same(
    ask: Any, tokyo: Local, isolated: tuple[int, ...], due: date
) -> None:
    (target,) = ask(isolated_at=tokyo(*isolated), valid_until=date(2027, 12, 31)).targets
    assert target.due_on == due


@pytest.mark.clause("QNP-01")
def test_a_closing_day_of_the_provider_is_passed_over_and_named(ask: Any, qnp_with: Any, tokyo: Local) -> None:
    plan = qnp_with("closing_days = []", "closing_days = [2026-05-07]")
    (target,) = ask(plan=plan, isolated_at=tokyo(2026, 5, 1, 16)).targets
    assert target.due_on == date(2026, 5, 8)
    assert [stretch.reason for stretch in target.clock.stretches][-2:] == ["closing_day", "business_day"]


@pytest.mark.clause("QNP-01")
def test_nothing_is_aimed_at_before_the_fault_is_isolated(ask: Any, tokyo: Local) -> None:
    assert ask().targets == ()
    early = ask(isolated_at=tokyo(2026, 4, 30, 9))  # isolated before anybody asked: it counts from the receipt
    assert early.targets[0].clock.starts_at == tokyo(2026, 5, 1, 10)


@pytest.mark.clause("QNP-01")
@pytest.mark.parametrize(
    ("received", "service"),
    [
        ((2025, 12, 31, 23, 59, 59), "send_back"),
        ((2026, 1, 1), "advance_send_back"),
        ((2026, 12, 31, 23, 59, 59), "advance_send_back"),
        ((2027, 1, 1), "send_back"),
    ],
)
def test_it_takes_a_contract_in_force_on_the_local_day_of_receipt(
    ask: Any, tokyo: Local, received: tuple[int, ...], service: str
) -> None:
    decision = ask(received_at=tokyo(*received), warranty_until=date(2027, 12, 31))
    assert decision.service == service


@pytest.mark.clause("QNP-02")
def test_under_the_makers_warranty_the_failed_part_is_sent_in_first(ask: Any, tokyo: Local) -> None:
    decision = ask(contracts=(), isolated_at=tokyo(2026, 5, 1, 16))
    assert (decision.outcome, decision.service, decision.deciding_clause) == ("covered", "send_back", "QNP-02")
    assert (decision.way, decision.failed_part) == ("repair", "sent_first")
    assert (decision.targets, decision.returns) == ((), None)  # no date is aimed at: it can take weeks
    assert "nothing ships before it is received and repaired" in explain(decision, "en")


@pytest.mark.clause("QNP-02", "QNP-03")
@pytest.mark.parametrize(
    ("received", "service", "clause"),
    [((2026, 5, 1, 23, 59, 59), "send_back", "QNP-02"), ((2026, 5, 2), "extended_send_back", "QNP-03")],
)
@pytest.mark.parametrize("wanted", [None, "send_back", "extended_send_back"])
def test_which_send_back_applies_follows_the_warrantys_end_not_the_wish(
    ask: Any, tokyo: Local, received: tuple[int, ...], service: str, clause: str, wanted: str | None
) -> None:
    decision = ask(received_at=tokyo(*received), product="extended-send-back", wanted_service=wanted)
    assert (decision.outcome, decision.service, decision.deciding_clause) == ("covered", service, clause)
    answers = [(reply.about, reply.answer, reply.clause) for reply in decision.replies]
    assert answers == ([("wanted_service", "not_followed", clause)] if wanted not in (None, service) else [])


@pytest.mark.clause("QNP-03")
@pytest.mark.parametrize(
    ("contracts", "why_not"),
    [
        ((), "no_contract_in_force"),
        (({"product": "extended-send-back", **YEAR, "valid_until": date(2026, 5, 1)},), "no_contract_in_force"),
        (({"product": "extended-send-back", **YEAR, "valid_from": date(2026, 5, 3)},), "no_contract_in_force"),
    ],
)
def test_after_the_warranty_without_a_contract_in_force_it_is_quoted(
    ask: Any, tokyo: Local, contracts: tuple[dict[str, Any], ...], why_not: str
) -> None:
    held = tuple(ContractFacts(**contract) for contract in contracts)
    decision = ask(received_at=tokyo(2026, 5, 2, 10), contracts=held)
    assert (decision.outcome, decision.deciding_clause, decision.service) == ("quote", "QNP-03", None)
    assert [remedy.action for remedy in decision.remedies] == ["buy_contract"]
    finding = next(each for each in decision.findings if each.clause == "QNP-03" and each.rule == "service_given")
    assert finding.inputs["why_not"] == why_not


@pytest.mark.clause("QNP-03")
@pytest.mark.parametrize(("first", "outcome"), [(date(2026, 5, 2), "covered"), (date(2026, 5, 3), "quote")])
def test_its_contract_counts_from_its_first_day(ask: Any, tokyo: Local, first: date, outcome: str) -> None:
    decision = ask(received_at=tokyo(2026, 5, 2, 10), product="extended-send-back", valid_from=first)
    assert decision.outcome == outcome


@pytest.mark.clause("QNP-03")
def test_a_device_without_a_warranty_on_record_is_after_it(ask: Any) -> None:
    assert ask(warranty_until=None, contracts=()).outcome == "quote"
    assert ask(warranty_until=None, product="extended-send-back").service == "extended_send_back"
