"""A renewal renews a contract for a product of its own group: the service stays what it was."""

from typing import ClassVar, Literal

from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind


@order_rule_kind
class RenewsItsGroup(OrderRule):
    kind: Literal["renews_its_group"] = "renews_its_group"
    blanks: ClassVar[frozenset[str]] = frozenset({"product", "group", "renews", "its_group"})

    def judge(self, case: OrderCase) -> OrderVerdict:
        renewed = case.facts.renewed
        if renewed is None or not case.product.renewal:
            return OrderVerdict("not_applicable", {"renews": case.facts.renews})
        groups = {product.id: product.group for product in case.plan.commercial.products}
        inputs = {
            "product": case.product.id,
            "group": case.product.group,
            "renews": renewed.product,
            "its_group": groups.get(renewed.product),
        }
        same = case.product.group == groups.get(renewed.product)
        return OrderVerdict("satisfied" if same else "refused", inputs, about="renews")
