"""What may happen to a request for support, from its number to its end.

Every function takes the ticket as it stands and answers the events to record, or raises Refused with every
fault at once. What a reactor asks for is answered with events, or with none where it no longer applies: in `answers`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kippu_events.catalogue import intake
from kippu_events.catalogue.values import BlobRef, Channel, RequestDetails, WorkKind
from kippu_events.event import Event, Personal
from kippu_terms.facts import CALENDARS_FROM
from kippu_terms.refusal import Fault, Refused

from kippu_intake.domain import places
from kippu_intake.domain.details import WITHIN, faults_of_details
from kippu_intake.domain.facts import MAX_WORK_MINUTES, NOTHING_MORE, Facts, Isolation, beyond_calendars, faults_of
from kippu_intake.domain.ticket_state import ACTIVE, ENDED, Status, Ticket


@dataclass(frozen=True, slots=True)
class File:
    """A file that was stored as an encrypted blob. Its name is personal."""

    name: Personal
    blob: BlobRef
    configuration: bool = False
    """True if it is the configuration of the device."""


def open_ticket(
    ticket: Ticket,
    *,
    ticket_no: str,
    customer_id: str,
    contact_id: str,
    plan_family: str,
    channel: Channel,
    received_at: datetime,
    language: str,
    subject: Personal,
    body: BlobRef | None,
    facts: Facts,
    now: datetime,
) -> list[Event]:
    """A request gets its number at once, on every channel (IIJ-02), and counts from its receipt (IIJ-07)."""
    if ticket.status is not Status.UNOPENED:
        raise Refused(Fault("ticket_exists", f"Ticket {ticket_no} exists already.", "ticket_no"), kind="conflict")
    faults = faults_of_opening(ticket, facts, received_at, now)
    if faults:
        raise Refused(*faults)
    return [
        intake.TicketOpened(
            occurred_at=received_at,
            ticket_no=ticket_no,
            customer_id=customer_id,
            contact_id=contact_id,
            plan_family=plan_family,
            channel=channel,
            received_at=received_at,
            language=language,
            subject=subject,
            body=body,
            category=facts.category,
            asset_serial=facts.asset_serial,
            wanted_at=facts.wanted_at,
            wanted_minutes=facts.wanted_minutes,
            topic=facts.topic,
            part=facts.part,
            details=_stated(ticket, ticket_no, facts),
            ship_to_address=facts.ship_to_address,
        )
    ]


def faults_of_opening(ticket: Ticket, facts: Facts, received_at: datetime, now: datetime) -> list[Fault]:
    """What is wrong with a new request, whoever asks and under whichever terms."""
    faults = faults_of(facts, received_at) + _faults_of_details(ticket, facts, received_at, now)
    if received_at > now:
        faults.append(Fault("in_future", "A request cannot have been received in the future.", "received_at"))
    if received_at < CALENDARS_FROM:
        faults.append(beyond_calendars("received_at"))
    return faults


def classify(ticket: Ticket, facts: Facts, now: datetime) -> list[Event]:
    """The desk says what the request is about; coverage is then decided anew."""
    _must_be(ticket, "classified", *ACTIVE, Status.RESOLVED)
    received_at = ticket.received_at or now
    faults = faults_of(facts, received_at) + _faults_of_details(ticket, facts, received_at, now)
    if faults:
        raise Refused(*faults)
    places.require_not_under_way(ticket, facts.details, facts.ship_to_address)
    return [
        intake.TicketClassified(
            occurred_at=now,
            ticket_no=ticket.ticket_no,
            customer_id=ticket.customer_id,
            category=facts.category,
            asset_serial=facts.asset_serial,
            wanted_at=facts.wanted_at,
            wanted_minutes=facts.wanted_minutes,
            topic=facts.topic,
            part=facts.part,
            details=_stated(ticket, ticket.ticket_no, facts),
            ship_to_address=facts.ship_to_address,
        )
    ]


def state_details(
    ticket: Ticket,
    stated: RequestDetails,
    *,
    recorded_by: str,
    now: datetime,
    ship_to_address: Personal | None = None,
) -> list[Event]:
    """More is said of a request; coverage is then decided anew. What is known already changes nothing; an address is
    not known here, so each one that is stated is another place."""
    _must_not_have_ended(ticket, "say more of it")
    faults = faults_of_details(stated, ticket.received_at or now, now, within="")
    faults += places.faults_of_place(ticket, stated, ship_to_address, within="")
    if faults:
        raise Refused(*faults)
    places.require_not_under_way(ticket, stated, ship_to_address)
    stated = places.numbered(ticket, ticket.ticket_no, stated, ship_to_address)
    if ticket.details.updated(stated) == ticket.details:
        return []
    return [
        intake.RequestDetailsRecorded(
            occurred_at=now,
            ticket_no=ticket.ticket_no,
            customer_id=ticket.customer_id,
            details=stated,
            recorded_by=recorded_by,
            answered_at=ticket.answered_at,
            ship_to_address=ship_to_address,
        )
    ]


def _stated(ticket: Ticket, ticket_no: str, facts: Facts) -> RequestDetails | None:
    details = places.numbered(ticket, ticket_no, facts.details, facts.ship_to_address)
    return None if details == NOTHING_MORE else details


def _faults_of_details(ticket: Ticket, facts: Facts, received_at: datetime, now: datetime) -> list[Fault]:
    """Of those that are stated with the facts of a request."""
    faults = faults_of_details(facts.details, received_at, now)
    return faults + places.faults_of_place(ticket, facts.details, facts.ship_to_address, WITHIN)


def add_message(
    ticket: Ticket,
    *,
    direction: Literal["inbound", "outbound"],
    channel: Channel,
    contact_id: str | None,
    subject: Personal,
    body: BlobRef | None,
    now: datetime,
) -> list[Event]:
    """A message joins the thread, whatever the request's state (IIJ-03). A customer's answer ends waiting for it; where
    the desk asks back, it was none, and the request waits for the customer as before: its clocks never went on."""
    _must_exist(ticket)
    added = intake.MessageAdded(
        occurred_at=now,
        ticket_no=ticket.ticket_no,
        customer_id=ticket.customer_id,
        message_id=f"{ticket.ticket_no}.M{ticket.messages + 1}",
        direction=direction,
        channel=channel,
        contact_id=contact_id,
        subject=subject,
        body=body,
    )
    if direction == "inbound" and ticket.waits_for_customer:
        return [added, *resume(ticket, now)]
    if direction == "outbound" and ticket.status is Status.OPEN and ticket.answered_at is not None:
        return [added, *wait(ticket, "customer", ticket.answered_clause, now)]
    return [added]


def mail_message(ticket: Ticket, now: datetime) -> list[Event]:
    """The message that is added next also goes to the contact by mail."""
    message_id = f"{ticket.ticket_no}.M{ticket.messages + 1}"
    return request_mail(ticket, "message_added", now, parameters={"message_id": message_id})


def attach(ticket: Ticket, file: File, now: datetime) -> list[Event]:
    """A file joins the thread, with the newest message."""
    _must_exist(ticket)
    return [
        intake.AttachmentAdded(
            occurred_at=now,
            ticket_no=ticket.ticket_no,
            customer_id=ticket.customer_id,
            message_id=f"{ticket.ticket_no}.M{ticket.messages}",
            attachment_id=f"{ticket.ticket_no}.F{ticket.attachments + 1}",
            file_name=file.name,
            blob=file.blob,
        )
    ]


def attach_mailed(ticket: Ticket, file: File, *, now: datetime) -> list[Event]:
    """A file that came by mail joins the thread, whatever the request's state; a configuration says when it came."""
    if not file.configuration or ticket.status in ENDED:
        return attach(ticket, file, now)
    return attach_config_file(ticket, file, recorded_by="mail", now=now)


