"""Dispatch's events: visits at a wanted time.

Stream: `visits-{provider}-{ticket_no}` for everything about one request's visits, of which at most one is open. A
visit's id is `{ticket_no}.V{decision}`, after the coverage decision that needed it.
"""

from typing import Literal

from pydantic import AwareDatetime

from kippu_events.catalogue.fulfilment import Target
from kippu_events.catalogue.hours import ServiceHours
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
    serial: str | None = None
    """The unit that the work is on, where it is a repair."""
    model: str | None = None
    part: str | None = None
    """The part to bring, where it is known which one failed."""
    failed_part: Literal["taken_away", "handed_over"] | None = None
    """What becomes of the failed part."""
    failed_part_clause: str | None = None
    area: str | None = None
    """Where it is, by the plan's areas."""
    skill: str | None = None
    """What the engineer has to be able to do."""
    service_hours: ServiceHours | None = None
    """When the service is given, where it is not always."""


@dispatch
class VisitHeld(VisitEvent):
    """The dispatcher has to say whether somebody can be found (IIJ-09), or to agree on a time (QNP-08)."""

    clause: str
    to_agree: bool = False
    """True if no time was asked for, and one is to be agreed."""
    target: Target | None = None
    """What the agreed time is to fit."""


@dispatch
class VisitBooked(VisitEvent):
    starts_at: AwareDatetime
    minutes: int
    booked_by: str
    engineer_id: str | None = None
    """Who goes, where capacity is known; None if nobody is assigned (yet)."""
    without_engineer: bool = False
    """True if the dispatcher decided that nobody of the roster goes: a subcontractor, say."""


@dispatch
class VisitPostponed(VisitEvent):
    from_at: AwareDatetime
    to_at: AwareDatetime
    minutes: int
    clause: str
    reason: str
    postponed_by: str
    engineer_id: str | None = None
    """Who goes at the new time; whoever was to go before does not, unless named here."""
    without_engineer: bool = False


@dispatch
class VisitAssigned(VisitEvent):
    """The engineer goes at the agreed time, in place of whoever was to go before."""

    engineer_id: str
    assigned_by: str


@dispatch
class VisitUnassigned(VisitEvent):
    """The engineer cannot go after all; somebody else is to be found."""

    engineer_id: str
    reason: str


@dispatch
class VisitDeclined(VisitEvent):
    clause: str
    reason: str
    declined_by: str


@dispatch
class VisitCompleted(VisitEvent):
    completed_at: AwareDatetime


@dispatch
class PartHandedOver(VisitEvent):
    """The failed part stays with the customer, who owns it and disposes of it; none of it goes back (QNP-11)."""

    serial: str
    part: str
    clause: str


@dispatch
class UnitExchanged(VisitEvent):
    """The engineer put a unit, or a part, in the place of the defective one. It is the customer's from now on."""

    serial: str
    defective_serial: str
    """Of the unit; with `part`, of the one that the part was exchanged in."""
    part: str | None = None
    exchanged_at: AwareDatetime
    owner: Literal["customer", "provider"] | None = None
    """Whose the defective one is from now on, where the terms say (SVT-13, QNP-11)."""
    clause: str


@dispatch
class VisitWithdrawn(VisitEvent):
    """The request no longer needs the visit: it was decided or asked for anew, or has ended."""

    reason: str
    starts_at: AwareDatetime | None = None
    """The time to come that was agreed, if one was: nobody comes then."""
    with_request: bool = False
    """True if it fell because the request has ended."""


@dispatch
class RequestDeclineNoted(Event):
    """Intake declined the request: whatever was decided on it before `declined_at` needs no visit any more."""

    ticket_no: str
    customer_id: str
    declined_at: AwareDatetime


@dispatch
class RequestCloseNoted(Event):
    """The desk closed the request: whatever was decided on it before `closed_at` needs no visit any more that has not
    begun by then."""

    ticket_no: str
    customer_id: str
    closed_at: AwareDatetime
