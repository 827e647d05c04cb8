"""The contracts that an order sells, one a unit of each of its lines, and how they come to stand on the device.

A contract that is dated, for a device in the register, stands on that device too: coverage is decided from there.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Literal

from kippu_events.catalogue.contracts import ContractSold
from kippu_events.catalogue.entitlement import AssetContract
from kippu_events.event import Event
from kippu_terms.contracts import contract_end, needs_registration, sold_with
from kippu_terms.dates import start_of
from kippu_terms.orders.facts import OrderedAsset, OrderFacts
from kippu_terms.orders.periods import period_of
from kippu_terms.plan import LotTerm, Plan

from kippu_entitlement.domain import asset
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.order import Line, Order


def sold(
    order: Order, plan: Plan, device: Asset | None, *, when: Literal["order", "payment"], on: date, now: datetime
) -> tuple[ContractSold, ...]:
    """What comes into being with the accepted order, or once it is paid; `on` is the local date of that.

    The maintenance of licences is none of these: it stands with the licences.
    """
    return tuple(
        _contract(order, plan, device, order.lines[place - 1], contract_id, on, now)
        for contract_id, place in contracts_of(order, plan).items()
        if sold_with(plan, plan.product(order.lines[place - 1].product)) == when
    )


def contracts_of(order: Order, plan: Plan) -> dict[str, int]:
    """The contracts that the order sells, whether it has by now or will with the payment, and the line of each, counted
    from 1. Those that were given back are not among them."""
    of_licences = plan.licences.names_products().values() if plan.licences else ()
    places = [
        place
        for place, line in enumerate(order.lines, start=1)
        if plan.product(line.product).kind == "maintenance" and line.product not in of_licences
        for _ in range(line.quantity)
    ]
    sells = dict(zip(_ids(order.order_id, len(places)), places, strict=True))
    return {each: place for each, place in sells.items() if each not in order.contracts_given_back}


def without(device: Asset, contract_ids: Collection[str]) -> Asset:
    """The device without these contracts."""
    return replace(
        device,
        contracts=tuple(each for each in device.contracts if each.contract_id not in contract_ids),
        undated=tuple(each for each in device.undated if each.contract_id not in contract_ids),
    )


def _ids(order_id: str, count: int) -> Iterator[str]:
    """The order's own id for a single contract."""
    return (order_id if count == 1 else f"{order_id}-{number}" for number in range(1, count + 1))


def _contract(
    order: Order, plan: Plan, device: Asset | None, line: Line, contract_id: str, on: date, now: datetime
) -> ContractSold:
    first, last = line.valid_from, line.valid_until
    if first is None or last is None:
        first, last = _days(order, plan, device, line.product, on)
    end = contract_end(plan, first, last) if first and last else None
    return ContractSold(
        occurred_at=now,
        contract_id=contract_id,
        customer_id=order.customer_id,
        plan_family=order.plan_family,
        plan_version=order.plan_version,
        product=line.product,
        order_id=order.order_id,
        options=tuple(each.product for each in order.lines if line.product in plan.product(each.product).only_with),
        serial=order.asset_serial,
        valid_from=first,
        valid_until=last,
        ends_at=end.ends_at if end else None,
        remind_at=end.remind_at if end else (),
        needs_registration=needs_registration(plan, line.product),
        register_by=line.register_by,
        registration_due_at=start_of(line.register_by, plan.zone) if line.register_by else None,
        refundable_until=line.refundable_until,
        renews=order.renews if plan.product(line.product).renewal else None,
        area_agreed=order.area_agreed,
    )


def _days(
    order: Order, plan: Plan, device: Asset | None, product: str, on: date
) -> tuple[date, date] | tuple[None, None]:
    """What runs from the payment is dated with it; what runs from the delivery is not dated yet."""
    facts = OrderFacts(
        provider=plan.provider, product=product, ordered_on=order.requested_on or on, paid_on=on, asset=ordered(device)
    )
    period = period_of(plan, plan.product(product), facts)
    return (period.valid_from, period.valid_until) if isinstance(period, LotTerm) else (None, None)


def ordered(device: Asset | None) -> OrderedAsset | None:
    """What the register says of a device, as facts of an order."""
    if device is None:
        return None
    return OrderedAsset(
        serial=device.serial,
        model=device.model,
        bought_on=device.bought_on,
        delivered_on=device.delivered_on,
        warranty_until=device.warranty_until,
        bought_from_provider=device.bought_from_provider,
        replaced=device.replaced_by is not None,
        area=device.area,
        remote_island=device.remote_island,
    )


def covered(device: Asset, contracts: Sequence[ContractSold]) -> Asset:
    """The device with those of the contracts that are dated."""
    return replace(device, contracts=(*device.contracts, *(each for each in map(_on_asset, contracts) if each)))


def with_options(device: Asset, order: Order, plan: Plan, on: date) -> Asset:
    """The device with the options that were ordered for a contract that it has: the one that lasts longest."""
    together = {line.product for line in order.lines}
    for line in order.lines:
        product = plan.product(line.product)
        if product.kind != "option" or together & product.only_with:
            continue
        fitting = [each for each in device.contracts if each.product in product.only_with and on <= each.valid_until]
        if fitting:
            longest = max(fitting, key=lambda each: each.valid_until)
            options = tuple(dict.fromkeys((*longest.options, product.id)))
            changed = longest.model_copy(update={"options": options})
            device = replace(device, contracts=tuple(changed if c is longest else c for c in device.contracts))
    return device


def recorded(state: Asset, device: Asset, now: datetime) -> tuple[Event, ...]:
    """The register's entry as it is after a sale. Raises Refused for more contracts than a device can have."""
    return asset.register(state, device.registered, now)


def _on_asset(sold_: ContractSold) -> AssetContract | None:
    if sold_.valid_from is None or sold_.valid_until is None:
        return None
    return AssetContract(
        contract_id=sold_.contract_id,
        product=sold_.product,
        valid_from=sold_.valid_from,
        valid_until=sold_.valid_until,
        options=sold_.options,
        area_agreed=sold_.area_agreed,
        plan_version=sold_.plan_version,
        sold=True,
    )
