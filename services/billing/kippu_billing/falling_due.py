"""Billing's deadlines: an invoice is overdue, and a quote lapsed, at the local midnight that ends its last day."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from kippu_events.catalogue.billing import (
    CreditNoteIssued,
    InvoiceIssued,
    InvoicePaid,
    QuoteAccepted,
    QuoteOffered,
    QuoteWithdrawn,
)
from kippu_events.deadlines import Cancel, Deadline, Deadlines, Schedule
from kippu_events.envelope import Envelope
from kippu_events.work import Work
from kippu_terms.dates import end_of

from kippu_billing.domain import invoice, quote
from kippu_billing.streams import invoice_of, quote_of

OVERDUE = "payment-overdue"
LAPSE = "quote-lapse"

_PLANNED = {
    event.type for event in (InvoiceIssued, InvoicePaid, CreditNoteIssued, QuoteOffered, QuoteAccepted, QuoteWithdrawn)
}


def plan(envelope: Envelope) -> Sequence[Schedule | Cancel]:
    """Which deadlines an event of billing's log asks for or takes back."""
    if envelope.type not in _PLANNED:
        return ()
    provider = envelope.provider
    match envelope.event:
        case InvoiceIssued() as issued:
            due_at = _end_of(issued.due_on, issued.price.time_zone)
            return (_schedule(OVERDUE, provider, issued.invoice_no, due_at),)
        case InvoicePaid() | CreditNoteIssued(part=False) as settled:
            return (Cancel(_id(OVERDUE, provider, settled.invoice_no)),)
        case QuoteOffered() as offered:
            due_at = _end_of(offered.valid_until, offered.price.time_zone)
            return (_schedule(LAPSE, provider, offered.quote_id, due_at),)
        case QuoteAccepted() | QuoteWithdrawn() as settled:
            return (Cancel(_id(LAPSE, provider, settled.quote_id)),)
    return ()


async def fall_overdue(deadline: Deadline, work: Work) -> None:
    number = deadline.payload["key"]
    stream = await invoice_of(work, deadline.provider, number)
    work.record(stream, *invoice.fall_due(stream.state, number, deadline.due_at))


async def lapse(deadline: Deadline, work: Work) -> None:
    quote_id = deadline.payload["key"]
    stream = await quote_of(work, deadline.provider, quote_id)
    work.record(stream, *quote.lapse(stream.state, quote_id, deadline.due_at))


DEADLINES = Deadlines(plan, {OVERDUE: fall_overdue, LAPSE: lapse})


def _id(kind: str, provider: str, key: str) -> str:
    return f"{kind}:{provider}:{key}"


def _schedule(kind: str, provider: str, key: str, due_at: datetime) -> Schedule:
    return Schedule(_id(kind, provider, key), kind, provider, due_at, {"key": key})


def _end_of(day: date, time_zone: str) -> datetime:
    return end_of(day, ZoneInfo(time_zone))
