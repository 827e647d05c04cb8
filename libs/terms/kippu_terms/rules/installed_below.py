"""A device that is installed at some height or above it is not covered; the height itself is excluded."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind
from kippu_terms.value import Integer


@rule_kind
class InstalledBelow(Rule):
    kind: Literal["installed_below"] = "installed_below"
    blanks: ClassVar[frozenset[str]] = frozenset({"height_cm", "below_cm"})
    centimetres: Annotated[Integer, Field(ge=1, le=10_000)]

    def judge(self, case: Case) -> Verdict:
        height = case.asset.height_cm if case.asset else None
        inputs = {"height_cm": height, "below_cm": self.centimetres}
        if height is None:
            return Verdict("not_applicable", inputs)
        return Verdict("satisfied" if height < self.centimetres else "refused", inputs)
