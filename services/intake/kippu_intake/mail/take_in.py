"""What a mail is: a new request, a message in a thread, sheets to register from, or one for the inbox.

Each is one append. Everything that has an effect of its own (blobs) comes before the unit of work; what is decided
rests on the streams.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from kippu_events.catalogue.values import BlobRef, Channel
from kippu_events.event import Event, Personal
from kippu_events.work import Cause, Stream, Work
from kippu_privacy import Plain
from kippu_service.runtime import Runtime
from kippu_service.settings import MailAddress
from kippu_terms.plan import Plan

from kippu_intake.domain import mail as mails
from kippu_intake.domain import ticket as tickets
from kippu_intake.domain.facts import Facts
from kippu_intake.domain.mail import UnmatchedReason
from kippu_intake.domain.names import (
    MAIL_ID_LENGTH,
    contact_subject,
    mail_subject,
    ticket_number,
    ticket_numbers_in,
    ticket_stream,
)
from kippu_intake.domain.ticket import File
from kippu_intake.domain.ticket_state import Ticket
from kippu_intake.folds import TICKET, mail_of, ticket_of
from kippu_intake.known import Contact, Known
from kippu_intake.mail.limits import Limits
from kippu_intake.mail.parse import ParsedMail, parse
from kippu_intake.mail.sheets import MAX_SHEET, Sheets, sheets_in
from kippu_intake.mail.storing import put, put_files, put_text

PARSERS = 2
"""So many mails are parsed at the same time; the others wait their turn."""

MAX_NUMBERS = 5
"""A mail that names more ticket numbers than this is not looked through for one that it may join."""


class NoTerms(Exception):
    """No terms of the provider are in force here (yet): the mail is not taken, and may be sent again later."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail as it came in: what it says, who sent it, and where its contents are stored."""

    mail_id: str
    to: MailAddress
    parsed: ParsedMail
    sender: Contact | None
    plan: Plan
    numbers: tuple[str, ...]
    """The tickets that it names, by subject or headers, whether they exist or not."""
    raw: BlobRef
    body: BlobRef | None
    files: tuple[File, ...]
    sheets: Sheets | None
    """What a contact sent to be registered from (SVT-08)."""

    @property
    def provider(self) -> str:
        return self.to.provider

    @property
    def sealed_for(self) -> str:
        """Under whose key it is sealed."""
        if self.sender is None:
            return mail_subject(self.provider, self.mail_id)
        return contact_subject(self.provider, self.sender.contact_id)

    @property
    def subject(self) -> Personal:
        return Plain(self.sealed_for, self.parsed.subject)

    @property
    def message_id(self) -> Personal | None:
        return Plain(self.sealed_for, self.parsed.message_id) if self.parsed.message_id else None

    @property
    def is_request(self) -> bool:
        """By the prefix that the terms ask for (IIJ-01)."""
        return self.plan.intake.touchpoints.opens_ticket(self.parsed.subject)


def mail_id_of(address: str, raw: bytes) -> str:
    """The id of a mail to one of our addresses: the same bytes are the same mail, however often they are delivered."""
    return sha256(address.lower().encode() + b"\0" + raw).hexdigest()[:MAIL_ID_LENGTH]


