"""No service before registration: of the device, and of the contract by the instant of the request's receipt."""

from typing import Any, ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class RegisteredContract(Rule):
    kind: Literal["registered_contract"] = "registered_contract"
    blanks: ClassVar[frozenset[str]] = frozenset({"asset_serial"})

    def judge(self, case: Case) -> Verdict:
        asset, contract = case.asset, case.contract
        inputs: dict[str, Any] = {"asset_serial": asset.serial if asset else None}
        if asset is not None and not asset.registered:
            return Verdict("refused", {**inputs, "registered": False, "replaced_by": asset.replaced_by})
        if contract is None:
            return Verdict("not_applicable", inputs)
        at, received_at, zone = contract.registered_at, case.request.received_at, case.plan.zone
        inputs |= {
            "contract": contract.contract_id,
            "product": contract.product,
            "registered_at": at.astimezone(zone).isoformat() if at else None,
            "received_at": received_at.astimezone(zone).isoformat(),
        }
        return Verdict("satisfied" if at is not None and at <= received_at else "refused", inputs)
