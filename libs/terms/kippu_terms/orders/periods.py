"""When what is ordered begins and ends: from the order, the payment, the delivery, the device's purchase, or the end of
what it renews, as the plan says of the product."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from kippu_terms.orders.facts import OrderFacts
from kippu_terms.services import earliest_start

if TYPE_CHECKING:
    from kippu_terms.plan import LotTerm, Plan
    from kippu_terms.sections import Product, RunsFrom

Awaited = Literal["payment", "delivery", "asset_purchase", "renewed_contract"]
"""The day that is not known yet, and from which the period would run."""


def runs_from(plan: "Plan", product: "Product") -> "RunsFrom":
    """From what the product's period runs: as it says itself, for prepaid tickets as the plan's lots do."""
    if product.runs_from is not None:
        return product.runs_from
    lots = plan.commercial.lots
    return lots.runs_from if product.kind == "tickets" and lots is not None else "order"


def period_of(plan: "Plan", product: "Product", facts: OrderFacts) -> "LotTerm | Awaited | None":
    """The period, or what it awaits; None for a product that has none of its own.

    Where a service of the product cannot begin yet in the device's area, the period begins when it can.
    """
    if product.validity_months is None:
        return None
    start = _start(runs_from(plan, product), facts)
    if not isinstance(start, date):
        return start
    asset = facts.asset
    for service in plan.fulfilment.services:
        if asset is not None and product.id in service.products:
            start = earliest_start(service, start, asset.area, asset.delivered_on)
    return plan.lot_term(product.id, start)


def _start(origin: "RunsFrom", facts: OrderFacts) -> date | Awaited:
    match origin:
        case "order":
            return facts.ordered_on
        case "payment":
            return facts.paid_on or "payment"
        case "delivery":
            return (facts.asset and facts.asset.delivered_on) or "delivery"
        case "asset_purchase":
            return (facts.asset and facts.asset.bought_on) or "asset_purchase"
        case "after_renewed":
            renewed = facts.renewed
            return renewed.valid_until + timedelta(days=1) if renewed else "renewed_contract"
