"""It can be given back before a day of the month of purchase, while it is not registered."""

from typing import Annotated, Literal

from pydantic import Field

from kippu_terms.orders.refunds import last_refundable_day
from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind
from kippu_terms.value import Integer


@order_rule_kind
class RefundWindow(OrderRule):
    kind: Literal["refund_window"] = "refund_window"
    closes_on_day: Annotated[Integer, Field(ge=2, le=28)]
    """The first day of the month of purchase on which nothing is taken back any more."""

    def judge(self, case: OrderCase) -> OrderVerdict:
        bought_on = case.facts.ordered_on
        last = last_refundable_day(bought_on, self.closes_on_day)
        inputs = {"bought_on": bought_on.isoformat(), "last_day": last.isoformat() if last else None}
        return OrderVerdict("note", inputs, refundable_until=last)
