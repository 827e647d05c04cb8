"""An order that is given back: whole, while the terms pinned in its contracts allow it, and none of them is registered.

Billing hears of it and takes the invoice back.
"""

from collections.abc import Sequence
from datetime import date, datetime

from kippu_events.catalogue.contracts import ContractRefunded
from kippu_events.catalogue.entitlement import OrderRefunded
from kippu_events.event import Event
from kippu_terms.orders.refunds import refund_objection
from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault, Refused

from kippu_entitlement.domain.contract import Contract
from kippu_entitlement.domain.order import Line, Order


def check(order: Order, contracts: Sequence[Contract], plan: Plan, asked_on: date) -> None:
    """Raises Refused with everything that stands against it. `plan` is the version that the order was sold under."""
    if order.status == "refunded":
        raise Refused(Fault("order.refunded", "the order was given back already", "order_id"), kind="conflict")
    if order.status not in ("accepted", "paid"):
        raise Refused(Fault("order.not_accepted", "the order was not accepted", "order_id"), kind="conflict")
    registered = {contract.product for contract in contracts if contract.registered_at is not None}
    faults = [
        fault
        for line in order.lines
        if plan.product(line.product).kind != "option"  # goes with its contract
        and (fault := _fault(line, plan, asked_on, registered=line.product in registered))
    ]
    if faults:
        raise Refused(*faults)


def _fault(line: Line, plan: Plan, asked_on: date, *, registered: bool) -> Fault | None:
    match refund_objection(line.refundable_until, asked_on, registered=registered):
        case "registered":
            message = f"{line.product} is registered, and what is registered is not taken back"
            return Fault("order.registered", message, "order_id", _clause(plan, line.product))
        case "window_closed":
            until = line.refundable_until
            message = f"{line.product} is not taken back" + (f" after {until.isoformat()}" if until else "")
            return Fault("order.window_closed", message, "order_id", _clause(plan, line.product))
    return None


def refunded(order: Order, refunded_on: date, reason: str, now: datetime) -> OrderRefunded:
    return OrderRefunded(
        occurred_at=now, order_id=order.order_id, customer_id=order.customer_id, refunded_on=refunded_on, reason=reason
    )


def given_back(contract: Contract, reason: str, now: datetime) -> Event:
    return ContractRefunded(
        occurred_at=now,
        contract_id=contract.contract_id,
        customer_id=contract.customer_id,
        order_id=contract.order_id,
        reason=reason,
    )


def _clause(plan: Plan, product: str) -> str:
    """That of the refund window, where the terms have one; else the product's own."""
    windows = (rule for rule in plan.ordering.rules if rule.kind == "refund_window")
    speaking = (rule.clause for rule in windows if rule.products is None or product in rule.products)
    return next(speaking, plan.product(product).clause)
