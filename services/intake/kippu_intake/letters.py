"""Mails that belong to no request: to who ordered, holds licences or incidents, has booked, or sent registrations.

Each has a stream of its own, named after what it is about, so that it goes out once. Numbers and keys that only the
recipient may read are carried sealed, and opened as the mail is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kippu_events.catalogue.billing import InvoiceIssued, RefundDue, RefundPaid
from kippu_events.catalogue.bookings import BookingCancelled, BookingVoided, PointsMailed
from kippu_events.catalogue.contracts import RegistrationReminded, SheetImported, SheetRefused
from kippu_events.catalogue.intake import MailRequested
from kippu_events.catalogue.licences import IncidentMemberIssued, MemberIdIssued, RenewalNoticed
from kippu_events.catalogue.values import PriceLine
from kippu_events.consumer import On, Reactor
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.personal import carry
from kippu_events.work import Work
from kippu_terms.money import formatted

from kippu_intake.folds import mail_of, opened_ticket_of
from kippu_intake.outgoing import SEALED


class TellHolders(Reactor):
    """The licence key and the member ID, with how to apply the key (CWC-12); the number for incidents (CWC-21); the
    notice about the end (CWC-09)."""

    name = "tell-holders"
    logs = ("entitlement",)

    def reactions(self) -> Sequence[On]:
        return (
            On(MemberIdIssued, self._member_id),
            On(IncidentMemberIssued, self._incident_number),
            On(RenewalNoticed, self._notice),
        )

    async def _member_id(self, envelope: Envelope, issued: MemberIdIssued, work: Work) -> None:
        parameters = {"maintained_until": issued.maintained_until.isoformat(), "clause": issued.clause}
        parameters |= _sealed(envelope, "member_id", "licence_key")
        await _write(work, envelope, f"{issued.order_id}.member", "member_id_issued", issued, parameters)

    async def _incident_number(self, envelope: Envelope, issued: IncidentMemberIssued, work: Work) -> None:
        parameters = {"clause": issued.clause, **_sealed(envelope, "number")}
        await _write(work, envelope, f"{issued.order_id}.incidents", "incident_number_issued", issued, parameters)

    async def _notice(self, envelope: Envelope, noticed: RenewalNoticed, work: Work) -> None:
        parameters = {
            "maintained_until": noticed.maintained_until.isoformat(),
            "fee": formatted(noticed.fee, noticed.currency),
            "clause": noticed.clause,
        }
        mail_id = f"{noticed.licence_id}.{noticed.maintained_until}"
        await _write(work, envelope, mail_id, "renewal_notice", noticed, parameters)


class TellBooked(Reactor):
    """The points to check before the work (CWC-17), and that a booking is void (CWC-16) or cancelled."""

    name = "tell-booked"
    logs = ("dispatch",)

    def reactions(self) -> Sequence[On]:
        return (On(PointsMailed, self._points), On(BookingVoided, self._void), On(BookingCancelled, self._cancelled))

    async def _points(self, envelope: Envelope, mailed: PointsMailed, work: Work) -> None:
        parameters = {
            "booking_id": mailed.booking_id,
            "starts_at": mailed.starts_at.isoformat(),
            "points": "\n".join(f"{number}. {point}" for number, point in enumerate(mailed.points, start=1)),
            "points_by": mailed.points_by.isoformat(),
            "clause": mailed.clause,
        }
        mail_id = f"{mailed.booking_id}.points{mailed.number}"
        await _write(work, envelope, mail_id, "booking_points", mailed, parameters)

    async def _void(self, envelope: Envelope, voided: BookingVoided, work: Work) -> None:
        parameters = {
            "booking_id": voided.booking_id,
            "starts_at": voided.starts_at.isoformat(),
            "clause": voided.clause,
        }
        await _write(work, envelope, f"{voided.booking_id}.void", "booking_void", voided, parameters)

    async def _cancelled(self, envelope: Envelope, cancelled: BookingCancelled, work: Work) -> None:
        """Why, in the reader's language where it fell with its request; else in the words of whoever cancelled it."""
        parameters = {"booking_id": cancelled.booking_id, "starts_at": cancelled.starts_at.isoformat()}
        template = "booking_fallen" if cancelled.with_request else "booking_cancelled"
        if not cancelled.with_request:
            parameters["reason"] = _on_one_line(cancelled.reason)
        await _write(work, envelope, f"{cancelled.booking_id}.cancelled", template, cancelled, parameters)


