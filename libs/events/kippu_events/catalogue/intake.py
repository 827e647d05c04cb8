"""Intake's events: requests and their threads, mail in and out, work records.

Streams: `ticket-{provider}-{ticket_no}` for everything about one request; `mail-{provider}-{mail_id}` for a mail that
opened or joined none, and for the fact that a mail was taken in at all.
"""

from typing import Literal

from pydantic import AwareDatetime

from kippu_events.catalogue.fulfilment import Target
from kippu_events.catalogue.values import BlobRef, Channel, Reply, RequestDetails, WorkKind
from kippu_events.event import Event, Personal, published_by

intake = published_by("intake")


class RequestFacts(Event):
    """What is known of a request; unknown until somebody classifies it where None."""

    category: str | None = None
    """A category of the plan, such as `fault`, `preventive_maintenance`, `maintenance_assistance`, `question`."""
    asset_serial: str | None = None
    """The device or service it is about, as it stands in the asset register."""
    wanted_at: AwareDatetime | None = None
    """When the customer wants the work to be done, where they said so."""
    wanted_minutes: int | None = None
    """How long the wanted work is expected to take, in minutes."""
    topic: str | None = None
    """What a question is about, by the plan's topics, such as `smb`."""
    part: str | None = None
    """The part that failed, such as `disk`."""
    details: RequestDetails | None = None
    """What else is stated with it; over what was said before."""
    ship_to_address: Personal | None = None
    """The place that a replacement is to go to, where one is named: that of `details.place_id`."""


@intake
class TicketOpened(RequestFacts):
    """A request got its number. It counts from `received_at` (IIJ-07), which is when the provider received it."""

    ticket_no: str
    customer_id: str
    contact_id: str
    plan_family: str
    channel: Channel
    received_at: AwareDatetime
    language: str
    subject: Personal
    body: BlobRef | None = None


@intake
class TicketClassified(RequestFacts):
    """The desk said, or corrected, what the request is about. All facts are given anew, but for details: what was said
    of those before stays, unless it is said otherwise."""

    ticket_no: str
    customer_id: str


@intake
class MessageAdded(Event):
    """A message joined the ticket's thread."""

    ticket_no: str
    customer_id: str
    message_id: str
    direction: Literal["inbound", "outbound"]
    channel: Channel
    contact_id: str | None = None
    subject: Personal
    body: BlobRef | None = None


@intake
class AttachmentAdded(Event):
    """A file came with a message. It is never opened or executed; `media_type` is what its bytes look like."""

    ticket_no: str
    customer_id: str
    message_id: str
    attachment_id: str
    file_name: Personal
    blob: BlobRef


@intake
class FaultIsolated(Event):
    """It is known which unit or part is at fault; targets of fulfilment count from `isolated_at`."""

    ticket_no: str
    customer_id: str
    isolated_at: AwareDatetime
    asset_serial: str
    part: str | None = None
    isolated_by: str


@intake
class RequestDetailsRecorded(Event):
    """More was said of the request. What is None in `details` stays as it was."""

    ticket_no: str
    customer_id: str
    details: RequestDetails
    recorded_by: str
    answered_at: AwareDatetime | None = None
    """When the customer answered what the request waited for, where their message came before it was recorded here:
    until then its clocks stood still."""
    ship_to_address: Personal | None = None
    """The place of `details.place_id`, where another one is named."""


@intake
class ShipmentNoted(Event):
    """Dispatch said so: a unit left for this request, or came back undelivered. While it is under way, no other place
    can be named for it."""

    ticket_no: str
    customer_id: str
    shipment_id: str
    under_way: bool
    clause: str | None = None
    """Of the service by which it was shipped."""


@intake
class WorkRecorded(Event):
    """An engineer's time on a request, in whole minutes, from `started_at` on."""

    ticket_no: str
    customer_id: str
    work_id: str
    kind: WorkKind
    started_at: AwareDatetime
    minutes: int
    recorded_by: str


