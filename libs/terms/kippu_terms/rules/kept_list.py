"""Some work resets a list that the customer may want to keep: then it takes a hearing and an estimate of its own.

The choice has to be on record before the work; it is never guessed.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.rules.base import Case, Reply, Rule, Verdict, rule_kind
from kippu_terms.value import Name


@rule_kind
class KeptList(Rule):
    kind: Literal["kept_list"] = "kept_list"
    blanks: ClassVar[frozenset[str]] = frozenset({"topic", "keep_list"})
    topics: Annotated[frozenset[Name], Field(min_length=1)]
    """The work that resets it."""

    def judge(self, case: Case) -> Verdict:
        topic, keep = case.request.topic, case.request.keep_list
        inputs = {"topic": topic, "keep_list": keep}
        if topic not in self.topics:
            return Verdict("not_applicable", inputs)
        if keep is None:
            return Verdict("waiting", inputs, waiting_for="customer")
        if not keep:
            return Verdict("satisfied", inputs)
        paid = any(each.clause == self.clause and each.paid for each in case.request.quotes_accepted)
        return Verdict(
            "quote", inputs, reply=Reply(about="kept_list", answer="kept", clause=self.clause) if paid else None
        )
