"""Where work is hindered the provider may decline it: an operator decides, and the request waits for that.

It is hindered where the provider cannot reach the server, or where the customer does not pause security software that
is suspected of the fault.
"""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class OperatorDecides(Rule):
    kind: Literal["operator_decides"] = "operator_decides"
    blanks: ClassVar[frozenset[str]] = frozenset({"hindered_by"})

    def judge(self, case: Case) -> Verdict:
        request = case.request
        hindered_by = [
            *(["no_remote_access"] if request.remote_access is False else []),
            *(["security_software"] if request.security_software == "not_paused" else []),
        ]
        served = request.operator_serves
        if served is None and request.approval is not None:
            served = request.approval == "granted"
        inputs = {"hindered_by": hindered_by, "operator_serves": served}
        if not hindered_by:
            return Verdict("not_applicable", inputs)
        if served is None:
            return Verdict("waiting", inputs, waiting_for="approval")
        return Verdict("satisfied" if served else "refused", inputs)
