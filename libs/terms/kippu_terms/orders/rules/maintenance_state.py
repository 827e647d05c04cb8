"""Sold only while the maintenance of the licences is in force, or only once it has ended."""

from typing import ClassVar, Literal

from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, not_known, order_rule_kind
from kippu_terms.value import Flag


@order_rule_kind
class MaintenanceState(OrderRule):
    kind: Literal["maintenance_state"] = "maintenance_state"
    blanks: ClassVar[frozenset[str]] = frozenset({"ordered_on", "maintained_until"})
    maintained: Flag

    def judge(self, case: OrderCase) -> OrderVerdict:
        licence, on = case.facts.licence, case.facts.ordered_on
        if licence is None:
            return not_known({"maintained_until": None}, "licence")
        inputs = {"ordered_on": on.isoformat(), "maintained_until": licence.maintained_until.isoformat()}
        maintained = on <= licence.maintained_until
        return OrderVerdict("satisfied" if maintained is self.maintained else "refused", inputs, about="ordered_on")
