"""The decision on an order: a pure function of the terms and the facts, that names every broken rule at once."""

from datetime import date
from typing import Literal, TypeVar

from kippu_terms.findings import Finding, Remedy
from kippu_terms.orders.facts import OrderFacts
from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict
from kippu_terms.orders.standing import standing_rules
from kippu_terms.plan import Plan
from kippu_terms.pricing import Price, price
from kippu_terms.refusal import Fault
from kippu_terms.value import Value

OrderOutcome = Literal["accepted", "refused", "consult", "quote"]
_OBJECTIONS: tuple[Literal["refused", "consult", "quote"], ...] = ("refused", "consult", "quote")
"""The gravest first: what has to be refused is not worth a consultation."""

_Judged = list[tuple[OrderRule, OrderVerdict]]
_Stated = TypeVar("_Stated")


class OrderPeriod(Value):
    """Local dates, both inclusive, and the clause that they follow from."""

    valid_from: date
    valid_until: date
    clause: str


class OrderDecision(Value):
    """The answer, and why. `facts` is what it was decided on, so that it can be decided again."""

    plan_family: str
    plan_version: str
    outcome: OrderOutcome
    deciding_clause: str
    """The clause of the first rule that objects; of an accepted order, that under which the product is sold."""
    findings: tuple[Finding, ...]
    faults: tuple[Fault, ...] = ()
    """Every broken rule, where the order is not accepted."""
    remedies: tuple[Remedy, ...] = ()
    period: OrderPeriod | None = None
    """None for what has none, and where it runs from a day to come, such as the payment."""
    price: Price | None = None
    """None for an order that is refused."""
    pay_by: date | None = None
    refundable_until: date | None = None
    register_by: date | None = None
    facts: OrderFacts


def decide_order(plan: Plan, facts: OrderFacts, language: str = "en") -> OrderDecision:
    """Every rule judges the order. One that refuses refuses it; else one may ask for consultation or a quote.

    The price is worded in `language`. Raises Refused for a product that the plan does not sell, and ValueError for
    facts of another provider.
    """
    if facts.provider != plan.provider:
        raise ValueError(f"facts of provider {facts.provider!r} cannot be judged by a plan of {plan.provider!r}")
    case = OrderCase(plan, facts)
    rules = (*standing_rules(plan, case.product), *plan.ordering.rules)
    judged = [(rule, rule.verdict(case)) for rule in rules]
    outcome, clause = _settled(case, judged)
    verdicts = [verdict for _, verdict in judged]
    return OrderDecision(
        plan_family=plan.family,
        plan_version=plan.version,
        outcome=outcome,
        deciding_clause=clause,
        findings=tuple(_finding(plan, rule, verdict) for rule, verdict in judged),
        faults=tuple(_faults(plan, judged)),
        remedies=tuple(filter(None, (_remedy(*each) for each in _objecting(judged)))),
        period=_period(case, judged),
        price=None if outcome == "refused" else _price(case, verdicts, language),
        pay_by=_first([verdict.pay_by for verdict in verdicts]),
        refundable_until=_first([verdict.refundable_until for verdict in verdicts]),
        register_by=_first([verdict.register_by for verdict in verdicts]),
        facts=facts,
    )


def _settled(case: OrderCase, judged: _Judged) -> tuple[OrderOutcome, str]:
    for outcome in _OBJECTIONS:
        for rule, verdict in judged:
            if verdict.result == outcome:
                return outcome, rule.clause
    return "accepted", case.product.clause


def _period(case: OrderCase, judged: _Judged) -> OrderPeriod | None:
    if case.dates is None:
        return None
    clause = next((rule.clause for rule, verdict in judged if verdict.states_period), case.product.clause)
    return OrderPeriod(valid_from=case.dates[0], valid_until=case.dates[1], clause=clause)


def _price(case: OrderCase, verdicts: list[OrderVerdict], language: str) -> Price:
    unit_price = _first([verdict.unit_price for verdict in verdicts])
    return price(case.plan, case.product.id, case.facts.quantity, language, unit_price=unit_price)


def _finding(plan: Plan, rule: OrderRule, verdict: OrderVerdict) -> Finding:
    return Finding(
        clause=rule.clause,
        rule=rule.kind,
        inputs=dict(verdict.inputs),
        result=verdict.result,
        text=plan.clauses[rule.clause],
    )


def _objecting(judged: _Judged) -> _Judged:
    return [(rule, verdict) for rule, verdict in judged if verdict.result in _OBJECTIONS]


def _faults(plan: Plan, judged: _Judged) -> list[Fault]:
    """The clause in English, and what to do about it."""
    faults = []
    for rule, verdict in _objecting(judged):
        remedy = _remedy(rule, verdict)
        advice = remedy.text.get("en") if remedy else None
        message = " ".join(filter(None, (plan.clauses[rule.clause]["en"], advice)))
        faults.append(Fault(rule.kind, message, verdict.about, rule.clause))
    return faults


def _remedy(rule: OrderRule, verdict: OrderVerdict) -> Remedy | None:
    remedy = verdict.remedy or rule.remedy
    return remedy.filled(rule.clause, verdict.inputs) if remedy else None


def _first(stated: list[_Stated | None]) -> _Stated | None:
    return next((each for each in stated if each is not None), None)
