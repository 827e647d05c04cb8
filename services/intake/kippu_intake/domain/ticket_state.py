"""A request's state, and how its events make it. Serialised with the log as a saved state: no personal data."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from kippu_events.catalogue import intake
from kippu_events.catalogue.fulfilment import Target
from kippu_events.catalogue.values import Reply, RequestDetails
from kippu_events.event import Event

from kippu_intake.domain.facts import NOTHING_MORE, Isolation

FOLD_VERSION = 6
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


EXPECTED = "expected"
"""The template of the mail that says what can be expected."""
ANSWERS = ("firmware", "agreement", "keep_list")
"""The details that say what the customer answered; an isolation says it too (SVT-14)."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """When the request counts as received, what is aimed at, and what is answered to wishes."""

    counts_from: datetime | None = None
    targets: tuple[Target, ...] = ()
    replies: tuple[Reply, ...] = ()

    @property
    def told_here(self) -> tuple[datetime | None, tuple[Target, ...], tuple[Reply, ...]]:
        """What the customer is told with the decision. When a visit can be, they are told with the visit."""
        return self.counts_from, tuple(each for each in self.targets if each.kind != "arrive"), self.replies


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A unit that left for the request, and did not come back undelivered."""

    shipment_id: str
    clause: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request as its events left it. The counters number what is added next."""

    status: Status = Status.UNOPENED
    ticket_no: str = ""
    customer_id: str = ""
    contact_id: str = ""
    plan_family: str = ""
    language: str = "en"
    received_at: datetime | None = None
    isolation: Isolation | None = None
    """What was found last to be at fault."""
    details: RequestDetails = NOTHING_MORE
    """All that was said of it beside what it is about."""
    waiting_for: str | None = None
    waiting_clause: str | None = None
    answered_at: datetime | None = None
    """When the customer answered what it waited for, until that is recorded or the desk asks back."""
    answered_clause: str | None = None
    """By which clause it had waited for that answer."""
    expectation: Expectation = Expectation()
    """What can be expected by the decision that stands."""
    told: Expectation = Expectation()
    """What the customer was told last to expect."""
    messages: int = 0
    attachments: int = 0
    work_entries: int = 0
    mails: int = 0
    unsent: tuple[str, ...] = ()
    """Ids of the mails that were asked for and have no outcome yet."""
    settled_visits: tuple[str, ...] = ()
    """Ids of the visits whose outcome the customer was told."""
    places: int = 0
    """How many places were named to ship to."""
    under_way: UnderWay | None = None

    @property
    def waits_for_customer(self) -> bool:
        return self.status is Status.WAITING and self.waiting_for == "customer"


_STATUS_AFTER: dict[type[Event], Status] = {
    intake.TicketResumed: Status.OPEN,
    intake.TicketReopened: Status.OPEN,
    intake.TicketResolved: Status.RESOLVED,
    intake.TicketClosed: Status.CLOSED,
    intake.TicketDeclined: Status.DECLINED,
}


def evolve(ticket: Ticket, event: Event) -> Ticket:
    """The ticket after an event. One that changes nothing here leaves it as it is."""
    match event:
        case intake.TicketOpened():
            return Ticket(
                status=Status.OPEN,
                ticket_no=event.ticket_no,
                customer_id=event.customer_id,
                contact_id=event.contact_id,
                plan_family=event.plan_family,
                language=event.language,
                received_at=event.received_at,
                details=event.details or NOTHING_MORE,
                places=1 if event.details is not None and event.details.place_id else 0,
            )
        case intake.TicketWaiting():
            return replace(
                ticket,
                status=Status.WAITING,
                waiting_for=event.waiting_for,
                waiting_clause=event.clause,
                answered_at=None,
            )
        case _ if type(event) in _STATUS_AFTER:
            return replace(ticket, status=_STATUS_AFTER[type(event)], waiting_for=None, waiting_clause=None)
        case intake.MailRequested():
            return _mail_requested(ticket, event)
        case intake.MailSent() | intake.MailBounced():
            return replace(ticket, unsent=tuple(mail for mail in ticket.unsent if mail != event.mail_id))
    return _told(ticket, event)


def _told(ticket: Ticket, event: Event) -> Ticket:
    """What was said, found or done on a request."""
    match event:
        case intake.TicketClassified() | intake.RequestDetailsRecorded() if event.details is not None:
            ticket = _said(ticket, event.details)
        case intake.MessageAdded():
            ticket = _message_added(ticket, event)
        case intake.AttachmentAdded():
            ticket = replace(ticket, attachments=ticket.attachments + 1)
        case intake.WorkRecorded():
            ticket = replace(ticket, work_entries=ticket.work_entries + 1)
        case intake.FaultIsolated():
            found = Isolation(event.asset_serial, event.part, event.isolated_at)
            same = ticket.isolation is not None and _unit(ticket.isolation) == _unit(found)
            under_way = ticket.under_way if same else None
            ticket = replace(ticket, isolation=found, answered_at=None, under_way=under_way)
        case intake.ShipmentNoted():
            left = UnderWay(event.shipment_id, event.clause) if event.under_way else None
            ticket = replace(ticket, under_way=left)
        case intake.ExpectationStated():
            ticket = replace(ticket, expectation=Expectation(event.counts_from, event.targets, event.replies))
    return ticket


def _said(ticket: Ticket, details: RequestDetails) -> Ticket:
    recorded = any(getattr(details, name) is not None for name in ANSWERS)
    return replace(
        ticket,
        details=ticket.details.updated(details),
        answered_at=None if recorded else ticket.answered_at,
        places=ticket.places + (details.place_id is not None),
    )


def _unit(isolation: Isolation) -> tuple[str, str | None]:
    return isolation.asset_serial, isolation.part


def _message_added(ticket: Ticket, event: intake.MessageAdded) -> Ticket:
    ticket = replace(ticket, messages=ticket.messages + 1)
    if event.direction == "outbound":
        return replace(ticket, answered_at=None)
    if ticket.waits_for_customer:
        return replace(ticket, answered_at=event.occurred_at, answered_clause=ticket.waiting_clause)
    return ticket


def _mail_requested(ticket: Ticket, event: intake.MailRequested) -> Ticket:
    """A mail that tells a visit's outcome also settles that visit; one that says it is held does not."""
    visit = event.parameters.get("visit_id")
    settles = visit is not None and event.template not in ("visit_held", "visit_to_agree")
    return replace(
        ticket,
        told=ticket.expectation if event.template == EXPECTED else ticket.told,
        mails=ticket.mails + 1,
        unsent=(*ticket.unsent, event.mail_id),
        settled_visits=(*ticket.settled_visits, visit) if settles and visit else ticket.settled_visits,
    )
