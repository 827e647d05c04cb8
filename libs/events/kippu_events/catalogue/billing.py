"""Billing's events: quotes, invoices, payments.

Streams: `quote-{provider}-{quote_id}`, `invoice-{provider}-{invoice_no}`.
An order's invoice number is made from the order id, so that one order has one invoice.
"""

from datetime import date

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
    """True if nothing was owed any more, as the invoice had been taken back: it is due back, whole."""


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


@billing
class RefundDue(Event):
    """Money that the customer gets back: for what a credit note took back, or because it came in after that.

    On the invoice's stream; a refund's id is `RF-{invoice_no}.{n}`.
    """

    refund_id: str
    invoice_no: str
    customer_id: str
    order_id: str
    amount: int
    currency: str
    reason: str
    credit_note_no: str | None = None
    payment_id: str | None = None
    """The payment that came in after the invoice, or a part of it, was taken back."""


@billing
class RefundPaid(Event):
    refund_id: str
    invoice_no: str
    customer_id: str
    amount: int
    currency: str
    paid_on: date
    reference: str
    """The bank's."""
