"""An order for prepaid tickets: accepted at the plan's price, pinned; credited as a lot once it is paid."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from kippu_events.catalogue.entitlement import OrderAccepted, OrderPaid, OrderPlaced, OrderRefused
from kippu_events.catalogue.values import Price
from kippu_events.event import Event
from kippu_terms.plan import Plan
from kippu_terms.pricing import price
from kippu_terms.refusal import Fault, Refused

from kippu_entitlement.domain import streams
from kippu_entitlement.domain.wallet import Credit


@dataclass(frozen=True, slots=True)
class Order:
    order_id: str = ""
    customer_id: str = ""
    plan_family: str = ""
    plan_version: str = ""
    product: str = ""
    tickets: int = 0
    valid_from: date | None = None
    """None where the lot's term runs from the payment."""
    quote_id: str | None = None
    status: Literal["none", "placed", "accepted", "refused", "paid"] = "none"

    @property
    def exists(self) -> bool:
        return self.status != "none"


@dataclass(frozen=True, slots=True)
class Place:
    order_id: str
    customer_id: str
    plan_family: str
    product: str
    quantity: int
    requested_on: date
    quote_id: str | None = None


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """What the plan makes of an order; pinned in it, whatever later versions say."""

    plan_version: str
    price: Price
    tickets: int
    valid_from: date | None
    valid_until: date | None


def evolve(state: Order, event: Event) -> Order:
    match event:
        case OrderPlaced():
            return replace(
                state,
                order_id=event.order_id,
                customer_id=event.customer_id,
                plan_family=event.plan_family,
                product=event.product,
                quote_id=event.quote_id,
                status="placed",
            )
        case OrderAccepted():
            return replace(
                state,
                plan_version=event.plan_version,
                tickets=event.tickets,
                valid_from=event.valid_from,
                status="accepted",
            )
        case OrderRefused():
            return replace(state, status="refused")
        case OrderPaid():
            return replace(state, status="paid")
        case _:
            return state


def terms_of(plan: Plan, command: Place, language: str, offered: Price | None = None) -> OrderTerms:
    """By the plan, at its price or at the one that was offered. Raises Refused for what the plan does not sell so.

    Only prepaid tickets are ordered: a maintenance contract comes with the registration of what it covers.
    """
    product = plan.product(command.product)
    if product.kind != "tickets":
        message = f"{product.id} is no lot of prepaid tickets, and only these are ordered here"
        raise Refused(Fault("not_orderable", message, "product", product.clause))
    priced = Price.model_validate(price(plan, command.product, command.quantity, language).model_dump())
    lots = plan.commercial.lots
    term = plan.lot_term(command.product, command.requested_on)
    from_order = lots is None or lots.runs_from == "order"
    return OrderTerms(
        plan_version=plan.version,
        price=offered or priced,
        tickets=product.tickets * command.quantity,
        valid_from=term.valid_from if from_order else None,
        valid_until=term.valid_until if from_order else None,
    )


def accept(command: Place, terms: OrderTerms, now: datetime) -> tuple[Event, ...]:
    accepted = OrderAccepted(
        occurred_at=now,
        order_id=command.order_id,
        customer_id=command.customer_id,
        plan_family=command.plan_family,
        plan_version=terms.plan_version,
        product=command.product,
        quantity=command.quantity,
        price=terms.price,
        tickets=terms.tickets,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
    )
    return _placed(command, now), accepted


def refuse(command: Place, refused: Refused, now: datetime) -> tuple[Event, ...]:
    """The order of somebody who cannot be told at once: refused on record, with every reason."""
    event = OrderRefused(
        occurred_at=now,
        order_id=command.order_id,
        customer_id=command.customer_id,
        clauses=tuple(sorted({fault.clause for fault in refused.faults if fault.clause})),
        reasons=tuple(fault.message for fault in refused.faults),
    )
    return _placed(command, now), event


def _placed(command: Place, now: datetime) -> OrderPlaced:
    return OrderPlaced(
        occurred_at=now,
        order_id=command.order_id,
        customer_id=command.customer_id,
        plan_family=command.plan_family,
        product=command.product,
        quantity=command.quantity,
        requested_on=command.requested_on,
        quote_id=command.quote_id,
    )


def pay(state: Order, *, invoice_no: str, paid_on: date, now: datetime) -> tuple[Event, ...]:
    """Once: only an accepted order that is not paid yet becomes paid."""
    if state.status != "accepted":
        return ()
    return (
        OrderPaid(
            occurred_at=now,
            order_id=state.order_id,
            customer_id=state.customer_id,
            invoice_no=invoice_no,
            paid_on=paid_on,
        ),
    )


def lot_of(state: Order, plan: Plan, paid_on: date) -> Credit:
    """The lot that a paid order credits, by the plan version that it was sold under."""
    term = plan.lot_term(state.product, state.valid_from or paid_on)
    return Credit(
        wallet_id=streams.wallet_id(state.customer_id, state.plan_family),
        customer_id=state.customer_id,
        plan_family=state.plan_family,
        lot_id=state.order_id,
        order_id=state.order_id,
        quantity=state.tickets,
        valid_from=term.usable_from,
        expires_at=term.expires_at,
    )
