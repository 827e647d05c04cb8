"""The coverage decision: a pure function of the terms and the facts, with an explanation that leaves nothing out."""

from string import Template
from typing import Any, Literal

from kippu_terms.facts import AssetFacts, Facts, RequestFacts
from kippu_terms.plan import Plan
from kippu_terms.rules.base import Case, Result, Rule, Verdict, VisitNeed
from kippu_terms.value import Text, Value

Outcome = Literal["covered", "covered_by_debit", "quote", "consult", "refused", "waiting"]

_OUTCOMES: dict[Result, Outcome] = {
    "refused": "refused",
    "waiting": "waiting",
    "consult": "consult",
    "quote": "quote",
    "debit": "covered_by_debit",
}
"""The results that settle a decision. All others let the next rule speak."""


class Finding(Value):
    """One rule as it was evaluated; the fields of the catalogue's ClauseFinding."""

    clause: str
    rule: str
    inputs: dict[str, Any]
    result: Result
    text: Text


class Remedy(Value):
    """What would change the answer."""

    action: str
    clause: str
    text: Text


class Decision(Value):
    """The answer, and why. `facts` is what it was decided on, so that it can be decided again."""

    plan_family: str
    plan_version: str
    outcome: Outcome
    metered: bool = False
    quantity: int | None = None
    waiting_for: str | None = None
    deciding_clause: str
    findings: tuple[Finding, ...]
    remedies: tuple[Remedy, ...] = ()
    visit: VisitNeed | None = None
    facts: Facts


def decide_coverage(plan: Plan, facts: Facts) -> Decision:
    """Every rule of the plan judges the facts; the first that settles the outcome decides.

    Raises ValueError for facts of another provider.
    """
    if facts.provider != plan.provider:
        raise ValueError(f"facts of provider {facts.provider!r} cannot be judged by a plan of {plan.provider!r}")
    case = Case(plan, facts)
    judged = [(rule, rule.judge(case)) for rule in plan.coverage.rules]
    rule, verdict, outcome = _settled(judged)
    served = outcome in ("covered", "covered_by_debit")
    visit = next((verdict.visit for _, verdict in judged if verdict.visit), None) if served else None
    return Decision(
        plan_family=plan.family,
        plan_version=plan.version,
        outcome=outcome,
        metered=verdict.metered,
        quantity=verdict.quantity,
        waiting_for=verdict.waiting_for,
        deciding_clause=rule.clause,
        findings=tuple(_finding(plan, rule, verdict) for rule, verdict in judged),
        remedies=tuple(_remedies(judged, served=served)),
        visit=visit,
        facts=facts,
    )


def _settled(judged: list[tuple[Rule, Verdict]]) -> tuple[Rule, Verdict, Outcome]:
    """Nothing objected and nothing is debited: covered, by the last clause that was met. None was: for a person."""
    for rule, verdict in judged:
        if verdict.result in _OUTCOMES:
            return rule, verdict, _OUTCOMES[verdict.result]
    for rule, verdict in reversed(judged):
        if verdict.result == "satisfied":
            return rule, verdict, "covered"
    return *judged[-1], "consult"


def _finding(plan: Plan, rule: Rule, verdict: Verdict) -> Finding:
    return Finding(
        clause=rule.clause,
        rule=rule.kind,
        inputs=dict(verdict.inputs),
        result=verdict.result,
        text=plan.clauses[rule.clause],
    )


def _remedies(judged: list[tuple[Rule, Verdict]], *, served: bool) -> list[Remedy]:
    """What to do about every objection, as one that is removed may leave another; a held visit is one, if served."""
    objections = ("refused", "waiting", "consult", "quote")
    return [
        Remedy(
            action=rule.remedy.action,
            clause=rule.clause,
            text={
                language: Template(text).safe_substitute(verdict.inputs) for language, text in rule.remedy.text.items()
            },
        )
        for rule, verdict in judged
        if rule.remedy and (verdict.result in objections or (served and verdict.result == "held"))
    ]


__all__ = ["AssetFacts", "Decision", "Facts", "Finding", "Outcome", "Remedy", "RequestFacts", "decide_coverage"]
