"""Who goes: whatever happens to a visit engages or releases an engineer, in the same append.

With a roster, nobody is engaged who cannot go, and nobody for two visits at once. Without one, everything else works.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kippu_events.catalogue.capacity import EngineerEngaged, EngineerReleased
from kippu_events.catalogue.dispatch import (
    VisitAssigned,
    VisitBooked,
    VisitCompleted,
    VisitDeclined,
    VisitPostponed,
    VisitUnassigned,
    VisitWithdrawn,
)
from kippu_events.event import Event
from kippu_terms.refusal import Fault, Refused

from kippu_dispatch.domain import capacity as roster
from kippu_dispatch.domain import visit as visits_of_request
from kippu_dispatch.domain.availability import (
    LOOKED_AHEAD,
    Job,
    Reason,
    candidates,
    is_late,
    job_of,
    next_free,
    why_not,
)
from kippu_dispatch.domain.capacity import Capacity, Engagement
from kippu_dispatch.domain.visit import Visit, Visits

IN_WORDS: dict[Reason, str] = {
    "area": "does not go to {area}",
    "skill": "lacks the skill {skill}",
    "hours": "does not work all of that time",
    "holiday": "does not work on the public holiday",
    "engaged": "is engaged for another visit at that time",
}
ROSTER_CHANGED = "the roster was changed, and the engineer cannot go"


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom the dispatcher sends: this one; somebody who fits, where no id is given; or nobody of the roster."""

    engineer_id: str | None = None
    without_engineer: bool = False


@dataclass(frozen=True, slots=True)
class Staffed:
    """What is recorded about the request's visits, and about capacity."""

    visits: tuple[Event, ...]
    capacity: tuple[Event, ...]


def staff(visits: Visits, capacity: Capacity, events: Sequence[Event], choice: Choice | None) -> Staffed:
    """What becomes of engineers with these events of a request's visits, which are to follow on `visits`.

    Without a choice (nobody asked), whoever fits goes, and a visit that nobody fits stays unassigned. With one, raises
    Refused if the one who was chosen, or everybody, cannot go.
    """
    if choice is not None:
        _check(choice, capacity)
    recorded: list[Event] = []
    engaged: list[Event] = []
    for event in events:
        visits, said = visits_of_request.evolve(visits, event), event
        if visits.latest is not None:
            said, follows = _follow(visits.latest, capacity, event, choice)
            for each in follows:
                capacity = roster.evolve(capacity, each)
            engaged += follows
        recorded.append(said)
    return Staffed(tuple(recorded), tuple(engaged))


def _check(choice: Choice, capacity: Capacity) -> None:
    """Raises Refused for a choice that contradicts itself, or of somebody who is not there."""
    faults = []
    if choice.engineer_id is not None and choice.without_engineer:
        message = "name an engineer, or say that nobody of the roster goes"
        faults.append(Fault("visit.engineer.contradiction", message, "without_engineer"))
    if choice.engineer_id is not None and capacity.find(choice.engineer_id) is None:
        message = f"there is no engineer {choice.engineer_id} on the roster"
        faults.append(Fault("visit.engineer.unknown", message, "engineer_id"))
    if faults:
        raise Refused(*faults)


def _follow(visit: Visit, capacity: Capacity, event: Event, choice: Choice | None) -> tuple[Event, list[Event]]:
    """The event, saying who goes, and what it means for capacity. `visit` is as it is after the event."""
    match event:
        case VisitBooked() | VisitPostponed():
            engineer_id = _choose(visit, capacity, choice)
            without = choice is not None and choice.without_engineer
            said = event.model_copy(update={"engineer_id": engineer_id, "without_engineer": without})
            return said, _moved(visit, capacity, engineer_id, event.occurred_at)
        case VisitAssigned():
            _choose(visit, capacity, Choice(event.engineer_id))
            return event, _moved(visit, capacity, event.engineer_id, event.occurred_at)
        case VisitDeclined() | VisitCompleted() | VisitWithdrawn():
            return event, _moved(visit, capacity, None, event.occurred_at)
    return event, []


