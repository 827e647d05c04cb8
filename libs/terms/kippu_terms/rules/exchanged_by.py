"""Who does the exchange, under the services that the rule speaks on."""

from typing import Literal

from kippu_terms.rules.base import Case, Reply, Rule, Verdict, rule_kind


@rule_kind
class ExchangedBy(Rule):
    kind: Literal["exchanged_by"] = "exchanged_by"
    who: Literal["customer", "engineer"]

    @property
    def may_settle(self) -> bool:
        return False

    def judge(self, case: Case) -> Verdict:
        if case.given is None:
            return Verdict("not_applicable")
        answer: Literal["by_customer", "by_engineer"] = "by_customer" if self.who == "customer" else "by_engineer"
        inputs = {"service": case.given.service.id, "exchanged_by": self.who}
        return Verdict("note", inputs, reply=Reply(about="exchange", answer=answer, clause=self.clause))
