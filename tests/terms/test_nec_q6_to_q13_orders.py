"""NEC-Q6 to NEC-Q13: what can be bought for a server, beside and after what it has."""

from datetime import date
from typing import Any

import pytest

BOUGHT = date(2026, 1, 10)
THREE_YEARS = (BOUGHT, date(2029, 1, 9))
FIVE_YEARS = (BOUGHT, date(2031, 1, 9))


def clauses(decision: Any) -> list[str]:
    return [fault.clause for fault in decision.faults]


@pytest.mark.clause("NEC-Q6")
@pytest.mark.parametrize(
    ("bought", "until", "ends", "outcome"),
    [
        (date(2022, 6, 10), date(2026, 6, 9), date(2027, 6, 9), "accepted"),  # up to the last day of 5 years
        (date(2022, 6, 9), date(2026, 6, 9), date(2027, 6, 9), "refused"),  # a day past it
        (date(2022, 6, 10), date(2027, 6, 9), date(2028, 6, 9), "refused"),
        (date(2022, 6, 10), date(2025, 6, 9), date(2026, 6, 9), "accepted"),
    ],
)
def test_nothing_runs_past_5_years_from_the_servers_purchase(
    order_nec: Any, bought: date, until: date, ends: date, outcome: str
) -> None:
    decision = order_nec(
        "esp-5day-renewal",
        ordered_on=until,
        asset={"bought_on": bought},
        held={"esp-5day-3y": (bought, until)},
        renews="contract-esp-5day-3y",
    )
    assert (decision.outcome, decision.period.valid_until) == (outcome, ends)
    assert clauses(decision) == ([] if outcome == "accepted" else ["NEC-Q6"])


@pytest.mark.clause("NEC-Q6")
def test_a_pack_of_5_years_runs_up_to_the_limit_and_no_longer_one_is_sold(order_nec: Any, nec: Any) -> None:
    assert order_nec("g2-5day-5y").period.valid_until == date(2031, 1, 9)
    assert max(product.validity_months or 0 for product in nec.commercial.products) == 60


@pytest.mark.clause("NEC-Q7")
@pytest.mark.parametrize("product", ["g2-24x365-3y", "g2-24x365-4y"])
def test_a_registered_5_day_pack_does_not_become_a_24x365_one(order_nec: Any, product: str) -> None:
    held = {"g2-5day-3y": THREE_YEARS}
    decision = order_nec(product, held=held, reason="upgrade")
    assert decision.outcome == "refused"
    assert "NEC-Q7" in clauses(decision)
    assert decision.remedies[0].action == "buy_new"


@pytest.mark.clause("NEC-Q7")
def test_the_24x365_pack_can_be_bought_new_beside_it_at_its_whole_price(order_nec: Any) -> None:
    bought = order_nec("g2-24x365-3y", held={"g2-5day-3y": THREE_YEARS})
    assert (bought.outcome, bought.price) == ("accepted", order_nec("g2-24x365-3y").price)
    assert bought.period.valid_until == date(2029, 1, 9)  # from the server's purchase, as every pack


@pytest.mark.clause("NEC-Q7", "NEC-Q8")
@pytest.mark.parametrize("product", ["g2-24x365-3y", "g2-5day-5y"])
def test_before_registration_a_change_is_for_sales_to_agree(order_nec: Any, product: str) -> None:
    held = {"g2-5day-3y": (*THREE_YEARS, False)}
    assert order_nec(product, held=held, reason="upgrade").outcome == "consult"
    assert order_nec(product, held=held, reason="upgrade", agreed=True).outcome == "accepted"


@pytest.mark.clause("NEC-Q8")
@pytest.mark.parametrize("product", ["g2-5day-4y", "g2-5day-5y"])
def test_a_registered_pack_of_3_years_does_not_become_a_longer_one(order_nec: Any, product: str) -> None:
    held = {"g2-5day-3y": THREE_YEARS}
    assert clauses(order_nec(product, held=held, reason="upgrade")) == ["NEC-Q8"]
    assert order_nec(product, held=held).outcome == "accepted"  # bought new
    assert order_nec(product).outcome == "accepted"


@pytest.mark.clause("NEC-Q7", "NEC-Q8")
def test_both_are_named_where_both_are_asked_for(order_nec: Any) -> None:
    decision = order_nec("g2-24x365-5y", held={"g2-5day-3y": THREE_YEARS}, reason="upgrade")
    assert (decision.deciding_clause, clauses(decision)) == ("NEC-Q7", ["NEC-Q7", "NEC-Q8"])


@pytest.mark.clause("NEC-Q9")
def test_support_does_not_move_to_a_server_that_takes_anothers_place(order_nec: Any) -> None:
    new = {"serial": "server-2", "bought_on": date(2026, 11, 1)}
    moved = order_nec("g2-5day-3y", asset=new, reason="transfer")
    assert (moved.outcome, clauses(moved)) == ("refused", ["NEC-Q9"])
    bought = order_nec("g2-5day-3y", asset=new)
    assert (bought.outcome, bought.period.valid_until) == ("accepted", date(2029, 10, 31))


@pytest.mark.clause("NEC-Q9")
def test_the_new_server_is_not_covered_by_the_old_ones_pack(ask_nec: Any) -> None:
    new = ask_nec(serial="server-2", registered=False)
    assert (new.outcome, new.contract_id) == ("quote", None)
    assert ask_nec().contract_id == "contract-1"


