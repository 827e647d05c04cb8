"""A contract that was registered before its device was delivered gives no service until the delivery activates it."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class ActivatedContract(Rule):
    kind: Literal["activated_contract"] = "activated_contract"
    blanks: ClassVar[frozenset[str]] = frozenset({"contract", "status", "delivered_on"})

    def judge(self, case: Case) -> Verdict:
        contract = case.contract
        if contract is None:
            return Verdict("not_applicable")
        inputs = {
            "contract": contract.contract_id,
            "status": contract.status,
            "delivered_on": contract.delivered_on.isoformat() if contract.delivered_on else None,
        }
        return Verdict("refused" if contract.status == "pre_registered" else "satisfied", inputs)
