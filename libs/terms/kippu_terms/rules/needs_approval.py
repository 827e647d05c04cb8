"""Some kinds of request are served only with an operator's recorded approval, and wait for it."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind
from kippu_terms.value import Name


@rule_kind
class NeedsApproval(Rule):
    kind: Literal["needs_approval"] = "needs_approval"
    blanks: ClassVar[frozenset[str]] = frozenset({"category", "approval"})
    categories: Annotated[frozenset[Name], Field(min_length=1)]

    def judge(self, case: Case) -> Verdict:
        inputs = {"category": case.request.category, "approval": case.request.approval}
        if case.request.approval is None:
            return Verdict("waiting", inputs, waiting_for="approval")
        return Verdict("satisfied" if case.request.approval == "granted" else "refused", inputs)
