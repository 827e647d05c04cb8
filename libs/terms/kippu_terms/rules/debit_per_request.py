"""A request costs a fixed number of prepaid tickets, or is free: always, or under a contract in force."""

from typing import Annotated, Literal

from pydantic import Field

from kippu_terms.rules.base import Case, Category, Rule, Verdict, rule_kind
from kippu_terms.services import has_contract
from kippu_terms.value import Integer, Name


@rule_kind
class DebitPerRequest(Rule):
    kind: Literal["debit_per_request"] = "debit_per_request"
    tickets: Annotated[Integer, Field(ge=1, le=1000)]
    categories: Annotated[frozenset[Name], Field(min_length=1)]
    free_under_contract: frozenset[Name] = frozenset()
    """Of the categories, those that cost nothing while a maintenance contract for the device is in force."""

    def settled(self, scope: frozenset[Category]) -> frozenset[Category]:
        return scope - self.free_under_contract

    def judge(self, case: Case) -> Verdict:
        category = case.request.category
        contract = has_contract(case.plan.fulfilment, case.facts, case.received_on)
        inputs = {"category": category, "contract": contract.product if contract else None}
        if category in self.free_under_contract and contract is not None:
            return Verdict("satisfied", {**inputs, "tickets": 0})
        return Verdict("debit", {**inputs, "tickets": self.tickets}, quantity=self.tickets)
