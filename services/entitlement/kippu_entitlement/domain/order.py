"""An order: accepted under the terms in force at its price, and pinned; or refused with every rule that it breaks.

Prepaid tickets are credited once it is paid. Contracts are sold with the order or with the payment, as the plan says
(`selling.py`). What was given back before (`refunding.py`) is neither credited nor sold.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from kippu_events.catalogue.entitlement import (
    AcceptedLine,
    OrderAccepted,
    OrderLapsed,
    OrderLine,
    OrderPaid,
    OrderPartRefunded,
    OrderPlaced,
    OrderRefunded,
    OrderRefused,
    RefundedLine,
)
from kippu_events.catalogue.values import InvoiceMail, Price
from kippu_events.event import Event
from kippu_terms.orders.deciding import OrderDecision
from kippu_terms.orders.facts import OrderFacts
from kippu_terms.orders.whole import decide_whole
from kippu_terms.plan import Plan
from kippu_terms.refusal import Refused

from kippu_entitlement.domain import booked, streams
from kippu_entitlement.domain.booked import Booked
from kippu_entitlement.domain.checks import conflict
from kippu_entitlement.domain.wallet import Credit


@dataclass(frozen=True, slots=True)
class Line:
    """What one line of an accepted order came to; the dates are None where they follow from a day to come."""

    product: str
    quantity: int
    tickets: int = 0
    valid_from: date | None = None
    valid_until: date | None = None
    refundable_until: date | None = None
    register_by: date | None = None


@dataclass(frozen=True, slots=True)
class Order:
    order_id: str = ""
    customer_id: str = ""
    plan_family: str = ""
    plan_version: str = ""
    product: str = ""
    quantity: int = 0
    """As it was asked for, of the first line."""
    requested_on: date | None = None
    lines: tuple[Line, ...] = ()
    """Empty until it is accepted."""
    asset_serial: str | None = None
    renews: str | None = None
    contact_id: str | None = None
    quote_id: str | None = None
    area_agreed: bool = False
    booking: Booked | None = None
    """Given for a booking that incidents pay; it is no order that is invoiced."""
    given_back: tuple[RefundedLine, ...] = ()
    """In parts, so far."""
    parts: int = 0
    """How often a part was given back."""
    refused_by: tuple[str, ...] = ()
    """The clauses by which it was refused last; `refused_because`, in words."""
    refused_because: tuple[str, ...] = ()
    status: Literal["none", "placed", "accepted", "refused", "paid", "refunded", "lapsed"] = "none"

    @property
    def exists(self) -> bool:
        return self.status != "none"

    def left(self, line: int) -> int:
        """How much of a line, counted from 1, was not given back in a part."""
        return self.lines[line - 1].quantity - sum(each.quantity for each in self.given_back if each.line == line)

    @property
    def contracts_given_back(self) -> frozenset[str]:
        return frozenset(contract_id for each in self.given_back for contract_id in each.contracts)


@dataclass(frozen=True, slots=True)
class Place:
    order_id: str
    customer_id: str
    plan_family: str
    product: str
    quantity: int
    requested_on: date
    quote_id: str | None = None
    together: tuple[OrderLine, ...] = ()
    asset_serial: str | None = None
    renews: str | None = None
    wanted_delivery_on: date | None = None
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """What the plan makes of an order; pinned in it, whatever later versions say. The first line is what was asked."""

    plan_version: str
    price: Price
    lines: tuple[Line, ...]
    pay_by: date | None
    area_agreed: bool
    contacts: Mapping[str, str] = field(default_factory=dict)
    """Who is told about it, by contact id, with the language that each reads."""
    invoice_mail: InvoiceMail | None = None


_ENDED: dict[type[Event], Literal["refunded", "lapsed"]] = {
    OrderRefunded: "refunded",
    OrderLapsed: "lapsed",
}


def evolve(state: Order, event: Event) -> Order:
    match event:
        case OrderPlaced():
            return replace(
                state,
                order_id=event.order_id,
                customer_id=event.customer_id,
                plan_family=event.plan_family,
                product=event.product,
                quantity=event.quantity,
                requested_on=event.requested_on,
                asset_serial=event.asset_serial,
                renews=event.renews,
                quote_id=event.quote_id,
                contact_id=event.contact_id,
                status="placed",
            )
        case OrderAccepted():
            return replace(
                state,
                plan_version=event.plan_version,
                lines=tuple(_lines(event)),
                area_agreed=event.area_agreed,
                status="accepted",
            )
        case OrderRefunded() | OrderLapsed():
            return replace(state, status=_ENDED[type(event)])
        case OrderPaid():
            return replace(state, status="paid")
        case OrderPartRefunded():
            return replace(state, given_back=(*state.given_back, *event.lines), parts=event.number)
        case _:
            return _else(state, event)


def _else(state: Order, event: Event) -> Order:
    if isinstance(event, OrderRefused):
        return replace(state, status="refused", refused_by=event.clauses, refused_because=event.reasons)
    return replace(state, booking=booked.evolve(state.booking, event))


def _lines(event: OrderAccepted) -> Iterator[Line]:
    dates = ("valid_from", "valid_until", "refundable_until", "register_by")
    lines: tuple[OrderAccepted | AcceptedLine, ...] = (event, *event.together)
    for line in lines:
        yield Line(line.product, line.quantity, line.tickets, **{name: getattr(line, name) for name in dates})


def terms_of(plan: Plan, facts: OrderFacts, language: str, offered: Price | None = None) -> OrderTerms:
    """By the plan, at its price or at the one that was offered. Raises Refused with every rule that it breaks."""
    whole = decide_whole(plan, facts, language)
    if whole.outcome != "accepted" or whole.price is None:
        raise Refused(*whole.faults)
    return OrderTerms(
        plan_version=plan.version,
        price=offered or Price.model_validate(whole.price.model_dump()),
        lines=tuple(_line(plan, decision) for decision in whole.lines),
        pay_by=min((line.pay_by for line in whole.lines if line.pay_by), default=None),
        area_agreed=facts.agreed,
    )


def _line(plan: Plan, decision: OrderDecision) -> Line:
    ordered, period = decision.facts, decision.period
    return Line(
        product=ordered.product,
        quantity=ordered.quantity,
        tickets=plan.product(ordered.product).tickets * ordered.quantity,
        valid_from=period.valid_from if period else None,
        valid_until=period.valid_until if period else None,
        refundable_until=decision.refundable_until,
        register_by=decision.register_by,
    )


def accept(state: Order, command: Place, terms: OrderTerms, now: datetime) -> tuple[Event, ...]:
    """One that was refused before is on record already."""
    first, *others = terms.lines
    accepted = OrderAccepted(
        occurred_at=now,
        order_id=command.order_id,
        customer_id=command.customer_id,
        plan_family=command.plan_family,
        plan_version=terms.plan_version,
        product=first.product,
        quantity=first.quantity,
        price=terms.price,
        tickets=first.tickets,
        valid_from=first.valid_from,
        valid_until=first.valid_until,
        together=tuple(_accepted(line) for line in others),
        pay_by=terms.pay_by,
        refundable_until=first.refundable_until,
        register_by=first.register_by,
        area_agreed=terms.area_agreed,
        contacts=dict(terms.contacts),
        invoice_mail=terms.invoice_mail,
        quote_id=command.quote_id,
    )
    return (accepted,) if state.status == "refused" else (_placed(command, now), accepted)


def _accepted(line: Line) -> AcceptedLine:
    return AcceptedLine(**{name: getattr(line, name) for name in AcceptedLine.model_fields})


def refuse(state: Order, command: Place, refused: Refused, now: datetime) -> tuple[Event, ...]:
    """The order of somebody who cannot be told at once: refused on record, with every reason. Refused again, the
    latest reasons stand; nothing where they are the same."""
    if state.status == "refused" and (state.refused_by, state.refused_because) == (refused.clauses, refused.reasons):
        return ()
    event = OrderRefused(
        occurred_at=now,
        order_id=command.order_id,
        customer_id=command.customer_id,
        clauses=refused.clauses,
        reasons=refused.reasons,
        quote_id=command.quote_id,
    )
    return (event,) if state.status == "refused" else (_placed(command, now), event)


def again(state: Order, today: date) -> Place:
    """The refused order of an accepted quote, to be placed once more. Raises Refused for any other."""
    if state.status != "refused" or state.quote_id is None:
        message = "only an order of an accepted quote that was refused is placed again"
        raise conflict("order_not_refused", message, "order_id")
    return replace(of_quote(state), requested_on=today)


def of_quote(state: Order) -> Place:
    """What an accepted quote was to be, as it was placed."""
    if state.requested_on is None:
        raise AssertionError("an order that was placed says when")
    return Place(
        order_id=state.order_id,
        customer_id=state.customer_id,
        plan_family=state.plan_family,
        product=state.product,
        quantity=state.quantity,
        requested_on=state.requested_on,
        quote_id=state.quote_id,
        contact_id=state.contact_id,
    )


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
        together=command.together,
        asset_serial=command.asset_serial,
        renews=command.renews,
        wanted_delivery_on=command.wanted_delivery_on,
        contact_id=command.contact_id,
    )


def pay(state: Order, *, invoice_no: str, paid_on: date, confirmed_at: datetime, now: datetime) -> tuple[Event, ...]:
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
            confirmed_at=confirmed_at,
        ),
    )


def lapse(state: Order, reason: str, now: datetime) -> tuple[Event, ...]:
    """Its invoice was taken back, and nobody gave the order back: what is void or called off comes to nothing."""
    if state.status not in ("accepted", "paid"):
        return ()
    return (OrderLapsed(occurred_at=now, order_id=state.order_id, customer_id=state.customer_id, reason=reason),)


def lots_of(state: Order, plan: Plan, paid_on: date) -> Iterator[Credit]:
    """The lots that a paid order credits, one a line of prepaid tickets, by the version that it was sold under."""
    for place, line in enumerate(state.lines, start=1):
        if not line.tickets or not state.left(place):
            continue
        term = plan.lot_term(line.product, line.valid_from or paid_on)
        yield Credit(
            wallet_id=streams.wallet_id(state.customer_id, state.plan_family),
            customer_id=state.customer_id,
            plan_family=state.plan_family,
            lot_id=lot_id(state, place),
            order_id=state.order_id,
            quantity=line.tickets // line.quantity * state.left(place),
            valid_from=term.usable_from,
            expires_at=term.expires_at,
        )


def lot_id(state: Order, place: int) -> str:
    """The lot that a line, counted from 1, credits: the first has the order's own id."""
    number = sum(1 for line in state.lines[:place] if line.tickets)
    return state.order_id if number == 1 else f"{state.order_id}-{number}"
