"""A service at an appointment, from the booking to the work.

    requested ──(paid)── confirmed ──(the appointment comes)── blocked   while something is not prepared
        │                    └────────────────────────────────────┴───── completed
        └──(not paid by the last day)── void

What was paid by incidents is confirmed at once and never void (CWC-16). A payment that was confirmed in time counts,
though the news of it comes after the deadline. What is open can be cancelled: by the customer until the appointment,
unless its invoice is paid, and by the provider's people until the work is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Literal

from kippu_events.catalogue.bookings import (
    BookingAccepted,
    BookingBlocked,
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingPaidLate,
    BookingRequested,
    BookingVoided,
    ChecklistItemConfirmed,
    PointsAnswered,
    PointsDue,
    PointsMailed,
)
from kippu_events.event import Event
from kippu_terms.refusal import Fault, Refused

MAX_POINTS = 30
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)
_NO_DAY = date(9999, 12, 31)


class Status(StrEnum):
    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    VOID = "void"
    BLOCKED = "blocked"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


OPEN = (Status.REQUESTED, Status.CONFIRMED, Status.BLOCKED)


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be prepared. `met` is None until the customer has said."""

    item: str
    clause: str
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    booking_id: str = ""
    customer_id: str = ""
    contact_id: str = ""
    language: str = "en"
    status: Status = Status.REQUESTED
    paid_by: Literal["invoice", "incidents"] = "invoice"
    starts_at: datetime = _NEVER
    clause: str = ""
    void_at: datetime | None = None
    paid: bool = False
    points_clause: str = ""
    points_by: date = _NO_DAY
    points: int = 0
    """How many points the engineer asked last; 0 before."""
    points_mails: int = 0
    """How often points were asked."""
    answered: bool = False
    checklist: tuple[Item, ...] = ()

    @property
    def exists(self) -> bool:
        return bool(self.booking_id)

    @property
    def unmet(self) -> tuple[Item, ...]:
        return tuple(item for item in self.checklist if not item.met)


def stream_of(provider: str, booking_id: str) -> str:
    return f"booking-{provider}-{booking_id}"


def evolve(state: Booking, event: Event) -> Booking:
    if isinstance(event, BookingRequested):
        return _requested(event)
    changes: dict[str, Any] = {}
    match event:
        case BookingConfirmed():
            changes = {"status": Status.CONFIRMED, "paid": True}
        case BookingVoided():
            changes = {"status": Status.VOID}
        case BookingPaidLate():
            changes = {"paid": True}
        case PointsMailed():
            changes = {"points": len(event.points), "points_mails": event.number, "answered": False}
        case PointsAnswered():
            changes = {"answered": True}
        case ChecklistItemConfirmed():
            changes = {"checklist": _with_item(state.checklist, event.item, event.met)}
        case BookingBlocked():
            changes = {"status": Status.BLOCKED}
        case BookingCompleted():
            changes = {"status": Status.COMPLETED}
        case BookingCancelled():
            changes = {"status": Status.CANCELLED}
    return replace(state, **changes)


def _with_item(checklist: tuple[Item, ...], item: str, met: bool) -> tuple[Item, ...]:
    return tuple(replace(each, met=met) if each.item == item else each for each in checklist)


def _requested(event: BookingRequested) -> Booking:
    return Booking(
        booking_id=event.booking_id,
        customer_id=event.customer_id,
        contact_id=event.contact_id,
        language=event.language,
        paid_by=event.paid_by,
        starts_at=event.starts_at,
        clause=event.terms.clause,
        void_at=event.terms.void_at,
        points_clause=event.terms.points_clause,
        points_by=event.terms.points_by,
        checklist=tuple(Item(each.item, each.clause) for each in event.terms.to_prepare),
    )


def take(state: Booking, accepted: BookingAccepted, now: datetime) -> tuple[Event, ...]:
    """An accepted order; one that is paid by incidents is confirmed with it."""
    if state.exists:
        return ()
    fields = accepted.model_dump(include=set(BookingRequested.model_fields) - {"occurred_at"})
    requested = BookingRequested.model_validate({"occurred_at": now, **fields})
    if accepted.paid_by == "invoice":
        return (requested,)
    return requested, BookingConfirmed(
        occurred_at=now, booking_id=accepted.booking_id, customer_id=accepted.customer_id, payment="incidents"
    )


def pay(state: Booking, paid_on: date, confirmed_at: datetime, now: datetime) -> tuple[Event, ...]:
    """Its order was paid, as was on record at `confirmed_at`. Nothing for an order that is no booking, nor for one that
    was called off meanwhile: there is no work, and billing gives the payment back."""
    if not state.exists or state.paid or state.status is Status.CANCELLED:
        return ()
    if state.void_at is None or confirmed_at < state.void_at:
        confirmed = BookingConfirmed(occurred_at=now, payment="invoice", paid_on=paid_on, **_identity(state))
        return (confirmed,)
    return (*void(state, now), _paid_late(state, paid_on, now))


def pay_late(state: Booking, paid_on: date, now: datetime) -> tuple[Event, ...]:
    """Its invoice was taken back before its payment came. Nothing where it was called off, or is no booking."""
    if state.status is not Status.VOID or state.paid:
        return ()
    return (_paid_late(state, paid_on, now),)


def _paid_late(state: Booking, paid_on: date, now: datetime) -> BookingPaidLate:
    return BookingPaidLate(occurred_at=now, paid_on=paid_on, **_identity(state))