@intake
class TicketWaiting(Event):
    """The request waits for somebody."""

    ticket_no: str
    customer_id: str
    waiting_for: str
    """`classification`, `approval`, `dispatcher`, `customer`, `purchase`."""
    clause: str | None = None


@intake
class TicketResumed(Event):
    ticket_no: str
    customer_id: str


@intake
class ExpectationStated(Event):
    """What the customer may expect by the decision that stands: when the request counts as received, what is aimed at
    with its clocks, and what is answered to wishes. It takes the place of what was stated before."""

    ticket_no: str
    customer_id: str
    decision: int
    """Which decision on the request says so."""
    counts_from: AwareDatetime | None = None
    targets: tuple[Target, ...] = ()
    replies: tuple[Reply, ...] = ()


@intake
class TicketDeclined(Event):
    """The request will not be served; `clause` says by which term."""

    ticket_no: str
    customer_id: str
    clause: str
    reason: str
    declined_by: Literal["terms", "dispatcher", "operator"] | None = None
    """A decision on coverage, who found nobody for the visit, or an operator by hand; None where nobody said."""


@intake
class TicketResolved(Event):
    ticket_no: str
    customer_id: str


@intake
class TicketClosed(Event):
    ticket_no: str
    customer_id: str


@intake
class TicketReopened(Event):
    ticket_no: str
    customer_id: str


@intake
class MailReceived(Event):
    """A mail is stored, before SMTP answers "accepted". `mail_id` is made from its bytes: the same mail is one mail."""

    mail_id: str
    received_at: AwareDatetime
    raw: BlobRef


@intake
class MailUnmatched(Event):
    """A mail that opened and joined no ticket. An operator can turn it into one."""

    mail_id: str
    reason: Literal["no_prefix", "unknown_sender", "foreign_thread", "unreadable", "automatic", "sheet_too_large"]
    received_at: AwareDatetime
    language: str
    sender: Personal
    subject: Personal
    customer_id: str | None = None
    contact_id: str | None = None
    body: BlobRef | None = None


@intake
class SheetMailed(Event):
    """A contact sent a sheet of registrations by mail (SVT-08). It is handed over as it came: nobody here opens it."""

    sheet_id: str
    """`{mail_id}.S{n}`: the n-th sheet of the mail."""
    mail_id: str
    customer_id: str
    contact_id: str
    language: str
    """In which the contact is answered."""
    clause: str
    subject: Personal
    """Of the mail."""
    file_name: Personal
    content: Personal
    """The file's bytes in base64 (RFC 4648, section 4)."""


@intake
class MailMatched(Event):
    """A mail belongs to this ticket: it opened or joined it, or an operator said so."""

    mail_id: str
    ticket_no: str
    customer_id: str
    matched_by: str
    opened: bool
    """True if the mail opened the ticket, False if it joined it."""


@intake
class MailRequested(Event):
    """A mail is to go out: the outbox sends it once, with a Message-ID made from this event's id."""

    mail_id: str
    """An id for the outgoing mail, unique in the provider."""
    template: str
    """Such as `ticket_opened`, `unmatched`, `declined`, `visit_postponed`."""
    language: str
    parameters: dict[str, str]
    """What the template is filled with; ids, figures and clause ids, never personal data."""
    contact_id: str | None = None
    """To whom it goes; the outbox finds the contact's address as it sends."""
    recipient: Personal | None = None
    """The address, where no contact is known by it. Exactly one of `contact_id` and `recipient` is given."""
    subject: Personal | None = None
    """The subject that is answered, for the thread, where there is one."""
    ticket_no: str | None = None
    customer_id: str | None = None
    in_reply_to: Personal | None = None
    """The Message-ID of the mail that is answered."""


@intake
class MailSent(Event):
    """The relay accepted the mail."""

    mail_id: str
    message_id: str
    ticket_no: str | None = None
    customer_id: str | None = None


@intake
class MailBounced(Event):
    """The relay refused the mail for good."""

    mail_id: str
    ticket_no: str | None = None
    customer_id: str | None = None
    reply_code: int
    reason: str
