"""Routes of requests: open, read, classify, talk, attach, record work, end."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter
from fastapi import Query as QueryParameter
from kippu_events.catalogue import intake
from kippu_events.catalogue.values import Channel
from kippu_events.event import Event, decode
from kippu_events.work import Work
from kippu_privacy import Associated, Plain, Sealed
from kippu_service.http import CATCHES_UP, Command, Page, PageOf, Query, command, not_found, paged, query
from kippu_terms.refusal import Fault, Refused
from kippu_terms.value import StatedInstant
from starlette.responses import Response

from kippu_intake.api.asking import contact_for, faults_of_category
from kippu_intake.api.schemas import (
    MAX_ATTACHMENT_BODY,
    Declining,
    DetailsIn,
    FactsIn,
    NewAttachment,
    NewFile,
    NewIsolation,
    NewMessage,
    NewTicket,
    NewWork,
    Nothing,
    TicketDetail,
    TicketLine,
    TicketNo,
)
from kippu_intake.api.thread import Thread
from kippu_intake.domain import declining
from kippu_intake.domain import ticket as tickets
from kippu_intake.domain.details import require_may_state
from kippu_intake.domain.names import contact_subject, ticket_stream
from kippu_intake.domain.ticket import File
from kippu_intake.domain.ticket_state import Status, Ticket
from kippu_intake.folds import TICKET, peek, ticket_of
from kippu_intake.history import Entry, history
from kippu_intake.known import Known
from kippu_intake.mail.files import file_name, media_type_of
from kippu_intake.mail.storing import put, put_text
from kippu_intake.mail.take_in import new_ticket, number_of

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])

Writer = Annotated[Command, command("tickets:write")]
Desk = Annotated[Command, command("tickets:write", staff=True)]
Reader = Annotated[Query, query("tickets:read")]

_PAGE = """
select * from read.ticket
 where ($1::timestamptz is null or (received_at, ticket_no) < ($1, $2))
   and ($3::text[] is null or status = any ($3))
   and ($4::text is null or customer_id = $4)
   and ($5::text is null or waiting_for = $5)
   and ($6::text is null or asset_serial = $6)
   and ($7::text is null or category = $7)
 order by received_at desc, ticket_no desc
 limit $8
"""
_ONE = "select * from read.ticket where ticket_no = $1"
_EVENTS = """
select version, event_id, type, recorded_at, metadata, data from read.ticket_event where ticket_no = $1
   and ($2::timestamptz is null or recorded_at <= $2)
 order by version
