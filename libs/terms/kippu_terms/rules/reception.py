"""What is received outside a service's hours counts as received at their next opening. It is never refused for that.

Only clocks begin then. Contract and warranty are looked at on the day of receipt itself (our reading): nobody loses
cover because the desk was closed.
"""

from typing import Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class Reception(Rule):
    kind: Literal["reception"] = "reception"

    @property
    def may_settle(self) -> bool:
        return False

    def judge(self, case: Case) -> Verdict:
        if case.given is None:
            return Verdict("not_applicable")
        received_at, zone = case.request.received_at, case.plan.zone
        closure = case.plan.calendar.closure(case.received_on)
        inputs = {
            "hours": case.given.service.reception,
            "received_at": received_at.astimezone(zone).isoformat(),
            "counts_from": case.counts_from.astimezone(zone).isoformat(),
            "inside_hours": case.counts_from == received_at,
            "closed_because": closure.because if closure else None,
        }
        return Verdict("note", inputs)
