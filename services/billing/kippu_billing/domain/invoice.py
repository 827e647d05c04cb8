"""An invoice: issued for an accepted order or a charge, paid in one or more payments, overdue the day after it was due.

An order or charge has one invoice, whose number is made from its id. What is owed never falls below 0: a payment that
is larger than what is owed is refused, until somebody says that the rest goes back. But what a credit note took back
(`crediting.py`) is the customer's: money that comes in for it all the same is recorded, and due back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from kippu_events.catalogue.billing import (
    CreditNoteIssued,
    InvoiceIssued,
    InvoicePaid,
    PaidTooLate,
    PaymentOverdue,
    PaymentReceived,
    RefundDue,
    RefundPaid,
    TaxAmount,
    TaxWithheld,
)
from kippu_events.catalogue.entitlement import OrderAccepted
from kippu_events.catalogue.values import Price
from kippu_events.event import Event
from kippu_terms.crediting import less
from kippu_terms.dates import local_date
from kippu_terms.money import share
from kippu_terms.pricing import invoice_totals
from kippu_terms.refusal import Fault, Refused


@dataclass(frozen=True, slots=True)
class Issued:
    """What the invoice says; it never changes."""

    customer_id: str
    order_id: str
    charge_id: str | None
    price: Price
    taxes: tuple[TaxAmount, ...]
    total: int
    contacts: dict[str, str] = field(default_factory=dict)
    """Who is told what becomes of it, by contact id, with the language that each reads."""
    ticket_no: str | None = None

    @property
    def currency(self) -> str:
        return self.price.currency

    @property
    def time_zone(self) -> str:
        return self.price.time_zone

    def withholdable(self, net: int) -> int:
        """How much of a net amount the customer may withhold as tax, against a certificate; rounded once, as tax is."""
        return share(net, self.price.withholding_permyriad or 0, self.price.tax_rounding)


@dataclass(frozen=True, slots=True)
class Refund:
    refund_id: str
    amount: int
    paid: bool = False


@dataclass(frozen=True, slots=True)
class Invoice:
    """`issued` is None for an invoice that does not exist. Amounts in the currency's minor unit."""

    issued: Issued | None = None
    outstanding: int = 0
    payments: tuple[str, ...] = ()
    received: int = 0
    """In money: what was withheld as tax, the authorities have."""
    last_received: date | None = None
    """The latest day on which a payment or a certificate came in; they may be recorded in any order."""
    withheld: int = 0
    certificates: tuple[str, ...] = ()
    paid_at: datetime | None = None
    """When it was first known that nothing is owed any more."""
    overdue: bool = False
    left: tuple[TaxAmount, ...] = ()
    """What no credit note took back, by rate."""
    credit_notes: int = 0
    credited: bool = False
    """True once nothing is left of it."""
    refunds: tuple[Refund, ...] = ()

    @property
    def is_paid(self) -> bool:
        return self.issued is not None and not self.credited and self.outstanding == 0

    @property
    def net_left(self) -> int:
        return sum(each.net for each in self.left)

    @property
    def total_left(self) -> int:
        return sum(each.net + each.tax for each in self.left)

    @property
    def held(self) -> int:
        """Money that came in and is not due back."""
        return self.received - sum(each.amount for each in self.refunds)

    @property
    def withheld_left(self) -> int:
        """What was withheld for what is left of the invoice; the rest was for what was taken back."""
        return min(self.withheld, self.issued.withholdable(self.net_left)) if self.issued else 0


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in for one invoice. `payment_id` is the payer's or the bank's reference, once per invoice."""

    payment_id: str
    amount: int
    currency: str
    received_on: date
    surplus_goes_back: bool = False
    """Somebody says so of what is more than is owed."""


RefundCause = Literal["taken_back", "paid_too_late", "paid_too_much", "not_served"]


def number_of(order_id: str) -> str:
    return f"INV-{order_id}"


def stream_of(provider: str, invoice_no: str) -> str:
    return f"invoice-{provider}-{invoice_no}"


def totals_of(price: Price) -> tuple[int, tuple[TaxAmount, ...], int]:
    """Net, tax per rate (each rounded once, on the total at that rate) and total."""
    totals = invoice_totals(price)
    return totals.net, amounts(totals.taxes), totals.total


def amounts(taxes: Iterable[object]) -> tuple[TaxAmount, ...]:
    """As the catalogue has them."""
    return tuple(TaxAmount.model_validate(each, from_attributes=True) for each in taxes)


def evolve(invoice: Invoice, event: Event) -> Invoice:
    match event:
        case InvoiceIssued():
            issued = Issued(
                customer_id=event.customer_id,
                order_id=event.order_id,
                charge_id=event.charge_id,
                price=event.price,
                taxes=event.taxes,
                total=event.total,
                contacts=event.contacts,
                ticket_no=event.ticket_no,
            )
            return Invoice(issued, event.total, left=event.taxes)
        case PaymentReceived():
            return replace(
                invoice,
                outstanding=event.outstanding,
                payments=(*invoice.payments, event.payment_id),
                received=invoice.received + event.amount,
                last_received=max(event.received_on, invoice.last_received or event.received_on),
            )
        case TaxWithheld():
            return replace(
                invoice,
                outstanding=event.outstanding,
                withheld=invoice.withheld + event.amount,
                certificates=(*invoice.certificates, event.certificate_no),
                last_received=max(event.received_on, invoice.last_received or event.received_on),
            )
        case PaymentOverdue():
            return replace(invoice, overdue=True)
        case InvoicePaid():
            return replace(invoice, paid_at=invoice.paid_at or event.occurred_at)
        case _:
            return _taken_back(invoice, event)


def _taken_back(invoice: Invoice, event: Event) -> Invoice:
    match event:
        case PaidTooLate():
            return invoice  # its PaymentReceived has said so
        case CreditNoteIssued():
            return replace(
                invoice,
                outstanding=event.outstanding,
                left=amounts(less(invoice.left, event.taxes)),
                credit_notes=invoice.credit_notes + 1,
                credited=not event.part,
            )
        case RefundDue():
            return replace(invoice, refunds=(*invoice.refunds, Refund(event.refund_id, event.amount)))
        case RefundPaid():
            paid = (replace(each, paid=each.paid or each.refund_id == event.refund_id) for each in invoice.refunds)
            return replace(invoice, refunds=tuple(paid))
    raise AssertionError(f"{event.type} is no event of an invoice")


def issue(invoice: Invoice, order: OrderAccepted, now: datetime) -> list[Event]:
    """The order's invoice, dated today where the provider is; nothing if it was issued before.

    Where the terms ask for payment in advance, it is due by then (CWC-11).
    """
    if invoice.issued:
        return []
    issued = _issued(order.order_id, order.customer_id, order.price, now)
    due_on = order.pay_by or issued.due_on
    told = {"due_on": due_on, "mail": order.invoice_mail, "contacts": order.contacts}
    return _with_nothing_to_pay(issued.model_copy(update=told))


def issue_for_charge(
    invoice: Invoice, charge_id: str, customer_id: str, price: Price, now: datetime, *, ticket_no: str | None = None
) -> list[Event]:
    """A charge's invoice, on the same terms."""
    if invoice.issued:
        return []
    issued = _issued(charge_id, customer_id, price, now)
    return _with_nothing_to_pay(issued.model_copy(update={"charge_id": charge_id, "ticket_no": ticket_no}))


