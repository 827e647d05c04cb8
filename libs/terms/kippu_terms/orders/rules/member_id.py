"""Bought later or in addition it takes a valid member ID of a licence; bought together with the licence, none."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind
from kippu_terms.value import Name


@order_rule_kind
class MemberId(OrderRule):
    kind: Literal["member_id"] = "member_id"
    blanks: ClassVar[frozenset[str]] = frozenset({"member_id"})
    unless_with: Name

    def judge(self, case: OrderCase) -> OrderVerdict:
        member_id = case.facts.customer.member_id if case.facts.customer else None
        together = self.unless_with in case.facts.products_together
        inputs = {"member_id": member_id, "bought_together": together}
        valid = together or member_id == "valid"
        return OrderVerdict("satisfied" if valid else "refused", inputs, about="customer.member_id")

    def names_products(self) -> Mapping[str, Iterable[str]]:
        return {"unless_with": [self.unless_with]}
