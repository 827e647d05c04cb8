"""No written report on a fault, unless an operator grants one. The request itself is served all the same."""

from typing import Literal

from kippu_terms.rules.base import Case, Reply, Rule, Verdict, rule_kind


@rule_kind
class WrittenReport(Rule):
    kind: Literal["written_report"] = "written_report"

    @property
    def may_settle(self) -> bool:
        return False

    def judge(self, case: Case) -> Verdict:
        asked = case.request.written_report
        if asked is None:
            return Verdict("not_applicable", {"written_report": None})
        answer: Literal["granted", "declined"] = "granted" if asked == "granted" else "declined"
        return Verdict(
            "note", {"written_report": answer}, reply=Reply(about="written_report", answer=answer, clause=self.clause)
        )
