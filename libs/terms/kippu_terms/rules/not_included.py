"""What no product contains is refused, whatever contract there is."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.rules.base import Case, Category, Rule, Verdict, rule_kind
from kippu_terms.value import Name


@rule_kind
class NotIncluded(Rule):
    kind: Literal["not_included"] = "not_included"
    blanks: ClassVar[frozenset[str]] = frozenset({"category"})
    categories: Annotated[frozenset[Name], Field(min_length=1)]

    def settled(self, scope: frozenset[Category]) -> frozenset[Category]:
        return scope

    def judge(self, case: Case) -> Verdict:
        return Verdict("refused", {"category": case.request.category})
