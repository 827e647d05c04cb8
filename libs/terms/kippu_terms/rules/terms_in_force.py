"""A decision names the version of the terms that it used, since when that is in force, and the calendar."""

from typing import Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class TermsInForce(Rule):
    kind: Literal["terms_in_force"] = "terms_in_force"

    @property
    def may_settle(self) -> bool:
        return False

    def judge(self, case: Case) -> Verdict:
        inputs = {
            "version": case.plan.version,
            "effective_from": case.plan.effective_from.isoformat(),
            "calendar": case.plan.calendar.version,
        }
        return Verdict("note", inputs)
