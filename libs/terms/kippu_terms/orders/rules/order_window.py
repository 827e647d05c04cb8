"""Ordered together with the device, or so many months after it was bought; the last day is inside."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.dates import months_after
from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, not_known, order_rule_kind
from kippu_terms.value import Integer


@order_rule_kind
class OrderWindow(OrderRule):
    kind: Literal["order_window"] = "order_window"
    blanks: ClassVar[frozenset[str]] = frozenset({"bought_on", "ordered_on", "last_day"})
    months: Annotated[Integer, Field(ge=1, le=120)]

    def judge(self, case: OrderCase) -> OrderVerdict:
        ordered_on, product = case.facts.ordered_on, case.product
        if product.bundle_of is not None:
            return OrderVerdict("satisfied", {"bundle_of": product.bundle_of})
        bought_on = case.facts.asset.bought_on if case.facts.asset else None
        inputs = {"bought_on": bought_on.isoformat() if bought_on else None, "ordered_on": ordered_on.isoformat()}
        if bought_on is None:
            return not_known({**inputs, "last_day": None}, "asset.bought_on")
        last = months_after(bought_on, self.months)
        result: Literal["satisfied", "refused"] = "satisfied" if bought_on <= ordered_on <= last else "refused"
        return OrderVerdict(result, {**inputs, "last_day": last.isoformat()}, about="ordered_on")
