"""Packs of different families are not used on one device: not together, nor one after the other."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.orders.facts import HeldContract
from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind
from kippu_terms.value import Name


@order_rule_kind
class OneFamily(OrderRule):
    kind: Literal["one_family"] = "one_family"
    blanks: ClassVar[frozenset[str]] = frozenset({"family", "others"})
    groups: Annotated[frozenset[Name], Field(min_length=2)]
    """The families."""
    held: Literal["in_force", "ended"]
    """Looks at contracts that have not ended, and at the one that is renewed; or at those that ended."""

    def judge(self, case: OrderCase) -> OrderVerdict:
        family = {product.id: product.group for product in case.plan.commercial.products}
        looked_at = [each for each in case.facts.held if family.get(each.product) in self.groups]
        looked_at = [each for each in looked_at if self._is_looked_at(each, case)]
        others = [each.contract_id for each in looked_at if family[each.product] != case.product.group]
        inputs = {
            "family": case.product.group,
            "held": {each.contract_id: family[each.product] for each in looked_at},
            "others": others,
        }
        if not looked_at:
            return OrderVerdict("not_applicable", inputs)
        return OrderVerdict("refused" if others else "satisfied", inputs, about="product")

    def _is_looked_at(self, contract: HeldContract, case: OrderCase) -> bool:
        in_force = case.facts.ordered_on <= contract.valid_until or contract == case.facts.renewed
        return in_force == (self.held == "in_force")
