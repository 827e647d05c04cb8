"""Only at an appointment: what is booked. An offer that was accepted is none yet; it is agreed with the request."""

from typing import Literal

from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, order_rule_kind


@order_rule_kind
class ByAppointment(OrderRule):
    kind: Literal["by_appointment"] = "by_appointment"

    def judge(self, case: OrderCase) -> OrderVerdict:
        at, agreed = case.facts.appointment_at, case.facts.agreed or case.facts.quoted
        inputs = {"appointment_at": at.isoformat() if at else None, "agreed": agreed}
        return OrderVerdict("satisfied" if at or agreed else "refused", inputs, about="product")
