"""Entitlement's events about orders, from the wish to the money back, and about the terms they are sold under.

Streams: `order-{provider}-{order_id}`, `plan-{provider}-{family}`.
"""

from datetime import date

from pydantic import AwareDatetime, Field

from kippu_events.catalogue.entitlement.publisher import entitlement
from kippu_events.catalogue.values import InvoiceMail, Price
from kippu_events.event import Event, Value


@entitlement
class PlanPublished(Event):
    """A version of a provider's terms, whole, with the day from which it is in force."""

    family: str
    version: str
    effective_from: date
    digest: str
    """SHA-256 (hex) of `source`."""
    source: str
    """The plan file's text (TOML)."""


class OrderLine(Value):
    product: str
    quantity: int


class AcceptedLine(OrderLine):
    """A line beside the first one; its dates are as those of the order."""

    tickets: int = 0
    valid_from: date | None = None
    valid_until: date | None = None
    refundable_until: date | None = None
    register_by: date | None = None


@entitlement
class OrderPlaced(Event):
    order_id: str
    customer_id: str
    plan_family: str
    product: str
    quantity: int
    requested_on: date
    quote_id: str | None = None
    together: tuple[OrderLine, ...] = ()
    """The other lines of the order."""
    asset_serial: str | None = None
    """The registered device that it is for."""
    renews: str | None = None
    """The contract that it renews."""
    wanted_delivery_on: date | None = None
    contact_id: str | None = None
    """Who orders, and is written to about it."""


@entitlement
class OrderAccepted(Event):
    """Priced and pinned. What it is for is valid from `valid_from` to `valid_until`, both inclusive."""

    order_id: str
    customer_id: str
    plan_family: str
    plan_version: str
    product: str
    quantity: int
    price: Price
    """Of all lines."""
    tickets: int
    """How many prepaid tickets the first line credits once paid."""
    valid_from: date | None = None
    valid_until: date | None = None
    together: tuple[AcceptedLine, ...] = ()
    pay_by: date | None = None
    """The last day on which it can be paid, where the terms set one."""
    refundable_until: date | None = None
    """The last day on which the first line's contract can be given back, while nothing else stands against that."""
    register_by: date | None = None
    """Until when it should be registered."""
    area_agreed: bool = False
    """True if an operator agreed to it, where the terms leave it to consultation."""
    contacts: dict[str, str] = Field(default_factory=dict)
    """Who is told about it, by contact id, with the language that each reads: who ordered, or else the customer's."""
    invoice_mail: InvoiceMail | None = None
    quote_id: str | None = None
    """The accepted quote that it is for; one that was refused before is accepted once it is placed again."""


@entitlement
class OrderRefused(Event):
    """An order that nobody could be told of at once, on record with every rule that it breaks."""

    order_id: str
    customer_id: str
    clauses: tuple[str, ...]
    reasons: tuple[str, ...]
    quote_id: str | None = None
    """The accepted quote that it is for. It waits for a person, who settles what was named and places it again
    (OrderAccepted)."""


@entitlement
class OrderPaid(Event):
    """Billing said so: the invoice of this order is paid."""

    order_id: str
    customer_id: str
    invoice_no: str
    paid_on: date
    confirmed_at: AwareDatetime | None = None
    """When the payment was on record; before a booking's `void_at` it was in time, however late the news of it came."""


class RefundedLine(Value):
    """So much of one line of an order; `line` counts them from 1, the first one of the order included."""

    line: int
    product: str
    quantity: int
    contracts: tuple[str, ...] = ()
    """Which of its contracts, where it sells such."""


@entitlement
class OrderPartRefunded(Event):
    """A part of it was given back, and that part of its invoice is taken back. `number` counts the parts from 1."""

    order_id: str
    customer_id: str
    number: int
    lines: tuple[RefundedLine, ...]
    refunded_on: date
    reason: str


@entitlement
class OrderLapsed(Event):
    """Its invoice was taken back, as what it is for was not paid in time, or was called off: nothing comes of it."""

    order_id: str
    customer_id: str
    reason: str


@entitlement
class OrderRefunded(Event):
    """It was given back, whole, or the last that was left: what was sold with it gives nothing any more, and what is
    left of its invoice is taken back."""

    order_id: str
    customer_id: str
    refunded_on: date
    reason: str
