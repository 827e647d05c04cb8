"""A sixth provider is a plan file and nothing else: other hours, holidays, blocks and windows, another minor unit, and
a zone with summer time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from kippu_terms.coverage import Decision, decide_coverage
from kippu_terms.facts import AssetFacts, ContractFacts, Facts, RequestFacts
from kippu_terms.loading import check, load
from kippu_terms.metering import is_counted, units_due
from kippu_terms.money import formatted
from kippu_terms.orders.deciding import OrderDecision, decide_order
from kippu_terms.orders.facts import OrderFacts
from kippu_terms.plan import Plan
from kippu_terms.pricing import invoice_totals
from kippu_terms.returns import due_return

SOURCE = (Path(__file__).parent / "sixth.toml").read_text("utf-8")
Ask = Callable[..., Decision]


@pytest.fixture(scope="module")
def sixth() -> Plan:
    assert check(SOURCE) == []
    return load(SOURCE)


def athens(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=load(SOURCE).zone)


@pytest.fixture(scope="module")
def ask_sixth(sixth: Plan) -> Ask:
    """Decides about a repair of Thursday 22 October 2026 at 10:00, by telephone, of a device without a contract."""

    def decision(*products: str, **changes: Any) -> Decision:
        request = {"received_at": athens(2026, 10, 22, 10), "channel": "telephone", "category": "repair", **changes}
        term = {"valid_from": date(2026, 6, 1), "valid_until": date(2027, 11, 30)}
        facts = Facts(
            provider="sixth",
            request=RequestFacts(**request),
            asset=AssetFacts(serial="point-1", registered=True),
            contracts=tuple(ContractFacts(contract_id=f"C-{each}", product=each, **term) for each in products),
        )
        return decide_coverage(sixth, facts)

    return decision


@dataclass
class Entry:
    kind: str
    minutes: int


@pytest.mark.clause("SIX-01")
@pytest.mark.parametrize(("channel", "outcome"), [("portal", "covered_by_debit"), ("mail", "refused")])
def test_mail_is_no_touchpoint(ask_sixth: Ask, channel: str, outcome: str) -> None:
    assert ask_sixth(channel=channel).outcome == outcome


@pytest.mark.clause("SIX-02")
@pytest.mark.parametrize("category", [None, "repair", "question"])
def test_what_nobody_classified_waits(ask_sixth: Ask, category: str | None) -> None:
    assert (ask_sixth(category=category, topic="radio").outcome == "waiting") == (category is None)


@pytest.mark.clause("SIX-03")
@pytest.mark.parametrize(
    ("received", "counts_from"),
    [
        ((2026, 10, 22, 12, 59), (2026, 10, 22, 12, 59)),
        ((2026, 10, 22, 13, 0), (2026, 10, 22, 15, 0)),
        ((2026, 10, 24, 19, 59), (2026, 10, 24, 19, 59)),  # a Saturday
        ((2026, 10, 24, 20, 0), (2026, 10, 26, 7, 30)),
        ((2026, 10, 28, 10, 0), (2026, 10, 29, 7, 30)),  # Ochi Day
        ((2026, 4, 10, 10, 0), (2026, 4, 11, 7, 30)),  # Orthodox Good Friday
        ((2026, 4, 13, 10, 0), (2026, 4, 14, 7, 30)),  # Orthodox Easter Monday
        ((2026, 8, 14, 10, 0), (2026, 8, 17, 7, 30)),  # a closing day, and the Assumption on the Saturday
    ],
)
def test_the_desk_has_hours_and_holidays_of_its_own(
    ask_sixth: Ask, received: tuple[int, ...], counts_from: tuple[int, ...]
) -> None:
    decision = ask_sixth(received_at=athens(*received), category="question", topic="radio")
    assert decision.counts_from == athens(*counts_from)


@pytest.mark.clause("SIX-04")
@pytest.mark.parametrize(
    ("received", "due_on"),
    [
        ((2026, 10, 22, 11, 15), date(2026, 10, 22)),
        ((2026, 10, 22, 11, 16), date(2026, 10, 27)),
        ((2026, 10, 23, 12, 0), date(2026, 10, 29)),  # over a weekend and a holiday
    ],
)
def test_care_ships_within_three_business_days(ask_sixth: Ask, received: tuple[int, ...], due_on: date) -> None:
    decision = ask_sixth("care", received_at=athens(*received), isolated_at=athens(*received))
    assert (decision.outcome, decision.service, decision.deciding_clause) == ("covered", "care", "SIX-04")
    [target] = decision.targets
    assert target.due_on == due_on
    # The night in which the clocks go back lies between: the day ends at midnight by the wall.
    assert target.due_at.astimezone(load(SOURCE).zone).time().isoformat() == "00:00:00"


@pytest.mark.clause("SIX-05")
def test_twelve_hours_are_twelve_hours_in_the_night_in_which_the_clocks_change(ask_sixth: Ask) -> None:
    autumn = ask_sixth("rapid", "care", received_at=athens(2026, 10, 24, 20))
    assert (autumn.service, autumn.contract_id) == ("rapid_care", "C-rapid")
    assert autumn.targets[0].due_at == athens(2026, 10, 25, 7) == datetime(2026, 10, 25, 5, tzinfo=UTC)
    [target] = ask_sixth("rapid", received_at=athens(2027, 3, 27, 20)).targets
    assert target.due_at == athens(2027, 3, 28, 9)
    assert target.is_met(athens(2027, 3, 28, 9))
    assert not target.is_met(athens(2027, 3, 28, 9, 1))


@pytest.mark.clause("SIX-06")
@pytest.mark.parametrize(
    ("minutes", "units"), [([5], 2), ([15, 15], 2), ([16, 15], 3), ([31], 3), ([20, 20], 4), ([], 0)]
)
def test_each_entry_costs_its_own_blocks_of_15_minutes(
    sixth: Plan, ask_sixth: Ask, minutes: list[int], units: int
) -> None:
    decision = ask_sixth()
    assert (decision.outcome, decision.metered, decision.deciding_clause) == ("covered_by_debit", True, "SIX-06")
    assert units_due(sixth, [Entry("onsite_work", each) for each in minutes]) == units
    assert not is_counted(sixth, "isolation", athens(2026, 10, 22, 11), athens(2026, 10, 22, 10))


@pytest.mark.clause("SIX-06")
def test_care_covers_what_would_be_debited_without_it(ask_sixth: Ask) -> None:
    last_day, day_after = athens(2027, 11, 30, 23, 59), athens(2027, 12, 1)
    assert ask_sixth("care", received_at=last_day).outcome == "covered"
    assert ask_sixth("care", received_at=day_after).deciding_clause == "SIX-06"


@pytest.mark.clause("SIX-07")
@pytest.mark.parametrize(
    ("wanted", "held"),
    [
        ((2026, 10, 23, 11, 59), False),
        ((2026, 10, 23, 12, 30), True),  # 45 minutes run into the pause
        ((2026, 10, 23, 21, 0), True),
        ((2026, 10, 24, 21, 0), False),  # two days ahead
    ],
)
def test_work_outside_the_hours_is_announced_two_days_ahead(
    ask_sixth: Ask, wanted: tuple[int, ...], held: bool
) -> None:
    visit = ask_sixth(wanted_at=athens(*wanted)).visit
    assert visit is not None
    assert (visit.held, visit.minutes, visit.clause) == (held, 45, "SIX-07")


@pytest.mark.clause("SIX-10")
def test_a_part_comes_back_within_21_days_over_the_change_of_clocks(sixth: Plan, ask_sixth: Ask) -> None:
    returns = ask_sixth("care").returns
    assert returns is not None
    assert (returns.days, returns.late_return) == (21, "kept")
    assert formatted(returns.overdue_charge.lines[0].unit_price, returns.overdue_charge.currency) == "KWD 9.999"
    due = due_return(date(2026, 10, 20), days=21, remind_days_before=5, zone=sixth.zone)
    assert (due.due_on, due.remind_at) == (date(2026, 11, 10), athens(2026, 11, 5))
    assert due.overdue_at == athens(2026, 11, 11)


@pytest.mark.clause("SIX-11")
def test_a_question_costs_three_on_its_topics_only(ask_sixth: Ask) -> None:
    asked = ask_sixth("care", category="question", topic="roaming")
    assert (asked.outcome, asked.quantity, asked.service) == ("covered_by_debit", 3, "answers")
    assert ask_sixth(category="question", topic="cooking").outcome == "refused"


# --- Orders


def order(product: str, **facts: Any) -> OrderDecision:
    usual: dict[str, Any] = {"provider": "sixth", "product": product, "ordered_on": date(2026, 9, 30)}
    return decide_order(load(SOURCE), OrderFacts.model_validate(usual | facts))


@pytest.mark.clause("SIX-08")
def test_a_lot_lasts_three_months_by_the_wall_and_its_price_includes_the_tax() -> None:
    decision = order("lot-40")
    assert decision.outcome == "accepted"
    assert decision.price is not None
    totals = invoice_totals(decision.price)
    # 12.345 with 5 % in it: 12.345 × 5 / 105 = 0.587857…, a half goes up.
    assert (totals.total, totals.taxes[0].tax, totals.net) == (12_345, 588, 11_757)
    assert formatted(totals.total, decision.price.currency) == "KWD 12.345"
    term = load(SOURCE).lot_term("lot-40", date(2026, 9, 30))
    assert (term.valid_until, term.usable_from) == (date(2026, 12, 29), datetime(2026, 9, 29, 21, tzinfo=UTC))
    assert term.expires_at == datetime(2026, 12, 29, 22, tzinfo=UTC)


@pytest.mark.clause("SIX-08")
@pytest.mark.parametrize(("quantity", "outcome"), [(2, "accepted"), (3, "refused")])
def test_two_lots_at_most(quantity: int, outcome: str) -> None:
    decision = order("lot-40", quantity=quantity)
    assert (decision.outcome, decision.deciding_clause) == (outcome, "SIX-08")


@pytest.mark.clause("SIX-09")
@pytest.mark.parametrize(("bought_on", "outcome"), [(date(2026, 7, 31), "accepted"), (date(2026, 7, 29), "refused")])
def test_care_is_ordered_within_two_months(bought_on: date, outcome: str) -> None:
    decision = order("care", asset={"serial": "point-1", "bought_on": bought_on})
    assert decision.outcome == outcome
    if outcome == "refused":
        assert (decision.deciding_clause, [fault.clause for fault in decision.faults]) == ("SIX-09", ["SIX-09"])
    else:
        assert decision.period is not None
        assert (decision.period.valid_from, decision.period.valid_until) == (date(2026, 7, 31), date(2028, 1, 30))
