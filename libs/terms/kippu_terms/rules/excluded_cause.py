"""Faults of some causes are not included: they are refused, or offered for a fee."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind
from kippu_terms.value import Name


@rule_kind
class ExcludedCause(Rule):
    kind: Literal["excluded_cause"] = "excluded_cause"
    blanks: ClassVar[frozenset[str]] = frozenset({"cause", "excluded"})
    causes: Annotated[frozenset[Name], Field(min_length=1)]
    otherwise: Literal["refused", "quote", "consult"] = "refused"

    def judge(self, case: Case) -> Verdict:
        cause = case.request.cause
        inputs = {"cause": cause, "excluded": sorted(self.causes)}
        if cause is None:
            return Verdict("not_applicable", inputs)
        return Verdict(self.otherwise if cause in self.causes else "satisfied", inputs)
