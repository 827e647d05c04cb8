"""CWC-03 to CWC-10: what licences are worth, what maintenance gives, when it ends, and what it costs to go on."""

from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.dates import months_after
from kippu_terms.loading import load
from kippu_terms.orders.facts import HeldLicence
from kippu_terms.plan import Plan
from kippu_terms.refusal import Refused
from kippu_terms.renewals.maintenance import maintenance_on, notice_at, year_from
from kippu_terms.renewals.previewing import Renewal, RenewalFacts, preview_renewal
from kippu_terms.renewals.worth import completed_months, worth, yearly_fee
from pydantic import ValidationError

PAID = 200_000
BOUGHT = date(2025, 5, 15)
LAST_DAY = date(2026, 5, 14)
held = HeldLicence(price_paid=PAID, full_on=BOUGHT, maintained_until=LAST_DAY)

days = st.dates(date(2020, 1, 1), date(2060, 12, 31))
prices = st.integers(0, 10_000_000)


@cache
def plan() -> Plan:
    return load((Path(__file__).parents[2] / "plans" / "cwc.toml").read_text())


def renewed(on: date, **changes: Any) -> Renewal:
    licence = changes.pop("licence", held)
    facts = {"provider": "cwc", "ordered_on": on, "licence": licence, "channel": "portal", **changes}
    return preview_renewal(plan(), RenewalFacts.model_validate(facts))


def net(renewal: Renewal) -> int:
    assert renewal.totals is not None
    return renewal.totals.net


def dates_of(renewal: Renewal) -> tuple[date, date, str]:
    assert renewal.period is not None
    return renewal.period.valid_from, renewal.period.valid_until, renewal.period.clause


# --- What is in force ----------------------------------------------------------------------------------------------


@pytest.mark.clause("CWC-03", "CWC-04")
@pytest.mark.parametrize(
    ("on", "maintained", "member_id", "clause"),
    [(LAST_DAY, True, "valid", "CWC-03"), (LAST_DAY + timedelta(days=1), False, "void", "CWC-04")],
)
def test_benefits_and_member_id_end_with_the_last_day(on: date, maintained: bool, member_id: str, clause: str) -> None:
    standing = maintenance_on(plan(), held, on)
    assert (standing.maintained, standing.member_id, standing.clause) == (maintained, member_id, clause)
    given = ("upgrades", "japanese_resources", "mail_support", "help_site")
    assert standing.benefits == (given if maintained else ())


@pytest.mark.clause("CWC-04")
def test_they_end_at_the_local_midnight(cwc: Plan) -> None:
    assert maintenance_on(cwc, held, LAST_DAY).ends_at == datetime(2026, 5, 15, tzinfo=cwc.zone)


@pytest.mark.clause("CWC-04", "CWC-07")
def test_the_last_day_decides_and_not_the_value() -> None:
    early = held.model_copy(update={"maintained_until": date(2026, 1, 31)})
    ended = maintenance_on(plan(), early, date(2026, 2, 1))
    assert (ended.worth.percent_left, ended.above_least, ended.maintained) == ("86.67", True, False)


@pytest.mark.clause("CWC-07")
@pytest.mark.parametrize(
    ("on", "percent", "above"),
    [(date(2026, 5, 15), "80", True), (date(2026, 6, 14), "80", True), (date(2026, 6, 15), "78.33", False)],
)
def test_below_80_percent_there_is_no_maintenance_and_the_software_is_still_used(
    on: date, percent: str, above: bool
) -> None:
    standing = maintenance_on(plan(), held, on)
    assert (standing.worth.percent_left, standing.above_least) == (percent, above)
    assert (standing.maintained, standing.usable) == (False, True)


@pytest.mark.clause("CWC-09")
@pytest.mark.parametrize(
    ("until", "notice"),
    [
        (date(2026, 5, 14), date(2026, 4, 14)),
        (date(2026, 3, 31), date(2026, 2, 28)),
        (date(2028, 3, 30), date(2028, 2, 29)),
        (date(2027, 1, 10), date(2026, 12, 10)),
    ],
)
def test_a_notice_is_due_a_month_before_the_end(cwc: Plan, until: date, notice: date) -> None:
    assert notice_at(cwc, until) == datetime(notice.year, notice.month, notice.day, tzinfo=cwc.zone)


# --- What it costs -------------------------------------------------------------------------------------------------


