"""No service without a contract in force on the local day of receipt, its last day included."""

from typing import Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class ContractInForce(Rule):
    kind: Literal["contract_in_force"] = "contract_in_force"

    def judge(self, case: Case) -> Verdict:
        inputs = {
            "asset_serial": case.asset.serial if case.asset else None,
            "received_on": case.received_on.isoformat(),
            "contracts": [
                {"product": each.product, "from": each.valid_from.isoformat(), "until": each.valid_until.isoformat()}
                for each in case.facts.contracts
            ],
        }
        return Verdict("satisfied" if case.given else "refused", inputs)
