"""Requests arrive at the touchpoints that the plan names."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class OfferedChannel(Rule):
    kind: Literal["offered_channel"] = "offered_channel"
    blanks: ClassVar[frozenset[str]] = frozenset({"channel", "offered"})

    def judge(self, case: Case) -> Verdict:
        channel, offered = case.request.channel, case.plan.intake.touchpoints.channels
        if channel is None:
            return Verdict("not_applicable", {"channel": None})
        return Verdict("satisfied" if channel in offered else "refused", {"channel": channel, "offered": [*offered]})
