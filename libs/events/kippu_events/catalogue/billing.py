"""Billing's events: quotes, invoices, payments.

Streams: `quote-{provider}-{quote_id}`, `invoice-{provider}-{invoice_no}`.
An order's invoice number is made from the order id, so that one order has one invoice.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from kippu_events.catalogue.values import InvoiceMail, Price
from kippu_events.event import Event, Value, published_by

billing = published_by("billing")


class TaxAmount(Value):
    """Tax of one rate, rounded once on the total at that rate."""

    rate_permyriad: int
    net: int
    tax: int


@billing
class QuoteOffered(Event):
    quote_id: str
    customer_id: str
    ticket_no: str | None = None
    plan_family: str
    product: str
    quantity: int
    price: Price
    net: int
    taxes: tuple[TaxAmount, ...]
    total: int
    valid_until: date
    reason: str
    clause: str
    out_of_scope: bool = False
    """True if it is for work that the terms do not include; else it is for prepaid tickets that a wallet lacks."""


@billing
class QuoteAccepted(Event):
    quote_id: str
    customer_id: str
    plan_family: str
    product: str
    quantity: int
    accepted_by: str


@billing
class QuoteLapsed(Event):
    quote_id: str
    customer_id: str


@billing
class QuoteWithdrawn(Event):
    """What was offered is needed no more, and nobody had accepted it."""

    quote_id: str
    customer_id: str
    ticket_no: str | None = None
    reason: str


@billing
class QuoteRefused(Event):
    """It was accepted, and the terms refuse the order that it led to: nothing is invoiced until a person has settled
    what they name."""

    quote_id: str
    customer_id: str
    ticket_no: str | None = None
    order_id: str
    clauses: tuple[str, ...]
    reasons: tuple[str, ...]


@billing
class QuoteOrdered(Event):
    """The order that it led to is accepted, at once or placed again after the terms had refused it, and invoiced."""

    quote_id: str
    customer_id: str
    order_id: str


@billing
class QuoteUndone(Event):
    """It was accepted, and its request declined: the order's invoice, if there is one, is taken back, and what was paid
    is due back."""

    quote_id: str
    customer_id: str
    ticket_no: str
    order_id: str
    reason: str


@billing
class InvoiceIssued(Event):
    invoice_no: str
    customer_id: str
    order_id: str
    issued_on: date
    due_on: date
    price: Price
    net: int
    taxes: tuple[TaxAmount, ...]
    total: int
    currency: str
    charge_id: str | None = None
    """Given if it is for a charge, and for no order; `order_id` is then the charge's."""
    mail: InvoiceMail | None = None
    contacts: dict[str, str] = Field(default_factory=dict)
    """Who is told what becomes of it, by contact id, with the language that each reads."""
    ticket_no: str | None = None
    """The request that a charge is of: its contact is told."""


@billing
class PaymentReceived(Event):
    invoice_no: str
    customer_id: str
    payment_id: str
    amount: int
    currency: str
    received_on: date
    outstanding: int
    """What is still owed after it; never below 0."""
    taken_back: bool = False
    """True if nothing was owed any more, as the invoice had been taken back, or paid: it is due back, whole."""


@billing
class TaxWithheld(Event):
    """The customer paid a part of the invoice to the authorities, as withholding tax, and sent the certificate of it.

    It settles the invoice as a payment does.
    """

    invoice_no: str
    customer_id: str
    certificate_no: str
    amount: int
    currency: str
    issued_on: date
    """The certificate's date."""
    received_on: date
    outstanding: int
    """What is still owed after it; never below 0."""


@billing
class InvoicePaid(Event):
    invoice_no: str
    customer_id: str
    order_id: str
    paid_on: date
    charge_id: str | None = None


@billing
class PaidTooLate(Event):
    """All that an order's invoice was for came in, but only once it had been taken back; else InvoicePaid says so."""

    invoice_no: str
    customer_id: str
    order_id: str
    paid_on: date


@billing
class PaymentOverdue(Event):
    """Written by a deadline: the due day has passed and something is still owed."""

    invoice_no: str
    customer_id: str
    order_id: str
    outstanding: int


@billing
class ChargeRaised(Event):
    """The customer owes for something that the terms charge: a return that is overdue, a carriage. Invoiced apart.

    Stream: `charge-{provider}-{charge_id}`; its invoice's order id is the charge's id.
    """

    charge_id: str
    customer_id: str
    ticket_no: str
    shipment_id: str
    clause: str
    reason: str
    price: Price
    net: int
    taxes: tuple[TaxAmount, ...]
    total: int


@billing
class ChargeWithdrawn(Event):
    """The reason is gone before the charge was paid: nothing is owed any more."""

    charge_id: str
    customer_id: str
    reason: str


class CreditedLine(Value):
    """So much of one line of an invoice; `line` counts them from 1."""

    line: int
    product: str
    quantity: int


@billing
class CreditNoteIssued(Event):
    """Takes back an invoice, or a part of it; `paid_back` is what the customer had paid for that and gets back."""

    credit_note_no: str
    invoice_no: str
    customer_id: str
    issued_on: date
    net: int
    taxes: tuple[TaxAmount, ...]
    total: int
    currency: str
    paid_back: int
    reason: str
    part: bool = False
    """True if something of the invoice is left after it."""
    lines: tuple[CreditedLine, ...] = ()
    """What a part takes back."""
    outstanding: int = 0
    """What is still owed on the invoice after it."""
    withheld: int = 0
    """Tax that the customer withheld for what is taken back. The authorities have it, and it is not paid back here."""


class RefundEvent(Event):
    """On the invoice's stream; a refund's id is `RF-{invoice_no}.{n}`."""

    refund_id: str
    invoice_no: str
    customer_id: str
    amount: int
    currency: str
    contacts: dict[str, str] = Field(default_factory=dict)
    """Who is told, by contact id, with the language that each reads."""
    ticket_no: str | None = None
    """Where that is nobody: the request whose contact is told."""


RefundCause = Literal[
    "taken_back",
    "booking_void",
    "booking_cancelled",
    "charge_withdrawn",
    "not_served",
    "paid_too_late",
    "paid_too_much",
]
"""A person gave back what was bought; the booking was not paid in time, or called off; what was charged is owed no
more; the request ended without it; it came in after one of these; or it was more than was owed."""


@billing
class RefundDue(RefundEvent):
    """Money that the customer gets back, and why."""

    order_id: str
    cause: RefundCause = "taken_back"
    reason: str
    """In English; of what was taken back by a person, in their words."""
    credit_note_no: str | None = None
    """The credit note that took it back; none did where only too much was paid."""
    payment_id: str | None = None
    """The payment that was due back, in part or whole, as it came in."""


@billing
class RefundPaid(RefundEvent):
    paid_on: date
    reference: str
    """The bank's."""
