"""Only for customers who bought a licence from the provider, whether its maintenance is in force or not."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, not_known, rule_kind


@rule_kind
class LicenceBought(Rule):
    kind: Literal["licence_bought"] = "licence_bought"
    blanks: ClassVar[frozenset[str]] = frozenset({"bought_licence"})

    def judge(self, case: Case) -> Verdict:
        bought = case.facts.customer.bought_licence if case.facts.customer else None
        inputs = {"bought_licence": bought}
        if bought is None:
            return not_known(inputs, "customer.bought_licence")
        return Verdict("satisfied" if bought else "refused", inputs)
