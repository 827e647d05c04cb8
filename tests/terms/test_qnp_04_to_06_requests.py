"""QNP-04 to QNP-06: when and how requests are received, from where, and for which devices."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from kippu_terms.explain import explain

Local = Callable[..., datetime]


@pytest.mark.clause("QNP-04")
@pytest.mark.parametrize(
    ("received", "counts_from"),
    [
        ((2026, 5, 1, 8, 0), (2026, 5, 1, 9, 0)),
        ((2026, 5, 1, 8, 59, 59), (2026, 5, 1, 9, 0)),
        ((2026, 5, 1, 9, 0), (2026, 5, 1, 9, 0)),
        ((2026, 5, 1, 17, 29, 59), (2026, 5, 1, 17, 29, 59)),
        ((2026, 5, 1, 17, 30), (2026, 5, 7, 9, 0)),
        ((2026, 5, 4, 12, 0), (2026, 5, 7, 9, 0)),
        ((2026, 12, 29, 10, 0), (2027, 1, 4, 9, 0)),
        ((2026, 12, 28, 10, 0), (2026, 12, 28, 10, 0)),
    ],
)
@pytest.mark.parametrize("product", ["advance-send-back", "onsite-weekday"])
def test_what_is_received_outside_hours_counts_from_the_next_opening(
    ask: Any, tokyo: Local, received: tuple[int, ...], counts_from: tuple[int, ...], product: str
) -> None:
    decision = ask(product=product, received_at=tokyo(*received))
    assert (decision.outcome, decision.counts_from) == ("covered", tokyo(*counts_from))
    noted = next(each for each in decision.findings if each.rule == "reception" and each.result == "note")
    assert (noted.clause, noted.inputs["inside_hours"]) == ("QNP-04", received == counts_from)


@pytest.mark.clause("QNP-04", "QNP-09")
@pytest.mark.parametrize("received", [(2026, 5, 4, 3, 0), (2026, 5, 1, 12, 0), (2026, 12, 31, 23, 59)])
def test_the_24_hour_service_receives_requests_at_any_time(ask: Any, tokyo: Local, received: tuple[int, ...]) -> None:
    decision = ask(product="onsite-24h", received_at=tokyo(*received))
    assert (decision.outcome, decision.counts_from) == ("covered", tokyo(*received))


@pytest.mark.clause("QNP-04")
@pytest.mark.parametrize(
    ("product", "channel", "outcome"),
    [
        ("advance-send-back", "mail", "covered"),
        ("advance-send-back", "portal", "covered"),  # a web form counts as mail
        ("advance-send-back", "telephone", "refused"),
        ("onsite-weekday", "mail", "covered"),
        ("onsite-weekday", "telephone", "covered"),
        ("onsite-24h", "telephone", "covered"),
    ],
)
def test_send_back_is_asked_for_by_mail_and_on_site_by_telephone_too(
    ask: Any, product: str, channel: str, outcome: str
) -> None:
    assert ask(product=product, channel=channel).outcome == outcome


@pytest.mark.clause("QNP-04")
def test_a_channel_that_is_not_taken_is_answered_with_those_that_are(ask: Any) -> None:
    decision = ask(channel="telephone")
    assert (decision.deciding_clause, decision.service, decision.targets) == ("QNP-04", None, ())
    assert [remedy.text["en"] for remedy in decision.remedies] == ["Ask by one of these: mail, portal."]
    assert "次の方法でお申し込みください：mail, portal" in explain(decision, "ja")


@pytest.mark.clause("QNP-05")
@pytest.mark.parametrize(
    ("island", "area", "outcome"),
    [(False, "tokyo", "covered"), (None, None, "covered"), (False, "sapporo", "covered"), (True, "tokyo", "consult")],
)
@pytest.mark.parametrize("contracts", [(), None])
def test_send_back_is_nationwide_and_remote_islands_are_by_consultation(
    ask: Any, island: bool | None, area: str | None, outcome: str, contracts: Any
) -> None:
    held = {} if contracts is None else {"contracts": contracts}
    decision = ask(remote_island=island, area=area, **held)
    assert decision.outcome == outcome
    if outcome == "consult":
        assert (decision.deciding_clause, decision.remedies[0].action) == ("QNP-05", "consult")


@pytest.mark.clause("QNP-05")
def test_some_areas_are_by_consultation_as_the_plan_says(ask: Any, qnp_with: Any) -> None:
    plan = qnp_with('products = ["advance-send-back"]', 'products = ["advance-send-back"]\nconsult_areas = ["iya"]')
    assert ask(plan=plan, area="iya").outcome == "consult"
    assert ask(plan=plan, area="tokyo").outcome == "covered"


@pytest.mark.clause("QNP-05")
def test_what_came_of_the_consultation_is_followed(ask: Any) -> None:
    assert ask(remote_island=True, approval="granted").outcome == "covered"
    assert ask(remote_island=True, area_agreed=True).outcome == "covered"
    refused = ask(remote_island=True, approval="refused")
    assert (refused.outcome, refused.deciding_clause) == ("refused", "QNP-05")


@pytest.mark.clause("QNP-06")
@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({}, "covered"),
        ({"bought_from_provider": False}, "refused"),
        ({"registered": False}, "refused"),
        ({"bought_from_provider": None}, "waiting"),
    ],
)
def test_units_bought_from_the_provider_are_covered(ask: Any, change: dict[str, Any], outcome: str) -> None:
    decision = ask(**change)
    assert decision.outcome == outcome
    assert decision.deciding_clause == ("QNP-01" if outcome == "covered" else "QNP-06")


@pytest.mark.clause("QNP-06")
@pytest.mark.parametrize("product", ["advance-send-back", "onsite-weekday", "onsite-24h"])
@pytest.mark.parametrize(
    ("disks_from", "outcome"), [("provider", "covered"), (None, "covered"), ("elsewhere", "consult")]
)
def test_with_disks_from_elsewhere_a_person_decides_even_under_contract(
    ask: Any, product: str, disks_from: str | None, outcome: str
) -> None:
    decision = ask(product=product, disks_from=disks_from)
    assert (decision.outcome, decision.deciding_clause == "QNP-06") == (outcome, outcome == "consult")


@pytest.mark.clause("QNP-06")
def test_a_person_may_decide_either_way_about_disks_from_elsewhere(ask: Any) -> None:
    assert ask(disks_from="elsewhere", approval="granted").outcome == "covered"
    refused = ask(disks_from="elsewhere", approval="refused")
    assert (refused.outcome, refused.deciding_clause) == ("refused", "QNP-06")


@pytest.mark.clause("QNP-12")
@pytest.mark.parametrize("change", [{"category": None}, {"asset": None}, {"category": "isolation", "asset": None}])
def test_nothing_is_decided_before_it_is_known_what_it_is_about(ask: Any, change: dict[str, Any]) -> None:
    decision = ask(**change)
    assert (decision.outcome, decision.waiting_for) == ("waiting", "classification")


@pytest.mark.clause("QNP-05")
@pytest.mark.parametrize(
    ("to_island", "site_island", "outcome"),
    [(False, True, "covered"), (True, False, "consult"), (None, False, "waiting")],
)
def test_it_is_the_named_place_that_is_on_an_island_or_not(
    ask: Any, to_island: bool | None, site_island: bool, outcome: str
) -> None:
    decision = ask(ship_to="named_place", ship_to_island=to_island, remote_island=site_island)
    assert decision.outcome == outcome
    assert (decision.deciding_clause == "QNP-05") is (outcome != "covered")


@pytest.mark.clause("QNP-03", "QNP-05", "QNP-06")
@pytest.mark.parametrize(
    ("unit", "clause"),
    [
        ({"remote_island": True}, "QNP-05"),
        ({"ship_to": "named_place", "ship_to_island": True}, "QNP-05"),
        ({"disks_from": "elsewhere"}, "QNP-06"),
    ],
)
def test_what_takes_consultation_under_contract_takes_it_before_a_repair_is_quoted_too(
    ask: Any, unit: dict[str, Any], clause: str
) -> None:
    """So that nobody pays for a repair that the provider then finds it cannot do."""
    without = {"contracts": (), "warranty_until": None}
    assert ask(**without).outcome == "quote"
    asked = ask(**without, **unit)
    assert (asked.outcome, asked.deciding_clause, asked.service) == ("consult", clause, None)
    refused = ask(**without, **unit, approval="refused")
    assert (refused.outcome, refused.deciding_clause) == ("refused", clause)
    agreed = {**without, **unit, "approval": "granted"}
    assert (ask(**agreed).outcome, ask(**agreed).deciding_clause) == ("quote", "QNP-03")
    repaired = ask(**agreed, quotes_accepted=("QNP-03",))
    assert (repaired.outcome, repaired.service) == ("covered", "repair_after_warranty")


@pytest.mark.clause("QNP-05", "QNP-08")
def test_a_repair_that_could_be_quoted_asks_for_no_consultation_where_another_service_is_given(ask: Any) -> None:
    under_warranty = ask(contracts=(), remote_island=True)
    assert (under_warranty.outcome, under_warranty.service) == ("consult", "send_back")
    on_site = ask(product="onsite-weekday", area="sapporo", remote_island=True)
    assert (on_site.outcome, on_site.deciding_clause, on_site.service) == ("consult", "QNP-08", "onsite_weekday")
