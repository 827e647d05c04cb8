"""The visits of one request: asked for by a coverage decision, held or booked by the terms, settled by the dispatcher.

    (decision) ─┬─ held ──┬─ booked ──┬─ completed
                │         ├─ declined │
                └─ booked └─ postponed┘      any open visit: postponed (again), or withdrawn by a later decision

Work outside business hours that is announced less than 5 days ahead may be declined or postponed (IIJ-09); which visits
those are is decided with the coverage, here they arrive as held.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from kippu_events.catalogue.dispatch import (
    RequestDeclineNoted,
    VisitBooked,
    VisitCompleted,
    VisitDeclined,
    VisitEvent,
    VisitHeld,
    VisitPostponed,
    VisitRequested,
    VisitWithdrawn,
)
from kippu_events.catalogue.entitlement import CoverageDecided, VisitNeed
from kippu_events.event import Event
from kippu_terms.refusal import Fault, Refused

BY_TERMS = "terms"
"""Who booked a visit that the terms accept as asked for."""


class Status(StrEnum):
    REQUESTED = "requested"
    HELD = "held"
    BOOKED = "booked"
    POSTPONED = "postponed"
    DECLINED = "declined"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


OPEN = (Status.REQUESTED, Status.HELD, Status.BOOKED, Status.POSTPONED)
AGREED = (Status.BOOKED, Status.POSTPONED)
"""A time is agreed; somebody will come."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit. `starts_at` is the wanted time until another is agreed."""

    visit_id: str
    ticket_no: str
    customer_id: str
    status: Status
    wanted_at: datetime
    wanted_minutes: int
    starts_at: datetime
    minutes: int
    clause: str

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


@dataclass(frozen=True, slots=True)
class Visits:
    """The visits of one request: the latest, and the ids of those before it. At most the latest is open."""

    latest: Visit | None = None
    earlier: tuple[str, ...] = ()
    decided_at: datetime | None = None
    """When the decision that needed the latest visit was recorded."""
    declined_at: datetime | None = None
    """When intake last declined the request."""


def visit_id_of(ticket_no: str, decision: int) -> str:
    return f"{ticket_no}.V{decision}"


def ticket_of(visit_id: str) -> str:
    """The ticket number in a visit's id; empty, which no ticket's is, where there is none."""
    return visit_id.rpartition(".V")[0]


def stream_of(provider: str, ticket_no: str) -> str:
    return f"visits-{provider}-{ticket_no}"


def evolve(visits: Visits, event: Event) -> Visits:
    match event:
        case VisitRequested():
            earlier = (*visits.earlier, visits.latest.visit_id) if visits.latest else ()
            return replace(visits, latest=_requested(event), earlier=earlier, decided_at=event.occurred_at)
        case RequestDeclineNoted():
            return replace(visits, declined_at=event.declined_at)
    if not isinstance(event, VisitEvent) or visits.latest is None or visits.latest.visit_id != event.visit_id:
        raise AssertionError(f"{event.type} does not belong to the latest visit of its request")
    return replace(visits, latest=_evolve_visit(visits.latest, event))


def _requested(event: VisitRequested) -> Visit:
    return Visit(
        visit_id=event.visit_id,
        ticket_no=event.ticket_no,
        customer_id=event.customer_id,
        status=Status.REQUESTED,
        wanted_at=event.wanted_at,
        wanted_minutes=event.minutes,
        starts_at=event.wanted_at,
        minutes=event.minutes,
        clause=event.clause,
    )


def _evolve_visit(visit: Visit, event: VisitEvent) -> Visit:
    match event:
        case VisitHeld():
            return replace(visit, status=Status.HELD)
        case VisitBooked():
            return replace(visit, status=Status.BOOKED, starts_at=event.starts_at, minutes=event.minutes)
        case VisitPostponed():
            return replace(visit, status=Status.POSTPONED, starts_at=event.to_at, minutes=event.minutes)
        case VisitDeclined():
            return replace(visit, status=Status.DECLINED)
        case VisitCompleted():
            return replace(visit, status=Status.COMPLETED)
        case VisitWithdrawn():
            return replace(visit, status=Status.WITHDRAWN)
    raise AssertionError(f"{event.type} is no event of a visit")


# What the service makes of others' facts. These answer with events, never with a refusal.


def plan(visits: Visits, decided: CoverageDecided, decided_at: datetime) -> list[Event]:
    """What a coverage decision means for the request's visits: the latest decision stands, earlier ones' visits fall.

    A visit that is wanted as before stays as the dispatcher settled it. A decision that was taken before the request
    was declined (the two come from different logs, in any order) asks for nothing.
    """
    need = decided.visit
    latest = visits.latest if visits.latest and visits.latest.is_open else None
    if need and latest and (latest.wanted_at, latest.wanted_minutes) == (need.wanted_at, need.minutes):
        return []
    events: list[Event] = []
    if latest:
        events.append(_withdrawn(latest, "the request was decided anew", decided_at))
    if need and not (visits.declined_at and decided_at < visits.declined_at):
        events.extend(_asked_for(need, decided, decided_at))
    return events


