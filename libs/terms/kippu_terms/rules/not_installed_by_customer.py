"""No support for what the customer installed, as the asset register says."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, not_known, rule_kind


@rule_kind
class NotInstalledByCustomer(Rule):
    kind: Literal["not_installed_by_customer"] = "not_installed_by_customer"
    blanks: ClassVar[frozenset[str]] = frozenset({"asset_serial", "installed_by"})

    def judge(self, case: Case) -> Verdict:
        asset = case.asset
        if asset is None or not asset.registered:
            return Verdict("not_applicable")
        inputs = {"asset_serial": asset.serial, "installed_by": asset.installed_by}
        if asset.installed_by is None:
            return not_known(inputs, "asset.installed_by")
        return Verdict("refused" if asset.installed_by == "customer" else "satisfied", inputs)
