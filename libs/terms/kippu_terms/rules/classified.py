"""Nothing is decided before it is known what the request is about, and on which device or service."""

from typing import ClassVar, Literal

from kippu_terms.findings import RemedyText
from kippu_terms.rules.base import Case, Category, Rule, Verdict, rule_kind

_ONE_OF = {"en": " The categories are {}.", "ja": "種類は {} です。", "th": " ประเภทมี {}"}


@rule_kind
class Classified(Rule):
    kind: Literal["classified"] = "classified"
    blanks: ClassVar[frozenset[str]] = frozenset({"category", "asset_serial"})

    def settled(self, scope: frozenset[Category]) -> frozenset[Category]:
        return scope & {None}

    def judge(self, case: Case) -> Verdict:
        category = case.plan.coverage.category(case.request.category)
        serial = case.asset.serial if case.asset else None
        inputs = {"category": case.request.category, "asset_serial": serial}
        if category is None:
            known = {**inputs, "categories": [each.id for each in case.plan.coverage.categories]}
            return Verdict("waiting", known, waiting_for="classification", remedy=self._with_categories(case))
        if category.needs_asset and serial is None:
            return Verdict("waiting", inputs, waiting_for="classification")
        return Verdict("satisfied", inputs)

    def _with_categories(self, case: Case) -> RemedyText | None:
        """The rule's own, which says to state it, and what can be stated: the answer depends on that."""
        if self.remedy is None:
            return None
        told = {}
        for language, text in self.remedy.text.items():
            named = [f"{each.id} ({each.name.get(language, each.id)})" for each in case.plan.coverage.categories]
            told[language] = text + _ONE_OF.get(language, _ONE_OF["en"]).format(", ".join(named).replace("$", "$$"))
        return RemedyText(action=self.remedy.action, text=told)