@pytest.mark.clause("CWC-06")
@pytest.mark.parametrize("on", [date(2025, 5, 16), date(2026, 1, 1), LAST_DAY])
def test_a_continuing_renewal_costs_20_percent_and_follows_the_old_term_however_early(on: date) -> None:
    renewal = renewed(on)
    assert (renewal.kind, renewal.outcome, net(renewal)) == ("continuing", "accepted", 40_000)
    assert dates_of(renewal) == (date(2026, 5, 15), date(2027, 5, 14), "CWC-06")
    assert renewal.totals is not None
    assert renewal.totals.total == 44_000
    assert renewal.notice_at == datetime(2027, 4, 14, tzinfo=plan().zone)


@pytest.mark.clause("CWC-05", "CWC-06")
@pytest.mark.parametrize(
    ("on", "months", "fee"),
    [
        (date(2026, 5, 15), 12, 40_000),  # the first day after the end
        (date(2026, 11, 14), 17, 56_666),
        (date(2026, 11, 15), 18, 60_000),  # 18 months: 30 %
        (date(2030, 5, 14), 59, 196_666),
        (date(2030, 5, 15), 60, 200_000),
        (date(2040, 5, 15), 180, 200_000),  # never more than all of it
    ],
)
def test_a_rejoining_buys_the_whole_lapsed_time(on: date, months: int, fee: int) -> None:
    renewal = renewed(on)
    assert renewal.before is not None
    assert (renewal.kind, renewal.before.worth.months, net(renewal)) == ("rejoining", months, fee)
    assert dates_of(renewal) == (*year_from(on), "CWC-05")


@pytest.mark.clause("CWC-08")
def test_a_licence_added_after_6_months_pays_10_percent_of_the_existing_ones_beside_its_price() -> None:
    both = held.model_copy(update={"quantity": 2, "price_paid": 2 * PAID})
    renewal = renewed(date(2025, 11, 15), licence=both, added=1)
    assert (renewal.kind, renewal.outcome) == ("adding", "accepted")
    assert renewal.price is not None
    assert [(line.product, line.quantity, line.unit_price) for line in renewal.price.lines] == [
        ("maintenance-alignment", 1, 40_000),
        ("licence", 1, 200_000),
    ]
    assert dates_of(renewal) == (date(2025, 11, 15), date(2026, 11, 14), "CWC-08")  # all of them


@pytest.mark.clause("CWC-08")
@pytest.mark.parametrize(("on", "fee"), [(date(2025, 6, 14), 0), (date(2025, 6, 15), 3_333), (BOUGHT, 0)])
def test_only_completed_months_count_when_licences_are_added(on: date, fee: int) -> None:
    assert net(renewed(on, added=3)) == fee + 3 * PAID


@pytest.mark.clause("CWC-08")
def test_what_was_renewed_ahead_is_added_to_once_that_year_has_begun() -> None:
    ahead = held.model_copy(update={"full_on": date(2026, 5, 15), "maintained_until": date(2027, 5, 14)})
    refused = renewed(date(2026, 3, 1), licence=ahead, added=1)
    assert (refused.outcome, refused.deciding_clause, refused.price) == ("refused", "CWC-08", None)
    assert "2026-05-15" in refused.remedies[0].text["en"]
    assert renewed(date(2026, 5, 15), licence=ahead, added=1).outcome == "accepted"


@pytest.mark.clause("CWC-09")
@pytest.mark.parametrize(
    ("channel", "outcome"), [("mail", "accepted"), ("portal", "accepted"), ("telephone", "refused")]
)
def test_renewals_are_ordered_by_mail(channel: str, outcome: str) -> None:
    renewal = renewed(LAST_DAY, channel=channel)
    assert renewal.outcome == outcome
    assert [fault.clause for fault in renewal.faults] == ([] if outcome == "accepted" else ["CWC-09"])


@pytest.mark.clause("CWC-10")
@pytest.mark.parametrize(("on", "kind"), [(LAST_DAY, "continuing"), (LAST_DAY + timedelta(days=1), "rejoining")])
def test_it_is_a_continuing_renewal_up_to_the_last_day(on: date, kind: str) -> None:
    assert renewed(on).kind == kind


def test_a_fee_rounds_down_unless_the_plan_says_otherwise() -> None:
    terms = plan().licences
    assert terms is not None
    odd = worth(terms.value, price_paid=199_999, full_on=BOUGHT, on=date(2025, 6, 15))
    assert (odd.lost, odd.left) == (3_333, 196_666)
    half_up = terms.value.model_copy(update={"rounding": "half_up"})
    assert worth(half_up, price_paid=199_990, full_on=BOUGHT, on=date(2025, 8, 15)).lost == 10_000
    assert worth(terms.value, price_paid=199_990, full_on=BOUGHT, on=date(2025, 8, 15)).lost == 9_999


