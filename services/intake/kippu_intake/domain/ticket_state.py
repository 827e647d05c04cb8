"""A request's state, and how its events make it. Serialised with the log as a saved state: no personal data."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from kippu_events.catalogue import intake
from kippu_events.event import Event

from kippu_intake.domain.facts import Isolation

FOLD_VERSION = 3
"""To be raised whenever `Ticket` or `evolve` changes."""


class Status(StrEnum):
    UNOPENED = "unopened"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"
    DECLINED = "declined"


ACTIVE = frozenset({Status.OPEN, Status.WAITING})
ENDED = frozenset({Status.CLOSED, Status.DECLINED})


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request as its events left it. The counters number what is added next."""

    status: Status = Status.UNOPENED
    ticket_no: str = ""
    customer_id: str = ""
    contact_id: str = ""
    language: str = "en"
    received_at: datetime | None = None
    isolation: Isolation | None = None
    """What was found last to be at fault."""
    waiting_for: str | None = None
    messages: int = 0
    attachments: int = 0
    work_entries: int = 0
    mails: int = 0
    unsent: tuple[str, ...] = ()
    """Ids of the mails that were asked for and have no outcome yet."""
    settled_visits: tuple[str, ...] = ()
    """Ids of the visits whose outcome the customer was told."""


def evolve(ticket: Ticket, event: Event) -> Ticket:
    """The ticket after an event. One that changes nothing here leaves it as it is."""
    match event:
        case intake.TicketOpened():
            ticket = Ticket(
                status=Status.OPEN,
                ticket_no=event.ticket_no,
                customer_id=event.customer_id,
                contact_id=event.contact_id,
                language=event.language,
                received_at=event.received_at,
            )
        case intake.MessageAdded():
            ticket = replace(ticket, messages=ticket.messages + 1)
        case intake.AttachmentAdded():
            ticket = replace(ticket, attachments=ticket.attachments + 1)
        case intake.WorkRecorded():
            ticket = replace(ticket, work_entries=ticket.work_entries + 1)
        case intake.FaultIsolated():
            ticket = replace(ticket, isolation=Isolation(event.asset_serial, event.part, event.isolated_at))
        case intake.TicketWaiting():
            ticket = replace(ticket, status=Status.WAITING, waiting_for=event.waiting_for)
        case intake.TicketResumed() | intake.TicketReopened():
            ticket = replace(ticket, status=Status.OPEN, waiting_for=None)
        case intake.TicketResolved():
            ticket = replace(ticket, status=Status.RESOLVED, waiting_for=None)
        case intake.TicketClosed():
            ticket = replace(ticket, status=Status.CLOSED, waiting_for=None)
        case intake.TicketDeclined():
            ticket = replace(ticket, status=Status.DECLINED, waiting_for=None)
        case intake.MailRequested():
            ticket = _mail_requested(ticket, event)
        case intake.MailSent() | intake.MailBounced():
            ticket = replace(ticket, unsent=tuple(mail for mail in ticket.unsent if mail != event.mail_id))
    return ticket


def _mail_requested(ticket: Ticket, event: intake.MailRequested) -> Ticket:
    """A mail that tells a visit's outcome also settles that visit; one that says it is held does not."""
    visit = event.parameters.get("visit_id")
    settles = visit is not None and event.template not in ("visit_held", "visit_to_agree")
    return replace(
        ticket,
        mails=ticket.mails + 1,
        unsent=(*ticket.unsent, event.mail_id),
        settled_visits=(*ticket.settled_visits, visit) if settles and visit else ticket.settled_visits,
    )
