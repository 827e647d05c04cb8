"""A renewal is ordered so many months before the expiry date of what it renews; the last day is inside."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.dates import months_before
from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind
from kippu_terms.value import Integer


@order_rule_kind
class RenewalWindow(OrderRule):
    kind: Literal["renewal_window"] = "renewal_window"
    blanks: ClassVar[frozenset[str]] = frozenset({"renews", "expires_on", "ordered_on", "last_day"})
    months: Annotated[Integer, Field(ge=1, le=120)]
    """Before the expiry date."""

    def judge(self, case: OrderCase) -> OrderVerdict:
        renewed = case.facts.renewed
        if renewed is None or not case.product.renewal:
            return OrderVerdict("not_applicable", {"renews": case.facts.renews})
        last = months_before(renewed.valid_until, self.months)
        inputs = {
            "renews": renewed.contract_id,
            "expires_on": renewed.valid_until.isoformat(),
            "ordered_on": case.facts.ordered_on.isoformat(),
            "last_day": last.isoformat(),
        }
        return OrderVerdict("satisfied" if case.facts.ordered_on <= last else "refused", inputs, about="ordered_on")
