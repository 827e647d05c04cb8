"""What becomes of a contract once it was sold: when it ends, who hears of that before, and when a change counts."""

from datetime import date, datetime
from typing import Literal

from pydantic import AwareDatetime

from kippu_terms.dates import end_of, months_before, start_of
from kippu_terms.orders.periods import runs_from
from kippu_terms.plan import Plan
from kippu_terms.sections import Product
from kippu_terms.value import Value


class ContractEnd(Value):
    """A contract ends by itself, at the local midnight after its last day."""

    ends_at: AwareDatetime
    remind_at: tuple[AwareDatetime, ...] = ()
    """The local midnights at which a notice of the end is due, the first one first; empty where the terms give none."""


def contract_end(plan: Plan, valid_from: date, valid_until: date) -> ContractEnd:
    """What falls due for a contract of those days, both inclusive. No notice is due before the contract begins."""
    ending = plan.contracts.ending
    notices = sorted(months_before(valid_until, months) for months in (ending.remind_months_before if ending else ()))
    return ContractEnd(
        ends_at=end_of(valid_until, plan.zone),
        remind_at=tuple(start_of(day, plan.zone) for day in notices if day > valid_from),
    )


def registration_clause(plan: Plan) -> str | None:
    """The clause that says by when a contract should be registered; None where no rule of the terms does."""
    rules = plan.ordering.rules if plan.ordering else ()
    return next((rule.clause for rule in rules if rule.kind == "register_by"), None)


def change_takes_effect(plan: Plan, asked_at: datetime) -> datetime:
    """From when on a change of what is registered counts: at once, or when the desk that takes it opens."""
    changes = plan.contracts.changes
    return plan.calendar.counts_from(changes.hours, asked_at) if changes and changes.hours else asked_at


def needs_registration(plan: Plan, product_id: str) -> bool:
    """True if a contract for the product gives nothing before its registration is complete."""
    if plan.contracts.registration is not None:
        return True
    return any(service.registered_first and product_id in service.products for service in plan.fulfilment.services)


def sold_with(plan: Plan, product: Product) -> Literal["order", "payment"]:
    """When a contract comes into being: with the accepted order, or once that is paid."""
    return "payment" if runs_from(plan, product) == "payment" else plan.contracts.sold_with
