"""IIJ-09: work outside business hours is to be announced 5 days ahead; at shorter notice it is the dispatcher's."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

Instant = tuple[int, ...]
WEDNESDAY_LATE = (2026, 11, 18, 23, 59)
WEDNESDAY = (2026, 11, 18, 10)
NEXT_SATURDAY = (2026, 11, 21, 10)


@pytest.mark.clause("IIJ-09")
@pytest.mark.parametrize(
    ("received", "wanted", "notice_days", "held"),
    [
        (WEDNESDAY, NEXT_SATURDAY, 3, True),
        ((2026, 11, 17, 10), NEXT_SATURDAY, 4, True),
        ((2026, 11, 16, 23, 59), NEXT_SATURDAY, 5, False),  # counted in local days, whatever the hour
        ((2026, 11, 16, 0, 0), NEXT_SATURDAY, 5, False),
        ((2026, 11, 17, 0, 0), NEXT_SATURDAY, 4, True),
    ],
)
def test_work_on_a_saturday_is_held_at_4_days_and_accepted_at_5(
    decide: Any, bangkok: Callable[..., datetime], received: Instant, wanted: Instant, notice_days: int, held: bool
) -> None:
    decision = decide(received_at=bangkok(*received), wanted_at=bangkok(*wanted), wanted_minutes=60)
    assert decision.outcome == "covered_by_debit"
    assert (decision.visit.notice_days, decision.visit.held, decision.visit.clause) == (notice_days, held, "IIJ-09")
    result = next(finding for finding in decision.findings if finding.clause == "IIJ-09").result
    assert result == ("held" if held else "satisfied")


@pytest.mark.clause("IIJ-09")
@pytest.mark.parametrize(
    ("wanted", "minutes", "held"),
    [
        ((2026, 11, 18, 14, 0), 60, False),
        ((2026, 11, 19, 9, 0), 60, False),
        ((2026, 11, 19, 8, 59), 60, True),
        ((2026, 11, 19, 17, 0), 60, False),  # ends as business hours do
        ((2026, 11, 19, 17, 0), 61, True),  # overtime
        ((2026, 11, 19, 17, 59), 1, False),
        ((2026, 11, 19, 18, 0), 1, True),
        ((2026, 11, 20, 23, 30), 60, True),
        ((2026, 11, 22, 10, 0), 60, True),  # a Sunday
    ],
)
def test_within_business_hours_the_notice_does_not_matter(
    decide: Any, bangkok: Callable[..., datetime], wanted: Instant, minutes: int, held: bool
) -> None:
    decision = decide(wanted_at=bangkok(*wanted), wanted_minutes=minutes)
    assert (decision.outcome, decision.visit.held) == ("covered_by_debit", held)


@pytest.mark.clause("IIJ-09")
@pytest.mark.parametrize(
    ("received", "wanted", "held"),
    [
        ((2026, 12, 4, 10), (2026, 12, 7, 10), True),  # the substitution day of Saturday 5 December
        ((2026, 12, 4, 10), (2026, 12, 8, 10), False),
        ((2026, 12, 6, 10), (2026, 12, 10, 10), True),  # Constitution Day, at 4 days
        ((2026, 12, 5, 10), (2026, 12, 10, 10), False),  # at 5
    ],
)
def test_thai_holidays_are_outside_business_hours(
    decide: Any, bangkok: Callable[..., datetime], received: Instant, wanted: Instant, held: bool
) -> None:
    decision = decide(received_at=bangkok(*received), wanted_at=bangkok(*wanted), wanted_minutes=60)
    assert decision.visit.held is held


@pytest.mark.clause("IIJ-09")
def test_what_is_held_may_be_asked_for_later_or_within_hours(decide: Any, bangkok: Callable[..., datetime]) -> None:
    decision = decide(wanted_at=bangkok(*NEXT_SATURDAY))
    assert [remedy.action for remedy in decision.remedies] == ["ask_earlier"]
    assert "2026-11-23" in decision.remedies[0].text["en"]


@pytest.mark.clause("IIJ-09")
def test_how_long_the_work_takes_is_assumed_where_nobody_said(decide: Any, bangkok: Callable[..., datetime]) -> None:
    assert decide(wanted_at=bangkok(2026, 11, 19, 17, 0)).visit.minutes == 60
    assert decide(wanted_at=bangkok(2026, 11, 19, 17, 0)).visit.held is False
    assert decide(wanted_at=bangkok(2026, 11, 19, 17, 1)).visit.held is True


@pytest.mark.clause("IIJ-09")
@pytest.mark.parametrize(
    "change",
    [{"installed_by": "customer"}, {"category": None}, {"category": "preventive_maintenance"}],
)
def test_no_visit_is_planned_for_what_is_not_served_yet(
    decide: Any, bangkok: Callable[..., datetime], change: dict[str, Any]
) -> None:
    decision = decide(wanted_at=bangkok(*NEXT_SATURDAY), **change)
    assert decision.visit is None
    assert "ask_earlier" not in [remedy.action for remedy in decision.remedies]


@pytest.mark.clause("IIJ-09")
def test_no_wanted_time_needs_no_visit(decide: Any) -> None:
    decision = decide()
    assert decision.visit is None
    assert next(f for f in decision.findings if f.clause == "IIJ-09").result == "not_applicable"


@pytest.mark.clause("IIJ-09")
def test_work_cannot_be_wanted_before_it_was_asked_for(decide: Any, bangkok: Callable[..., datetime]) -> None:
    received = bangkok(*WEDNESDAY_LATE)
    assert decide(received_at=received, wanted_at=received).visit.notice_days == 0
    with pytest.raises(ValidationError, match="before the request was received") as refused:
        decide(received_at=received, wanted_at=bangkok(*WEDNESDAY))
    assert refused.value.errors()[0]["loc"] == ("wanted_at",)


@pytest.mark.clause("IIJ-09")
def test_work_cannot_be_wanted_beyond_every_known_calendar(decide: Any, bangkok: Callable[..., datetime]) -> None:
    with pytest.raises(ValidationError, match="less than 2100"):
        decide(wanted_at=bangkok(9999, 12, 31, 23))
    with pytest.raises(ValidationError, match="greater than or equal to 2000"):
        decide(received_at=bangkok(1, 1, 1))
    with pytest.raises(ValidationError, match="less than or equal to 14400"):
        decide(wanted_at=bangkok(2026, 11, 19, 10), wanted_minutes=10**12)