"""
_ATTACHMENT = """
select event_id, type, data from read.ticket_event where ticket_no = $1 and type = $2 order by version
"""


@router.post("", status_code=201, max_body_size=MAX_ATTACHMENT_BODY, openapi_extra=CATCHES_UP)
async def open_ticket(command: Writer, body: NewTicket) -> Response:
    """A request by portal, or by telephone as the desk enters it. Answers its number at once (IIJ-01, IIJ-02)."""
    await command.catch_up()
    runtime, provider = command.runtime, command.provider
    if not command.principal.is_staff and (body.channel is not Channel.PORTAL or body.received_at is not None):
        message = "Only the provider's own people enter a call, or say when it came in."
        raise Refused(Fault("staff_only", message, "channel" if body.received_at is None else "received_at"))
    require_may_state(body.details.details(), staff=command.principal.is_staff, in_report=True)
    now = runtime.clock.now()
    try:
        contact = await contact_for(
            Known(runtime),
            command.principal,
            customer_id=body.customer_id,
            contact_id=body.contact_id,
            plan_family=body.plan_family,
            channel=body.channel,
            category=body.category,
            at=body.received_at or now,
        )
    except Refused as refused:
        if refused.kind != "invalid":
            raise
        # What else is wrong is told in the same answer, not once this is mended. No event will hold these facts.
        facts = body.facts(contact_subject(provider, body.contact_id))
        others = tickets.faults_of_opening(Ticket(), facts, body.received_at or now, now)
        raise Refused(*refused.faults, *others) from refused
    sealed_for = contact_subject(provider, contact.contact_id)
    facts = body.facts(sealed_for)
    text = await put_text(runtime.blobs, provider, sealed_for, body.text or "")
    config_file = await _stored(command, sealed_for, body.config_file, 1) if body.config_file else None

    async def decide(work: Work) -> dict[str, Any]:
        thread = new_ticket(work, provider)
        command.expect(thread)
        received_at = body.received_at or work.now
        work.record(
            thread,
            *tickets.open_ticket(
                thread.state,
                ticket_no=number_of(thread),
                customer_id=contact.customer_id,
                contact_id=contact.contact_id,
                plan_family=body.plan_family,
                channel=body.channel,
                received_at=received_at,
                language=contact.language,
                subject=Plain(sealed_for, body.subject),
                body=text,
                facts=facts.with_config_file(received_at) if config_file else facts,
                now=work.now,
            ),
        )
        if config_file is not None:
            work.record(thread, *tickets.attach(thread.state, config_file, work.now))
        work.record(
            thread,
            *tickets.request_mail(thread.state, "ticket_opened", work.now, subject=Plain(sealed_for, body.subject)),
        )
        return {"ticket_no": number_of(thread)}

    return await command.run(body, decide, location="/v1/tickets/{ticket_no}")


@router.get("")
async def list_tickets(
    query: Reader,
    page: Annotated[Page, paged(received_at=datetime, ticket_no=str)],
    status: Annotated[list[Status] | None, QueryParameter()] = None,
    customer_id: Annotated[str | None, QueryParameter(max_length=64)] = None,
    waiting_for: Annotated[str | None, QueryParameter(max_length=40)] = None,
    asset_serial: Annotated[str | None, QueryParameter(max_length=64)] = None,
    category: Annotated[str | None, QueryParameter(max_length=60)] = None,
) -> PageOf[TicketLine]:
    """The newest first. What waits for triage is found by `waiting_for=classification`."""
    wanted = (status, customer_id, waiting_for, asset_serial, category)
    rows = await query.fetch(_PAGE, *page.after, *wanted, page.fetch_limit)
    subjects = await query.runtime.vault.open_carried([row["subject"] for row in rows])
    opened = {row["ticket_no"]: subject for row, subject in zip(rows, subjects, strict=True)}
    return page.of(rows, lambda row: TicketLine.model_validate({**row, "subject": opened[row["ticket_no"]]}))


@router.get("/{ticket_no}", response_model=TicketDetail)
async def read_ticket(query: Reader, ticket_no: TicketNo) -> Response:
    """The request with its thread, recorded work and mails."""
    async with query.snapshot() as snapshot:
        row = await snapshot.fetchrow(_ONE, ticket_no)
        events = await snapshot.fetch(_EVENTS, ticket_no, None)
    if row is None:
        raise not_found()
    thread = await Thread.read(query.runtime, query.provider, events)
    parts = {"messages": thread.messages, "work": thread.work, "mails": list(thread.mails.values())}
    said = {name: orjson.loads(row[name]) if row[name] else None for name in ("details", "expectation")}
    shown = TicketDetail.model_validate({**row, "subject": thread.messages[0].subject, **said, **parts})
    return query.answer(shown, version=row["version"])


@router.get("/{ticket_no}/history", response_model=dict[str, Any])
async def read_history(
    query: Reader,
    ticket_no: TicketNo,
    as_of: Annotated[StatedInstant | None, QueryParameter(description="As it was known at this instant.")] = None,
) -> Response:
    """Every event in order, as canonical JSON: the same bytes that a replay of the log gives."""
    rows = await query.fetch(_EVENTS, ticket_no, as_of)
    if not rows:
        raise not_found()
    content = history(ticket_no, [Entry(*row) for row in rows])
    return Response(content, media_type="application/json", headers={"cache-control": "private, no-cache"})


@router.post("/{ticket_no}/classification")
async def classify(command: Desk, ticket_no: TicketNo, body: FactsIn) -> Response:
    """What the request is about, all of it anew, with details over those that are known; coverage is then decided
    again."""
    known = await _ticket(command, ticket_no)
    received_at = known.received_at or command.runtime.clock.now()
    plan = await Known(command.runtime).plan(command.provider, known.plan_family, received_at)
    faults = faults_of_category(plan, body.category) if plan else []

    def decide(ticket: Ticket, now: datetime) -> list[Event]:
        if faults:
            raise Refused(*faults)
        return tickets.classify(ticket, body.facts(contact_subject(command.provider, ticket.contact_id)), now)

    return await _change(command, ticket_no, body, decide)


@router.post("/{ticket_no}/details")
async def state_details(command: Writer, ticket_no: TicketNo, body: DetailsIn) -> Response:
    """What else is said of the request, over what is known already; coverage is then decided again."""
    stated, by = body.details(), command.principal.client_id
    require_may_state(stated, staff=command.principal.is_staff, in_report=False)

    def decide(ticket: Ticket, now: datetime) -> list[Event]:
        place = body.address(contact_subject(command.provider, ticket.contact_id))
        return tickets.state_details(ticket, stated, recorded_by=by, now=now, ship_to_address=place)

    return await _change(command, ticket_no, body, decide)


@router.post("/{ticket_no}/messages", status_code=201)
async def add_message(command: Writer, ticket_no: TicketNo, body: NewMessage) -> Response:
    """A message joins the thread: a contact's from a portal, or the desk's own (IIJ-03)."""
    runtime, provider = command.runtime, command.provider
    contact_id = await _speaker(command, ticket_no, body)
    sealed_for = contact_subject(provider, contact_id or await _contact_of(command, ticket_no))
    text = await put_text(runtime.blobs, provider, sealed_for, body.text)

    def decide(ticket: Ticket, now: datetime) -> list[Event]:
        said = tickets.add_message(
            ticket,
            direction="inbound" if contact_id else "outbound",
            channel=body.channel,
            contact_id=contact_id,
            subject=Plain(sealed_for, body.subject or ""),
            body=text,
            now=now,
        )
        return said if contact_id else said + tickets.mail_message(ticket, now)

    return await _change(command, ticket_no, body, decide, status=201, made="message_id")


@router.post("/{ticket_no}/attachments", status_code=201, max_body_size=MAX_ATTACHMENT_BODY)
async def attach(command: Writer, ticket_no: TicketNo, body: NewAttachment) -> Response:
    """A file joins the newest message. What it is, its bytes say; that it is the device's configuration, its sender."""
    known, by = await _ticket(command, ticket_no), command.principal.client_id
    sealed_for = contact_subject(command.provider, known.contact_id)
    file = await _stored(command, sealed_for, body, known.attachments + 1)

    def decide(ticket: Ticket, now: datetime) -> list[Event]:
        if body.config_file:
            return tickets.attach_config_file(ticket, file, recorded_by=by, now=now)
        return tickets.attach(ticket, file, now)

    return await _change(command, ticket_no, body, decide, status=201, made="attachment_id")


