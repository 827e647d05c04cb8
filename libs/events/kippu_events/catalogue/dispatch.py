"""Dispatch's events: visits at a wanted time.

Stream: `visits-{provider}-{ticket_no}` for everything about one request's visits, of which at most one is open. A
visit's id is `{ticket_no}.V{decision}`, after the coverage decision that needed it.
"""

from pydantic import AwareDatetime

from kippu_events.catalogue.fulfilment import Target
from kippu_events.event import Event, published_by

dispatch = published_by("dispatch")


class VisitEvent(Event):
    visit_id: str
    ticket_no: str
    customer_id: str


@dispatch
class VisitRequested(VisitEvent):
    wanted_at: AwareDatetime
    minutes: int
    notice_days: int
    clause: str
    target: Target | None = None


@dispatch
class VisitHeld(VisitEvent):
    """The dispatcher has to say whether somebody can be found (IIJ-09)."""

    clause: str


@dispatch
class VisitBooked(VisitEvent):
    starts_at: AwareDatetime
    minutes: int
    booked_by: str


@dispatch
class VisitPostponed(VisitEvent):
    from_at: AwareDatetime
    to_at: AwareDatetime
    minutes: int
    clause: str
    reason: str
    postponed_by: str


@dispatch
class VisitDeclined(VisitEvent):
    clause: str
    reason: str
    declined_by: str


@dispatch
class VisitCompleted(VisitEvent):
    completed_at: AwareDatetime


@dispatch
class VisitWithdrawn(VisitEvent):
    """The request no longer needs the visit: it was decided or asked for anew."""

    reason: str


@dispatch
class RequestDeclineNoted(Event):
    """Intake declined the request: whatever was decided on it before `declined_at` needs no visit any more."""

    ticket_no: str
    customer_id: str
    declined_at: AwareDatetime
