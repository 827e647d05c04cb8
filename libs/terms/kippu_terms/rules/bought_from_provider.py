"""Support is for what was bought from the provider, as the asset register says."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from kippu_terms.rules.base import Case, RemedyText, Rule, Verdict, not_known, rule_kind


@rule_kind
class BoughtFromProvider(Rule):
    kind: Literal["bought_from_provider"] = "bought_from_provider"
    blanks: ClassVar[frozenset[str]] = frozenset({"asset_serial"})
    more_blanks: ClassVar[Mapping[str, frozenset[str]]] = {"replaced_remedy": frozenset({"replaced_by"})}
    replaced_remedy: RemedyText | None = None
    """What to do about a device that another one has replaced since; `$replaced_by` is that one's serial number."""

    def judge(self, case: Case) -> Verdict:
        asset = case.asset
        if asset is None:
            return Verdict("not_applicable")
        inputs: dict[str, Any] = {
            "asset_serial": asset.serial,
            "registered": asset.registered,
            "bought_from_provider": asset.bought_from_provider,
        }
        if asset.replaced_by is not None:
            inputs["replaced_by"] = asset.replaced_by
        if asset.registered and asset.bought_from_provider is None:
            return not_known(inputs, "asset.bought_from_provider")
        if asset.registered and asset.bought_from_provider:
            return Verdict("satisfied", inputs)
        return Verdict("refused", inputs, remedy=self.replaced_remedy if asset.replaced_by is not None else None)
