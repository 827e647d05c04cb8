"""Sold in the same order as another product only; or so where the customer holds licences already."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind
from kippu_terms.value import Flag, Name


@order_rule_kind
class SoldWith(OrderRule):
    kind: Literal["sold_with"] = "sold_with"
    blanks: ClassVar[frozenset[str]] = frozenset({"needed", "ordered"})
    needed: Name
    to_held_licence: Flag = False
    """True: needed only where the order adds to licences that are held."""

    def judge(self, case: OrderCase) -> OrderVerdict:
        together = case.facts.products_together
        inputs = {"needed": self.needed, "ordered": sorted(together), "holds_licence": case.facts.licence is not None}
        if self.to_held_licence and case.facts.licence is None:
            return OrderVerdict("not_applicable", inputs)
        return OrderVerdict("satisfied" if self.needed in together else "refused", inputs, about="together")

    def names_products(self) -> Mapping[str, Iterable[str]]:
        return {"needed": [self.needed]}
