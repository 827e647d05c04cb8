"""Parts that wear out belong to nobody's cover at the end of their life: the customer buys new ones."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.rules.base import Case, Rule, Verdict, not_known, rule_kind
from kippu_terms.value import Name


@rule_kind
class Consumable(Rule):
    kind: Literal["consumable"] = "consumable"
    blanks: ClassVar[frozenset[str]] = frozenset({"part", "cause", "parts", "causes"})
    parts: Annotated[frozenset[Name], Field(min_length=1)]
    causes: Annotated[frozenset[Name], Field(min_length=1)]
    """What stands for the end of its life."""

    def judge(self, case: Case) -> Verdict:
        part, cause = case.request.part, case.request.cause
        inputs = {"part": part, "cause": cause, "parts": sorted(self.parts), "causes": sorted(self.causes)}
        if part not in self.parts:
            return Verdict("not_applicable", inputs)
        if cause is None:
            return not_known(inputs, "request.cause")
        return Verdict("refused" if cause in self.causes else "satisfied", inputs)
