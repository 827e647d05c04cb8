"""SVT-05, SVT-06, SVT-10, SVT-12 to SVT-17 and SVT-26: which faults are served, and what has to come first."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from kippu_terms.explain import explain
from kippu_terms.facts import ContractFacts
from kippu_terms.loading import load
from kippu_terms.plan import Plan
from pydantic import ValidationError

Local = Callable[..., datetime]
ON_SITE = ["onsite-basic-1y", "onsite-basic-u1", "onsite-extended-5y", "onsite-extended-u1"]
LONG, SHORT, OVER = date(2031, 1, 9), date(2027, 1, 9), date(2026, 5, 31)
"""Last days of service tickets; the fault is reported on 1 June 2026."""
EARLY, LATE = (2026, 2, 1), (2026, 6, 2)
"""Registered before and after the report."""
SEND_BACK = ["advance-1y", "advance-5y", "advance-u1", "bundle-3y", "bundle-5y"]


def answers(decision: Any) -> set[tuple[str, str, str]]:
    return {(reply.about, reply.answer, reply.clause) for reply in decision.replies}


def actions(decision: Any) -> list[str]:
    return [remedy.action for remedy in decision.remedies]


@pytest.mark.clause("SVT-05")
@pytest.mark.parametrize(
    ("received", "outcome"),
    [
        ((2026, 1, 9, 23, 59, 59), "refused"),
        ((2026, 1, 10), "covered"),
        ((2027, 1, 9, 23, 59, 59), "covered"),
        ((2027, 1, 10), "refused"),
    ],
)
def test_the_service_ticket_serves_through_its_expiry_date(
    report: Any, tokyo: Local, received: tuple[int, ...], outcome: str
) -> None:
    decision = report(received_at=tokyo(*received), registered_at=tokyo(2026, 1, 9))
    assert decision.outcome == outcome
    if outcome == "refused":
        assert (decision.deciding_clause, actions(decision)) == ("SVT-05", ["buy_contract"])


@pytest.mark.clause("SVT-05")
def test_without_any_service_ticket_there_is_no_service(report: Any) -> None:
    decision = report(contracts=())
    assert (decision.outcome, decision.deciding_clause, decision.service) == ("refused", "SVT-05", None)


@pytest.mark.clause("SVT-05", "SVT-10")
def test_no_service_ticket_is_missed_before_the_device_is_known(report: Any) -> None:
    """A mail that named no device was answered that no service ticket for None was in force."""
    decision = report(asset=None, contracts=())
    assert (decision.outcome, decision.deciding_clause) == ("waiting", "SVT-10")
    assert actions(decision) == ["classify", "state_facts"]
    [finding] = [each for each in decision.findings if each.clause == "SVT-05"]
    assert (finding.result, finding.inputs["unknown"]) == ("waiting", ["asset.serial"])


@pytest.mark.clause("SVT-06")
@pytest.mark.parametrize(
    ("registered", "outcome"),
    [
        ((2026, 6, 1, 10, 0, 0), "covered"),
        ((2026, 6, 1, 10, 0, 1), "refused"),  # registered after the fault was reported
        (None, "refused"),
    ],
)
def test_there_is_no_service_before_registration(
    report: Any, tokyo: Local, registered: tuple[int, ...] | None, outcome: str
) -> None:
    decision = report(registered_at=tokyo(*registered) if registered else None)
    assert decision.outcome == outcome
    if outcome == "refused":
        assert (decision.deciding_clause, actions(decision)) == ("SVT-06", ["register_contract"])


@pytest.mark.clause("SVT-06")
@pytest.mark.parametrize(
    ("first", "second", "served"),
    [
        # The unregistered one would last longer, or come first in the plan.
        (("advance-5y", LONG, None), ("advance-1y", SHORT, EARLY), "contract-2"),
        (("onsite-extended-5y", LONG, None), ("advance-1y", SHORT, EARLY), "contract-2"),
        # Registered after the report is not registered for it.
        (("advance-5y", LONG, LATE), ("advance-1y", SHORT, EARLY), "contract-2"),
        # Of two that are registered, the first service of the plan, and the one that lasts longest.
        (("advance-5y", LONG, EARLY), ("advance-1y", SHORT, EARLY), "contract-1"),
        (("onsite-basic-1y", SHORT, EARLY), ("advance-5y", LONG, EARLY), "contract-1"),
        # A registered one that is over serves nobody: the other one is refused until it is registered.
        (("advance-5y", LONG, None), ("advance-1y", OVER, EARLY), None),
        (("advance-5y", LONG, None), ("onsite-basic-1y", SHORT, None), None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("turned", [False, True])
def test_a_registered_service_ticket_in_force_comes_before_one_that_is_not(
    report: Any, tokyo: Local, first: Any, second: Any, served: str | None, turned: bool
) -> None:
    contracts = tuple(
        ContractFacts(
            contract_id=f"contract-{number}",
            product=product,
            valid_from=date(2026, 1, 10),
            valid_until=until,
            registered_at=tokyo(*registered) if registered else None,
        )
        for number, (product, until, registered) in enumerate((first, second), start=1)
    )
    decision = report(contracts=contracts[::-1] if turned else contracts)
    if served:
        assert (decision.outcome, decision.contract_id) == ("covered", served)
    else:
        assert (decision.outcome, decision.deciding_clause) == ("refused", "SVT-06")


@pytest.mark.clause("SVT-06")
def test_a_device_that_is_not_registered_gets_none_either(report: Any) -> None:
    decision = report(registered=False)
    assert (decision.outcome, decision.deciding_clause) == ("refused", "SVT-06")
    assert "10000000001" in decision.remedies[0].text["en"]


@pytest.mark.clause("SVT-26")
@pytest.mark.parametrize(
    ("status", "outcome"), [("pre_registered", "refused"), ("active", "covered"), (None, "covered")]
)
def test_a_bundle_registered_in_advance_serves_once_it_is_active(report: Any, status: str | None, outcome: str) -> None:
    decision = report(product="bundle-3y", status=status)
    assert decision.outcome == outcome
    if outcome == "refused":
        assert (decision.deciding_clause, actions(decision)) == ("SVT-26", ["report_delivery"])


UNDATED: dict[str, Any] = {"product": "bundle-3y", "valid_from": None, "valid_until": None, "status": "pre_registered"}


@pytest.mark.clause("SVT-26")
def test_before_the_delivery_there_are_no_dates_and_no_service(report: Any) -> None:
    decision = report(**UNDATED)
    assert (decision.outcome, decision.deciding_clause) == ("refused", "SVT-26")
    assert (actions(decision), decision.service, decision.targets) == (["report_delivery"], None, ())


@pytest.mark.clause("SVT-05", "SVT-06", "SVT-26")
def test_waiting_for_the_delivery_is_no_answer_to_what_another_clause_refuses(report: Any, tokyo: Local) -> None:
    late = report(**UNDATED, registered_at=tokyo(2026, 6, 1, 10, 0, 1))
    assert (late.deciding_clause, actions(late)[0]) == ("SVT-06", "register_contract")
    (waiting,) = report(**UNDATED).facts.contracts
    (over,) = report(valid_until=OVER).facts.contracts
    assert report(contracts=(over, waiting)).deciding_clause == "SVT-26"
    assert report(contracts=(over,)).deciding_clause == "SVT-05"


@pytest.mark.clause("SVT-26")
@pytest.mark.parametrize("turned", [False, True])
def test_a_service_ticket_in_force_serves_beside_one_that_waits_for_a_delivery(report: Any, turned: bool) -> None:
    (waiting,) = report(**UNDATED, contract_id="contract-2").facts.contracts
    (active,) = report().facts.contracts
    decision = report(contracts=(active, waiting) if turned else (waiting, active))
    assert (decision.outcome, decision.contract_id) == ("covered", "contract-1")


@pytest.mark.parametrize(
    "change", [{"valid_until": None}, {"valid_from": None}, {"valid_from": None, "valid_until": None}]
)
def test_only_what_waits_for_its_delivery_has_no_dates(report: Any, change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="valid_from"):
        report(**change)


@pytest.mark.clause("SVT-05", "SVT-26")
def test_terms_without_a_rule_for_it_give_nothing_before_the_delivery_either(report: Any, svt: Plan) -> None:
    start = svt.source.index('[[coverage.rules]]\nkind = "activated_contract"')
    end = svt.source.index("[[coverage.rules]]", start + 1)
    silent = load(svt.source[:start] + svt.source[end:])
    decision = report(**UNDATED, plan=silent)
    assert (decision.outcome, decision.deciding_clause) == ("refused", "SVT-05")


@pytest.mark.clause("SVT-10")
@pytest.mark.parametrize(("change", "outcome"), [({}, "covered"), ({"category": None}, "waiting")])
@pytest.mark.parametrize("channel", ["mail", "telephone", "portal"])
def test_a_report_says_what_failed_and_on_which_device(
    report: Any, change: dict[str, Any], outcome: str, channel: str
) -> None:
    assert report(channel=channel, **change).outcome == outcome
    unknown = report(channel=channel, asset=None)
    assert (unknown.waiting_for, unknown.deciding_clause) == ("classification", "SVT-10")


@pytest.mark.clause("SVT-12")
@pytest.mark.parametrize("product", SEND_BACK)
def test_advance_send_back_ships_a_replacement_first_and_the_defective_unit_comes_back(
    report: Any, product: str
) -> None:
    decision = report(product=product)
    assert (decision.outcome, decision.deciding_clause, decision.service) == ("covered", "SVT-12", "advance_send_back")
    assert (decision.way, decision.failed_part) == ("exchange", "returned_later")
    assert decision.targets == ()  # the source aims at no date


@pytest.mark.clause("SVT-13")
@pytest.mark.parametrize("product", ON_SITE)
def test_on_site_an_engineer_exchanges_the_unit_and_takes_the_defective_one_away(report: Any, product: str) -> None:
    decision = report(product=product)
    assert (decision.outcome, decision.deciding_clause) == ("covered", "SVT-13")
    assert (decision.way, decision.failed_part, decision.returns) == ("visit", "taken_away", None)


@pytest.mark.clause("SVT-12", "SVT-13")
@pytest.mark.parametrize(("product", "clause"), [("advance-1y", "SVT-12"), ("onsite-basic-1y", "SVT-13")])
def test_the_defective_unit_belongs_to_the_provider_so_nobody_keeps_it(report: Any, product: str, clause: str) -> None:
    decision = report(product=product, keep_part=True)
    assert (decision.outcome, decision.deciding_clause, actions(decision)) == ("refused", clause, ["return_part"])


@pytest.mark.clause("SVT-14")
@pytest.mark.parametrize("product", ["advance-1y", "onsite-basic-1y", "onsite-extended-1y"])
def test_nothing_is_sent_before_the_customers_isolation_is_on_record(report: Any, product: str) -> None:
    decision = report(product=product, isolated_at=None)
    assert (decision.outcome, decision.waiting_for) == ("waiting", "customer")
    assert (decision.deciding_clause, actions(decision)) == ("SVT-14", ["record_isolation"])
    assert "The request waits for the customer." in explain(decision, "en")
    assert report(product=product).outcome == "covered"


@pytest.mark.clause("SVT-15")
@pytest.mark.parametrize(("firmware", "outcome"), [(None, "covered"), ("asked", "waiting"), ("done", "covered")])
def test_a_firmware_update_that_was_asked_for_comes_first(report: Any, firmware: str | None, outcome: str) -> None:
    decision = report(firmware=firmware)
    assert decision.outcome == outcome
    if outcome == "waiting":
        assert (decision.waiting_for, decision.deciding_clause) == ("customer", "SVT-15")
        assert (actions(decision), decision.targets) == (["update_firmware"], ())


@pytest.mark.clause("SVT-16")
@pytest.mark.parametrize(
    ("given", "override", "answer"),
    [
        (None, False, "not_restored"),
        ((2026, 6, 1, 10, 0, 0), False, "restored"),
        ((2026, 6, 1, 10, 0, 1), False, "not_restored"),
        ((2026, 6, 1, 10, 0, 1), True, "restored"),
        (None, True, "not_restored"),
    ],
)
@pytest.mark.parametrize("product", ["onsite-basic-1y", "onsite-extended-1y"])
def test_on_site_restores_the_configuration_from_a_file_that_came_with_the_report(
    report: Any, tokyo: Local, product: str, given: tuple[int, ...] | None, override: bool, answer: str
) -> None:
    decision = report(product=product, config_file_at=tokyo(*given) if given else None, config_override=override)
    assert decision.outcome == "covered"
    assert answers(decision) == {("configuration", answer, "SVT-16")}


@pytest.mark.clause("SVT-16")
@pytest.mark.parametrize("override", [False, True])
def test_advance_send_back_never_restores_it(report: Any, tokyo: Local, override: bool) -> None:
    decision = report(config_file_at=tokyo(2026, 6, 1, 9), config_override=override)
    assert ("configuration", "not_restored", "SVT-16") in answers(decision)


@pytest.mark.clause("SVT-17")
def test_in_advance_send_back_the_customer_does_the_exchange(report: Any) -> None:
    assert ("exchange", "by_customer", "SVT-17") in answers(report())
    assert all(about != "exchange" for about, _, _ in answers(report(product="onsite-basic-1y")))
    assert "The customer does the exchange (SVT-17)." in explain(report(), "en")


@pytest.mark.clause("SVT-17")
def test_a_wish_for_an_engineer_does_not_change_that(report: Any) -> None:
    decision = report(wanted_service="onsite_basic")
    assert (decision.outcome, decision.service) == ("covered", "advance_send_back")
    assert ("wanted_service", "not_followed", "SVT-12") in answers(decision)


@pytest.mark.clause("SVT-05", "SVT-13")
def test_with_several_service_tickets_the_widest_service_is_given(report: Any, tokyo: Local) -> None:
    held = tuple(
        report(product=product, valid_until=until).facts.contracts[0]
        for product, until in (("advance-5y", date(2031, 1, 9)), ("onsite-extended-1y", date(2026, 6, 1)))
    )
    assert report(contracts=held).service == "onsite_extended"
    assert report(contracts=held, received_at=tokyo(2026, 6, 2)).service == "advance_send_back"
