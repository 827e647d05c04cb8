"""Who brings parts, and what becomes of the failed one, under the services that the rule speaks on."""

from typing import Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind
from kippu_terms.rules.base import FailedPart as Becomes


@rule_kind
class FailedPartRule(Rule):
    kind: Literal["failed_part"] = "failed_part"
    becomes: Becomes

    @property
    def may_settle(self) -> bool:
        return False

    def judge(self, case: Case) -> Verdict:
        way = case.given.service.way if case.given else None
        return Verdict("note", {"way": way, "failed_part": self.becomes}, failed_part=self.becomes)
