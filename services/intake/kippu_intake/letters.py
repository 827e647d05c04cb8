"""Mails that belong to no request: to who holds licences or incidents, and to who has booked a service.

Each has a stream of its own, named after what it is about, so that it goes out once. Numbers and keys that only the
recipient may read are carried sealed, and opened as the mail is written.
"""

from collections.abc import Sequence

from kippu_events.catalogue.bookings import BookingCancelled, BookingVoided, PointsMailed
from kippu_events.catalogue.intake import MailRequested
from kippu_events.catalogue.licences import IncidentMemberIssued, MemberIdIssued, RenewalNoticed
from kippu_events.consumer import On, Reactor
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.personal import carry
from kippu_events.work import Work
from kippu_terms.money import formatted

from kippu_intake.folds import mail_of
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
        parameters = {
            "booking_id": cancelled.booking_id,
            "starts_at": cancelled.starts_at.isoformat(),
            "reason": cancelled.reason,
        }
        mail_id = f"{cancelled.booking_id}.cancelled"
        await _write(work, envelope, mail_id, "booking_cancelled", cancelled, parameters)


Told = MemberIdIssued | IncidentMemberIssued | RenewalNoticed | PointsMailed | BookingVoided | BookingCancelled


def _sealed(envelope: Envelope, *fields: str) -> dict[str, str]:
    return {f"{SEALED}{field}": carry(envelope, field) or "" for field in fields}


async def _write(
    work: Work, envelope: Envelope, mail_id: str, template: str, told: Told, parameters: dict[str, str]
) -> None:
    """Nobody is written to where no contact is on record."""
    if told.contact_id is None:
        return
    mail = await mail_of(work, envelope.provider, mail_id)
    asked: Event = MailRequested(
        occurred_at=work.now,
        mail_id=mail_id,
        template=template,
        language=told.language,
        parameters=parameters,
        contact_id=told.contact_id,
        customer_id=told.customer_id,
    )
    work.record(mail, asked)