class RemindBuyers(Reactor):
    """What should be registered by now is told to those who bought it, once for all contracts of an order (SVT-09)."""

    name = "remind-buyers"
    logs = ("entitlement",)

    def reactions(self) -> Sequence[On]:
        return (On(RegistrationReminded, self._reminded),)

    async def _reminded(self, envelope: Envelope, reminded: RegistrationReminded, work: Work) -> None:
        parameters = {
            "waiting": "\n".join(f"  {contract_id}" for contract_id in reminded.waiting),
            "register_by": reminded.register_by.isoformat(),
            "clause": reminded.clause or "",
            "mark": reminded.subject_mark,
        }
        key = f"{reminded.order_id}.{reminded.register_by}"
        await _write_each(work, envelope, key, "registration_reminder", reminded, reminded.contacts, parameters)


class MailInvoices(Reactor):
    """The invoice of an order to who ordered, where the terms say that it is mailed (CWC-11)."""

    name = "mail-invoices"
    logs = ("billing",)

    def reactions(self) -> Sequence[On]:
        return (On(InvoiceIssued, self._issued),)

    async def _issued(self, envelope: Envelope, invoice: InvoiceIssued, work: Work) -> None:
        if invoice.mail is None:
            return
        parameters = {
            "invoice_no": invoice.invoice_no,
            "order_id": invoice.order_id,
            "lines": "\n".join(_line(line, invoice.currency) for line in invoice.price.lines),
            "net": formatted(invoice.net, invoice.currency),
            "total": formatted(invoice.total, invoice.currency),
            "due_on": invoice.due_on.isoformat(),
            "clause": invoice.mail.clause,
        }
        await _write_each(work, envelope, invoice.invoice_no, "invoice", invoice, invoice.mail.contacts, parameters)


def _line(line: PriceLine, currency: str) -> str:
    return f"  {line.quantity} x {line.description}: {formatted(line.quantity * line.unit_price, currency)}"


class TellRefunds(Reactor):
    """Money that goes back is told to who ordered, or whose request was charged: that it is due and why, and that it
    was paid. Whatever the terms say of invoices: nobody is left to wonder what a payment is for.

    Why is one of a few causes, each with a template, so it is said in the reader's language; what a person wrote is
    quoted as theirs. A mail's id is the refund's, a colon, which is in no id, and which mail of it is to whom: two
    never share theirs, whatever refunds and contacts are called."""

    name = "tell-refunds"
    logs = ("billing",)

    def reactions(self) -> Sequence[On]:
        return (On(RefundDue, self._due), On(RefundPaid, self._paid))

    async def _due(self, envelope: Envelope, due: RefundDue, work: Work) -> None:
        parameters = _of_refund(due) | {
            "order_id": due.order_id,
            "reason": _on_one_line(due.reason),
            "credit_note_no": due.credit_note_no or "",
            "payment_id": due.payment_id or "",
        }
        await self._tell(work, envelope, f"{due.refund_id}:due", f"refund_{due.cause}", due, parameters)

    async def _paid(self, envelope: Envelope, paid: RefundPaid, work: Work) -> None:
        parameters = _of_refund(paid) | {"paid_on": paid.paid_on.isoformat(), "reference": paid.reference}
        await self._tell(work, envelope, f"{paid.refund_id}:paid", "refund_paid", paid, parameters)

    async def _tell(
        self,
        work: Work,
        envelope: Envelope,
        key: str,
        template: str,
        refund: RefundDue | RefundPaid,
        parameters: dict[str, str],
    ) -> None:
        contacts = refund.contacts
        if refund.ticket_no is not None:
            ticket = (await opened_ticket_of(work, envelope.provider, refund.ticket_no)).state
            contacts = {ticket.contact_id: ticket.language}
        await _write_each(work, envelope, key, template, refund, contacts, parameters)