def attach_config_file(ticket: Ticket, file: File, *, recorded_by: str, now: datetime) -> list[Event]:
    """The device's configuration joins the thread. The first one counts, by when it came (SVT-16)."""
    added = attach(ticket, file, now)
    if ticket.details.config_file_at is not None:
        return added
    return added + state_details(ticket, RequestDetails(config_file_at=now), recorded_by=recorded_by, now=now)


def record_work(
    ticket: Ticket, *, kind: WorkKind, started_at: datetime, minutes: int, recorded_by: str, now: datetime
) -> list[Event]:
    """An engineer's time. It counts from the receipt of the request on, before triage too (IIJ-07)."""
    _must_not_have_ended(ticket, "record work")
    faults = []
    if not 1 <= minutes <= MAX_WORK_MINUTES:
        faults.append(Fault("out_of_range", f"Minutes run from 1 to {MAX_WORK_MINUTES}.", "minutes"))
    if ticket.received_at is not None and started_at < ticket.received_at:
        faults.append(Fault("before_receipt", "Work starts no earlier than the request was received.", "started_at"))
    if started_at > now:
        faults.append(Fault("in_future", "Work that has not started yet cannot be recorded.", "started_at"))
    if faults:
        raise Refused(*faults)
    return [
        intake.WorkRecorded(
            occurred_at=now,
            ticket_no=ticket.ticket_no,
            customer_id=ticket.customer_id,
            work_id=f"{ticket.ticket_no}.W{ticket.work_entries + 1}",
            kind=kind,
            started_at=started_at,
            minutes=minutes,
            recorded_by=recorded_by,
        )
    ]


