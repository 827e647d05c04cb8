"""Only for customers who bought a licence from the provider, or buy one with the same order."""

from collections.abc import Iterable, Mapping
from typing import Literal

from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind
from kippu_terms.value import Name


@order_rule_kind
class LicenceBought(OrderRule):
    kind: Literal["licence_bought"] = "licence_bought"
    licence: Name

    def judge(self, case: OrderCase) -> OrderVerdict:
        bought = case.facts.customer.bought_licence if case.facts.customer else None
        together = self.licence in case.facts.products_together
        inputs = {"bought_licence": bought, "bought_together": together}
        return OrderVerdict("satisfied" if bought or together else "refused", inputs, about="customer.bought_licence")

    def names_products(self) -> Mapping[str, Iterable[str]]:
        return {"licence": [self.licence]}
