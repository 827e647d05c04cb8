"""Nothing is decided before it is known what the request is about, and on which device or service."""

from typing import Literal

from kippu_terms.rules.base import Case, Category, Rule, Verdict, rule_kind


@rule_kind
class Classified(Rule):
    kind: Literal["classified"] = "classified"

    def settled(self, scope: frozenset[Category]) -> frozenset[Category]:
        return scope & {None}

    def judge(self, case: Case) -> Verdict:
        category = case.plan.coverage.category(case.request.category)
        serial = case.asset.serial if case.asset else None
        inputs = {"category": case.request.category, "asset_serial": serial}
        if category is None or (category.needs_asset and serial is None):
            return Verdict("waiting", inputs, waiting_for="classification")
        return Verdict("satisfied", inputs)
