"""QNP-08 to QNP-11: visits, by when, where, and what becomes of the failed part."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from kippu_terms.explain import explain

Local = Callable[..., datetime]
Parts = tuple[int, ...]


@pytest.mark.clause("QNP-08")
@pytest.mark.parametrize(
    ("isolated", "due_on", "bound"),
    [
        ((2026, 5, 1, 12, 59, 59), date(2026, 5, 1), "by"),
        ((2026, 5, 1, 13, 0, 0), date(2026, 5, 1), "by"),
        ((2026, 5, 1, 13, 0, 1), date(2026, 5, 7), "from"),
        ((2026, 5, 1, 13, 0, 0, 1), date(2026, 5, 7), "from"),
        ((2026, 5, 2, 10, 0), date(2026, 5, 7), "from"),  # a Saturday: never the same day
        ((2026, 5, 4, 10, 0), date(2026, 5, 7), "from"),  # a holiday: never the same day
        ((2026, 5, 7, 0, 0), date(2026, 5, 7), "by"),
        ((2026, 12, 29, 10, 0), date(2027, 1, 4), "from"),
    ],
)
def test_isolated_by_13_the_same_day_is_aimed_at_otherwise_the_next_business_day_or_later(
    ask: Any, tokyo: Local, isolated: Parts, due_on: date, bound: str
) -> None:
    (target,) = ask(product="onsite-weekday", isolated_at=tokyo(*isolated)).targets
    assert (target.kind, target.clause, target.due_on, target.bound) == ("visit", "QNP-08", due_on, bound)
    day = (due_on.year, due_on.month, due_on.day)
    assert target.due_at == (tokyo(*day) + timedelta(days=1) if bound == "by" else tokyo(*day, 9))


@pytest.mark.clause("QNP-08")
@pytest.mark.parametrize("area", ["tokyo", "nagoya", "osaka"])
def test_tokyo_nagoya_and_osaka_need_no_consultation(ask: Any, area: str) -> None:
    decision = ask(product="onsite-weekday", area=area)
    assert (decision.outcome, decision.deciding_clause) == ("covered", "QNP-08")


@pytest.mark.clause("QNP-08")
def test_other_areas_are_by_consultation_and_an_unknown_area_has_to_be_known(ask: Any) -> None:
    decision = ask(product="onsite-weekday", area="sapporo")
    assert (decision.outcome, decision.deciding_clause, decision.service) == ("consult", "QNP-08", "onsite_weekday")
    assert ask(product="onsite-weekday", area="sapporo", area_agreed=True).outcome == "covered"
    assert ask(product="onsite-weekday", area=None).waiting_for == "classification"


@pytest.mark.clause("QNP-08")
@pytest.mark.parametrize(
    ("isolated", "due_on"),
    [
        ((2026, 5, 1, 9, 0), date(2026, 5, 8)),  # by 13:00, and yet not the same day
        ((2026, 5, 7, 16, 0), date(2026, 5, 11)),
        ((2026, 5, 9, 16, 0), date(2026, 5, 12)),
    ],
)
def test_elsewhere_visits_are_from_2_business_days_after_isolation_on(
    ask: Any, tokyo: Local, isolated: Parts, due_on: date
) -> None:
    decision = ask(product="onsite-weekday", area="sapporo", area_agreed=True, isolated_at=tokyo(*isolated))
    (target,) = decision.targets
    assert (target.due_on, target.bound) == (due_on, "from")


@pytest.mark.clause("QNP-08")
@pytest.mark.parametrize(
    ("delivered", "area", "starts", "ends"),
    [
        (date(2026, 11, 20), "sapporo", date(2027, 1, 1), date(2027, 12, 31)),
        (date(2026, 11, 1), "sapporo", date(2027, 1, 1), date(2027, 12, 31)),
        (date(2026, 11, 30), "sapporo", date(2027, 1, 1), date(2027, 12, 31)),
        (date(2026, 12, 1), "sapporo", date(2027, 2, 1), date(2028, 1, 31)),
        (date(2026, 11, 20), "tokyo", date(2026, 11, 20), date(2027, 11, 19)),
    ],
)
def test_elsewhere_maintenance_starts_on_the_1st_of_the_month_after_next_from_delivery(
    order_qnp: Any, delivered: date, area: str, starts: date, ends: date
) -> None:
    unit = {"area": area, "delivered_on": delivered}
    period = order_qnp("onsite-weekday", ordered_on=delivered, agreed=True, asset=unit).period
    assert (period.valid_from, period.valid_until, period.clause) == (starts, ends, "QNP-08")
    later = order_qnp("onsite-weekday", ordered_on=date(2027, 6, 1), agreed=True, asset=unit)
    assert later.period.valid_from == date(2027, 6, 1)  # "at the earliest"


@pytest.mark.clause("QNP-08", "QNP-09")
@pytest.mark.parametrize(("product", "clause"), [("onsite-weekday", "QNP-08"), ("onsite-24h", "QNP-09")])
def test_on_site_service_is_sold_for_other_areas_once_it_was_agreed(order_qnp: Any, product: str, clause: str) -> None:
    assert order_qnp(product, asset={"area": "osaka"}).outcome == "accepted"
    elsewhere = order_qnp(product, asset={"area": "sapporo"})
    assert (elsewhere.outcome, elsewhere.deciding_clause) == ("consult", clause)
    assert order_qnp(product, asset={"area": "sapporo"}, agreed=True).outcome == "accepted"


@pytest.mark.clause("QNP-05")
def test_a_send_back_is_sold_nationwide_and_for_an_island_once_it_was_agreed(order_qnp: Any) -> None:
    assert order_qnp("advance-send-back", asset={"area": "sapporo"}).outcome == "accepted"
    island = order_qnp("advance-send-back", asset={"area": "sapporo", "remote_island": True})
    assert (island.outcome, island.deciding_clause) == ("consult", "QNP-05")


@pytest.mark.clause("QNP-08")
@pytest.mark.parametrize(
    ("received", "area", "service"),
    [
        ((2026, 12, 31, 23, 59), "sapporo", "send_back"),
        ((2027, 1, 1), "sapporo", "onsite_weekday"),
        ((2026, 12, 31, 23, 59), "tokyo", "onsite_weekday"),
    ],
)
def test_before_it_starts_it_gives_nothing(ask: Any, tokyo: Local, received: Parts, area: str, service: str) -> None:
    decision = ask(
        product="onsite-weekday",
        area=area,
        area_agreed=True,
        received_at=tokyo(*received),
        warranty_until=date(2028, 1, 1),
        delivered_on=date(2026, 11, 20),
        valid_from=date(2026, 11, 20),
        valid_until=date(2027, 12, 31),
    )
    assert (decision.outcome, decision.service) == ("covered", service)


@pytest.mark.clause("QNP-09")
@pytest.mark.parametrize(
    "isolated",
    [(2026, 5, 3, 23, 0), (2026, 5, 1, 16, 0), (2026, 12, 31, 22, 30), (2026, 5, 5, 2, 0, 1)],
)
def test_the_visit_is_4_hours_after_isolation_through_nights_and_holidays(
    ask: Any, tokyo: Local, isolated: Parts
) -> None:
    decision = ask(product="onsite-24h", received_at=tokyo(2026, 5, 1, 10), isolated_at=tokyo(*isolated))
    (target,) = decision.targets
    assert (decision.service, decision.deciding_clause) == ("onsite_24h", "QNP-09")
    assert (target.kind, target.bound, target.due_at) == ("visit", "by", tokyo(*isolated) + timedelta(hours=4))
    assert [(stretch.state, stretch.reason) for stretch in target.clock.stretches] == [("open", "around_the_clock")]
    assert target.is_met(target.due_at)
    assert not target.is_met(target.due_at + timedelta(seconds=1))


@pytest.mark.clause("QNP-09")
def test_it_is_said_with_the_time_of_day(ask: Any, tokyo: Local) -> None:
    decision = ask(product="onsite-24h", isolated_at=tokyo(2026, 5, 3, 23))
    assert "The visit is aimed at by 2026-05-04 03:00 (QNP-09)." in explain(decision, "en")


@pytest.mark.clause("QNP-09")
def test_the_4_hours_hold_in_the_limited_area_only(ask: Any, tokyo: Local) -> None:
    decision = ask(product="onsite-24h", area="sapporo", isolated_at=tokyo(2026, 5, 3, 23))
    assert (decision.outcome, decision.deciding_clause, decision.targets) == ("consult", "QNP-09", ())
    agreed = ask(product="onsite-24h", area="sapporo", area_agreed=True, isolated_at=tokyo(2026, 5, 3, 23))
    assert (agreed.outcome, agreed.targets) == ("covered", ())


@pytest.mark.clause("QNP-10")
@pytest.mark.parametrize("product", ["onsite-weekday", "onsite-24h"])
def test_the_engineer_brings_the_parts_and_takes_the_failed_ones_away(ask: Any, product: str) -> None:
    decision = ask(product=product, part="power_supply")
    assert (decision.way, decision.failed_part, decision.returns) == ("visit", "taken_away", None)
    assert any(each.clause == "QNP-10" and each.result == "note" for each in decision.findings)


@pytest.mark.clause("QNP-10")
def test_nobody_takes_parts_away_in_a_send_back(ask: Any) -> None:
    assert ask(part="power_supply").failed_part == "returned_later"
    assert all(each.result == "not_applicable" for each in ask().findings if each.clause == "QNP-10")


@pytest.mark.clause("QNP-11")
@pytest.mark.parametrize("product", ["onsite-weekday", "onsite-24h"])
@pytest.mark.parametrize(
    ("part", "options", "failed_part"),
    [
        ("disk", ("non-return-disk",), "handed_over"),
        ("msata", ("non-return-disk",), "handed_over"),
        ("power_supply", ("non-return-disk",), "taken_away"),
        (None, ("non-return-disk",), "taken_away"),
        ("disk", (), "taken_away"),
    ],
)
def test_under_the_option_the_failed_disk_and_nothing_else_stays_with_the_customer(
    ask: Any, product: str, part: str | None, options: tuple[str, ...], failed_part: str
) -> None:
    decision = ask(product=product, part=part, options=options)
    assert (decision.outcome, decision.failed_part) == ("covered", failed_part)


@pytest.mark.clause("QNP-11")
@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"product": "onsite-weekday", "options": ("non-return-disk",), "part": "disk"}, "covered"),
        ({"product": "onsite-weekday", "options": ("non-return-disk",), "part": "power_supply"}, "refused"),
        ({"product": "onsite-weekday", "options": ("non-return-disk",), "part": None}, "waiting"),
        ({"product": "onsite-weekday", "part": "disk"}, "refused"),
        ({"product": "advance-send-back", "part": "disk"}, "refused"),
        ({"product": "advance-send-back", "options": ("non-return-disk",), "part": "disk"}, "refused"),
        ({"contracts": (), "part": "disk"}, "refused"),
    ],
)
def test_asking_to_keep_a_part_takes_the_option_of_an_on_site_plan(
    ask: Any, change: dict[str, Any], outcome: str
) -> None:
    decision = ask(keep_part=True, **change)
    assert decision.outcome == outcome
    if outcome != "covered":
        assert (decision.deciding_clause, decision.remedies[0].action) == ("QNP-11", "return_part")
    assert ask(**change).outcome == "covered"


@pytest.mark.clause("QNP-11")
@pytest.mark.parametrize("with_it", ["onsite-weekday", "onsite-24h"])
def test_the_option_is_sold_with_the_on_site_plans_only(order_qnp: Any, with_it: str) -> None:
    assert order_qnp("non-return-disk", together=[{"product": with_it}]).outcome == "accepted"
    for other in ([], ["advance-send-back"], ["extended-send-back", "technical-tickets-5"]):
        refused = order_qnp("non-return-disk", together=[{"product": each} for each in other])
        assert [(fault.code, fault.clause) for fault in refused.faults] == [("option_of", "QNP-11")]
        assert refused.price is None


@pytest.mark.clause("QNP-11")
def test_the_option_is_sold_for_an_on_site_contract_up_to_its_last_day(order_qnp: Any) -> None:
    held = {"contract_id": "contract-1", "product": "onsite-24h", "valid_from": date(2026, 1, 1)}
    for ordered_on, outcome in ((date(2026, 12, 31), "accepted"), (date(2027, 1, 1), "refused")):
        decision = order_qnp(
            "non-return-disk", ordered_on=ordered_on, held=[{**held, "valid_until": date(2026, 12, 31)}]
        )
        assert decision.outcome == outcome


def test_a_charge_is_never_ordered_and_has_no_period(order_qnp: Any) -> None:
    decision = order_qnp("overdue-return")
    assert (decision.outcome, decision.faults[0].code, decision.period) == ("refused", "orderable", None)
