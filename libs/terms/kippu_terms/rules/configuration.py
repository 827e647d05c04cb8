"""Whether the device's configuration is restored: never, or if its file was given with the report of the fault.

A file that comes later does not count, unless an operator lets it.
"""

from typing import Literal

from kippu_terms.rules.base import Case, Reply, Rule, Verdict, rule_kind


@rule_kind
class Configuration(Rule):
    kind: Literal["configuration"] = "configuration"
    restored: Literal["never", "with_file"]

    @property
    def may_settle(self) -> bool:
        return False

    def judge(self, case: Case) -> Verdict:
        if case.given is None:
            return Verdict("not_applicable")
        request, zone = case.request, case.plan.zone
        given_at = request.config_file_at
        in_time = given_at is not None and (given_at <= request.received_at or request.config_override)
        inputs = {
            "service": case.given.service.id,
            "config_file_at": given_at.astimezone(zone).isoformat() if given_at else None,
            "received_at": request.received_at.astimezone(zone).isoformat(),
            "operator_lets_it_count": request.config_override,
        }
        answer: Literal["restored", "not_restored"] = (
            "restored" if self.restored == "with_file" and in_time else "not_restored"
        )
        return Verdict("note", inputs, reply=Reply(about="configuration", answer=answer, clause=self.clause))
