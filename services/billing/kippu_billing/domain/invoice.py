"""An invoice: issued for an accepted order or a charge, paid in one or more payments, overdue the day after it was due.

An order or charge has one invoice, whose number is made from its id. What is owed on it never falls below 0, whatever
is paid (`paying.py`), withheld as tax (`withholding.py`) or taken back (`crediting.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from kippu_events.catalogue.billing import (
    CreditNoteIssued,
    InvoiceIssued,
    InvoicePaid,
    PaidTooLate,
    PaymentOverdue,
    PaymentReceived,
    RefundCause,
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
    missing: int = 0
    """What was still owed as nothing was left of it any more, less what came in for that since, in money and in
    certificates."""
    net_missed: int = 0
    """The net amount that was taken back with it."""
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
                missing=max(invoice.missing - event.amount, 0),
                payments=(*invoice.payments, event.payment_id),
                received=invoice.received + event.amount,
                last_received=max(event.received_on, invoice.last_received or event.received_on),
            )
        case TaxWithheld():
            return replace(
                invoice,
                outstanding=event.outstanding,
                missing=max(invoice.missing - event.amount, 0),
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
            return invoice  # its PaymentReceived, or its TaxWithheld, has said so
        case CreditNoteIssued():
            return replace(
                invoice,
                outstanding=event.outstanding,
                left=amounts(less(invoice.left, event.taxes)),
                credit_notes=invoice.credit_notes + 1,
                credited=not event.part,
                missing=0 if event.part else invoice.outstanding,
                net_missed=0 if event.part else event.net,
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


def settled_too_late(invoice: Invoice, amount: int, received_on: date, now: datetime) -> list[Event]:
    """What InvoicePaid says of an order, once, where a credit note of all that was left was quicker: PaidTooLate, if
    this much more, in money or in certificates, is all that was still owed by then."""
    issued = invoice.issued
    if issued is None or issued.charge_id is not None or not 0 < invoice.missing <= amount:
        return []
    return [
        PaidTooLate(
            occurred_at=now,
            invoice_no=number_of(issued.order_id),
            customer_id=issued.customer_id,
            order_id=issued.order_id,
            paid_on=max(received_on, invoice.last_received or received_on),
        )
    ]


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
