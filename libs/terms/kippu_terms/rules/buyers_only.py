"""Only buyers are served, not those whom they connect to. A request is the buyer's own, unless somebody objects."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class BuyersOnly(Rule):
    kind: Literal["buyers_only"] = "buyers_only"
    blanks: ClassVar[frozenset[str]] = frozenset({"buyer", "own_environment"})

    def judge(self, case: Case) -> Verdict:
        buyer = case.facts.customer.buyer if case.facts.customer else None
        own = case.request.own_environment
        refused = buyer is False or own is False
        return Verdict("refused" if refused else "satisfied", {"buyer": buyer, "own_environment": own})
