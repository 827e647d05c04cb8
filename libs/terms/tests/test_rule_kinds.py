"""Rules are found by their kind, and the order of a plan's rules decides which clause does."""

from pathlib import Path
from typing import Any, Literal

import kippu_terms.rules
import pytest
from kippu_terms.coverage import decide_coverage
from kippu_terms.facts import Facts
from kippu_terms.loading import load
from kippu_terms.plan import Plan
from kippu_terms.rules.base import KINDS, Case, Result, Rule, Verdict, rule_kind
from pydantic import Field

PLAN = load((Path(__file__).parents[3] / "plans" / "iij-se.toml").read_text())
FACTS = Facts.model_validate({"provider": "iij", "request": {"received_at": "2026-11-18T03:00:00Z"}})


class Says(Rule):
    kind: Literal["says"] = "says"
    result: Result
    values: dict[str, Any] = Field(default_factory=dict)

    def judge(self, case: Case) -> Verdict:
        return Verdict(self.result, self.values)


def plan_of(*rules: Rule) -> Plan:
    return PLAN.model_copy(update={"coverage": PLAN.coverage.model_copy(update={"rules": rules})})


def says(clause: int, result: Result, **fields: Any) -> Says:
    return Says(clause=f"IIJ-{clause:02}", result=result, **fields)


def test_each_file_of_the_package_is_one_kind_of_its_name() -> None:
    files = {file.stem for file in Path(kippu_terms.rules.__path__[0]).glob("*.py")} - {"__init__", "base"}
    assert set(KINDS.by_name()) == files


def test_a_kind_is_registered_once() -> None:
    with pytest.raises(TypeError, match="no other rule has"):

        @rule_kind
        class Again(Rule):
            kind: Literal["notice"] = "notice"

            def judge(self, case: Case) -> Verdict:
                return Verdict("note")


@pytest.mark.parametrize(
    ("rules", "outcome", "clause"),
    [
        ([says(1, "satisfied"), says(2, "waiting"), says(3, "refused")], "waiting", "IIJ-02"),
        ([says(3, "refused"), says(2, "waiting")], "refused", "IIJ-03"),
        ([says(1, "held"), says(2, "note"), says(3, "debit")], "covered_by_debit", "IIJ-03"),
        ([says(1, "consult"), says(2, "quote")], "consult", "IIJ-01"),
        ([says(1, "quote"), says(2, "debit")], "quote", "IIJ-01"),
        ([says(1, "satisfied"), says(2, "satisfied"), says(3, "not_applicable")], "covered", "IIJ-02"),
        ([says(1, "not_applicable"), says(2, "note")], "consult", "IIJ-02"),
    ],
)
def test_the_first_rule_that_settles_the_outcome_decides(rules: list[Rule], outcome: str, clause: str) -> None:
    decision = decide_coverage(plan_of(*rules), FACTS)
    assert (decision.outcome, decision.deciding_clause) == (outcome, clause)
    assert len(decision.findings) == len(rules)


def test_a_remedys_blanks_are_filled_from_what_the_rule_looked_at() -> None:
    remedy = {"action": "extend", "text": {"en": "Extend $serial; $unknown stays, and so does {serial.__class__}."}}
    rule = says(5, "refused", values={"serial": "device-1"}, remedy=remedy)
    decision = decide_coverage(plan_of(rule), FACTS)
    assert decision.remedies[0].text["en"] == "Extend device-1; $unknown stays, and so does {serial.__class__}."


@pytest.mark.parametrize("result", ["satisfied", "debit", "not_applicable", "note"])
def test_what_objects_to_nothing_needs_no_remedy(result: Result) -> None:
    remedy = {"action": "extend", "text": {"en": "Extend."}}
    assert decide_coverage(plan_of(says(5, result, remedy=remedy)), FACTS).remedies == ()
