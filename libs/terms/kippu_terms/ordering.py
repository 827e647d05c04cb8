"""What the terms ask of an order for a contract or an option of one. Pure; raises Refused with the clause."""

from collections.abc import Iterable
from datetime import date

from kippu_terms.plan import LotTerm, Plan
from kippu_terms.refusal import Fault, Refused
from kippu_terms.services import earliest_start


def check_orderable(plan: Plan, product_id: str, held: Iterable[str] = ()) -> None:
    """Raises Refused for a charge, which nobody orders, and for an option without a product that it goes with.

    `held` are the products ordered with it and those of the contract that it is for.
    """
    product = plan.product(product_id)
    if product.kind == "charge":
        message = f"{product_id} is charged by the provider and cannot be ordered"
        raise Refused(Fault("not_orderable", message, "product", product.clause))
    if product.kind == "option" and not product.only_with & set(held):
        message = f"{product_id} is an option of {', '.join(sorted(product.only_with))} only"
        raise Refused(Fault("option_without_product", message, "product", product.clause))


def contract_term(
    plan: Plan, product_id: str, start: date, *, area: str | None = None, delivered_on: date | None = None
) -> LotTerm:
    """The term of a maintenance contract that is to begin on a local date: later, where its service cannot begin yet.

    Raises Refused for a product that has no term.
    """
    for service in plan.fulfilment.services:
        if product_id in service.products:
            start = earliest_start(service, start, area, delivered_on)
    return plan.lot_term(product_id, start)
