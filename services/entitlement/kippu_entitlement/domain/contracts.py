"""Whether a family's terms know the contracts that are registered with an asset, and sell their options with them."""

from collections.abc import Iterator, Sequence

from kippu_events.catalogue.entitlement import AssetContract
from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault
from kippu_terms.sections import Product


def faults_of(contracts: Sequence[AssetContract], plans: Sequence[Plan]) -> Iterator[Fault]:
    """`plans` are all published versions, the newest first: a contract was sold under any of them."""
    for place, contract in enumerate(contracts):
        sold = next((plan for plan in plans if _maintenance(plan, contract.product)), None)
        if sold is None:
            offered = ", ".join(each.id for each in plans[0].commercial.products if each.kind == "maintenance")
            message = f"the terms sell no maintenance {contract.product!r}; they sell {offered or 'none'}"
            yield Fault("unknown_product", message, f"contracts.{place}.product")
            continue
        yield from _option_faults(contract, sold, f"contracts.{place}.options")


def _option_faults(contract: AssetContract, plan: Plan, field: str) -> Iterator[Fault]:
    options = {each.id: each for each in plan.commercial.products if each.kind == "option"}
    for name in contract.options:
        option = options.get(name)
        if option is None:
            message = f"the terms know no option {name!r}; they know {', '.join(options) or 'none'}"
            yield Fault("unknown_option", message, field)
        elif contract.product not in option.only_with:
            message = f"{name} is an option of {', '.join(sorted(option.only_with))} only"
            yield Fault("option_not_offered", message, field, option.clause)


def _maintenance(plan: Plan, product_id: str) -> Product | None:
    return next(
        (each for each in plan.commercial.products if (each.id, each.kind) == (product_id, "maintenance")), None
    )