def void(state: Booking, now: datetime) -> tuple[BookingVoided, ...]:
    """Its last day of payment has ended; nothing for what is paid (CWC-16)."""
    if state.status is not Status.REQUESTED or state.void_at is None:
        return ()
    return (
        BookingVoided(
            occurred_at=now,
            contact_id=state.contact_id,
            language=state.language,
            clause=state.clause,
            void_at=state.void_at,
            starts_at=state.starts_at,
            **_identity(state),
        ),
    )


def mail_points(state: Booking, points: Sequence[str], by: str, now: datetime) -> PointsMailed:
    """What the engineer has to know before the work (CWC-17); asked again, it replaces what was asked before."""
    _require(state, OPEN)
    return PointsMailed(
        occurred_at=now,
        contact_id=state.contact_id,
        language=state.language,
        points=tuple(points),
        points_by=state.points_by,
        starts_at=state.starts_at,
        mailed_by=by,
        clause=state.points_clause,
        number=state.points_mails + 1,
        **_identity(state),
    )


def answer_points(state: Booking, answers: Sequence[str], by: str, now: datetime) -> PointsAnswered:
    """An answer to each point that was asked, in the same order."""
    faults = []
    if len(answers) != state.points:
        message = f"{state.points} points were asked, and {len(answers)} are answered"
        faults.append(Fault("booking.answers", message, "answers", state.points_clause))
    _require(state, OPEN, *faults)
    return PointsAnswered(occurred_at=now, answers=tuple(answers), answered_by=by, **_identity(state))


def points_due(state: Booking, now: datetime) -> tuple[Event, ...]:
    """Their last day has ended; nothing if they are answered, or there will be no work."""
    if state.status not in OPEN or (state.points and state.answered):
        return ()
    return (
        PointsDue(
            occurred_at=now,
            missing="answers" if state.points else "points",
            clause=state.points_clause,
            **_identity(state),
        ),
    )


def confirm_item(state: Booking, item: str, met: bool, by: str, now: datetime) -> ChecklistItemConfirmed:
    """The customer says whether something is prepared (CWC-19)."""
    faults = []
    if item not in {each.item for each in state.checklist}:
        asked = ", ".join(each.item for each in state.checklist) or "nothing"
        faults.append(Fault("booking.item", f"there is no such item; to be prepared is {asked}", "item"))
    _require(state, OPEN, *faults)
    return ChecklistItemConfirmed(occurred_at=now, item=item, met=met, confirmed_by=by, **_identity(state))


def begin(state: Booking, now: datetime) -> tuple[Event, ...]:
    """The appointment has come; what is not prepared blocks the work (CWC-19)."""
    if state.status is not Status.CONFIRMED or not state.unmet:
        return ()
    return (
        BookingBlocked(
            occurred_at=now,
            unmet=tuple(each.item for each in state.unmet),
            clauses=tuple(sorted({each.clause for each in state.unmet})),
            **_identity(state),
        ),
    )


def complete(state: Booking, completed_at: datetime, now: datetime) -> BookingCompleted:
    """The work is done: not before its appointment, nor while something is not prepared."""
    faults = [
        Fault("booking.unprepared", f"{each.item} is not prepared: it blocks the work", None, each.clause)
        for each in state.unmet
    ]
    if state.status in (Status.CONFIRMED, Status.BLOCKED) and faults:
        raise Refused(*faults, kind="conflict")
    wrong = []
    if completed_at > now:
        message = f"the work is complete when it has ended; it is {now.isoformat()} now"
        wrong.append(Fault("booking.completed_at.future", message, "completed_at"))
    if completed_at <= state.starts_at:
        message = f"the work ends after its appointment, {state.starts_at.isoformat()}"
        wrong.append(Fault("booking.completed_at.before_start", message, "completed_at"))
    _require(state, (Status.CONFIRMED, Status.BLOCKED), *wrong)
    return BookingCompleted(occurred_at=now, completed_at=completed_at, **_identity(state))


def cancel(state: Booking, reason: str, by: str, now: datetime, *, staff: bool) -> BookingCancelled:
    """There will be no work: what pays for it goes back. The terms are silent on this: our reading."""
    faults = []
    if not staff and now >= state.starts_at:
        faults.append(Fault("booking.begun", "the appointment has come; the provider's people cancel it", None))
    if not staff and state.paid and state.paid_by == "invoice":
        message = "its invoice is paid; the provider's people cancel it, and give the payment back"
        faults.append(Fault("booking.paid", message, None, state.clause))
    _require(state, OPEN)
    if faults:
        raise Refused(*faults, kind="conflict")
    return _cancelled(state, reason, by, now)


def note_decline(state: Booking, now: datetime) -> tuple[BookingCancelled, ...]:
    """Its request was declined: it falls with that, and what paid it goes back."""
    if state.status not in OPEN:
        return ()
    return (_cancelled(state, "the request was declined", "entitlement", now, with_request=True),)


def _cancelled(state: Booking, reason: str, by: str, now: datetime, *, with_request: bool = False) -> BookingCancelled:
    return BookingCancelled(
        occurred_at=now,
        contact_id=state.contact_id,
        language=state.language,
        starts_at=state.starts_at,
        paid_by=state.paid_by,
        reason=reason,
        cancelled_by=by,
        with_request=with_request,
        **_identity(state),
    )


def _require(state: Booking, allowed: Sequence[Status], *faults: Fault) -> None:
    """Refuses with every fault; one of the state makes it a conflict."""
    if state.status not in allowed:
        message = f"the booking is {state.status}; this needs one that is {' or '.join(allowed)}"
        raise Refused(Fault(f"booking.{state.status}", message, None, state.clause), *faults, kind="conflict")
    if faults:
        raise Refused(*faults)


def _identity(state: Booking) -> dict[str, str]:
    return {"booking_id": state.booking_id, "customer_id": state.customer_id}