def isolate(ticket: Ticket, found: Isolation, *, isolated_by: str, now: datetime) -> list[Event]:
    """It is known which unit is at fault. Another finding corrects the one before; the same again changes nothing."""
    _must_not_have_ended(ticket, "record an isolation")
    faults = []
    if ticket.received_at is not None and found.isolated_at < ticket.received_at:
        message = "A fault is isolated no earlier than the request was received."
        faults.append(Fault("before_receipt", message, "isolated_at"))
    if found.isolated_at > now:
        faults.append(Fault("in_future", "A fault that is still to be isolated cannot be recorded.", "isolated_at"))
    if faults:
        raise Refused(*faults)
    if found == ticket.isolation:
        return []
    return [
        intake.FaultIsolated(
            occurred_at=now,
            ticket_no=ticket.ticket_no,
            customer_id=ticket.customer_id,
            isolated_at=found.isolated_at,
            asset_serial=found.asset_serial,
            part=found.part,
            isolated_by=isolated_by,
        )
    ]


def wait(ticket: Ticket, waiting_for: str, clause: str | None, now: datetime) -> list[Event]:
    """The request waits for somebody, or for somebody else than before."""
    _must_be(ticket, "made to wait", *ACTIVE)
    return [
        intake.TicketWaiting(
            occurred_at=now,
            ticket_no=ticket.ticket_no,
            customer_id=ticket.customer_id,
            waiting_for=waiting_for,
            clause=clause,
        )
    ]


def resume(ticket: Ticket, now: datetime) -> list[Event]:
    _must_be(ticket, "resumed", Status.WAITING)
    return [intake.TicketResumed(occurred_at=now, ticket_no=ticket.ticket_no, customer_id=ticket.customer_id)]


def resolve(ticket: Ticket, now: datetime) -> list[Event]:
    _must_be(ticket, "resolved", *ACTIVE)
    return [intake.TicketResolved(occurred_at=now, ticket_no=ticket.ticket_no, customer_id=ticket.customer_id)]


def close(ticket: Ticket, now: datetime) -> list[Event]:
    _must_be(ticket, "closed", *ACTIVE, Status.RESOLVED)
    return [intake.TicketClosed(occurred_at=now, ticket_no=ticket.ticket_no, customer_id=ticket.customer_id)]


def reopen(ticket: Ticket, now: datetime) -> list[Event]:
    """It goes on: coverage is decided anew by what is known, if it had ended."""
    _must_be(ticket, "reopened", Status.RESOLVED, Status.CLOSED, Status.DECLINED)
    return [intake.TicketReopened(occurred_at=now, ticket_no=ticket.ticket_no, customer_id=ticket.customer_id)]


def decline(
    ticket: Ticket, *, clause: str, reason: str, by: Literal["terms", "dispatcher", "operator"], now: datetime
) -> list[Event]:
    """The request will not be served, and the clause says by which term."""
    _must_be(ticket, "declined", *ACTIVE)
    return [
        intake.TicketDeclined(
            occurred_at=now,
            ticket_no=ticket.ticket_no,
            customer_id=ticket.customer_id,
            clause=clause,
            reason=reason,
            declined_by=by,
        )
    ]


def request_mail(
    ticket: Ticket,
    template: str,
    now: datetime,
    *,
    parameters: dict[str, str] | None = None,
    subject: Personal | None = None,
    in_reply_to: Personal | None = None,
) -> list[Event]:
    """A mail to the ticket's contact, with the ticket's number among its parameters (IIJ-02)."""
    _must_exist(ticket)
    return [
        intake.MailRequested(
            occurred_at=now,
            mail_id=f"{ticket.ticket_no}.O{ticket.mails + 1}",
            template=template,
            language=ticket.language,
            contact_id=ticket.contact_id,
            parameters={"ticket_no": ticket.ticket_no, **(parameters or {})},
            subject=subject,
            in_reply_to=in_reply_to,
            ticket_no=ticket.ticket_no,
            customer_id=ticket.customer_id,
        )
    ]


def _must_exist(ticket: Ticket) -> None:
    if ticket.status is Status.UNOPENED:
        raise Refused(Fault("no_such_ticket", "There is no such ticket."), kind="not_found")


def _must_not_have_ended(ticket: Ticket, to_do: str) -> None:
    _must_exist(ticket)
    if ticket.status in ENDED:
        message = f"Ticket {ticket.ticket_no} is {ticket.status}: reopen it to {to_do}."
        raise Refused(Fault("ticket_ended", message), kind="conflict")


def _must_be(ticket: Ticket, what: str, *allowed: Status) -> None:
    _must_exist(ticket)
    if ticket.status not in allowed:
        message = f"Ticket {ticket.ticket_no} is {ticket.status}: it cannot be {what}."
        raise Refused(Fault("wrong_status", message), kind="conflict")