class TakeIn:
    """Takes mails in. What it has answered for is durable."""

    def __init__(self, runtime: Runtime, known: Known, limits: Limits) -> None:
        self._runtime = runtime
        self._known = known
        self._limits = limits
        self._parsers = asyncio.Semaphore(PARSERS)

    async def take(self, to: MailAddress, raw: bytes, return_path: str | None) -> str:
        """Stores a mail and decides what it is; answers its id once that is durable, and the same for the same mail.

        Raises MailRefused for a mail past a limit, NoTerms, and what the databases raise; then nothing was stored.
        """
        mail_id = mail_id_of(to.address, raw)
        cause = Cause(f"mail:{to.provider}:{mail_id}", "mail", sha256(raw).digest())
        if await self._runtime.log.find_command(cause.command_id) is None:
            arrival = await self._arrival(mail_id, to, raw, return_path)
            await self._runtime.worker.run(cause, decision(arrival))
        return mail_id

    async def _arrival(self, mail_id: str, to: MailAddress, raw: bytes, return_path: str | None) -> Arrival:
        async with self._parsers:
            parsed = await asyncio.to_thread(parse, raw, self._limits, return_path=return_path)
        plan = await self._known.plan(to.provider, to.family, self._runtime.clock.now())
        if plan is None:
            raise NoTerms(f"no terms of {to.family} are in force for {to.provider}")
        sender = await self._known.sender(to.provider, parsed.sender) if parsed.sender else None
        subject = contact_subject(to.provider, sender.contact_id) if sender else mail_subject(to.provider, mail_id)
        blobs = self._runtime.blobs
        sheets = sheets_in(parsed, plan) if sender else None
        # Those of unmatched mail stay in the raw, and so does what comes with sheets.
        files = parsed.files if sender and not sheets and not parsed.is_automatic else ()
        return Arrival(
            mail_id=mail_id,
            to=to,
            parsed=parsed,
            sender=sender,
            plan=plan,
            numbers=await self._numbers(to.provider, parsed),
            raw=await put(blobs, to.provider, subject, raw, "message/rfc822"),
            body=await put_text(blobs, to.provider, subject, parsed.body),
            files=tuple(await put_files(blobs, to.provider, subject, files)),
            sheets=sheets,
        )

    async def _numbers(self, provider: str, parsed: ParsedMail) -> tuple[str, ...]:
        """The ticket numbers in the subject and the headers, and those of our own mails that it answers."""
        named = ticket_numbers_in(parsed.subject, *parsed.references)
        ours = [event_id for reference in parsed.references if (event_id := self._our_event(reference)) is not None]
        answered = await self._known.answered_tickets(provider, ours)
        return tuple(dict.fromkeys((*named, *answered)))

    def _our_event(self, reference: str) -> UUID | None:
        """The event behind a Message-ID that we made."""
        name, _, domain = reference.partition("@")
        if domain.lower() != self._runtime.settings.mail_domain or len(name) != 32:
            return None
        try:
            return UUID(name)
        except ValueError:
            return None


def decision(arrival: Arrival) -> Callable[[Work], Awaitable[dict[str, str]]]:
    """What the mail comes to, as a unit of work. Its result names the mail, and the ticket if there is one."""

    async def decide(work: Work) -> dict[str, str]:
        mail = await mail_of(work, arrival.provider, arrival.mail_id)
        if mail.exists:
            return {"mail_id": arrival.mail_id}
        work.record(mail, *mails.receive(mail.state, mail_id=arrival.mail_id, raw=arrival.raw, now=work.now))
        if arrival.sheets is not None and arrival.sender is not None:
            work.record(mail, *_registrations(mail.state, arrival, arrival.sheets, arrival.sender, work.now))
            return {"mail_id": arrival.mail_id}
        thread = await _thread(work, arrival)
        if thread is not None and arrival.sender is not None:
            join(work, arrival, thread, arrival.sender)
        elif (reason := _unmatched_because(arrival)) is None and arrival.sender is not None:
            thread = new_ticket(work, arrival.provider)
            open_by_mail(work, arrival, thread, arrival.sender)
        else:
            work.record(mail, *_left_unmatched(mail.state, arrival, reason or "unknown_sender", work.now))
            return {"mail_id": arrival.mail_id}
        ticket = thread.state
        work.record(
            mail,
            *mails.match(
                mail.state,
                ticket_no=ticket.ticket_no,
                customer_id=ticket.customer_id,
                matched_by="mail",
                opened=ticket.messages == 0,
                now=work.now,
            ),
        )
        return {"mail_id": arrival.mail_id, "ticket_no": ticket.ticket_no}

    return decide


def _registrations(mail: mails.Mail, arrival: Arrival, sheets: Sheets, sender: Contact, now: datetime) -> list[Event]:
    """The sheets go on to be registered from, whatever else the mail names; one too large for that is a person's."""
    if sheets.are_too_large:
        return _left_unmatched(mail, arrival, "sheet_too_large", now)
    return mails.hand_over(
        mail,
        sheets.sealed_for(arrival.sealed_for),
        customer_id=sender.customer_id,
        contact_id=sender.contact_id,
        language=sender.language,
        clause=sheets.clause,
        subject=arrival.subject,
        now=now,
    )


def new_ticket(work: Work, provider: str) -> Stream[Ticket]:
    """The stream of a number that nobody has, which is then in `name`; if somebody has it, another one is drawn."""
    return work.begin(TICKET, provider, ticket_stream(provider, ticket_number(work.ids.code(8))))


def number_of(stream: Stream[Ticket]) -> str:
    return stream.name.removeprefix(f"ticket-{stream.provider}-")


