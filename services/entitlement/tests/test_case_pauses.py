"""Given a request that waited for its customer, when it goes on, then its clocks stood still meanwhile, and say so."""

from dataclasses import replace
from datetime import date, datetime
from functools import reduce
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from kippu_entitlement import folds
from kippu_entitlement.domain import coverage
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.case import Case, Request, evolve, noted
from kippu_entitlement.testing import CUSTOMER
from kippu_events.catalogue.entitlement import AssetContract, CoverageDecided
from kippu_events.catalogue.values import Outcome
from kippu_events.event import Event
from kippu_terms.clock import Pause
from kippu_terms.coverage import decide_coverage
from kippu_terms.loading import load

TOKYO = ZoneInfo("Asia/Tokyo")
QNP = load((Path(__file__).parents[3] / "plans" / "qnp.toml").read_text())
NUMBER = "KP-0000-0001"


def at(day: int, hour: int) -> datetime:
    """In May 2026; the 11th is a Monday."""
    return datetime(2026, 5, day, hour, tzinfo=TOKYO)


REQUEST = Request(
    customer_id=CUSTOMER,
    contact_id="contact-1",
    plan_family="qnp",
    channel="mail",
    received_at=at(11, 10),
    category="fault",
    asset_serial="NAS-1",
    wanted_at=None,
    wanted_minutes=None,
    isolated_at=at(11, 11),
)
UNIT = Asset(
    customer_id=CUSTOMER,
    serial="NAS-1",
    plan_family="qnp",
    bought_from_provider=True,
    contracts=(
        AssetContract(
            contract_id="C-1",
            product="advance-send-back",
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
        ),
    ),
)


def decided(waiting_for: str | None = None) -> CoverageDecided:
    return CoverageDecided(
        occurred_at=at(31, 0),
        ticket_no=NUMBER,
        customer_id=CUSTOMER,
        contact_id="contact-1",
        decision=1,
        plan_family="qnp",
        plan_version="1",
        outcome=Outcome.WAITING if waiting_for else Outcome.COVERED,
        waiting_for=waiting_for,
        deciding_clause="SVT-15",
        findings=(),
        remedies=(),
        facts={},
    )


WAITS = decided("customer")


def known(when: datetime, answered_at: datetime | None = None) -> Event:
    return noted(NUMBER, REQUEST, when, answered_at=answered_at)


def after(*events: Event) -> Case:
    return reduce(evolve, events, Case())


def pauses(case: Case) -> list[tuple[datetime, datetime]]:
    return [(each.begins_at, each.ends_at) for each in case.paused]


@pytest.mark.clause("SVT-15")
def test_it_pauses_from_what_made_it_wait_to_what_let_it_go_on_however_late_that_was_decided() -> None:
    asked = (known(at(11, 11)), decided(), known(at(11, 12)), WAITS)
    assert pauses(after(*asked)) == []
    answered = (*asked, known(at(13, 9)))
    assert pauses(after(*answered)) == [(at(11, 12), at(13, 9))]
    assert pauses(after(*answered, decided(), known(at(14, 9)), decided())) == [(at(11, 12), at(13, 9))]


@pytest.mark.clause("SVT-15")
def test_what_is_learned_while_it_still_waits_ends_nothing() -> None:
    waiting = (known(at(11, 12)), WAITS, known(at(12, 9)), WAITS)
    assert pauses(after(*waiting, known(at(13, 9)), decided())) == [(at(11, 12), at(13, 9))]


@pytest.mark.clause("CWC-15")
def test_the_customers_message_ends_it_and_not_the_desks_record_of_that() -> None:
    waiting = (known(at(11, 12)), WAITS)
    assert pauses(after(*waiting, known(at(13, 9), answered_at=at(12, 9)), decided())) == [(at(11, 12), at(12, 9))]
    before_it_waited = known(at(13, 9), answered_at=at(11, 11))
    assert pauses(after(*waiting, before_it_waited, decided())) == [(at(11, 12), at(13, 9))]


def test_waiting_for_others_is_no_pause_and_a_second_wait_is_a_second_one() -> None:
    approval = (known(at(11, 12)), decided("approval"), known(at(12, 9)), decided())
    assert pauses(after(*approval)) == []
    twice = (known(at(11, 12)), WAITS, known(at(11, 13)), decided(), known(at(12, 9)), WAITS, known(at(12, 15)))
    assert pauses(after(*twice)) == [(at(11, 12), at(11, 13)), (at(12, 9), at(12, 15))]


def test_a_saved_case_still_knows_its_pauses() -> None:
    case = after(known(at(11, 12)), WAITS, known(at(11, 13)), decided(), known(at(12, 9)), WAITS)
    saved = folds.CASE.restore(folds.CASE.save(case))
    assert pauses(evolve(saved, known(at(12, 15)))) == pauses(evolve(case, known(at(12, 15))))


def ship_by(case: Case) -> Any:
    facts = coverage.facts_of("qnp", case, coverage.Register(UNIT, None, date(2026, 5, 11)))
    [target] = decide_coverage(QNP, facts).targets
    return target


@pytest.mark.clause("QNP-01", "SVT-15")
def test_the_shipment_is_aimed_at_later_by_the_business_days_that_it_waited_and_the_clock_shows_them() -> None:
    assert ship_by(after(known(at(11, 11)), decided())).due_on == date(2026, 5, 12)
    waited = after(known(at(11, 11)), decided(), known(at(11, 12)), WAITS, known(at(13, 9)))
    target = ship_by(waited)
    assert target.due_on == date(2026, 5, 14)
    assert [(each.begins_at, each.ends_at) for each in target.stretches if each.state == "paused"] == [
        (at(11, 12), at(13, 9))
    ]
    same_day = after(known(at(11, 11)), decided(), known(at(11, 12)), WAITS, known(at(11, 16)))
    assert ship_by(same_day).due_on == date(2026, 5, 12)


def test_what_was_decided_on_can_be_decided_again_with_its_pauses() -> None:
    waited = replace(after(known(at(11, 11))), pauses=(Pause(begins_at=at(11, 12), ends_at=at(13, 9)),))
    facts = coverage.facts_of("qnp", waited, coverage.Register(UNIT, None, date(2026, 5, 11)))
    again = type(facts).model_validate(facts.model_dump(mode="json"))
    assert decide_coverage(QNP, again).targets == decide_coverage(QNP, facts).targets
