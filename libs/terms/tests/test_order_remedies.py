"""What is named to change the answer to an order does so: each remedy is followed, and its objection is gone."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.bookings import booking_terms, first_day_to_book, last_day_to_pay
from kippu_terms.dates import local_instant
from kippu_terms.loading import load
from kippu_terms.orders.deciding import OrderDecision, decide_order
from kippu_terms.orders.facts import OrderFacts
from kippu_terms.plan import Plan
from kippu_terms.refusal import Refused

PLANS = Path(__file__).parents[3] / "plans"
QNP, SVT, NEC, CWC = (load((PLANS / f"{family}.toml").read_text()) for family in ("qnp", "svt", "nec-esp", "cwc"))


def order(plan: Plan, product: str, **facts: Any) -> OrderDecision:
    usual = {"provider": plan.provider, "product": product, "ordered_on": date(2026, 5, 1)}
    return decide_order(plan, OrderFacts.model_validate(usual | facts))


def objections(decision: OrderDecision) -> list[str]:
    return [fault.code for fault in decision.faults]


def advice(decision: OrderDecision, action: str) -> str:
    """In English; it is there in every language, and leaves no blank."""
    (remedy,) = [each for each in decision.remedies if each.action == action]
    assert {"en", "ja", "th"} <= remedy.text.keys()
    assert not any("$" in text or "None" in text for text in remedy.text.values())
    return remedy.text["en"]


def test_of_too_many_as_many_are_ordered_as_are_sold_at_a_time() -> None:
    assert "at most 100 at" in advice(order(QNP, "technical-tickets-5", quantity=101), "order_fewer")
    assert objections(order(QNP, "technical-tickets-5", quantity=100)) == []


def test_an_option_is_ordered_with_its_product_or_for_a_device_that_has_it() -> None:
    refused = order(QNP, "non-return-disk", asset={"area": "tokyo"})
    named = advice(refused, "order_with_contract").removesuffix(".").partition(": ")[2].split(", ")
    assert objections(refused) == ["option_of"]
    assert set(named) == QNP.product("non-return-disk").only_with
    for product in named:
        assert objections(order(QNP, "non-return-disk", together=[{"product": product}])) == []
        for until, codes in (("2026-05-01", []), ("2026-04-30", ["option_of"])):
            held = {"contract_id": "C-1", "product": product, "valid_from": "2025-05-02", "valid_until": until}
            assert objections(order(QNP, "non-return-disk", held=[held])) == codes


BASIC = {"product": "onsite-basic-3y", "valid_from": "2023-07-01", "valid_until": "2026-06-30", "registered": True}
HELD = [
    BASIC | {"contract_id": "C-1", "renewed_by": "C-9"},
    BASIC | {"contract_id": "C-2"},
    BASIC | {"contract_id": "C-3", "product": "advance-3y"},
]
RENEWAL = next(
    each.id for each in SVT.commercial.products if each.renewal and each.group == SVT.product("onsite-basic-3y").group
)


def test_a_renewal_is_told_which_contracts_it_can_renew() -> None:
    """Neither one that is renewed already, nor one of another service: each was tried."""
    facts = {"held": HELD, "asset": {"serial": "12345678901", "bought_on": "2023-07-01"}}
    for renews in (None, "C-4"):
        refused = order(SVT, RENEWAL, renews=renews, **facts)
        assert advice(refused, "name_what_it_renews") == "Say in `renews` which contract it renews: C-2."
    assert "renewal_of" not in objections(order(SVT, RENEWAL, renews="C-2", **facts))
    assert objections(order(SVT, RENEWAL, renews="C-1", **facts)) == ["renewed_once"]
    assert objections(order(SVT, RENEWAL, renews="C-3", **facts)) == ["renews_its_group"]


def test_where_nothing_can_be_renewed_that_is_what_is_said() -> None:
    refused = order(SVT, RENEWAL, held=HELD[:1])
    assert "order a product that is no renewal" in advice(refused, "hold_what_it_renews")
    bought = order(SVT, "onsite-basic-3y", asset={"serial": "12345678901", "bought_on": "2026-05-01"})
    assert "renewal_of" not in objections(bought)


def test_what_runs_from_a_purchase_to_come_is_ordered_once_the_device_is_bought() -> None:
    def pack(ordered_on: date, bought_on: date) -> OrderDecision:
        return order(NEC, "g2-5day-3y", ordered_on=ordered_on, asset={"serial": "SN-1", "bought_on": bought_on})

    today, bought_on = date(2026, 5, 1), date(2026, 5, 2)
    said = advice(pack(today, bought_on), "order_once_bought")
    assert f"on {bought_on} or later" in said
    assert f"up to {today}" in said
    assert "dated" in objections(pack(today, bought_on))
    assert "dated" not in objections(pack(bought_on, bought_on))
    assert "dated" not in objections(pack(today, today))


def test_a_second_contract_for_a_device_is_ordered_for_another_one() -> None:
    facts: dict[str, Any] = {"asset": {"serial": "SN-1", "area": "tokyo", "remote_island": False}}
    refused = order(QNP, "onsite-24h", quantity=2, **facts)
    assert objections(refused) == ["one_per_device"]
    assert "one for SN-1" in advice(refused, "order_one_for_each")
    for serial in ("SN-1", "SN-2"):
        assert objections(order(QNP, "onsite-24h", asset=facts["asset"] | {"serial": serial})) == []


CUSTOMER = {"bought_licence": True, "member_id": "valid"}


def booked(ordered_on: date, appointment: date, paid_by: str) -> OrderDecision:
    at = local_instant(appointment, datetime.min.time().replace(hour=14), CWC.zone)
    facts = {"ordered_on": ordered_on, "appointment_at": at, "paid_by": paid_by, "customer": CUSTOMER}
    return order(CWC, "ssl-setup", **facts)


@pytest.mark.clause("CWC-16")
@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 20), st.sampled_from(["invoice", "incidents"]))
def test_an_appointment_that_cannot_be_paid_is_booked_for_the_day_that_is_named(
    ordered_on: date, ahead: int, paid_by: Any
) -> None:
    refused = booked(ordered_on, ordered_on + timedelta(days=ahead), paid_by)
    first = first_day_to_book(CWC, ordered_on, paid_by)
    assert first is not None
    assert CWC.calendar.is_business_day(first)
    if objections(refused):
        assert objections(refused) == ["paid_before_appointment"]
        assert advice(refused, "book_later") == f"Book an appointment on {first} or later."
        assert ordered_on + timedelta(days=ahead) < first
    assert objections(booked(ordered_on, first, paid_by)) == []


@pytest.mark.clause("CWC-16")
def test_the_first_day_to_book_is_the_first_business_day_that_can_be_paid_for() -> None:
    friday, monday = date(2026, 11, 20), date(2026, 11, 23)  # Labour Thanksgiving Day
    assert first_day_to_book(CWC, friday, "invoice") == date(2026, 11, 26)
    assert first_day_to_book(CWC, monday, "invoice") == date(2026, 11, 27)
    assert first_day_to_book(CWC, monday, "incidents") == date(2026, 11, 24)
    assert first_day_to_book(QNP, friday, "invoice") is None
    assert last_day_to_pay(CWC, datetime(2026, 11, 25, 5, tzinfo=UTC), "invoice") == date(2026, 11, 19)
    with pytest.raises(Refused, match="book one on 2026-11-26 or later"):
        booking_terms(
            CWC,
            "ssl-setup",
            requested_at=datetime(2026, 11, 20, 3, tzinfo=UTC),
            starts_at=datetime(2026, 11, 25, 5, tzinfo=UTC),
            paid_by="invoice",
        )
