"""What an order cannot ask for beyond buying: another copy of what was lost, a transfer, a lower price."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.orders.facts import Reason
from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind


@order_rule_kind
class NotOffered(OrderRule):
    kind: Literal["not_offered"] = "not_offered"
    blanks: ClassVar[frozenset[str]] = frozenset({"reason"})
    reasons: Annotated[frozenset[Reason], Field(min_length=1)]

    def judge(self, case: OrderCase) -> OrderVerdict:
        reason = case.facts.reason
        asked = reason in self.reasons
        return OrderVerdict("refused" if asked else "not_applicable", {"reason": reason}, about="reason")
