"""Quotes, invoices and refunds: what is offered, what was invoiced, what is still owed, and what is given back."""

from typing import Any, ClassVar

from kippu_events.catalogue import billing, quoting
from kippu_events.envelope import Envelope
from kippu_events.event import Event

from kippu_console.readmodels.rows import RowEach


class Invoices(RowEach):
    """What was invoiced, and what is still owed."""

    name = "invoices"
    version = 4
    logs = ("billing",)
    tables = ("invoice",)
    key = "invoice_no"
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        billing.InvoiceIssued,
        billing.PaymentReceived,
        billing.TaxWithheld,
        billing.InvoicePaid,
        billing.PaymentOverdue,
        billing.CreditNoteIssued,
    )

    def columns(self, envelope: Envelope, event: Any) -> dict[str, Any]:
        match event:
            case billing.InvoiceIssued():
                said = {name: getattr(event, name) for name in ("order_id", "total", "currency", "due_on")}
                return said | {"status": "unpaid", "outstanding": event.total}
            case billing.PaymentOverdue():
                return {"status": "overdue", "outstanding": event.outstanding}
            case billing.PaymentReceived() | billing.TaxWithheld():
                return _received(event)
            case billing.InvoicePaid():
                return {"status": "paid", "outstanding": 0}
            case billing.CreditNoteIssued():
                return {"outstanding": event.outstanding} | ({} if event.part else {"status": "credited"})
        raise TypeError(f"{event.type} says nothing of an invoice")


def _received(event: billing.PaymentReceived | billing.TaxWithheld) -> dict[str, Any]:
    """What comes in for an invoice that was taken back changes nothing about it: it is due back."""
    if isinstance(event, billing.PaymentReceived) and event.taken_back:
        return {}
    return {"status": "partly_paid", "outstanding": event.outstanding}


class Quotes(RowEach):
    """What was offered to whom, and what became of it."""

    name = "quotes"
    logs = ("billing",)
    tables = ("quote",)
    key = "quote_id"
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        billing.QuoteOffered,
        billing.QuoteAccepted,
        billing.QuoteLapsed,
        billing.QuoteWithdrawn,
    )

    def columns(self, envelope: Envelope, event: Any) -> dict[str, Any]:
        match event:
            case billing.QuoteOffered():
                said = {name: getattr(event, name) for name in _OFFERED}
                return said | {"currency": event.price.currency, "status": "offered", "offered_at": event.occurred_at}
            case billing.QuoteAccepted():
                return {"status": "accepted", "accepted_by": event.accepted_by, "accepted_at": event.occurred_at}
            case billing.QuoteLapsed():
                return {"status": "lapsed"}
            case billing.QuoteWithdrawn():
                return {"status": "withdrawn"}
        raise TypeError(f"{event.type} says nothing of a quote")


class QuoteOrders(RowEach):
    """What came of the order of an accepted quote; one that the terms refuse waits for a person."""

    name = "quote-orders"
    version = 2
    logs = ("entitlement",)
    tables = ("quote_order",)
    key = "quote_id"
    subscribes: ClassVar[tuple[type[Event], ...]] = (
        quoting.QuoteTaken,
        quoting.QuoteOrderRefused,
        quoting.QuotePaid,
        quoting.QuoteForgone,
        quoting.QuoteUnserved,
    )

    def columns(self, envelope: Envelope, event: Any) -> dict[str, Any]:
        match event:
            case quoting.QuoteOrderRefused():
                refused = {"clauses": event.clauses, "reasons": event.reasons}
                return {"status": "order_refused", "order_id": event.order_id} | refused
            case quoting.QuoteForgone():
                return {"status": "withdrawn"}
            case quoting.QuoteUnserved():
                return {"status": "undone", "order_id": event.order_id}
        status = "paid" if isinstance(event, quoting.QuotePaid) else "ordered"
        return {"status": status, "order_id": event.order_id}


class Refunds(RowEach):
    """What customers get back, until somebody has paid it."""

    name = "refunds"
    version = 3
    logs = ("billing",)
    tables = ("refund",)
    key = "refund_id"
    subscribes = (billing.RefundDue, billing.RefundPaid)

    def columns(self, envelope: Envelope, event: Any) -> dict[str, Any]:
        if isinstance(event, billing.RefundPaid):
            return {"status": "paid", "paid_on": event.paid_on, "reference": event.reference}
        said = {name: getattr(event, name) for name in _DUE}
        return said | {"status": "due", "due_since": event.occurred_at}


_DUE = ("invoice_no", "order_id", "amount", "currency", "cause", "reason", "credit_note_no", "payment_id")
_OFFERED = ("ticket_no", "plan_family", "product", "quantity", "total", "valid_until", "clause", "out_of_scope")
