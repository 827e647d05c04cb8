"""A mail as it came in: stored once, matched to at most one ticket, answered at most once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from kippu_events.catalogue import intake
from kippu_events.catalogue.values import BlobRef
from kippu_events.event import Event, Personal
from kippu_terms.refusal import Fault, Refused

FOLD_VERSION = 1
"""To be raised whenever `Mail` or `evolve` changes."""

UnmatchedReason = Literal["no_prefix", "unknown_sender", "foreign_thread", "unreadable", "automatic", "sheet_too_large"]


@dataclass(frozen=True, slots=True)
class MailedSheet:
    """A file that came with a mail and is to be registered from; its content is in base64."""

    file_name: Personal
    content: Personal


@dataclass(frozen=True, slots=True)
class Mail:
    mail_id: str = ""
    received_at: datetime | None = None
    raw: BlobRef | None = None
    customer_id: str | None = None
    contact_id: str | None = None
    unmatched: bool = False
    ticket_no: str | None = None
    unsent: tuple[str, ...] = ()


def receive(mail: Mail, *, mail_id: str, raw: BlobRef, now: datetime) -> list[Event]:
    """A mail is stored. The same bytes to the same address are the same mail (its id says so)."""
    if mail.mail_id:
        raise Refused(Fault("mail_exists", f"Mail {mail_id} was taken in before."), kind="conflict")
    return [intake.MailReceived(occurred_at=now, mail_id=mail_id, received_at=now, raw=raw)]


def hand_over(
    mail: Mail,
    sheets: Sequence[MailedSheet],
    *,
    customer_id: str,
    contact_id: str,
    language: str,
    clause: str,
    subject: Personal,
    now: datetime,
) -> list[Event]:
    """The sheets of registrations that a contact sent (SVT-08), each by itself."""
    return [
        intake.SheetMailed(
            occurred_at=now,
            sheet_id=f"{mail.mail_id}.S{number}",
            mail_id=mail.mail_id,
            customer_id=customer_id,
            contact_id=contact_id,
            language=language,
            clause=clause,
            subject=subject,
            file_name=sheet.file_name,
            content=sheet.content,
        )
        for number, sheet in enumerate(sheets, start=1)
    ]


def leave_unmatched(
    mail: Mail,
    *,
    reason: UnmatchedReason,
    language: str,
    sender: Personal,
    subject: Personal,
    body: BlobRef | None,
    customer_id: str | None,
    contact_id: str | None,
    now: datetime,
) -> list[Event]:
    """A mail that opens and joins no ticket waits in the inbox for an operator (IIJ-01)."""
    return [
        intake.MailUnmatched(
            occurred_at=now,
            mail_id=mail.mail_id,
            reason=reason,
            received_at=mail.received_at or now,
            language=language,
            sender=sender,
            subject=subject,
            customer_id=customer_id,
            contact_id=contact_id,
            body=body,
        )
    ]


def explain(
    mail: Mail,
    template: str,
    *,
    language: str,
    contact_id: str | None,
    recipient: Personal | None,
    subject: Personal,
    in_reply_to: Personal | None,
    parameters: dict[str, str],
    now: datetime,
) -> list[Event]:
    """The sender of an unmatched mail is told how to submit a request (IIJ-01)."""
    return [
        intake.MailRequested(
            occurred_at=now,
            mail_id=f"{mail.mail_id}.O1",
            template=template,
            language=language,
            contact_id=contact_id,
            recipient=recipient,
            parameters=parameters,
            subject=subject,
            in_reply_to=in_reply_to,
        )
    ]


def match(mail: Mail, *, ticket_no: str, customer_id: str, matched_by: str, opened: bool, now: datetime) -> list[Event]:
    """A mail belongs to a ticket, once and for all."""
    if not mail.mail_id:
        raise Refused(Fault("no_such_mail", "There is no such mail."), kind="not_found")
    if mail.ticket_no:
        raise Refused(Fault("mail_matched", f"This mail belongs to ticket {mail.ticket_no} already."), kind="conflict")
    return [
        intake.MailMatched(
            occurred_at=now,
            mail_id=mail.mail_id,
            ticket_no=ticket_no,
            customer_id=customer_id,
            matched_by=matched_by,
            opened=opened,
        )
    ]


def evolve(mail: Mail, event: Event) -> Mail:
    match event:
        case intake.MailReceived():
            mail = replace(mail, mail_id=event.mail_id, received_at=event.received_at, raw=event.raw)
        case intake.MailUnmatched():
            mail = replace(mail, unmatched=True, customer_id=event.customer_id, contact_id=event.contact_id)
        case intake.MailMatched():
            mail = replace(mail, ticket_no=event.ticket_no)
        case intake.MailRequested():
            mail = replace(mail, unsent=(*mail.unsent, event.mail_id))
        case intake.MailSent() | intake.MailBounced():
            mail = replace(mail, unsent=tuple(sent for sent in mail.unsent if sent != event.mail_id))
    return mail
