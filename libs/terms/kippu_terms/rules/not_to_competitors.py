"""Not offered to competitors: to customers who are marked as such. Nobody is taken for one without a mark."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class NotToCompetitors(Rule):
    kind: Literal["not_to_competitors"] = "not_to_competitors"
    blanks: ClassVar[frozenset[str]] = frozenset({"competitor"})

    def judge(self, case: Case) -> Verdict:
        competitor = case.facts.customer.competitor if case.facts.customer else None
        return Verdict("refused" if competitor else "satisfied", {"competitor": competitor})
