"""No support for equipment out of warranty on the local date of receipt, the warranty's last day included.

Services have no warranty, and need none.
"""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, not_known, rule_kind


@rule_kind
class InWarranty(Rule):
    kind: Literal["in_warranty"] = "in_warranty"
    blanks: ClassVar[frozenset[str]] = frozenset({"asset_serial", "warranty_until", "received_on"})

    def judge(self, case: Case) -> Verdict:
        asset = case.asset
        if asset is None or not asset.registered or asset.kind == "service":
            return Verdict("not_applicable", {"asset_kind": asset.kind} if asset else {})
        until = asset.warranty_until
        inputs = {
            "asset_serial": asset.serial,
            "warranty_until": until.isoformat() if until else None,
            "received_on": case.received_on.isoformat(),
        }
        if asset.kind is None:
            return not_known(inputs, "asset.kind")
        return Verdict("satisfied" if until is not None and case.received_on <= until else "refused", inputs)
