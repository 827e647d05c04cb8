"""Payments: money that comes in for an invoice, in one or more parts.

A payment that is larger than what is owed is refused, until somebody says that the rest goes back. But what a credit
note took back (`crediting.py`) is the customer's: money that comes in for it all the same is recorded, and due back.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from kippu_events.catalogue.billing import PaymentReceived, RefundCause
from kippu_events.event import Event
from kippu_terms.dates import local_date
from kippu_terms.refusal import Fault, Refused

from kippu_billing.domain.invoice import (
    Invoice,
    Issued,
    credit_note_no,
    refund_due,
    settled,
    settled_too_late,
)


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in for one invoice. `payment_id` is the payer's or the bank's reference, once per invoice."""

    payment_id: str
    amount: int
    currency: str
    received_on: date
    surplus_goes_back: bool = False
    """Somebody says so of what is more than is owed."""


def receive(invoice: Invoice, invoice_no: str, payment: Payment, now: datetime) -> list[Event]:
    """A payment, in full or in part; the one that settles the invoice is followed by InvoicePaid, and the one that
    would have settled an order's, had it not been taken back, by PaidTooLate."""
    issued = invoice.issued
    if issued is None:
        raise Refused(Fault("invoice.unknown", f"there is no invoice {invoice_no}", "invoice_no"), kind="not_found")
    conflicts, faults = _conflicts(invoice, payment), _faults(invoice, issued, payment, now)
    if conflicts or faults:
        raise Refused(*conflicts, *faults, kind="conflict" if conflicts else "invalid")
    received = PaymentReceived(
        occurred_at=now,
        invoice_no=invoice_no,
        customer_id=issued.customer_id,
        payment_id=payment.payment_id,
        amount=payment.amount,
        currency=payment.currency,
        received_on=payment.received_on,
        outstanding=max(invoice.outstanding - payment.amount, 0),
        taken_back=invoice.credited or invoice.is_paid,
    )
    paid: list[Event] = []
    if invoice.credited:
        paid = settled_too_late(invoice, payment.amount, payment.received_on, now)
    elif not invoice.is_paid:
        paid = settled(invoice, received.outstanding, payment.received_on, now)
    return [received, *paid, *_too_much(invoice, issued, received)]


def _too_much(invoice: Invoice, issued: Issued, received: PaymentReceived) -> list[Event]:
    """What came in for what was taken back is due back, and so is what somebody says is too much."""
    excess = received.amount - invoice.outstanding
    if excess <= 0:
        return []
    cause: RefundCause = "paid_too_late"
    note: str | None
    reason, note = "it was paid after it was taken back", credit_note_no(received.invoice_no, invoice.credit_notes)
    if _is_too_large(invoice, issued, received.amount):
        cause, reason, note = "paid_too_much", "more was paid than was owed", None
    due = refund_due(
        invoice,
        received.invoice_no,
        excess,
        reason,
        received.occurred_at,
        cause=cause,
        payment_id=received.payment_id,
        credit_note_no=note,
    )
    return [due]


def _conflicts(invoice: Invoice, payment: Payment) -> list[Fault]:
    faults = []
    if payment.payment_id in invoice.payments:
        message = f"payment {payment.payment_id} is recorded on this invoice already"
        faults.append(Fault("payment.repeated", message, "payment_id"))
    if invoice.is_paid and not payment.surplus_goes_back:
        message = "the invoice is paid in full; nothing more is owed on it: say so if the surplus goes back"
        faults.append(Fault("invoice.paid", message, "invoice_no"))
    return faults


def _faults(invoice: Invoice, issued: Issued, payment: Payment, now: datetime) -> list[Fault]:
    faults = []
    if payment.currency != issued.currency:
        message = f"the invoice is in {issued.currency}, the payment in {payment.currency}"
        faults.append(Fault("payment.currency.differs", message, "currency"))
    if payment.amount < 1:
        faults.append(Fault("payment.amount.too_small", "a payment is at least 1 of the minor unit", "amount"))
    elif payment.currency == issued.currency and _refused_as_too_large(invoice, issued, payment):
        message = (
            f"the payment is {payment.amount}, only {invoice.outstanding} is owed: say so if the surplus goes back"
        )
        faults.append(Fault("payment.amount.too_large", message, "amount"))
    today = local_date(now, ZoneInfo(issued.time_zone))
    if payment.received_on > today:
        message = f"a payment is recorded once it came in; today is {today.isoformat()}"
        faults.append(Fault("payment.received_on.future", message, "received_on"))
    return faults


def _refused_as_too_large(invoice: Invoice, issued: Issued, payment: Payment) -> bool:
    """Nobody has said what the rest is for. Of what is paid in full, that alone is a conflict."""
    return not (payment.surplus_goes_back or invoice.is_paid) and _is_too_large(invoice, issued, payment.amount)


def _is_too_large(invoice: Invoice, issued: Issued, amount: int) -> bool:
    """More than is owed, and than was taken back since the customer was asked for it."""
    if invoice.credited:
        return False
    if invoice.is_paid:
        return True
    return amount > invoice.outstanding + issued.total - invoice.total_left
