"""A deadline for the answer that the customer sets is on record, and does not bind."""

from typing import Literal

from kippu_terms.rules.base import Case, Reply, Rule, Verdict, rule_kind


@rule_kind
class AnswerTime(Rule):
    kind: Literal["answer_time"] = "answer_time"

    @property
    def may_settle(self) -> bool:
        return False

    def judge(self, case: Case) -> Verdict:
        wanted_by = case.request.answer_wanted_by
        if wanted_by is None:
            return Verdict("not_applicable", {"answer_wanted_by": None})
        reply = Reply(about="answer_wanted_by", answer="not_binding", clause=self.clause)
        return Verdict("note", {"answer_wanted_by": wanted_by.astimezone(case.plan.zone).isoformat()}, reply=reply)