# --- Whatever the dates ----------------------------------------------------------------------------------------------


@given(since=days, months=st.integers(0, 240))
def test_a_month_is_complete_on_its_corresponding_day_and_not_before(since: date, months: int) -> None:
    completes = months_after(since, months)
    assert completed_months(since, completes) >= months
    assert months == 0 or completed_months(since, completes - timedelta(days=1)) == months - 1


@pytest.mark.parametrize(
    ("since", "on", "months"),
    [
        (date(2026, 1, 31), date(2026, 2, 27), 0),
        (date(2026, 1, 31), date(2026, 2, 28), 1),
        (date(2026, 1, 31), date(2026, 3, 30), 1),
        (date(2026, 1, 31), date(2026, 3, 31), 2),
        (date(2024, 2, 29), date(2025, 2, 28), 12),
        (date(2024, 2, 29), date(2025, 2, 27), 11),
        (date(2026, 5, 1), date(2026, 4, 30), 0),
    ],
)
def test_month_ends_and_leap_days(since: date, on: date, months: int) -> None:
    assert completed_months(since, on) == months


@given(price=prices, full_on=days, one=days, other=days)
def test_the_loss_only_grows_and_is_never_more_than_the_price(
    price: int, full_on: date, one: date, other: date
) -> None:
    terms = plan().licences
    assert terms is not None
    first, second = (worth(terms.value, price_paid=price, full_on=full_on, on=on) for on in sorted((one, other)))
    assert 0 <= first.lost <= second.lost <= price
    assert first.left == price - first.lost >= 0
    exact = Fraction(price * min(60, first.months), 60)
    assert 0 <= exact - first.lost < 1


@given(price=prices, full_on=days)
def test_the_day_after_a_year_rejoining_costs_what_continuing_did(price: int, full_on: date) -> None:
    _, last = year_from(full_on)
    licence = HeldLicence(price_paid=price, full_on=full_on, maintained_until=last)
    terms = plan().licences
    assert terms is not None
    fee = yearly_fee(terms.value, price)
    assert (price % 5 == 0) <= (fee * 5 == price)
    assert renewed(last, licence=licence).kind == "continuing"
    for on in (last, last + timedelta(days=1)):
        renewal = renewed(on, licence=licence)
        months = completed_months(full_on, on)
        assert net(renewal) == (fee if on == last or months == 12 else price * months // 60)


@given(full_on=days, ahead=st.integers(-3_000, 6_000), added=st.integers(0, 3))
def test_every_renewal_lasts_a_year_without_a_gap_behind_it(full_on: date, ahead: int, added: int) -> None:
    _, last = year_from(full_on)
    on = max(full_on, last + timedelta(days=ahead))
    licence = HeldLicence(price_paid=PAID, full_on=full_on, maintained_until=last)
    renewal = renewed(on, licence=licence, added=added)
    assert renewal.outcome == "accepted"
    start, until, _ = dates_of(renewal)
    assert start == (last + timedelta(days=1) if renewal.kind == "continuing" else on)
    assert (start, until) == year_from(start)
    assert 365 <= (until - start).days + 1 <= 366
    assert maintenance_on(plan(), licence, on).maintained is (on <= last)


def test_a_preview_is_of_one_thing_and_of_what_the_plan_renews(qnp: Plan) -> None:
    with pytest.raises(ValidationError, match="one of them"):
        RenewalFacts.model_validate({"provider": "cwc", "ordered_on": LAST_DAY})
    with pytest.raises(ValidationError, match="ends before"):
        HeldLicence(price_paid=PAID, full_on=LAST_DAY, maintained_until=BOUGHT)
    with pytest.raises(Refused, match="sells no licences"):
        preview_renewal(qnp, RenewalFacts(provider="qnp", ordered_on=LAST_DAY, licence=held))
    contract = {"contract_id": "c", "product": "onsite-24h", "valid_from": BOUGHT, "valid_until": LAST_DAY}
    with pytest.raises(Refused, match="name the product"):
        facts = {"provider": "qnp", "ordered_on": LAST_DAY, "contract": contract}
        preview_renewal(qnp, RenewalFacts.model_validate(facts))
