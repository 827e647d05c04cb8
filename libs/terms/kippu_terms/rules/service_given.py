"""Is one of the plan's services the one that the request gets? Contracts and warranty decide, not what is wished."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal

from kippu_terms.rules.base import Case, Reply, Rule, Verdict, rule_kind
from kippu_terms.services import Given, applies
from kippu_terms.value import Name


@rule_kind
class ServiceGiven(Rule):
    kind: Literal["service_given"] = "service_given"
    blanks: ClassVar[frozenset[str]] = frozenset({"service", "received_on", "why_not"})
    service: Name
    otherwise: Literal["quote", "consult", "refused"] | None = None
    """The answer if no service at all is given."""

    @property
    def may_settle(self) -> bool:
        return self.otherwise is not None

    def judge(self, case: Case) -> Verdict:
        service = case.plan.fulfilment.service(self.service)
        found = applies(service, case.facts, case.received_on)
        until = case.asset.warranty_until if case.asset else None
        inputs: dict[str, Any] = {
            "service": self.service,
            "received_on": case.received_on.isoformat(),
            "warranty_until": until.isoformat() if until else None,
            "contracts": case.contracts,
        }
        if case.given is None or case.given.service.id != self.service:
            why_not = "another_comes_first" if isinstance(found, Given) else found
            result = self.otherwise if case.given is None else None
            return Verdict(result or "not_applicable", {**inputs, "why_not": why_not})
        if (quote := case.given.quote) is not None:
            inputs |= {"quote_accepted": True, "quote": quote.quote_id}
        wanted, reply = case.request.wanted_service, None
        if wanted not in (None, self.service):
            reply = Reply(about="wanted_service", answer="not_followed", clause=self.clause)
        return Verdict("satisfied", {**inputs, "wanted": wanted}, reply=reply)

    def names_services(self) -> Mapping[str, Iterable[str]]:
        return {"service": [self.service]}
