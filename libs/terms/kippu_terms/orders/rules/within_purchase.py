"""Nothing runs longer than so many years from the purchase of the device."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.dates import last_day_of_term
from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, not_known, order_rule_kind
from kippu_terms.value import Integer


@order_rule_kind
class WithinPurchase(OrderRule):
    kind: Literal["within_purchase"] = "within_purchase"
    blanks: ClassVar[frozenset[str]] = frozenset({"bought_on", "years", "longest_until", "valid_until"})
    years: Annotated[Integer, Field(ge=1, le=50)]

    def judge(self, case: OrderCase) -> OrderVerdict:
        bought_on = case.facts.asset.bought_on if case.facts.asset else None
        if bought_on is None:
            return not_known({"bought_on": None, "years": self.years}, "asset.bought_on")
        inputs = {"bought_on": bought_on.isoformat(), "years": self.years}
        if case.dates is None:
            return OrderVerdict("not_applicable", {**inputs, "awaits": case.period})
        longest = last_day_of_term(bought_on, years=self.years)
        inputs |= {"longest_until": longest.isoformat(), "valid_until": case.dates[1].isoformat()}
        return OrderVerdict("satisfied" if case.dates[1] <= longest else "refused", inputs, about="product")