def _asked_for(need: VisitNeed, decided: CoverageDecided, decided_at: datetime) -> list[Event]:
    visit_id = visit_id_of(decided.ticket_no, decided.decision)
    common = {"visit_id": visit_id, "ticket_no": decided.ticket_no, "customer_id": decided.customer_id}
    requested = VisitRequested(
        occurred_at=decided_at,
        wanted_at=need.wanted_at,
        minutes=need.minutes,
        notice_days=need.notice_days,
        clause=need.clause,
        target=need.target,
        **common,
    )
    if need.held:
        return [requested, VisitHeld(occurred_at=decided_at, clause=need.clause, **common)]
    booked = VisitBooked(
        occurred_at=decided_at, starts_at=need.wanted_at, minutes=need.minutes, booked_by=BY_TERMS, **common
    )
    return [requested, booked]


def note_decline(visits: Visits, ticket_no: str, customer_id: str, declined_at: datetime) -> list[Event]:
    """Intake declined the request: a visit that was asked for up to then is withdrawn, a later one is not."""
    noted = RequestDeclineNoted(
        occurred_at=declined_at, ticket_no=ticket_no, customer_id=customer_id, declined_at=declined_at
    )
    if visits.latest and visits.latest.is_open and visits.decided_at and visits.decided_at <= declined_at:
        return [_withdrawn(visits.latest, "the request was declined", declined_at), noted]
    return [noted]


def _withdrawn(visit: Visit, reason: str, at: datetime) -> VisitWithdrawn:
    return VisitWithdrawn(occurred_at=at, reason=reason, **_identity(visit))


# What the dispatcher says. Each names every fault at once.


def book(visits: Visits, visit_id: str, by: str, now: datetime) -> VisitBooked:
    """Somebody was found for the wanted time."""
    visit = _find(visits, visit_id)
    faults = []
    if visit.starts_at <= now:
        faults.append(Fault("visit.past", "the wanted time has passed: postpone or decline the visit", None))
    _require(visit, (Status.HELD,), faults)
    return VisitBooked(
        occurred_at=now, starts_at=visit.starts_at, minutes=visit.minutes, booked_by=by, **_identity(visit)
    )


def postpone(
    visits: Visits, visit_id: str, to_at: datetime, minutes: int | None, reason: str, by: str, now: datetime
) -> VisitPostponed:
    """Another, later time; as often as needed. `minutes` stays as it was where it is None."""
    visit = _find(visits, visit_id)
    faults = []
    if to_at <= now:
        faults.append(Fault("visit.to_at.past", f"the new time must be later than now, {now.isoformat()}", "to_at"))
    if to_at <= visit.starts_at:
        message = f"the new time must be later than the present one, {visit.starts_at.isoformat()}"
        faults.append(Fault("visit.to_at.not_later", message, "to_at"))
    if minutes is not None and minutes < 1:
        faults.append(Fault("visit.minutes.too_few", "a visit takes at least 1 minute", "minutes"))
    faults.extend(_reason_faults(reason))
    _require(visit, (Status.HELD, Status.BOOKED, Status.POSTPONED), faults)
    return VisitPostponed(
        occurred_at=now,
        from_at=visit.starts_at,
        to_at=to_at,
        minutes=minutes or visit.minutes,
        clause=visit.clause,
        reason=reason,
        postponed_by=by,
        **_identity(visit),
    )


def decline(visits: Visits, visit_id: str, reason: str, by: str, now: datetime) -> VisitDeclined:
    """Nobody can be found, and no other time is agreed (IIJ-09). What is booked already is kept or postponed."""
    visit = _find(visits, visit_id)
    _require(visit, (Status.HELD,), _reason_faults(reason))
    return VisitDeclined(occurred_at=now, clause=visit.clause, reason=reason, declined_by=by, **_identity(visit))


def complete(visits: Visits, visit_id: str, completed_at: datetime, now: datetime) -> VisitCompleted:
    """The work is done. `completed_at` is when it ended, so after its start and not in the future."""
    visit = _find(visits, visit_id)
    faults = []
    if completed_at > now:
        message = f"a visit is complete when it has ended; it is {now.isoformat()} now"
        faults.append(Fault("visit.completed_at.future", message, "completed_at"))
    if completed_at <= visit.starts_at:
        message = f"a visit ends after its start, {visit.starts_at.isoformat()}"
        faults.append(Fault("visit.completed_at.before_start", message, "completed_at"))
    _require(visit, AGREED, faults)
    return VisitCompleted(occurred_at=now, completed_at=completed_at, **_identity(visit))


def _find(visits: Visits, visit_id: str) -> Visit:
    """The latest visit. One before it exists, and can no longer be changed; any other does not exist."""
    if visits.latest and visits.latest.visit_id == visit_id:
        return visits.latest
    if visit_id in visits.earlier:
        raise Refused(Fault("visit.replaced", "a later decision replaced this visit"), kind="conflict")
    raise Refused(Fault("visit.unknown", f"there is no visit {visit_id}"), kind="not_found")


def _require(visit: Visit, allowed: Sequence[Status], faults: Sequence[Fault]) -> None:
    """Refuses with every fault; one of the state makes it a conflict."""
    if visit.status not in allowed:
        states = " or ".join(allowed)
        fault = Fault(
            f"visit.{visit.status}", f"the visit is {visit.status}; this needs one that is {states}", None, visit.clause
        )
        raise Refused(fault, *faults, kind="conflict")
    if faults:
        raise Refused(*faults)


def _reason_faults(reason: str) -> list[Fault]:
    return [] if reason.strip() else [Fault("visit.reason.empty", "the customer is told the reason", "reason")]


def _identity(visit: Visit) -> dict[str, str]:
    return {"visit_id": visit.visit_id, "ticket_no": visit.ticket_no, "customer_id": visit.customer_id}
