"""What is registered does not become another product: that is bought new. Before registration, it is asked about."""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind
from kippu_terms.value import Name


@order_rule_kind
class NoChange(OrderRule):
    kind: Literal["no_change"] = "no_change"
    blanks: ClassVar[frozenset[str]] = frozenset({"reason", "held"})
    products: Annotated[frozenset[Name], Field(min_length=1)]
    """What it is to become."""
    held: Annotated[frozenset[Name], Field(min_length=1)]
    """What it is."""

    def judge(self, case: OrderCase) -> OrderVerdict:
        facts = case.facts
        candidates = facts.held if facts.renews is None else filter(None, [facts.renewed])
        changed = [each for each in candidates if each.product in self.held]
        inputs = {
            "reason": facts.reason,
            "held": [each.product for each in changed],
            "registered": any(each.registered for each in changed),
        }
        if facts.reason != "upgrade" or not changed:
            return OrderVerdict("not_applicable", inputs)
        if inputs["registered"]:
            return OrderVerdict("refused", inputs, about="reason")
        return OrderVerdict("satisfied" if facts.agreed else "consult", inputs, about="reason")

    def names_products(self) -> Mapping[str, Iterable[str]]:
        return {"held": self.held}