@pytest.mark.clause("NEC-Q10")
@pytest.mark.parametrize(
    ("held", "product"),
    [("esp-5day-3y", "g2-5day-5y"), ("esp-24x365-3y", "g2-24x365-4y"), ("esp-5day-3y", "g2-5day-3y")],
)
def test_the_two_families_do_not_mix_on_one_server(order_nec: Any, held: str, product: str) -> None:
    mixed = order_nec(product, held={held: THREE_YEARS})
    assert (mixed.outcome, clauses(mixed)) == ("refused", ["NEC-Q10"])
    assert order_nec(product).outcome == "accepted"
    assert order_nec(product, held={"g2-5day-4y": THREE_YEARS}).outcome == "accepted"


@pytest.mark.clause("NEC-Q10")
def test_a_renewal_uses_the_family_that_is_registered(order_nec: Any) -> None:
    ended = date(2026, 11, 19)
    bought = {"bought_on": date(2023, 11, 20)}
    held = {"esp-5day-3y": (date(2023, 11, 20), ended)}
    renewal = order_nec("esp-5day-renewal", asset=bought, held=held, renews="contract-esp-5day-3y")
    assert (renewal.outcome, renewal.period.valid_from) == ("accepted", date(2026, 11, 20))
    with_g2 = order_nec("g2-5day-4y", asset=bought, held=held, renews="contract-esp-5day-3y")
    assert clauses(with_g2) == ["NEC-Q10"]
    of_g2 = {"g2-5day-3y": (date(2023, 11, 20), date(2026, 11, 20))}
    of_another = order_nec("esp-5day-renewal", asset=bought, held=of_g2, renews="contract-g2-5day-3y")
    assert clauses(of_another) == ["NEC-Q10"]


@pytest.mark.clause("NEC-Q11")
def test_nor_does_one_family_follow_the_other(order_nec: Any) -> None:
    bought = {"bought_on": date(2023, 1, 10)}
    held = {"g2-5day-3y": (date(2023, 1, 10), date(2026, 1, 9))}
    fourth_year = order_nec("esp-5day-3y", asset=bought, held=held, agreed=True, ordered_on=date(2026, 1, 10))
    assert "NEC-Q11" in clauses(fourth_year)
    assert "NEC-Q10" not in clauses(fourth_year)
    last_day = order_nec("esp-5day-3y", asset=bought, held=held, agreed=True, ordered_on=date(2026, 1, 9))
    assert clauses(last_day) == ["NEC-Q10"]


@pytest.mark.clause("NEC-Q11")
@pytest.mark.parametrize("product", ["g2-5day-4y", "g2-5day-5y"])
def test_who_needs_more_than_3_years_buys_them_at_the_start(order_nec: Any, product: str) -> None:
    assert order_nec(product, ordered_on=BOUGHT).outcome == "accepted"


@pytest.mark.clause("NEC-Q12")
def test_the_fault_reporting_of_a_5_day_pack_is_not_raised_by_itself(order_nec: Any) -> None:
    held = {"g2-5day-3y": THREE_YEARS}
    raised = order_nec("reporting-only", held=held, reason="upgrade")
    assert (raised.outcome, clauses(raised)) == ("refused", ["NEC-Q12"])
    assert order_nec("reporting-only", held=held).outcome == "accepted"
    assert order_nec("g2-24x365-3y", held=held).outcome == "accepted"


@pytest.mark.clause("NEC-Q12")
@pytest.mark.parametrize(
    ("product", "service", "hour"),
    [("g2-5day-3y", "fault_reporting", (2026, 11, 23, 8, 30)), ("g2-24x365-3y", "fault_reporting_24x365", None)],
)
def test_a_report_is_answered_in_the_hours_of_the_product(
    ask_nec: Any, tokyo: Any, product: str, service: str, hour: tuple[int, ...] | None
) -> None:
    at = tokyo(2026, 11, 21, 22)
    decision = ask_nec(product=product, category="fault_report", channel="portal", received_at=at)
    assert (decision.outcome, decision.service) == ("covered", service)
    assert decision.counts_from == (tokyo(*hour) if hour else at)


@pytest.mark.clause("NEC-Q12")
def test_the_reporting_only_service_answers_reports_at_any_time_and_repairs_nothing(ask_nec: Any, tokyo: Any) -> None:
    only = {"product": "reporting-only", "valid_until": date(2027, 1, 9)}
    report = ask_nec(category="fault_report", channel="portal", received_at=tokyo(2026, 11, 21, 22), **only)
    assert (report.outcome, report.service) == ("covered", "fault_reporting_24x365")
    assert ask_nec(**only).service == "warranty_repair"
    assert ask_nec(category="fault_report", channel="portal", contracts=()).outcome == "refused"


@pytest.mark.clause("NEC-Q13")
def test_a_lost_pack_is_bought_again(order_nec: Any) -> None:
    lost = order_nec("g2-5day-3y", reason="lost")
    assert (lost.outcome, clauses(lost), lost.price) == ("refused", ["NEC-Q13"], None)
    again = order_nec("g2-5day-3y")
    assert again.outcome == "accepted"
    assert again.price.lines[0].unit_price > 0
