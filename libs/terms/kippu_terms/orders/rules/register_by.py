"""By when it should be registered: so many months after it arrived. A guide, that refuses nothing.

What runs from the delivery of a device arrives with that; everything else, with the order.
"""

from typing import Annotated, Literal

from pydantic import Field

from kippu_terms.dates import months_after
from kippu_terms.orders.periods import runs_from
from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind
from kippu_terms.value import Integer


@order_rule_kind
class RegisterBy(OrderRule):
    kind: Literal["register_by"] = "register_by"
    months: Annotated[Integer, Field(ge=1, le=120)]

    def judge(self, case: OrderCase) -> OrderVerdict:
        facts = case.facts
        delivered = runs_from(case.plan, case.product) == "delivery"
        arrived_on = (facts.asset.delivered_on if facts.asset else None) if delivered else facts.ordered_on
        last = months_after(arrived_on, self.months) if arrived_on else None
        inputs = {
            "arrived_on": arrived_on.isoformat() if arrived_on else None,
            "register_by": last.isoformat() if last else None,
        }
        return OrderVerdict("note", inputs, register_by=last)