async def _thread(work: Work, arrival: Arrival) -> Stream[Ticket] | None:
    """The thread that the mail joins: one that it names and that its sender's organisation owns (IIJ-03)."""
    if arrival.sender is None or arrival.parsed.is_automatic or arrival.parsed.fault:
        return None
    for ticket_no in arrival.numbers[:MAX_NUMBERS]:
        stream = await ticket_of(work, arrival.provider, ticket_no)
        if stream.exists and stream.state.customer_id == arrival.sender.customer_id:
            return stream
    return None


def _unmatched_because(arrival: Arrival) -> UnmatchedReason | None:
    """Why a mail that joins no thread opens no ticket either; None if it opens one.

    A number that does not exist and one that is somebody else's are told apart nowhere.
    """
    if arrival.parsed.fault:
        return "unreadable"
    if arrival.parsed.is_automatic:
        return "automatic"
    if arrival.is_request:
        return None if arrival.sender else "unknown_sender"
    return "foreign_thread" if arrival.numbers else "no_prefix"


def join(work: Work, arrival: Arrival, thread: Stream[Ticket], sender: Contact) -> None:
    work.record(
        thread,
        *tickets.add_message(
            thread.state,
            direction="inbound",
            channel=Channel.MAIL,
            contact_id=sender.contact_id,
            subject=arrival.subject,
            body=arrival.body,
            now=work.now,
        ),
    )
    for file in arrival.files:
        work.record(thread, *tickets.attach_mailed(thread.state, file, now=work.now))


def facts_with(stated: Facts, files: Sequence[File], received_at: datetime) -> Facts:
    """What is stated of a request, with what its files say: that the device's configuration came with it."""
    if stated.details.config_file_at is not None or not any(file.configuration for file in files):
        return stated
    return stated.with_config_file(received_at)


def open_by_mail(work: Work, arrival: Arrival, thread: Stream[Ticket], sender: Contact) -> None:
    """A request by mail is answered with its number (IIJ-02)."""
    work.record(
        thread,
        *tickets.open_ticket(
            thread.state,
            ticket_no=number_of(thread),
            customer_id=sender.customer_id,
            contact_id=sender.contact_id,
            plan_family=arrival.plan.family,
            channel=Channel.MAIL,
            received_at=work.now,
            language=sender.language,
            subject=arrival.subject,
            body=arrival.body,
            facts=facts_with(Facts(), arrival.files, work.now),
            now=work.now,
        ),
    )
    for file in arrival.files:
        work.record(thread, *tickets.attach(thread.state, file, work.now))
    work.record(
        thread,
        *tickets.request_mail(
            thread.state, "ticket_opened", work.now, subject=arrival.subject, in_reply_to=arrival.message_id
        ),
    )


def _left_unmatched(mail: mails.Mail, arrival: Arrival, reason: UnmatchedReason, now: datetime) -> list[Event]:
    """For the inbox; its sender is told how to submit a request, unless it is a machine or nobody knows who it is."""
    parsed, sender = arrival.parsed, arrival.sender
    language = sender.language if sender else parsed.language
    address = Plain(arrival.sealed_for, parsed.sender or "")
    unmatched = mails.leave_unmatched(
        mail,
        reason=reason,
        language=language,
        sender=address,
        subject=arrival.subject,
        body=arrival.body,
        customer_id=sender.customer_id if sender else None,
        contact_id=sender.contact_id if sender else None,
        now=now,
    )
    if reason in ("unreadable", "automatic") or parsed.sender is None or parsed.is_automatic:
        return unmatched
    return unmatched + mails.explain(
        mail,
        reason if reason in ("unknown_sender", "sheet_too_large") else "unmatched",
        language=language,
        contact_id=sender.contact_id if sender else None,
        recipient=None if sender else address,
        subject=arrival.subject,
        in_reply_to=arrival.message_id,
        parameters=_what_to_do(arrival, reason),
        now=now,
    )


def _what_to_do(arrival: Arrival, reason: UnmatchedReason) -> dict[str, str]:
    if reason == "sheet_too_large" and arrival.sheets is not None:
        return {"kilobytes": str(MAX_SHEET // 1024), "clause": arrival.sheets.clause}
    touchpoints = arrival.plan.intake.touchpoints
    return {
        "address": arrival.to.address,
        "prefix": touchpoints.subject_prefix or "",
        "clause": touchpoints.clause,
    }
