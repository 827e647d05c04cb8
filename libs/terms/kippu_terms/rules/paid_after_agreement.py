"""What turns out to take paid work is proposed to the customer first; only what was agreed to is debited."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class PaidAfterAgreement(Rule):
    kind: Literal["paid_after_agreement"] = "paid_after_agreement"
    blanks: ClassVar[frozenset[str]] = frozenset({"agreement"})
    needs_metering: ClassVar[bool] = True

    def judge(self, case: Case) -> Verdict:
        agreement = case.request.agreement
        inputs = {"agreement": agreement}
        match agreement:
            case "asked":
                return Verdict("waiting", inputs, waiting_for="customer")
            case "given":
                return Verdict("debit", inputs, metered=True)
            case "refused":
                return Verdict("refused", inputs)
        return Verdict("not_applicable", inputs)