def _issued(order_id: str, customer_id: str, price: Price, now: datetime) -> InvoiceIssued:
    net, taxes, total = totals_of(price)
    today = local_date(now, ZoneInfo(price.time_zone))
    return InvoiceIssued(
        occurred_at=now,
        invoice_no=number_of(order_id),
        customer_id=customer_id,
        order_id=order_id,
        issued_on=today,
        due_on=today + timedelta(days=price.payment_days),
        price=price,
        net=net,
        taxes=taxes,
        total=total,
        currency=price.currency,
    )


def _with_nothing_to_pay(issued: InvoiceIssued) -> list[Event]:
    """An invoice of nothing is paid with its issue."""
    if issued.total > 0:
        return [issued]
    return [issued, _paid(evolve(Invoice(), issued), issued.issued_on, issued.occurred_at)]


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
        paid = _paid_too_late(invoice, issued, received)
    elif not invoice.is_paid:
        paid = settled(invoice, received.outstanding, payment.received_on, now)
    return [received, *paid, *_too_much(invoice, issued, received)]


def _paid_too_late(invoice: Invoice, issued: Issued, received: PaymentReceived) -> list[Event]:
    """What InvoicePaid says of an order, once, where a credit note was quicker."""
    before = invoice.received + invoice.withheld
    if (
        issued.charge_id is not None
        or invoice.paid_at is not None
        or not before < issued.total <= before + received.amount
    ):
        return []
    about = {name: getattr(received, name) for name in ("occurred_at", "invoice_no", "customer_id")}
    return [PaidTooLate(order_id=issued.order_id, paid_on=received.received_on, **about)]


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


def credit_note_no(invoice_no: str, number: int) -> str:
    """Of an invoice's credit note, counted from 1; the first has no number."""
    return f"CN-{invoice_no}" + (f"-{number}" if number > 1 else "")


def refund_due(
    invoice: Invoice,
    invoice_no: str,
    amount: int,
    reason: str,
    now: datetime,
    *,
    cause: RefundCause = "taken_back",
    payment_id: str | None = None,
    credit_note_no: str | None = None,
) -> RefundDue:
    if invoice.issued is None:
        raise AssertionError("what is paid back was invoiced")
    return RefundDue(
        occurred_at=now,
        refund_id=f"RF-{invoice_no}.{len(invoice.refunds) + 1}",
        invoice_no=invoice_no,
        customer_id=invoice.issued.customer_id,
        order_id=invoice.issued.order_id,
        amount=amount,
        currency=invoice.issued.currency,
        cause=cause,
        reason=reason,
        payment_id=payment_id,
        credit_note_no=credit_note_no,
        contacts=invoice.issued.contacts,
        ticket_no=invoice.issued.ticket_no,
    )


def settled(invoice: Invoice, outstanding: int, received_on: date, now: datetime) -> list[Event]:
    """InvoicePaid, if what came in on that day was the last that was owed."""
    if outstanding > 0:
        return []
    return [_paid(invoice, max(received_on, invoice.last_received or received_on), now)]


def fall_due(invoice: Invoice, invoice_no: str, due_at: datetime) -> list[Event]:
    """The day it was due is over: overdue, if something is still owed."""
    if invoice.issued is None or invoice.is_paid or invoice.overdue or invoice.credited:
        return []
    return [
        PaymentOverdue(
            occurred_at=due_at,
            invoice_no=invoice_no,
            customer_id=invoice.issued.customer_id,
            order_id=invoice.issued.order_id,
            outstanding=invoice.outstanding,
        )
    ]


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


def _paid(invoice: Invoice, paid_on: date, now: datetime) -> InvoicePaid:
    if invoice.issued is None:
        raise AssertionError("what is paid was issued")
    issued = invoice.issued
    return InvoicePaid(
        occurred_at=now,
        invoice_no=number_of(issued.order_id),
        customer_id=issued.customer_id,
        order_id=issued.order_id,
        paid_on=paid_on,
        charge_id=issued.charge_id,
    )
