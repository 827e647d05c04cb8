"""Recorded work is debited as the plan's metering says, from receipt on."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Category, Rule, Verdict, rule_kind


@rule_kind
class MeteredDebit(Rule):
    kind: Literal["metered_debit"] = "metered_debit"
    needs_metering: ClassVar[bool] = True

    def settled(self, scope: frozenset[Category]) -> frozenset[Category]:
        return scope

    def judge(self, case: Case) -> Verdict:
        metering = case.plan.commercial.metering
        unit_minutes = metering.unit_minutes if metering else None
        counted_from = case.request.received_at.astimezone(case.plan.zone).isoformat()
        return Verdict("debit", {"unit_minutes": unit_minutes, "counted_from": counted_from}, metered=True)
