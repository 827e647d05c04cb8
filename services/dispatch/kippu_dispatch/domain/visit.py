"""The visits of one request: asked for by a coverage decision, held or booked by the terms, settled by the dispatcher.

    (decision) ─┬─ held ──┬─ booked ──┬─ completed
                │         ├─ declined │
                └─ booked └─ postponed┘      any open visit: postponed (again), or withdrawn by a later decision
                                           or the end of its request

Work outside business hours that is announced less than 5 days ahead may be declined or postponed (IIJ-09); which visits
those are is decided with the coverage, here they arrive as held. So does work on site for which no time was asked: one
is to be agreed.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from kippu_events.catalogue.dispatch import (
    PartHandedOver,
    RequestCloseNoted,
    RequestDeclineNoted,
    UnitExchanged,
    VisitAssigned,
    VisitBooked,
    VisitCompleted,
    VisitDeclined,
    VisitEvent,
    VisitHeld,
    VisitPostponed,
    VisitRequested,
    VisitUnassigned,
    VisitWithdrawn,
)
from kippu_events.catalogue.fulfilment import Target
from kippu_events.catalogue.hours import ServiceHours
from kippu_events.event import Event


class Status(StrEnum):
    REQUESTED = "requested"
    HELD = "held"
    BOOKED = "booked"
    POSTPONED = "postponed"
    DECLINED = "declined"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


IN_WORDS = {status: status.value for status in Status} | {Status.HELD: "held for the dispatcher"}
"""As the dispatcher is told."""
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
    serial: str | None = None
    """The unit that the work is on, where it is a repair."""
    part: str | None = None
    not_before: datetime | None = None
    """The first instant that can be agreed on, where the terms say from when on somebody comes (QNP-08)."""
    failed_part: Literal["taken_away", "handed_over"] | None = None
    """What becomes of what failed; None where the terms do not say."""
    failed_part_clause: str | None = None
    area: str | None = None
    skill: str | None = None
    service_hours: ServiceHours | None = None
    target: Target | None = None
    """What is aimed at, without the stretches of its clock."""
    engineer_id: str | None = None
    """Who goes."""

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
    ended_at: datetime | None = None
    """When intake last declined or closed the request."""


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
            return replace(visits, ended_at=event.declined_at)
        case RequestCloseNoted():
            return replace(visits, ended_at=event.closed_at)
        case PartHandedOver() | UnitExchanged():
            return visits
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
        serial=event.serial,
        part=event.part,
        not_before=not_before(event.target),
        failed_part=event.failed_part,
        failed_part_clause=event.failed_part_clause,
        area=event.area,
        skill=event.skill,
        service_hours=event.service_hours,
        target=event.target.model_copy(update={"stretches": ()}) if event.target else None,
    )


def not_before(target: Target | None) -> datetime | None:
    """The first instant that can be agreed on, where the terms only say from when on somebody comes."""
    return target.due_at if target and target.bound == "from" else None


_BECOMES: dict[type[Event], Status] = {
    VisitHeld: Status.HELD,
    VisitDeclined: Status.DECLINED,
    VisitCompleted: Status.COMPLETED,
    VisitWithdrawn: Status.WITHDRAWN,
}


def _evolve_visit(visit: Visit, event: VisitEvent) -> Visit:
    match event:
        case VisitBooked():
            agreed = replace(visit, status=Status.BOOKED, starts_at=event.starts_at, minutes=event.minutes)
            return replace(agreed, engineer_id=event.engineer_id)
        case VisitPostponed():
            agreed = replace(visit, status=Status.POSTPONED, starts_at=event.to_at, minutes=event.minutes)
            return replace(agreed, engineer_id=event.engineer_id)
        case VisitAssigned():
            return replace(visit, engineer_id=event.engineer_id)
        case VisitUnassigned():
            return replace(visit, engineer_id=None)
    return replace(visit, status=_BECOMES[type(event)])


def identity(visit: Visit) -> dict[str, str]:
    """The fields that every event of a visit has."""
    return {"visit_id": visit.visit_id, "ticket_no": visit.ticket_no, "customer_id": visit.customer_id}
