"""Services at an appointment: accepted by entitlement as an order, followed by dispatch until the work is done.

Streams: entitlement records `BookingAccepted` on the order's own stream; dispatch's are
`booking-{provider}-{booking_id}`. A booking's id is its order's.
"""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from kippu_events.catalogue.dispatch import dispatch
from kippu_events.catalogue.entitlement import entitlement
from kippu_events.catalogue.values import Allocation
from kippu_events.event import Event, Value


class ToPrepare(Value):
    """What the customer prepares for the work; while it is not, the work is blocked."""

    item: str
    clause: str
    name: dict[str, str]
    """By language."""


class BookingTerms(Value):
    """What the plan said of the booking when it was made. Days are local, both instants the ends of such days."""

    clause: str
    pay_by: date | None = None
    """None for what is paid by incidents."""
    void_at: AwareDatetime | None = None
    """Unpaid, it is void from this instant on."""
    points_clause: str
    points_by: date
    points_due_at: AwareDatetime
    to_prepare: tuple[ToPrepare, ...] = ()


class BookingEvent(Event):
    booking_id: str
    customer_id: str


class _Booked(BookingEvent):
    contact_id: str
    language: str = "en"
    """In which the contact is written to."""
    product: str
    name: dict[str, str]
    """The service's, by language."""
    starts_at: AwareDatetime
    minutes: int
    paid_by: Literal["invoice", "incidents"]
    terms: BookingTerms
    time_zone: str
    ticket_no: str | None = None
    """The request that it is for, where there is one."""
    units: int = 0
    """The incidents that it is paid by; 0 by invoice."""


@entitlement
class BookingAccepted(_Booked):
    """The order of a service at an appointment keeps to the terms; nothing is confirmed before it is paid.

    The incidents that pay it are debited in the same append, for the instant of the appointment.
    """

    plan_family: str
    plan_version: str
    allocations: tuple[Allocation, ...] = ()
    """The lots that its incidents were taken from."""


@entitlement
class BookingNoted(BookingEvent):
    """On the case of the request that a booking is for. Noted anew when `units` changes.

    Work that begins from `begins_at` until before `ends_at` is paid by the booking's units first; one that is invoiced
    has none, and falls with its request all the same.
    """

    ticket_no: str
    units: int
    begins_at: AwareDatetime
    ends_at: AwareDatetime


@entitlement
class BookingSettled(BookingEvent):
    """What of the incidents that paid a booking was used. The rest went back to the lots that it came from, in the same
    append. Of one that is invoiced, only that its request was declined."""

    used: int
    given_back: int
    reason: Literal["completed", "cancelled", "declined"]


@dispatch
class BookingRequested(_Booked):
    """The appointment is kept free until `terms.void_at`."""


@dispatch
class BookingConfirmed(BookingEvent):
    """It is paid, by its invoice or by incidents, which were debited as it was accepted."""

    payment: Literal["invoice", "incidents"]
    paid_on: date | None = None


@dispatch
class BookingVoided(BookingEvent):
    """Nobody paid in time: it has to be made again. Written by a deadline."""

    contact_id: str
    language: str = "en"
    clause: str
    void_at: AwareDatetime
    starts_at: AwareDatetime


@dispatch
class BookingCancelled(BookingEvent):
    """Somebody called it off before the work was done: there will be none."""

    contact_id: str
    language: str = "en"
    starts_at: AwareDatetime
    paid_by: Literal["invoice", "incidents"] = "invoice"
    reason: str
    cancelled_by: str
    with_request: bool = False
    """True if it fell with the request that it was for; else `reason` is in somebody's own words."""


@dispatch
class BookingPaidLate(BookingEvent):
    """The payment of a booking that was void by then. Billing pays it back; the booking is to be made again."""

    paid_on: date


@dispatch
class PointsMailed(BookingEvent):
    """The engineer asks the customer what has to be known before the work."""

    contact_id: str
    language: str = "en"
    points: tuple[str, ...]
    points_by: date
    starts_at: AwareDatetime
    mailed_by: str
    clause: str
    number: int
    """Counts the mails with points from 1."""


@dispatch
class PointsAnswered(BookingEvent):
    answers: tuple[str, ...]
    answered_by: str


@dispatch
class PointsDue(BookingEvent):
    """Their last day has ended, and the points were not mailed, or not answered. Written by a deadline."""

    missing: Literal["points", "answers"]
    clause: str


@dispatch
class ChecklistItemConfirmed(BookingEvent):
    """The customer says whether something is prepared."""

    item: str
    met: bool
    confirmed_by: str


@dispatch
class BookingBlocked(BookingEvent):
    """The appointment has come, and what the customer prepares is not ready. Written by a deadline."""

    unmet: tuple[str, ...]
    clauses: tuple[str, ...]


@dispatch
class BookingCompleted(BookingEvent):
    completed_at: AwareDatetime
