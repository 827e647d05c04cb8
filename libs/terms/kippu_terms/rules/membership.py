"""What is served only to those who hold a valid number: the member ID of a licence, or the one for buying incidents."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.rules.base import Case, Rule, Verdict, not_known, rule_kind


@rule_kind
class Membership(Rule):
    kind: Literal["membership"] = "membership"
    blanks: ClassVar[frozenset[str]] = frozenset({"of", "held", "received_on"})
    of: Literal["licence", "incidents"]
    objects_to: Annotated[frozenset[Literal["void", "none"]], Field(min_length=1)] = frozenset({"void", "none"})
    """`void`: its time ended; `none`: there never was one. Two clauses may speak on one each."""
    otherwise: Literal["refused", "quote"] = "refused"

    def judge(self, case: Case) -> Verdict:
        customer = case.facts.customer
        held = None if customer is None else customer.member_id if self.of == "licence" else customer.incident_member
        inputs = {"of": self.of, "held": held, "received_on": case.received_on.isoformat()}
        if held is None:
            return not_known(inputs, "customer.member_id" if self.of == "licence" else "customer.incident_member")
        if held == "valid":
            return Verdict("satisfied", inputs)
        return Verdict(self.otherwise if held in self.objects_to else "not_applicable", inputs)