def _on_one_line(text: str) -> str:
    """What a person wrote cannot pass for a paragraph of the mail that quotes it."""
    return " ".join(text.split())


def _of_refund(refund: RefundDue | RefundPaid) -> dict[str, str]:
    return {
        "refund_id": refund.refund_id,
        "invoice_no": refund.invoice_no,
        "amount": formatted(refund.amount, refund.currency),
    }


class AnswerSheets(Reactor):
    """What came of a sheet of registrations, under the subject of the mail that brought it: so an answer with the
    sheet put right is read again (SVT-08)."""

    name = "answer-sheets"
    logs = ("entitlement",)

    def reactions(self) -> Sequence[On]:
        return (On(SheetImported, self._imported), On(SheetRefused, self._refused))

    async def _imported(self, envelope: Envelope, imported: SheetImported, work: Work) -> None:
        parameters = {
            "registered": str(imported.registered),
            "already_registered": str(imported.already_registered),
            "clause": imported.clause,
            **_sealed(envelope, "subject", "file_name"),
        }
        await _write(work, envelope, imported.sheet_id, "sheet_imported", imported, parameters)

    async def _refused(self, envelope: Envelope, refused: SheetRefused, work: Work) -> None:
        parameters = {
            "faults": str(refused.faults),
            "clause": refused.clause,
            **_sealed(envelope, "subject", "file_name", "report"),
        }
        await _write(work, envelope, refused.sheet_id, "sheet_refused", refused, parameters)


Told = (
    MemberIdIssued
    | IncidentMemberIssued
    | RenewalNoticed
    | PointsMailed
    | BookingVoided
    | BookingCancelled
    | SheetImported
    | SheetRefused
)


def _sealed(envelope: Envelope, *fields: str) -> dict[str, str]:
    return {f"{SEALED}{field}": carry(envelope, field) or "" for field in fields}


async def _write(
    work: Work, envelope: Envelope, mail_id: str, template: str, told: Told, parameters: dict[str, str]
) -> None:
    """Nobody is written to where no contact is on record."""
    if told.contact_id is None:
        return
    mail = await mail_of(work, envelope.provider, mail_id)
    to = _To(told.contact_id, told.language, told.customer_id)
    work.record(mail, _asked(work, mail_id, template, to, parameters))


async def _write_each(
    work: Work,
    envelope: Envelope,
    key: str,
    template: str,
    about: RegistrationReminded | InvoiceIssued | RefundDue | RefundPaid,
    contacts: Mapping[str, str],
    parameters: dict[str, str],
) -> None:
    """To each of them in their language; once, however many events ask for it."""
    for contact_id, language in contacts.items():
        mail_id = f"{key}.{contact_id}"
        mail = await mail_of(work, envelope.provider, mail_id)
        if not mail.exists:
            to = _To(contact_id, language, about.customer_id)
            work.record(mail, _asked(work, mail_id, template, to, parameters))


@dataclass(frozen=True, slots=True)
class _To:
    contact_id: str
    language: str
    customer_id: str


def _asked(work: Work, mail_id: str, template: str, to: _To, parameters: dict[str, str]) -> Event:
    return MailRequested(
        occurred_at=work.now,
        mail_id=mail_id,
        template=template,
        language=to.language,
        parameters=parameters,
        contact_id=to.contact_id,
        customer_id=to.customer_id,
    )
