"""Ordered on some channels only. A web form is one of them where the plan says so, the telephone is its own."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.fulfilment import Channel
from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind


@order_rule_kind
class OfferedChannel(OrderRule):
    kind: Literal["offered_channel"] = "offered_channel"
    blanks: ClassVar[frozenset[str]] = frozenset({"channel", "offered"})
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]

    def judge(self, case: OrderCase) -> OrderVerdict:
        channel = case.facts.channel
        inputs = {"channel": channel, "offered": [*self.channels]}
        if channel is None:
            return OrderVerdict("not_applicable", inputs)
        return OrderVerdict("satisfied" if channel in self.channels else "refused", inputs, about="channel")