def _choose(visit: Visit, capacity: Capacity, choice: Choice | None) -> str | None:
    """The one who goes; None where nobody of the roster does, or nobody who was not asked for fits."""
    if not capacity.is_known or (choice is not None and choice.without_engineer):
        return None
    job = job_of(visit)
    asked = choice.engineer_id if choice else None
    found = [each for each in candidates(capacity, job) if asked in (None, each.engineer_id)]
    if found and not found[0].reasons:
        return found[0].engineer_id
    if choice is None:
        return None
    reasons = [
        Fault(f"capacity.{reason}", f"{each.engineer_id} {_in_words(reason, job)}")
        for each in found
        for reason in each.reasons
    ]
    raise Refused(_cannot(asked, visit, capacity, job), *reasons, kind="conflict")


def _cannot(asked: str | None, visit: Visit, capacity: Capacity, job: Job) -> Fault:
    """With the next time at which anybody on the roster is free."""
    free = next_free(capacity, job, job.starts_at)
    if free is None:
        then = f"and nobody is free in the {LOOKED_AHEAD.days} days from then on"
    else:
        late = ", later than the target" if is_late(visit.target, free[0]) else ""
        then = f"the next free time is {free[0].isoformat()} ({free[1]}{late})"
    who = f"{asked} cannot" if asked else "nobody can"
    message = f"{who} go at {job.starts_at.isoformat()}: {then}"
    return Fault("capacity.cannot_go" if asked else "capacity.none", message, None, visit.clause)


def _in_words(reason: Reason, job: Job) -> str:
    return IN_WORDS[reason].format(area=job.area, skill=job.skill)


def _moved(visit: Visit, capacity: Capacity, engineer_id: str | None, at: datetime) -> list[Event]:
    """Whoever was engaged for the visit is released, and the one who goes now is engaged."""
    events: list[Event] = []
    former = capacity.engagement_for(visit.visit_id)
    if former is not None:
        events.append(_released(former, at))
    if engineer_id is not None:
        job = job_of(visit)
        engaged = EngineerEngaged(
            occurred_at=at,
            engineer_id=engineer_id,
            visit_id=visit.visit_id,
            customer_id=visit.customer_id,
            starts_at=job.starts_at,
            ends_at=job.ends_at,
            area=visit.area,
            skill=visit.skill,
            calendar_version=capacity.holidays.version if capacity.holidays else None,
        )
        events.append(engaged)
    return events


def _released(engagement: Engagement, at: datetime) -> EngineerReleased:
    return EngineerReleased(
        occurred_at=at,
        engineer_id=engagement.engineer_id,
        visit_id=engagement.visit_id,
        customer_id=engagement.customer_id,
    )


def no_longer_fitting(capacity: Capacity, now: datetime) -> tuple[Engagement, ...]:
    """The engagements to come that the roster, as it is now, does not allow: somebody else is to be found for them."""
    return tuple(each for each in capacity.engagements if each.starts_at > now and not _fits(capacity, each))


def _fits(capacity: Capacity, engagement: Engagement) -> bool:
    engineer = capacity.find(engagement.engineer_id)
    job = Job(engagement.visit_id, engagement.area, engagement.skill, engagement.starts_at, engagement.ends_at)
    return engineer is not None and not why_not(capacity, engineer, job)


def unassign(visits: Visits, engagement: Engagement, now: datetime) -> tuple[VisitUnassigned, EngineerReleased]:
    """The engineer of the request's latest visit cannot go after all."""
    visit = visits.latest
    if visit is None or visit.visit_id != engagement.visit_id:
        raise AssertionError(f"{engagement.visit_id} has an engineer, and is not the latest visit of its request")
    unassigned = VisitUnassigned(
        occurred_at=now,
        engineer_id=engagement.engineer_id,
        reason=ROSTER_CHANGED,
        **visits_of_request.identity(visit),
    )
    return unassigned, _released(engagement, now)
