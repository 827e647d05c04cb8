"""To be paid in advance, some business days before the wished delivery; a wish that this cannot keep to is refused."""

from datetime import date, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.calendar import BusinessCalendar
from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind
from kippu_terms.value import Integer


@order_rule_kind
class PayBeforeDelivery(OrderRule):
    kind: Literal["pay_before_delivery"] = "pay_before_delivery"
    blanks: ClassVar[frozenset[str]] = frozenset(
        {"wanted_delivery_on", "business_days", "ordered_on", "pay_by", "earliest"}
    )
    business_days: Annotated[Integer, Field(ge=0, le=60)]

    def judge(self, case: OrderCase) -> OrderVerdict:
        wanted, ordered, calendar = case.facts.wanted_delivery_on, case.facts.ordered_on, case.plan.calendar
        if wanted is None:
            return OrderVerdict("note", {"wanted_delivery_on": None, "business_days": self.business_days})
        pay_by = calendar.business_days_before(wanted, self.business_days)
        inputs = {
            "wanted_delivery_on": wanted.isoformat(),
            "business_days": self.business_days,
            "ordered_on": ordered.isoformat(),
            "pay_by": pay_by.isoformat(),
            "earliest": self._earliest(calendar, ordered).isoformat(),
        }
        if pay_by < ordered:
            return OrderVerdict("refused", inputs, about="wanted_delivery_on")
        return OrderVerdict("satisfied", inputs, pay_by=pay_by)

    def _earliest(self, calendar: BusinessCalendar, ordered: date) -> date:
        """The first day for which it can still be paid on the day of order."""
        day = calendar.business_days_after(ordered, self.business_days)
        while calendar.business_days_before(day, self.business_days) < ordered:
            day += timedelta(days=1)
        return day
