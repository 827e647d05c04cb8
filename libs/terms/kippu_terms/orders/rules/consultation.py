"""Whether it can be bought is for the provider's salespeople to say, product by product."""

from typing import ClassVar, Literal

from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind


@order_rule_kind
class Consultation(OrderRule):
    kind: Literal["consultation"] = "consultation"
    blanks: ClassVar[frozenset[str]] = frozenset({"product"})

    def judge(self, case: OrderCase) -> OrderVerdict:
        inputs = {"product": case.product.id, "agreed": case.facts.agreed}
        return OrderVerdict("satisfied" if case.facts.agreed else "consult", inputs, about="product")
