"""Routes of the inbox of unmatched mail, for operators (IIJ-01)."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Query as QueryParameter
from kippu_events.catalogue.values import Channel
from kippu_events.work import Work
from kippu_privacy import Plain
from kippu_service.http import CATCHES_UP, Command, Page, PageOf, Query, command, not_found, paged, query
from starlette.responses import Response

from kippu_intake.api.asking import contact_for
from kippu_intake.api.schemas import MailId, TicketOfMail, UnmatchedMailDetail, UnmatchedMailLine
from kippu_intake.domain import mail as mails
from kippu_intake.domain import ticket as tickets
from kippu_intake.domain.mail import Mail
from kippu_intake.domain.names import contact_subject, mail_stream, mail_subject
from kippu_intake.folds import MAIL, mail_of, peek
from kippu_intake.known import Known
from kippu_intake.mail.parse import ParsedMail, parse
from kippu_intake.mail.storing import put_files, put_text
from kippu_intake.mail.take_in import facts_with, new_ticket, number_of

router = APIRouter(prefix="/v1/unmatched-mail", tags=["unmatched mail"])

Operator = Annotated[Command, command("tickets:write", staff=True)]
Reader = Annotated[Query, query("tickets:read", staff=True)]

_PAGE = """
select * from read.unmatched_mail
 where ($1::timestamptz is null or (received_at, mail_id) > ($1, $2))
   and ($3 or ticket_no is null)
 order by received_at, mail_id
 limit $4
"""
_ONE = "select * from read.unmatched_mail where mail_id = $1"


@router.get("")
async def list_mails(
    query: Reader,
    page: Annotated[Page, paged(received_at=datetime, mail_id=str)],
    matched: Annotated[bool, QueryParameter(description="Also those that became a ticket.")] = False,
) -> PageOf[UnmatchedMailLine]:
    """The oldest first."""
    rows = await query.fetch(_PAGE, *page.after, matched, page.fetch_limit)
    senders = await query.runtime.vault.open_carried([row["sender"] for row in rows])
    subjects = await query.runtime.vault.open_carried([row["subject"] for row in rows])
    opened = {
        row["mail_id"]: {"sender": sender, "subject": subject}
        for row, sender, subject in zip(rows, senders, subjects, strict=True)
    }
    return page.of(rows, lambda row: UnmatchedMailLine.model_validate({**row, **opened[row["mail_id"]]}))


@router.get("/{mail_id}", response_model=UnmatchedMailDetail)
async def read_mail(query: Reader, mail_id: MailId) -> Response:
    row = await query.fetchrow(_ONE, mail_id)
    if row is None:
        raise not_found()
    runtime = query.runtime
    sender, subject = await runtime.vault.open_carried([row["sender"], row["subject"]])
    body = await runtime.blobs.get(query.provider, row["sealed_for"], row["body"]) if row["body"] else None
    text = body.decode() if body is not None else None
    shown = UnmatchedMailDetail.model_validate({**row, "sender": sender, "subject": subject, "text": text})
    return query.answer(shown, version=row["version"])


@router.post("/{mail_id}/ticket", status_code=201, openapi_extra=CATCHES_UP)
async def open_ticket(command: Operator, mail_id: MailId, body: TicketOfMail) -> Response:
    """An operator turns the mail into a request of a contact. It counts from when the mail was received (IIJ-07)."""
    await command.catch_up()
    runtime, provider = command.runtime, command.provider
    mail = await _mail(command, mail_id)
    received_at = mail.received_at or runtime.clock.now()
    contact = await contact_for(
        Known(runtime),
        command.principal,
        customer_id=body.customer_id,
        contact_id=body.contact_id,
        plan_family=body.plan_family,
        channel=Channel.MAIL,
        category=body.category,
        at=received_at,
    )
    parsed = await _content(command, mail)
    sealed_for = contact_subject(provider, contact.contact_id)
    text = await put_text(runtime.blobs, provider, sealed_for, parsed.body)
    files = await put_files(runtime.blobs, provider, sealed_for, parsed.files)
    subject = Plain(sealed_for, parsed.subject)
    message_id = Plain(sealed_for, parsed.message_id) if parsed.message_id else None

    async def decide(work: Work) -> dict[str, Any]:
        stream = await mail_of(work, provider, mail_id)
        command.expect(stream)
        thread = new_ticket(work, provider)
        ticket_no = number_of(thread)
        work.record(
            stream,
            *mails.match(
                stream.state,
                ticket_no=ticket_no,
                customer_id=contact.customer_id,
                matched_by=command.principal.client_id,
                opened=True,
                now=work.now,
            ),
        )
        work.record(
            thread,
            *tickets.open_ticket(
                thread.state,
                ticket_no=ticket_no,
                customer_id=contact.customer_id,
                contact_id=contact.contact_id,
                plan_family=body.plan_family,
                channel=Channel.MAIL,
                received_at=received_at,
                language=contact.language,
                subject=subject,
                body=text,
                facts=facts_with(body.facts(sealed_for), files, received_at),
                now=work.now,
            ),
        )
        for file in files:
            work.record(thread, *tickets.attach(thread.state, file, work.now))
        work.record(
            thread,
            *tickets.request_mail(thread.state, "ticket_opened", work.now, subject=subject, in_reply_to=message_id),
        )
        return {"ticket_no": ticket_no, "mail_id": mail_id}

    return await command.run(body, decide, location="/v1/tickets/{ticket_no}")


async def _mail(command: Command, mail_id: str) -> Mail:
    """The mail as it stands; what was received never changes."""
    mail = await peek(command.runtime, MAIL, command.provider, mail_stream(command.provider, mail_id))
    if not mail.unmatched:
        raise not_found()
    return mail


async def _content(command: Command, mail: Mail) -> ParsedMail:
    """The mail, read once more from the bytes as they came."""
    known_to_be = mail.contact_id
    sealed_for = (
        contact_subject(command.provider, known_to_be) if known_to_be else mail_subject(command.provider, mail.mail_id)
    )
    raw = await command.runtime.blobs.get(command.provider, sealed_for, mail.raw.digest) if mail.raw else None
    if raw is None:
        raise not_found()
    return await asyncio.to_thread(parse, raw)
