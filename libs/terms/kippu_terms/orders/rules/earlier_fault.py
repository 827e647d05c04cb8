"""An order is no remedy for a fault that happened before it: it is taken, and gives no cover for that fault."""

from typing import Literal

from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind


@order_rule_kind
class EarlierFault(OrderRule):
    kind: Literal["earlier_fault"] = "earlier_fault"

    def judge(self, case: OrderCase) -> OrderVerdict:
        failed_at = case.facts.asset.failed_at if case.facts.asset else None
        if failed_at is None:
            return OrderVerdict("not_applicable", {"failed_at": None})
        inputs = {"failed_at": failed_at.astimezone(case.plan.zone).isoformat(), "covered": False}
        return OrderVerdict("note", inputs, about="asset.failed_at")