@router.get("/{ticket_no}/attachments/{attachment_id}", response_class=Response)
async def read_attachment(query: Reader, ticket_no: TicketNo, attachment_id: str) -> Response:
    """The file as it came, for downloading only: no browser is to show or run it."""
    rows = await query.fetch(_ATTACHMENT, ticket_no, intake.AttachmentAdded.type)
    for row in rows:
        event = decode(row["type"], row["data"])
        if isinstance(event, intake.AttachmentAdded) and event.attachment_id == attachment_id:
            return await _file(query, row, event)
    raise not_found()


@router.post("/{ticket_no}/work", status_code=201)
async def record_work(command: Desk, ticket_no: TicketNo, body: NewWork) -> Response:
    """An engineer's time. What it debits, entitlement decides (IIJ-07)."""
    by = command.principal.client_id

    def decide(ticket: Ticket, now: datetime) -> list[Event]:
        return tickets.record_work(
            ticket, kind=body.kind, started_at=body.started_at, minutes=body.minutes, recorded_by=by, now=now
        )

    return await _change(command, ticket_no, body, decide, status=201, made="work_id")


@router.post("/{ticket_no}/isolation")
async def isolate(command: Desk, ticket_no: TicketNo, body: NewIsolation) -> Response:
    """Which unit is at fault, from when on the terms' targets count; again to correct it."""
    found, by = body.isolation(), command.principal.client_id
    return await _change(
        command, ticket_no, body, lambda ticket, now: tickets.isolate(ticket, found, isolated_by=by, now=now)
    )


@router.post("/{ticket_no}/resolve")
async def resolve(command: Desk, ticket_no: TicketNo, body: Nothing) -> Response:
    return await _change(command, ticket_no, body, tickets.resolve)


@router.post("/{ticket_no}/close")
async def close(command: Desk, ticket_no: TicketNo, body: Nothing) -> Response:
    return await _change(command, ticket_no, body, tickets.close)


