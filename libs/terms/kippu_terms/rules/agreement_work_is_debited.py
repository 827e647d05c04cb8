"""A maintenance agreement covers parts; the engineer's work under it is debited all the same."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class AgreementWorkIsDebited(Rule):
    kind: Literal["agreement_work_is_debited"] = "agreement_work_is_debited"
    needs_metering: ClassVar[bool] = True

    def judge(self, case: Case) -> Verdict:
        agreement = case.asset.maintenance_agreement if case.asset else None
        inputs = {"maintenance_agreement": agreement}
        return Verdict("debit", inputs, metered=True) if agreement else Verdict("not_applicable", inputs)
