"""Each service takes requests on channels of its own; one that comes otherwise is told which they are."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class ServiceChannel(Rule):
    kind: Literal["service_channel"] = "service_channel"
    blanks: ClassVar[frozenset[str]] = frozenset({"service", "channel", "offered"})

    def judge(self, case: Case) -> Verdict:
        channel = case.request.channel
        if case.given is None or channel is None:
            return Verdict("not_applicable", {"channel": channel})
        offered = case.given.service.channels
        inputs = {"service": case.given.service.id, "channel": channel, "offered": [*offered]}
        return Verdict("satisfied" if channel in offered else "refused", inputs)
