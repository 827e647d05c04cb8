"""Credit notes: an invoice is taken back whole, or some of its lines are, and what was paid for that is due back.

A note's tax is rounded once per rate on the note. Together they never come to more than the invoice: the last one takes
what is left. What was withheld as tax for what is taken back is named, and not paid back: the authorities have it.
"""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from kippu_events.catalogue.billing import CreditedLine, CreditNoteIssued, RefundCause, RefundPaid, TaxAmount
from kippu_events.event import Event
from kippu_terms.crediting import part_of
from kippu_terms.dates import local_date
from kippu_terms.refusal import Fault, Refused

from kippu_billing.domain.invoice import Invoice, amounts, credit_note_no, evolve, refund_due, settled


def credit(
    invoice: Invoice, invoice_no: str, reason: str, now: datetime, cause: RefundCause = "taken_back"
) -> list[Event]:
    """Takes back all that is left of the invoice, once."""
    if invoice.issued is None or invoice.credited:
        return []
    return _credit(invoice, invoice_no, invoice.left, (), reason, now, cause)


def credit_part(
    invoice: Invoice, invoice_no: str, lines: Sequence[CreditedLine], reason: str, now: datetime
) -> list[Event]:
    """Takes back so much of these lines; never more than is left."""
    if invoice.issued is None or invoice.credited:
        return []
    priced = invoice.issued.price.lines
    wanted = [priced[each.line - 1].model_copy(update={"quantity": each.quantity}) for each in lines]
    taken = amounts(part_of(invoice.issued.price, invoice.left, wanted))
    return _credit(invoice, invoice_no, taken, tuple(lines), reason, now)


def credit_unless_paid_before(
    invoice: Invoice, invoice_no: str, before: datetime, reason: str, now: datetime
) -> list[Event]:
    """Takes back the invoice of what is void because it was not paid in time. A payment in time counts, though what it
    was for was voided before the news of it came (CWC-16)."""
    if invoice.paid_at is not None and invoice.paid_at < before:
        return []
    return credit(invoice, invoice_no, reason, now, "booking_void")


def pay_back(invoice: Invoice, refund_id: str, paid_on: date, reference: str, now: datetime) -> RefundPaid:
    """Somebody says that the money was sent back. Raises Refused with every fault."""
    issued, refund = invoice.issued, next((each for each in invoice.refunds if each.refund_id == refund_id), None)
    if issued is None or refund is None:
        raise Refused(Fault("refund.unknown", f"there is no refund {refund_id}", "refund_id"), kind="not_found")
    if refund.paid:
        raise Refused(Fault("refund.paid", f"{refund_id} was paid back already", "refund_id"), kind="conflict")
    today = local_date(now, ZoneInfo(issued.time_zone))
    if paid_on > today:
        message = f"a refund is recorded once it was paid; today is {today.isoformat()}"
        raise Refused(Fault("refund.paid_on.future", message, "paid_on"))
    return RefundPaid(
        occurred_at=now,
        refund_id=refund_id,
        invoice_no=invoice_no_of(refund_id),
        customer_id=issued.customer_id,
        amount=refund.amount,
        currency=issued.currency,
        paid_on=paid_on,
        reference=reference,
        contacts=issued.contacts,
        ticket_no=issued.ticket_no,
    )


def invoice_no_of(refund_id: str) -> str:
    return refund_id.removeprefix("RF-").rpartition(".")[0]


def _credit(
    invoice: Invoice,
    invoice_no: str,
    taxes: Sequence[TaxAmount],
    lines: tuple[CreditedLine, ...],
    reason: str,
    now: datetime,
    cause: RefundCause = "taken_back",
) -> list[Event]:
    issued = invoice.issued
    if issued is None:
        raise AssertionError("what is taken back was issued")
    number = credit_note_no(invoice_no, invoice.credit_notes + 1)
    after = evolve(invoice, note := _note(invoice, invoice_no, number, taxes, lines, reason, now))
    # What is held for what is left, in money and in certificates, and what that is too much or too little.
    balance = after.held + after.withheld_left - after.total_left
    paid_back, outstanding = max(balance, 0), max(-balance, 0)
    note = note.model_copy(
        update={
            "paid_back": paid_back,
            "outstanding": outstanding,
            "withheld": invoice.withheld_left - after.withheld_left,
        }
    )
    today = local_date(now, ZoneInfo(issued.time_zone))
    events: list[Event] = [note]
    if paid_back:
        events.append(refund_due(invoice, invoice_no, paid_back, reason, now, cause=cause, credit_note_no=number))
    if note.part and invoice.outstanding > 0:
        events += settled(invoice, outstanding, invoice.last_received or today, now)
    return events


def _note(
    invoice: Invoice,
    invoice_no: str,
    number: str,
    taxes: Sequence[TaxAmount],
    lines: tuple[CreditedLine, ...],
    reason: str,
    now: datetime,
) -> CreditNoteIssued:
    """Before it is known what is still owed, and what is paid back."""
    if invoice.issued is None:
        raise AssertionError("what is taken back was issued")
    net = sum(each.net for each in taxes)
    return CreditNoteIssued(
        occurred_at=now,
        credit_note_no=number,
        invoice_no=invoice_no,
        customer_id=invoice.issued.customer_id,
        issued_on=local_date(now, ZoneInfo(invoice.issued.time_zone)),
        net=net,
        taxes=tuple(taxes),
        total=net + sum(each.tax for each in taxes),
        currency=invoice.issued.currency,
        paid_back=0,
        reason=reason,
        part=bool(lines),
        lines=lines,
    )