@router.post("/{ticket_no}/decline")
async def decline(command: Desk, ticket_no: TicketNo, body: Declining) -> Response:
    """An operator decides that it is not served, by a clause that leaves it to the provider (CWC-25). The customer is
    told why; what was held, booked, offered or ordered for it is undone, and paid back where it was paid. Not for a
    request on which work was done: close that."""
    known = await _ticket(command, ticket_no)
    received_at = known.received_at or command.runtime.clock.now()
    clauses = await Known(command.runtime).clauses(command.provider, known.plan_family, received_at)

    def decide(ticket: Ticket, now: datetime) -> list[Event]:
        return declining.by_hand(ticket, clauses, clause=body.clause, reason=body.reason, now=now)

    return await _change(command, ticket_no, body, decide)


@router.post("/{ticket_no}/reopen")
async def reopen(command: Desk, ticket_no: TicketNo, body: Nothing) -> Response:
    """It goes on. One that had ended is decided anew by what is known; what the terms would only refuse again waits for
    its classification."""
    return await _change(command, ticket_no, body, tickets.reopen)


async def _change(
    command: Command,
    ticket_no: str,
    body: Any,
    decide: Callable[[Ticket, datetime], list[Event]],
    *,
    status: int = 200,
    made: str | None = None,
) -> Response:
    """Loads the ticket, records what `decide` answers, and answers its state and the id of what was made."""

    async def change(work: Work) -> dict[str, Any]:
        stream = await ticket_of(work, command.provider, ticket_no)
        _must_see(command, stream.state)
        command.expect(stream)
        events = decide(stream.state, work.now)
        ticket = work.record(stream, *events)
        ids = {made: getattr(events[0], made)} if made else {}
        return {"ticket_no": ticket_no, "status": ticket.status, "waiting_for": ticket.waiting_for, **ids}

    return await command.run(body, change, status=status)


def _must_see(command: Command, ticket: Ticket) -> None:
    if ticket.status is Status.UNOPENED:
        raise not_found()
    command.principal.require_customer(ticket.customer_id)


async def _ticket(command: Command, ticket_no: str) -> Ticket:
    """The ticket as it stands, for what has to be known before the unit of work. Who asks and for whom never change."""
    ticket = await peek(command.runtime, TICKET, command.provider, ticket_stream(command.provider, ticket_no))
    _must_see(command, ticket)
    return ticket


async def _contact_of(command: Command, ticket_no: str) -> str:
    return (await _ticket(command, ticket_no)).contact_id


async def _speaker(command: Command, ticket_no: str, body: NewMessage) -> str | None:
    """Whose message it is; None for the desk's own. A partner speaks for the ticket's contact, or for another of the
    same customer; nobody else joins the thread (IIJ-03)."""
    ticket = await _ticket(command, ticket_no)
    if not command.principal.is_staff and body.channel is not Channel.PORTAL:
        raise Refused(Fault("staff_only", "Only the provider's own people enter a call.", "channel"))
    if body.contact_id is None:
        return None if command.principal.is_staff else ticket.contact_id
    contact = await Known(command.runtime).contact(command.provider, body.contact_id)
    if contact is None or contact.customer_id != ticket.customer_id:
        raise Refused(Fault("unknown_contact", "The ticket's customer has no such contact.", "contact_id"))
    return contact.contact_id


async def _stored(command: Command, sealed_for: str, sent: NewFile, number: int) -> File:
    """The file as an encrypted blob. What it is, its bytes say; `number` names one that has no name."""
    blob = await put(command.runtime.blobs, command.provider, sealed_for, sent.content, media_type_of(sent.content))
    return File(Plain(sealed_for, file_name(sent.file_name, number)), blob)


async def _file(query: Query, row: Any, event: intake.AttachmentAdded) -> Response:
    name, runtime = event.file_name, query.runtime
    if not isinstance(name, Sealed):
        raise TypeError("what a log holds is sealed")
    content = await runtime.blobs.get(query.provider, name.subject, event.blob.digest)
    [opened] = await runtime.vault.open(
        [(name, Associated(str(row["event_id"]), row["type"], query.provider, "file_name"))]
    )
    if content is None or opened is None:
        raise not_found()
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(opened, safe='')}",
        "content-security-policy": "sandbox; default-src 'none'",
        "cache-control": "private, no-store",
    }
    return Response(content, media_type=event.blob.media_type, headers=headers)
