"""Where a contract's service is given as it stands; elsewhere, and on remote islands, by consultation."""

from typing import ClassVar, Literal

from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, not_known, order_rule_kind


@order_rule_kind
class Area(OrderRule):
    kind: Literal["area"] = "area"
    blanks: ClassVar[frozenset[str]] = frozenset({"area", "areas"})

    def judge(self, case: OrderCase) -> OrderVerdict:
        asset = case.facts.asset
        services = [each for each in case.plan.fulfilment.services if case.product.id in each.products]
        if asset is None or not services:
            return OrderVerdict("not_applicable", {"product": case.product.id})
        inputs = {
            "area": asset.area,
            "remote_island": asset.remote_island,
            "areas": sorted({area for service in services for area in service.areas or ()}),
            "agreed": case.facts.agreed,
        }
        served = all(
            service.serves(asset.area) and not (service.consult_on_islands and asset.remote_island)
            for service in services
        )
        if asset.area is None and inputs["areas"] and not case.facts.agreed:
            return not_known(inputs, "asset.area", "consult")
        return OrderVerdict("satisfied" if served or case.facts.agreed else "consult", inputs, about="asset.area")
