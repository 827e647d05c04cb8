"""Giving a contract back (SVT-04): decided on its own stream, where it races its registration."""

from dataclasses import replace
from datetime import date, datetime

from kippu_events.catalogue.contracts import ContractRefunded
from kippu_events.event import Event
from kippu_terms.orders.refunds import RefundObjection, refund_objection
from kippu_terms.orders.rules.refund_window import RefundWindow
from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault, Refused

from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.contract import Contract
from kippu_entitlement.domain.registering import require_running

REASON = "given_back"


def refund(state: Contract, plan: Plan, asked_on: date, now: datetime) -> tuple[Event, ...]:
    """Once; asked for again, nothing. Raises Refused with the clause that stands against it."""
    if state.status == "refunded":
        return ()
    require_running(state)
    objection = refund_objection(state.refundable_until, asked_on, registered=state.registered_at is not None)
    if objection is not None:
        message = _message(state, objection)
        raise Refused(Fault(f"not_refundable_{objection}", message, "contract_id", _clause(plan)), kind="conflict")
    return (
        ContractRefunded(
            occurred_at=now,
            contract_id=state.contract_id,
            customer_id=state.customer_id,
            order_id=state.order_id,
            reason=REASON,
        ),
    )


def _message(state: Contract, objection: RefundObjection) -> str:
    if objection == "registered":
        return f"contract {state.contract_id} is registered, and what is registered is not taken back"
    until = state.refundable_until
    return (
        f"contract {state.contract_id} could be given back until {until}"
        if until
        else f"contract {state.contract_id} is not taken back"
    )


def _clause(plan: Plan) -> str | None:
    return next((rule.clause for rule in plan.ordering.rules if isinstance(rule, RefundWindow)), None)


def without(device: Asset, contract_id: str) -> Asset:
    """The device's entry without a contract that was given back."""
    return replace(
        device.registered, contracts=tuple(each for each in device.contracts if each.contract_id != contract_id)
    )
