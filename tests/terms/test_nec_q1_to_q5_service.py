"""NEC-Q1 to NEC-Q5: from when a pack runs, what it contains, on which days it serves, who changes it, how it ends."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.contracts import change_takes_effect, contract_end
from kippu_terms.plan import Plan

Local = Callable[..., datetime]
Parts = tuple[int, ...]


@pytest.mark.clause("NEC-Q1")
@pytest.mark.parametrize(
    ("bought", "product", "ordered", "ends", "outcome"),
    [
        (date(2026, 1, 10), "g2-5day-3y", date(2026, 1, 10), date(2029, 1, 9), "accepted"),
        (date(2026, 1, 10), "g2-5day-3y", date(2028, 6, 1), date(2029, 1, 9), "accepted"),  # after the warranty
        (date(2026, 1, 10), "g2-5day-3y", date(2029, 1, 9), date(2029, 1, 9), "accepted"),  # a day is left
        (date(2026, 1, 10), "g2-5day-3y", date(2029, 1, 10), date(2029, 1, 9), "refused"),
        (date(2022, 6, 10), "g2-24x365-5y", date(2027, 6, 9), date(2027, 6, 9), "accepted"),
        (date(2022, 6, 10), "g2-24x365-5y", date(2027, 6, 10), date(2027, 6, 9), "refused"),
        (date(2024, 2, 29), "g2-5day-4y", date(2026, 11, 20), date(2028, 2, 28), "accepted"),
        (date(2024, 2, 29), "g2-5day-3y", date(2026, 11, 20), date(2027, 2, 28), "accepted"),
    ],
)
def test_the_period_starts_on_the_servers_purchase_date_whenever_the_pack_is_bought(
    order_nec: Any, bought: date, product: str, ordered: date, ends: date, outcome: str
) -> None:
    decision = order_nec(product, ordered_on=ordered, asset={"bought_on": bought})
    assert (decision.period.valid_from, decision.period.valid_until, decision.period.clause) == (bought, ends, "NEC-Q1")
    assert decision.outcome == outcome
    assert [fault.clause for fault in decision.faults] == ([] if outcome == "accepted" else ["NEC-Q1"])


@pytest.mark.clause("NEC-Q1")
def test_without_the_servers_purchase_date_there_is_no_period(order_nec: Any) -> None:
    decision = order_nec("g2-5day-3y", asset=None)
    assert (decision.outcome, decision.period, decision.price) == ("refused", None, None)
    assert {fault.field for fault in decision.faults} == {"asset.bought_on"}


@pytest.mark.clause("NEC-Q1")
@pytest.mark.parametrize(("bought", "outcome"), [(date(2026, 11, 20), "accepted"), (date(2026, 11, 21), "refused")])
def test_a_pack_is_for_a_server_that_was_bought_by_then(order_nec: Any, bought: date, outcome: str) -> None:
    decision = order_nec("g2-5day-3y", asset={"bought_on": bought})
    assert decision.outcome == outcome
    assert [fault.field for fault in decision.faults] == ([] if outcome == "accepted" else ["asset.bought_on"])


@pytest.mark.clause("NEC-Q1")
def test_within_the_warranty_the_pack_raises_the_service(ask_nec: Any) -> None:
    assert ask_nec().service == "five_days"
    assert ask_nec(contracts=()).service == "warranty_repair"


@pytest.mark.clause("NEC-Q2")
@pytest.mark.parametrize("product", ["g2-5day-3y", "g2-24x365-5y"])
def test_no_product_contains_periodic_maintenance(ask_nec: Any, product: str) -> None:
    decision = ask_nec(category="periodic_maintenance", product=product)
    assert (decision.outcome, decision.deciding_clause) == ("refused", "NEC-Q2")
    assert decision.remedies[0].action == "conclude_maintenance_contract"
    assert ask_nec(product=product).outcome == "covered"


@pytest.mark.clause("NEC-Q3")
@pytest.mark.parametrize(
    ("received", "counts_from"),
    [
        ((2026, 11, 23, 10), (2026, 11, 23, 10)),  # Monday, a public holiday
        ((2026, 5, 6, 10), (2026, 5, 6, 10)),  # a day in lieu
        ((2026, 9, 22, 10), (2026, 9, 22, 10)),  # between two holidays
        ((2026, 12, 31, 10), (2026, 12, 31, 10)),  # the turn of the year
        ((2027, 1, 1, 10), (2027, 1, 1, 10)),
        ((2026, 11, 21, 10), (2026, 11, 23, 8, 30)),  # a Saturday
        ((2026, 11, 20, 8, 29, 59), (2026, 11, 20, 8, 30)),
        ((2026, 11, 20, 8, 30), (2026, 11, 20, 8, 30)),
        ((2026, 11, 20, 17, 29, 59), (2026, 11, 20, 17, 29, 59)),
        ((2026, 11, 20, 17, 30), (2026, 11, 23, 8, 30)),  # Friday evening
    ],
)
def test_the_5_day_products_serve_every_monday_to_friday_holidays_included(
    ask_nec: Any, tokyo: Local, received: Parts, counts_from: Parts
) -> None:
    decision = ask_nec(received_at=tokyo(*received))
    assert (decision.outcome, decision.service, decision.deciding_clause) == ("covered", "five_days", "NEC-Q3")
    assert decision.counts_from == tokyo(*counts_from)


@pytest.mark.clause("NEC-Q3")
def test_the_24x365_products_serve_at_any_time(ask_nec: Any, tokyo: Local) -> None:
    at = tokyo(2026, 11, 22, 3)
    decision = ask_nec(product="g2-24x365-3y", received_at=at)
    assert (decision.service, decision.counts_from) == ("around_the_clock", at)


@pytest.mark.clause("NEC-Q3")
def test_the_same_monday_is_no_service_day_of_a_provider_that_keeps_holidays(ask: Any, tokyo: Local) -> None:
    at = tokyo(2026, 11, 23, 10)
    assert ask(received_at=at).counts_from == tokyo(2026, 11, 24, 9)


@pytest.mark.clause("NEC-Q4")
@pytest.mark.parametrize(
    ("asked", "effective"),
    [
        ((2026, 11, 20, 9, 0), (2026, 11, 20, 9, 0)),
        ((2026, 11, 20, 16, 59, 59), (2026, 11, 20, 16, 59, 59)),
        ((2026, 11, 20, 17, 0), (2026, 11, 24, 9, 0)),  # over the weekend and Monday's holiday, which the desk keeps
        ((2026, 11, 20, 8, 59, 59), (2026, 11, 20, 9, 0)),
        ((2026, 11, 23, 10), (2026, 11, 24, 9, 0)),
        ((2026, 12, 28, 17, 0), (2027, 1, 4, 9, 0)),
    ],
)
def test_a_change_of_what_is_registered_takes_effect_when_the_desk_is_open(
    nec: Plan, ask_nec: Any, tokyo: Local, asked: Parts, effective: Parts
) -> None:
    assert change_takes_effect(nec, tokyo(*asked)) == tokyo(*effective)
    decision = ask_nec(category="registration_change", received_at=tokyo(*asked))
    assert (decision.outcome, decision.deciding_clause, decision.service) == ("covered", "NEC-Q4", "registration_desk")
    assert decision.counts_from == tokyo(*effective)


@pytest.mark.clause("NEC-Q4")
def test_where_no_desk_takes_changes_they_take_effect_at_once(qnp: Plan, tokyo: Local) -> None:
    assert change_takes_effect(qnp, tokyo(2026, 11, 22, 3)) == tokyo(2026, 11, 22, 3)


@pytest.mark.clause("NEC-Q4")
def test_the_registration_desk_takes_no_mail(ask_nec: Any) -> None:
    refused = ask_nec(category="registration_change", channel="mail")
    assert (refused.outcome, refused.deciding_clause) == ("refused", "NEC-Q4")
    assert ask_nec(category="registration_change", channel="portal").outcome == "covered"


@pytest.mark.clause("NEC-Q4")
@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ((2026, 11, 20, 11, 59, 59), (2026, 11, 20, 11, 59, 59)),
        ((2026, 11, 20, 12, 0), (2026, 11, 20, 13, 0)),
        ((2026, 11, 20, 12, 59, 59), (2026, 11, 20, 13, 0)),
        ((2026, 11, 20, 13, 0), (2026, 11, 20, 13, 0)),
        ((2026, 11, 20, 17, 0), (2026, 11, 24, 9, 0)),
    ],
)
def test_first_contact_for_sales_pauses_at_noon(ask_nec: Any, tokyo: Local, asked: Parts, answered: Parts) -> None:
    decision = ask_nec(category="sales", received_at=tokyo(*asked))
    assert (decision.outcome, decision.service, decision.counts_from) == ("covered", "first_contact", tokyo(*answered))


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001  naive bounds
@pytest.mark.clause("NEC-Q4")
def test_what_is_asked_takes_effect_when_the_desk_is_open_and_never_before(nec: Plan, asked: datetime) -> None:
    effective = change_takes_effect(nec, asked)
    assert effective >= asked
    assert nec.calendar.is_open("registration_desk", effective)
    assert effective == asked or not nec.calendar.is_open("registration_desk", asked)


@pytest.mark.clause("NEC-Q5")
def test_a_pack_ends_by_itself_at_the_local_midnight_and_nobody_is_reminded(nec: Plan, tokyo: Local) -> None:
    end = contract_end(nec, date(2026, 1, 10), date(2029, 1, 9))
    assert end.ends_at == tokyo(2029, 1, 10)
    assert end.remind_at == ()


@pytest.mark.clause("NEC-Q5")
@pytest.mark.parametrize(("second", "outcome"), [(-1, "covered"), (0, "quote")])
def test_from_then_on_it_gives_nothing(ask_nec: Any, tokyo: Local, second: int, outcome: str) -> None:
    at = tokyo(2029, 1, 10) + timedelta(seconds=second)
    assert ask_nec(received_at=at, warranty_until=date(2027, 1, 9)).outcome == outcome


@pytest.mark.clause("NEC-Q5")
def test_whether_a_notice_is_given_is_a_setting(nec_with: Any, tokyo: Local) -> None:
    plan = nec_with("remind_months_before = []", "remind_months_before = [1, 3]")
    end = contract_end(plan, date(2026, 1, 10), date(2029, 1, 9))
    assert end.remind_at == (tokyo(2028, 10, 9), tokyo(2028, 12, 9))
    short = contract_end(plan, date(2028, 11, 1), date(2029, 1, 9))
    assert short.remind_at == (tokyo(2028, 12, 9),)  # none falls before the contract begins
