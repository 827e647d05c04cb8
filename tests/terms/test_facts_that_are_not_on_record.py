"""Where a clause cannot be judged for want of a fact, what changes the answer is to state it: applied, it does."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_entitlement.preview import EXAMPLES
from kippu_terms.coverage import decide_coverage
from kippu_terms.explain import LANGUAGES, explain
from kippu_terms.facts import Facts
from kippu_terms.loading import load
from kippu_terms.orders.deciding import decide_order
from kippu_terms.orders.facts import OrderFacts
from kippu_terms.plan import Plan

PROVIDERS = {"iij-se": "iij", "nec-esp": "nec", "qnp": "qnp", "svt": "svt", "cwc": "cwc"}
FAULT = {"received_at": "2026-06-01T10:00:00+09:00", "channel": "mail", "category": "fault"}
DEVICE = {"serial": "SN-1", "registered": True, "bought_from_provider": True, "disks_from": "provider"}
INSTALLED = DEVICE | {"installed_by": "provider", "kind": "equipment", "warranty_until": "2030-01-01"}
ON_SITE = [{"product": "onsite-weekday", "valid_from": "2026-01-01", "valid_until": "2026-12-31"}]
MAIL = FAULT | {"category": "mail_support", "topic": "display", "asked_by": "contact"}


def plan_of(family: str) -> Plan:
    return load((Path(__file__).parents[2] / "plans" / f"{family}.toml").read_text())


def with_fact(facts: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    section, name = path.split(".")
    return facts | {section: (facts.get(section) or {}) | {name: value}}


@pytest.mark.parametrize(
    ("family", "facts", "path", "value", "then"),
    [
        pytest.param(
            *("iij-se", {"request": FAULT, "asset": INSTALLED | {"installed_by": None}}, "asset.installed_by"),
            *("provider", "covered_by_debit"),
            marks=pytest.mark.clause("IIJ-05"),
        ),
        pytest.param(
            *("iij-se", {"request": FAULT, "asset": INSTALLED | {"kind": None}}, "asset.kind", "equipment"),
            "covered_by_debit",
            marks=pytest.mark.clause("IIJ-05"),
        ),
        pytest.param(
            *("iij-se", {"request": FAULT, "asset": INSTALLED | {"bought_from_provider": None}}),
            *("asset.bought_from_provider", True, "covered_by_debit"),
            marks=pytest.mark.clause("IIJ-04"),
        ),
        pytest.param(
            *("nec-esp", {"request": FAULT | {"part": "ups_battery"}, "asset": INSTALLED}, "request.cause", "wear"),
            "refused",
            marks=pytest.mark.clause("NEC-Q16"),
        ),
        pytest.param(
            *("qnp", {"request": FAULT, "asset": DEVICE, "contracts": ON_SITE}, "asset.area", "tokyo", "covered"),
            marks=pytest.mark.clause("QNP-08"),
        ),
        pytest.param(
            *("cwc", {"request": MAIL | {"asked_by": None}, "customer": {"member_id": "valid"}}, "request.asked_by"),
            *("contact", "covered"),
            marks=pytest.mark.clause("CWC-13"),
        ),
        pytest.param(
            *("cwc", {"request": FAULT | {"category": "renewal"}}, "customer.member_id", "valid", "quote"),
            marks=pytest.mark.clause("CWC-10"),
        ),
    ],
)
def test_what_is_not_known_is_to_be_stated_and_settles_it(
    family: str, facts: dict[str, Any], path: str, value: object, then: str
) -> None:
    """An installation was proposed where nobody knew who had installed it, a new battery where no cause was known, and
    the register to what stood in it; none of them would have changed the answer."""
    plan = plan_of(family)
    facts = {"provider": PROVIDERS[family]} | facts
    decision = decide_coverage(plan, Facts.model_validate(facts))
    assert (decision.outcome, decision.waiting_for) == ("waiting", "classification")
    remedy = next(each for each in decision.remedies if each.clause == decision.deciding_clause)
    assert (remedy.action, remedy.text["en"]) == ("state_facts", f"State what is not on record yet: {path}.")
    assert {"en", "ja", "th"} <= remedy.text.keys()

    assert decide_coverage(plan, Facts.model_validate(with_fact(facts, path, value))).outcome == then


@pytest.mark.clause("CWC-10")
def test_who_never_had_a_member_id_is_not_sent_to_a_form_for_renewals() -> None:
    facts = {"provider": "cwc", "request": FAULT | {"category": "renewal"}, "customer": {"member_id": "none"}}
    decision = decide_coverage(plan_of("cwc"), Facts.model_validate(facts))
    assert (decision.outcome, [remedy.action for remedy in decision.remedies]) == ("refused", ["buy_licence"])


@pytest.mark.parametrize(
    ("family", "order", "path"),
    [
        pytest.param("nec-esp", {"product": "g2-5day-3y"}, "asset.bought_on", marks=pytest.mark.clause("NEC-Q6")),
        pytest.param("svt", {"product": "advance-1y"}, "asset.bought_on", marks=pytest.mark.clause("SVT-02")),
        pytest.param("cwc", {"product": "maintenance-alignment"}, "licence", marks=pytest.mark.clause("CWC-08")),
        pytest.param("cwc", {"product": "maintenance-renewal"}, "licence", marks=pytest.mark.clause("CWC-06")),
        pytest.param(
            *("qnp", {"product": "onsite-weekday", "asset": {"serial": "SN-1"}}, "asset.area"),
            marks=pytest.mark.clause("QNP-08"),
        ),
    ],
)
def test_an_order_that_lacks_a_fact_is_told_which_and_shows_no_blank(
    family: str, order: dict[str, Any], path: str
) -> None:
    """The remedy once read `from $full_on on`, `until $longest_until`, `by None`, and `in this area (None)`."""
    facts = {"provider": PROVIDERS[family], "ordered_on": date(2026, 6, 1)} | order
    decision = decide_order(plan_of(family), OrderFacts.model_validate(facts))
    assert decision.outcome in ("refused", "consult")
    told = [remedy.text for remedy in decision.remedies]
    assert f"State what is not on record yet: {path}." in [text["en"] for text in told]
    assert not [text for texts in told for text in texts.values() if "$" in text or "None" in text]


@st.composite
def partly_known(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A family and the facts of its documented example, of which nobody may know this or that, or a whole part."""
    example: dict[str, Any] = draw(st.sampled_from(EXAMPLES))
    known: dict[str, Any] = {"provider": PROVIDERS[example["plan_family"]], "contracts": example.get("contracts", [])}
    if draw(st.booleans()):
        known["contracts"] = []
    for part in ("request", "asset", "customer"):
        needed = {"received_at", "serial", "registered"}
        told = example.get(part, {})
        kept = {name: value for name, value in told.items() if name in needed or draw(st.booleans())}
        if part == "request" or draw(st.booleans()):
            known[part] = kept or None
    return example["plan_family"], known


@given(partly_known())
def test_whatever_is_known_no_explanation_shows_a_blank_or_asks_for_what_is_on_record(
    case: tuple[str, dict[str, Any]],
) -> None:
    family, known = case
    decision = decide_coverage(plan_of(family), Facts.model_validate(known))
    for language in LANGUAGES:
        told = explain(decision, language)
        assert "None" not in told
        assert "$" not in told
    for finding in decision.findings:
        for path in finding.inputs.get("unknown", []):
            part, name = path.split(".")
            assert (known.get(part) or {}).get(name) is None
