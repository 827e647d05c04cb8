"""A charge: what a customer owes because the terms say so, raised once and invoiced apart.

    raised ─┬─ paid, and credited if the reason is gone later
            └─ withdrawn, if the reason is gone before it was paid

Its price came with the event that it is for; billing computes none.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from kippu_events.catalogue.billing import ChargeRaised, ChargeWithdrawn
from kippu_events.catalogue.shipments import ReturnOverdue, UnitReturned, UnitShipped
from kippu_events.catalogue.values import Price
from kippu_events.event import Event

from kippu_billing.domain.invoice import totals_of


@dataclass(frozen=True, slots=True)
class Charge:
    """`customer_id` is None for a charge that was never raised."""

    customer_id: str | None = None
    withdrawn: bool = False

    @property
    def is_owed(self) -> bool:
        return self.customer_id is not None and not self.withdrawn


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be charged, for what, and by which clause."""

    charge_id: str
    customer_id: str
    ticket_no: str
    shipment_id: str
    clause: str
    reason: str
    price: Price


def stream_of(provider: str, charge_id: str) -> str:
    return f"charge-{provider}-{charge_id}"


def id_of_return(shipment_id: str) -> str:
    return f"C-{shipment_id}.R"


def id_of_carriage(shipment_id: str, attempt: int) -> str:
    return f"C-{shipment_id}.D{attempt}"


def evolve(charge: Charge, event: Event) -> Charge:
    match event:
        case ChargeRaised():
            return Charge(event.customer_id)
        case ChargeWithdrawn():
            return replace(charge, withdrawn=True)
    raise AssertionError(f"{event.type} is no event of a charge")


def for_overdue_return(overdue: ReturnOverdue) -> Claim:
    return Claim(
        charge_id=id_of_return(overdue.shipment_id),
        customer_id=overdue.customer_id,
        ticket_no=overdue.ticket_no,
        shipment_id=overdue.shipment_id,
        clause=overdue.clause,
        reason=f"unit {overdue.serial} was due back by {overdue.due_on.isoformat()}",
        price=overdue.charge,
    )


def for_carriage(shipped: UnitShipped) -> Claim | None:
    """What shipping again costs, where the terms charge it."""
    if shipped.charge is None or shipped.clause is None:
        return None
    return Claim(
        charge_id=id_of_carriage(shipped.shipment_id, shipped.attempt),
        customer_id=shipped.customer_id,
        ticket_no=shipped.ticket_no,
        shipment_id=shipped.shipment_id,
        clause=shipped.clause,
        reason=f"carriage of unit {shipped.serial}, attempt {shipped.attempt}",
        price=shipped.charge,
    )


def demand(charge: Charge, claim: Claim, now: datetime) -> list[Event]:
    """Once; and nothing where the terms ask for nothing."""
    net, taxes, total = totals_of(claim.price)
    if charge.customer_id is not None or total == 0:
        return []
    return [
        ChargeRaised(
            occurred_at=now,
            charge_id=claim.charge_id,
            customer_id=claim.customer_id,
            ticket_no=claim.ticket_no,
            shipment_id=claim.shipment_id,
            clause=claim.clause,
            reason=claim.reason,
            price=claim.price,
            net=net,
            taxes=taxes,
            total=total,
        )
    ]


def reason_gone(returned: UnitReturned) -> str | None:
    """Why an overdue return is not to be charged any more, if it is not."""
    if not returned.late:
        return f"unit {returned.serial} came back in time, on {returned.received_on.isoformat()}"
    if returned.credited:
        return f"unit {returned.serial} came back late, on {returned.received_on.isoformat()}"
    return None


def withdraw(charge: Charge, charge_id: str, reason: str, now: datetime) -> list[Event]:
    if charge.customer_id is None or charge.withdrawn:
        return []
    return [ChargeWithdrawn(occurred_at=now, charge_id=charge_id, customer_id=charge.customer_id, reason=reason)]
