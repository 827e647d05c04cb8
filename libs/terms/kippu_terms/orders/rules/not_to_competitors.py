"""Not sold to customers who are marked as competitors."""

from typing import Literal

from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind


@order_rule_kind
class NotToCompetitors(OrderRule):
    kind: Literal["not_to_competitors"] = "not_to_competitors"

    def judge(self, case: OrderCase) -> OrderVerdict:
        competitor = case.facts.customer.competitor if case.facts.customer else None
        result: Literal["refused", "satisfied"] = "refused" if competitor else "satisfied"
        return OrderVerdict(result, {"competitor": competitor}, about="customer.competitor")
