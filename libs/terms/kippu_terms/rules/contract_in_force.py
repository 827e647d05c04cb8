"""No service without a contract in force on the local day of receipt, its last day included. Before it is known which
device it is about, none can be missed.

Why one that waits for the delivery of its device gives nothing, the rule for that says, where the terms have one.
"""

from typing import ClassVar, Literal

from kippu_terms.rules.activated_contract import ActivatedContract
from kippu_terms.rules.base import Case, Rule, Verdict, not_known, rule_kind


@rule_kind
class ContractInForce(Rule):
    kind: Literal["contract_in_force"] = "contract_in_force"
    blanks: ClassVar[frozenset[str]] = frozenset({"asset_serial", "received_on"})

    def judge(self, case: Case) -> Verdict:
        inputs = {
            "asset_serial": case.asset.serial if case.asset else None,
            "received_on": case.received_on.isoformat(),
            "contracts": case.contracts,
        }
        if case.given:
            return Verdict("satisfied", inputs)
        if case.asset is None:
            return not_known(inputs, "asset.serial")
        return Verdict("not_applicable" if _waits_for_delivery(case) else "refused", inputs)


def _waits_for_delivery(case: Case) -> bool:
    rules = (rule for rule in case.plan.coverage.rules if isinstance(rule, ActivatedContract))
    return any(rule.verdict(case).result == "refused" for rule in rules)
