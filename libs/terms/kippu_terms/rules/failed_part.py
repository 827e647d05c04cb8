"""Who brings parts, and what becomes of the failed one, under the services that the rule speaks on."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind
from kippu_terms.rules.base import FailedPart as Becomes
from kippu_terms.value import Flag


@rule_kind
class FailedPartRule(Rule):
    kind: Literal["failed_part"] = "failed_part"
    blanks: ClassVar[frozenset[str]] = frozenset({"way", "failed_part"})
    becomes: Becomes
    belongs_to_provider: Flag = False
    """After the exchange: who asks to keep it is refused."""

    @property
    def may_settle(self) -> bool:
        return self.belongs_to_provider

    def judge(self, case: Case) -> Verdict:
        way, asked = case.given.service.way if case.given else None, case.request.keep_part
        inputs = {"way": way, "failed_part": self.becomes}
        if self.belongs_to_provider and asked:
            return Verdict("refused", {**inputs, "asked_to_keep_it": asked})
        return Verdict("note", inputs, failed_part=self.becomes)
