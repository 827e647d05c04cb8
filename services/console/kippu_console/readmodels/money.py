"""Quotes and invoices: what is offered, what was invoiced, and what is still owed."""

from typing import Any, ClassVar

from kippu_events.catalogue import billing
from kippu_events.envelope import Envelope
from kippu_events.event import Event

from kippu_console.readmodels.rows import RowEach


class Invoices(RowEach):
    """What was invoiced, and what is still owed."""

    name = "invoices"
    version = 3
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
                return said | {"status": "open", "outstanding": event.total}
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


_OFFERED = ("ticket_no", "plan_family", "product", "quantity", "total", "valid_until", "clause", "out_of_scope")
