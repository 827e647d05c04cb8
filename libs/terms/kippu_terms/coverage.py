"""The coverage decision: a pure function of the terms and the facts, with an explanation that leaves nothing out."""

from dataclasses import replace
from typing import Any, Literal

from pydantic import AwareDatetime

from kippu_terms.facts import AssetFacts, Facts, RequestFacts
from kippu_terms.findings import Finding, Remedy, RemedyText, Result
from kippu_terms.fulfilment import Way
from kippu_terms.plan import Plan
from kippu_terms.returns import ReturnTerms, return_terms
from kippu_terms.rules.base import Case, FailedPart, Reply, Rule, Verdict, VisitNeed
from kippu_terms.targets import Target, targets
from kippu_terms.value import Value

Outcome = Literal["covered", "covered_by_debit", "quote", "consult", "refused", "waiting"]

_OUTCOMES: dict[Result, Outcome] = {
    "refused": "refused",
    "waiting": "waiting",
    "consult": "consult",
    "quote": "quote",
    "debit": "covered_by_debit",
}
"""The results that settle a decision. All others let the next rule speak."""


PAY_QUOTE = RemedyText(
    action="pay_quote",
    text={
        "en": "The quote was accepted; the work begins once its invoice is paid.",
        "ja": "お見積りは承諾済みです。ご入金の確認後に対応を開始します。",
        "th": "ยอมรับใบเสนอราคาแล้ว จะเริ่มดำเนินการเมื่อชำระตามใบแจ้งหนี้แล้ว",
    },
)
ORDER_REFUSED = RemedyText(
    action="resolve_order",
    text={
        "en": "The quote was accepted, but its order was refused ($order_refused_by): settle what that names and place "
        "the order again, or decline the request.",
        "ja": "お見積りは承諾されましたが、ご注文は条件（$order_refused_by）によりお受けできませんでした。"
        "原因を解消して再度注文処理を行うか、ご依頼をお断りしてください。",
        "th": "ยอมรับใบเสนอราคาแล้ว แต่คำสั่งซื้อถูกปฏิเสธ ($order_refused_by) แก้ไขสาเหตุแล้วสั่งซื้ออีกครั้ง หรือปฏิเสธคำขอ",
    },
)


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
    service: str | None = None
    """Which of the plan's services the request gets; known with `consult` too, and while it waits."""
    way: Way | None = None
    contract_id: str | None = None
    """The contract under which it gets it, where one is needed."""
    counts_from: AwareDatetime | None = None
    """When the request counts as received."""
    targets: tuple[Target, ...] = ()
    """What is aimed at; with `consult`, what would be. Empty until the fault is isolated, where it counts from that."""
    failed_part: FailedPart | None = None
    returns: ReturnTerms | None = None
    """Set where the failed part is returned later."""
    carriage_paid_by: Literal["sender", "provider", "customer"] | None = None
    """Who pays for what ships; None where nothing does."""
    replies: tuple[Reply, ...] = ()
    """What is answered to wishes beside the request itself."""
    facts: Facts


def decide_coverage(plan: Plan, facts: Facts) -> Decision:
    """Every rule of the plan judges the facts; the first that settles the outcome decides.

    Raises ValueError for facts of another provider.
    """
    if facts.provider != plan.provider:
        raise ValueError(f"facts of provider {facts.provider!r} cannot be judged by a plan of {plan.provider!r}")
    case = Case(plan, facts)
    judged = [(rule, _bought(case, rule, rule.verdict(case))) for rule in plan.coverage.rules]
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
        replies=tuple(verdict.reply for _, verdict in judged if verdict.reply) if outcome != "refused" else (),
        facts=facts,
        **_fulfilment(case, judged, outcome),
    )


def _bought(case: Case, rule: Rule, verdict: Verdict) -> Verdict:
    """What is not included is done all the same once the quote for it was accepted, and paid where that comes first.
    The finding says so; and where its order was refused, why, which a person has to settle."""
    quote = next((each for each in case.request.quotes_accepted if each.clause == rule.clause), None)
    if verdict.result != "quote" or quote is None:
        return verdict
    inputs = {**verdict.inputs, "quote_accepted": True, "quote": quote.quote_id}
    if quote.is_refused:
        refused = {"order_refused_by": [*quote.refused_by], "because": [*quote.refused_because]}
        return Verdict("consult", {**inputs, **refused}, remedy=ORDER_REFUSED)
    if case.plan.is_prepaid(rule.clause) and not quote.paid:
        return Verdict("waiting", {**inputs, "paid": False}, waiting_for="purchase", remedy=PAY_QUOTE)
    return replace(verdict, result="satisfied", inputs=inputs)


def _fulfilment(case: Case, judged: list[tuple[Rule, Verdict]], outcome: Outcome) -> dict[str, Any]:
    """How the request is served, as fields of the decision; nothing for one that is refused or has no service."""
    if case.given is None or outcome == "refused":
        return {}
    service, contract = case.given.service, case.given.contract
    request, carriage = case.request, case.plan.fulfilment.carriage
    failed_part = next((verdict.failed_part for _, verdict in judged if verdict.failed_part), None)
    aims = targets(
        case.plan,
        service,
        area=case.asset.area if case.asset else None,
        received_at=request.received_at,
        isolated_at=request.isolated_at,
        pauses=request.pauses,
    )
    return {
        "service": service.id,
        "way": service.way,
        "contract_id": contract.contract_id if contract else None,
        "counts_from": case.counts_from,
        "targets": aims if outcome in ("covered", "covered_by_debit", "consult") else (),
        "failed_part": failed_part,
        "returns": return_terms(case.plan) if failed_part == "returned_later" else None,
        "carriage_paid_by": carriage.paid_by if carriage and service.way in ("exchange", "repair") else None,
    }


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
        remedy.filled(rule.clause, verdict.inputs)
        for rule, verdict in judged
        if (remedy := verdict.remedy or rule.remedy)
        and (verdict.result in objections or (served and verdict.result == "held"))
    ]


__all__ = ["AssetFacts", "Decision", "Facts", "Finding", "Outcome", "Remedy", "RequestFacts", "decide_coverage"]
