"""From when to when it runs; what has no day left is not sold."""

from typing import ClassVar, Literal

from kippu_terms.orders.periods import runs_from
from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind


@order_rule_kind
class Period(OrderRule):
    kind: Literal["period"] = "period"
    blanks: ClassVar[frozenset[str]] = frozenset({"runs_from", "ordered_on", "valid_from", "valid_until"})

    def judge(self, case: OrderCase) -> OrderVerdict:
        if case.product.validity_months is None:
            return OrderVerdict("not_applicable", {"product": case.product.id})
        inputs = {"runs_from": runs_from(case.plan, case.product), "ordered_on": case.facts.ordered_on.isoformat()}
        if case.dates is None:
            return OrderVerdict("note", {**inputs, "awaits": case.period})
        first, last = case.dates
        inputs |= {"valid_from": first.isoformat(), "valid_until": last.isoformat()}
        ended = last < case.facts.ordered_on
        return OrderVerdict("refused" if ended else "satisfied", inputs, about="ordered_on", states_period=True)
