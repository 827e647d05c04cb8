"""The customer isolates the fault. Nothing ships and nobody goes there before that is on record."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class IsolatedByCustomer(Rule):
    kind: Literal["isolated_by_customer"] = "isolated_by_customer"
    blanks: ClassVar[frozenset[str]] = frozenset({"asset_serial", "isolated_at"})

    def judge(self, case: Case) -> Verdict:
        isolated_at = case.request.isolated_at
        inputs = {
            "asset_serial": case.asset.serial if case.asset else None,
            "isolated_at": isolated_at.astimezone(case.plan.zone).isoformat() if isolated_at else None,
        }
        if isolated_at is None:
            return Verdict("waiting", inputs, waiting_for="customer")
        return Verdict("satisfied", inputs)
