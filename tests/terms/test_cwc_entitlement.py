"""CWC-04, CWC-08, CWC-09, CWC-12, CWC-21 in entitlement: what a payment issues and voids, and what ends by itself."""

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from kippu_entitlement.domain import licence
from kippu_entitlement.domain.licence import Licence, evolve
from kippu_entitlement.domain.order import Line, Order
from kippu_events.catalogue.licences import (
    IncidentMemberIssued,
    LicenceRenewed,
    LicenceSold,
    MaintenanceEnded,
    MemberIdIssued,
    MemberIdVoided,
    RenewalNoticed,
)
from kippu_events.event import Event
from kippu_events.ports import SystemIds
from kippu_privacy import Plain
from kippu_terms.plan import Plan

PAID_ON = date(2026, 11, 18)
PAID_AT = datetime(2026, 11, 18, 3, tzinfo=UTC)
LAST_DAY = date(2027, 11, 17)


def order(*lines: Line) -> Order:
    return Order(order_id="O-1", customer_id="customer-1", plan_family="cwc", plan_version="2026-01-01", lines=lines)


def after(state: Licence, events: Any) -> Licence:
    return reduce(evolve, events, state)


def paid(plan: Plan, state: Licence, *lines: Line, on: date = PAID_ON) -> tuple[Event, ...]:
    """What a payment records on the licences."""
    bought = licence.purchase_of(state, order(*lines), plan, on)
    assert bought is not None
    taken = licence.take(
        state, bought, order(*lines), plan, licence_id="customer-1.cwc", contact_id="contact-1", now=PAID_AT
    )
    state = after(state, taken)
    return *taken, *licence.issue_member_id(state, plan, "O-1", language="ja", ids=SystemIds(), now=PAID_AT)


@pytest.fixture
def held(cwc: Plan) -> Licence:
    return after(Licence(), paid(cwc, Licence(), Line("licence", 2), Line("annual-maintenance", 2)))


@pytest.mark.clause("CWC-12")
def test_on_payment_the_key_and_the_member_id_are_issued_for_the_holder_alone(cwc: Plan) -> None:
    sold, issued = paid(cwc, Licence(), Line("licence", 2), Line("annual-maintenance", 2))
    assert isinstance(sold, LicenceSold)
    assert isinstance(issued, MemberIdIssued)
    assert (issued.maintained_until, issued.clause, issued.language) == (LAST_DAY, "CWC-12", "ja")
    assert isinstance(issued.member_id, Plain)  # sealed as it is written
    assert isinstance(issued.licence_key, Plain)
    assert issued.member_id_hash == licence.hash_of("cwc", issued.member_id.text)
    assert issued.member_id.text not in repr(issued)


@pytest.mark.clause("CWC-12")
def test_a_renewal_voids_the_old_id_as_it_issues_a_new_one(cwc: Plan, held: Licence) -> None:
    renewal = Line("maintenance-renewal", 1, valid_from=LAST_DAY + timedelta(days=1))
    renewed, voided, issued = paid(cwc, held, renewal)
    assert isinstance(renewed, LicenceRenewed)
    assert isinstance(voided, MemberIdVoided)
    assert isinstance(issued, MemberIdIssued)
    assert voided.member_id_hash == held.member_id_hash != issued.member_id_hash
    assert (renewed.full_on, renewed.maintained_until) == (date(2027, 11, 18), date(2028, 11, 17))


@pytest.mark.clause("CWC-12")
def test_an_id_is_recognised_however_it_is_typed_and_by_its_provider_only() -> None:
    known = licence.hash_of("cwc", "ABCD-EFGH-JKMN-PQRS")
    assert licence.hash_of("cwc", " abcd efgh jkmnpqrs ") == known
    assert licence.hash_of("other", "ABCD-EFGH-JKMN-PQRS") != known
    assert licence.hash_of("cwc", "ABCD-EFGH-JKMN-PQRT") != known


@pytest.mark.clause("CWC-08")
def test_what_is_added_runs_with_what_is_held_from_the_day_of_its_order(cwc: Plan, held: Licence) -> None:
    alignment = Line("maintenance-alignment", 1, valid_from=date(2027, 5, 18))
    added, *_ = paid(cwc, held, alignment, Line("licence", 1), Line("annual-maintenance", 1), on=date(2027, 5, 20))
    assert isinstance(added, LicenceRenewed)
    assert (added.kind, added.quantity, added.price_paid) == ("adding", 3, 600_000)
    assert (added.full_on, added.maintained_until) == (date(2027, 5, 18), date(2028, 5, 17))


@pytest.mark.clause("CWC-04")
@pytest.mark.parametrize(("minutes", "member_id"), [(-1, "valid"), (0, "void")])
def test_the_member_id_is_valid_until_the_local_midnight(
    cwc: Plan, held: Licence, minutes: int, member_id: str
) -> None:
    midnight = datetime(2027, 11, 18, tzinfo=cwc.zone)
    facts = licence.facts_of(held, midnight + timedelta(minutes=minutes))
    assert (facts.member_id, facts.bought_licence) == (member_id, True)
    assert licence.facts_of(Licence(), midnight).member_id == "none"


@pytest.mark.clause("CWC-04", "CWC-09")
def test_notice_and_end_come_once_and_not_after_a_renewal(cwc: Plan, held: Licence) -> None:
    (noticed,) = licence.notice(held, cwc, LAST_DAY, "ja", PAID_AT)
    (ended,) = licence.end(held, cwc, LAST_DAY, PAID_AT)
    assert isinstance(noticed, RenewalNoticed)
    assert isinstance(ended, MaintenanceEnded)
    assert (noticed.fee, noticed.currency, noticed.clause) == (80_000, "JPY", "CWC-09")
    assert (ended.ended_on, ended.clause) == (LAST_DAY, "CWC-04")
    again = after(held, (noticed, ended))
    renewal = Line("maintenance-renewal", 1, valid_from=LAST_DAY + timedelta(days=1))
    renewed = after(held, paid(cwc, held, renewal))
    for state in (again, renewed):
        assert licence.notice(state, cwc, LAST_DAY, "ja", PAID_AT) == ()
        assert licence.end(state, cwc, LAST_DAY, PAID_AT) == ()


@pytest.mark.clause("CWC-21")
def test_the_incident_number_comes_with_the_first_incidents(cwc: Plan) -> None:
    def issue(state: Licence) -> tuple[Event, ...]:
        incidents = order(Line("incidents-5", 1, tickets=5))
        who: dict[str, Any] = {"licence_id": "customer-1.cwc", "contact_id": None, "language": "ja"}
        return licence.issue_incident_number(
            state, cwc, incidents, **who, clause="CWC-21", ids=SystemIds(), now=PAID_AT
        )

    (issued,) = issue(Licence())
    assert isinstance(issued, IncidentMemberIssued)
    state = evolve(Licence(), issued)
    assert issue(state) == ()
    facts = licence.facts_of(state, PAID_AT)
    assert (facts.incident_member, facts.bought_licence) == ("valid", False)


def test_a_renewal_that_is_paid_twice_lasts_twice_as_long(cwc: Plan, held: Licence) -> None:
    renewal = Line("maintenance-renewal", 1, valid_from=LAST_DAY + timedelta(days=1))
    once = after(held, paid(cwc, held, renewal))
    twice = after(once, paid(cwc, once, renewal))
    assert (once.maintained_until, twice.maintained_until) == (date(2028, 11, 17), date(2029, 11, 17))
