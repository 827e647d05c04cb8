"""What others' facts make of a request's visits. These answer with events, never with a refusal."""

from collections.abc import Callable
from datetime import datetime

from kippu_events.catalogue.dispatch import (
    RequestCloseNoted,
    RequestDeclineNoted,
    VisitBooked,
    VisitHeld,
    VisitRequested,
    VisitWithdrawn,
)
from kippu_events.catalogue.entitlement import CoverageDecided, VisitNeed
from kippu_events.event import Event

from kippu_dispatch.domain.visit import AGREED, Status, Visit, Visits, identity, visit_id_of

BY_TERMS = "terms"
"""Who booked a visit that the terms accept as asked for."""


def plan(visits: Visits, decided: CoverageDecided, decided_at: datetime) -> list[Event]:
    """What a coverage decision means for the request's visits: the latest decision stands, earlier ones' visits fall.

    A visit that is wanted as before stays as the dispatcher settled it; one that waits for him is asked for anew where
    something else is aimed at by now, so that he settles it by that. What was done by one is not asked for again. A
    decision that was taken before the request ended asks for nothing. What is asked for again after that is to be
    agreed on where its time has passed meanwhile.
    """
    need = decided.visit
    latest = visits.latest if visits.latest and visits.latest.is_open else None
    if need and visits.latest and visits.latest.status is Status.COMPLETED and _is_as_wanted(visits.latest, need):
        return []
    if need and latest and _is_as_wanted(latest, need) and (latest.status in AGREED or _has_its_aim(latest, need)):
        return []
    events: list[Event] = []
    if latest:
        events.append(_withdrawn(latest, "the request was decided anew", decided_at))
    if need and not (visits.ended_at and decided_at < visits.ended_at):
        passed = visits.ended_at is not None and need.wanted_at <= decided_at
        need = need.model_copy(update={"held": True, "to_agree": True}) if passed else need
        events.extend(_asked_for(need, decided, decided_at))
    return events


def _is_as_wanted(visit: Visit, need: VisitNeed) -> bool:
    wanted = (need.wanted_at, need.minutes, need.serial, need.part, need.area, need.skill)
    return (visit.wanted_at, visit.wanted_minutes, visit.serial, visit.part, visit.area, visit.skill) == wanted


def _has_its_aim(visit: Visit, need: VisitNeed) -> bool:
    """Whether the need has the visit's target, by whatever stretches its clock came there, in the same hours."""
    aims = [
        each and (each.kind, each.clause, each.bound, each.due_on, each.due_at) for each in (visit.target, need.target)
    ]
    return aims[0] == aims[1] and visit.service_hours == need.service_hours


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
        serial=need.serial,
        model=need.model,
        part=need.part,
        failed_part=need.failed_part,
        failed_part_clause=need.failed_part_clause,
        area=need.area,
        skill=need.skill,
        service_hours=need.service_hours,
        **common,
    )
    if need.held:
        held = VisitHeld(
            occurred_at=decided_at, clause=need.clause, to_agree=need.to_agree, target=need.target, **common
        )
        return [requested, held]
    booked = VisitBooked(
        occurred_at=decided_at, starts_at=need.wanted_at, minutes=need.minutes, booked_by=BY_TERMS, **common
    )
    return [requested, booked]


def note_decline(visits: Visits, ticket_no: str, customer_id: str, declined_at: datetime) -> list[Event]:
    """The request was declined: a visit that was asked for up to then is withdrawn, a later one is not."""
    noted = RequestDeclineNoted(
        occurred_at=declined_at, ticket_no=ticket_no, customer_id=customer_id, declined_at=declined_at
    )
    return [*_ended(visits, declined_at, "the request was declined", lambda _visit: True), noted]


def note_close(visits: Visits, ticket_no: str, customer_id: str, closed_at: datetime) -> list[Event]:
    """The request was closed: a visit that was asked for up to then is withdrawn, a later one is not. One whose
    time has come is under way, or was made and is still to be reported: it goes on."""
    noted = RequestCloseNoted(occurred_at=closed_at, ticket_no=ticket_no, customer_id=customer_id, closed_at=closed_at)
    to_come = _ended(
        visits,
        closed_at,
        "the request was closed",
        lambda visit: visit.status not in AGREED or visit.starts_at > closed_at,
    )
    return [*to_come, noted]


def _ended(visits: Visits, at: datetime, reason: str, falls: Callable[[Visit], bool]) -> list[Event]:
    visit = visits.latest
    if visit and visit.is_open and visits.decided_at and visits.decided_at <= at and falls(visit):
        return [_withdrawn(visit, reason, at, with_request=True)]
    return []


def _withdrawn(visit: Visit, reason: str, at: datetime, *, with_request: bool = False) -> VisitWithdrawn:
    agreed = visit.starts_at if visit.status in AGREED and visit.starts_at > at else None
    return VisitWithdrawn(occurred_at=at, reason=reason, starts_at=agreed, with_request=with_request, **identity(visit))
