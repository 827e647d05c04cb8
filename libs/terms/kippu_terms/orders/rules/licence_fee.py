"""What it costs to bring licences back to their whole value: a year's loss, or what they lost by the day of order.

A year's loss is paid by who renews in time, however early that is. What was renewed ahead has lost nothing yet.
"""

from typing import ClassVar, Literal

from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, not_known, order_rule_kind
from kippu_terms.renewals.worth import worth, yearly_fee


@order_rule_kind
class LicenceFee(OrderRule):
    kind: Literal["licence_fee"] = "licence_fee"
    blanks: ClassVar[frozenset[str]] = frozenset({"full_on", "price_paid"})
    loss: Literal["a_year", "accrued"]

    def judge(self, case: OrderCase) -> OrderVerdict:
        licence, section = case.facts.licence, case.plan.licences
        if licence is None or section is None:
            return not_known({"licence": None}, "licence")
        terms, paid = section.value, licence.price_paid
        inputs = {"price_paid": paid, "full_on": licence.full_on.isoformat(), "loss": self.loss}
        if self.loss == "a_year":
            return OrderVerdict("satisfied", inputs, states_period=True, unit_price=yearly_fee(terms, paid))
        now = worth(terms, price_paid=paid, full_on=licence.full_on, on=case.facts.ordered_on)
        inputs |= {"months": now.months, "percent_left": now.percent_left}
        if licence.full_on > case.facts.ordered_on:
            return OrderVerdict("refused", inputs, about="ordered_on")
        return OrderVerdict("satisfied", inputs, states_period=True, unit_price=now.lost)
