"""As many of one product as of another, over all lines of the order."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind
from kippu_terms.value import Name


@order_rule_kind
class SameQuantity(OrderRule):
    kind: Literal["same_quantity"] = "same_quantity"
    of: Annotated[frozenset[Name], Field(min_length=2)]

    def judge(self, case: OrderCase) -> OrderVerdict:
        quantities = {product: case.facts.quantity_of(product) for product in sorted(self.of)}
        if not any(quantities.values()):
            return OrderVerdict("not_applicable", quantities)
        same = len(set(quantities.values())) == 1
        return OrderVerdict("satisfied" if same else "refused", quantities, about="quantity")

    def names_products(self) -> Mapping[str, Iterable[str]]:
        return {"of": self.of}
