"""Who works where, on what and when, and which visits they are engaged for: one stream a provider.

A roster without engineers is none: then nobody is engaged, and the dispatcher books as he finds right.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from kippu_events.catalogue.capacity import CapacitySet, EngineerEngaged, EngineerReleased, EngineerRostered
from kippu_events.catalogue.hours import DateException, WeeklyShift
from kippu_events.event import Event
from kippu_terms.calendar import BusinessCalendar, public_holidays
from kippu_terms.dates import local_date, start_of


@dataclass(frozen=True, slots=True)
class Engineer:
    """By id alone: a state holds no names."""

    engineer_id: str
    areas: tuple[str, ...]
    skills: tuple[str, ...]
    weekly: tuple[WeeklyShift, ...]
    exceptions: tuple[DateException, ...] = ()
    """In the order of their dates."""


@dataclass(frozen=True, slots=True)
class Engagement:
    """`ends_at` is outside."""

    visit_id: str
    customer_id: str
    engineer_id: str
    starts_at: datetime
    ends_at: datetime
    area: str | None = None
    skill: str | None = None


@dataclass(frozen=True)
class Capacity:
    """`engagements` are those of today and later, by the provider's local date; at most one a visit."""

    time_zone: str = "UTC"
    engineers: tuple[Engineer, ...] = ()
    engagements: tuple[Engagement, ...] = ()
    country: str | None = None
    """On whose public holidays only those hours begin that hold on holidays. None: no public holiday is known."""

    @property
    def is_known(self) -> bool:
        return bool(self.engineers)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def holidays(self) -> BusinessCalendar | None:
        return public_holidays(self.country) if self.country else None

    def find(self, engineer_id: str) -> Engineer | None:
        return next((each for each in self.engineers if each.engineer_id == engineer_id), None)

    def engagement_for(self, visit_id: str) -> Engagement | None:
        return next((each for each in self.engagements if each.visit_id == visit_id), None)

    def engagements_of(self, engineer_id: str, *, but: str) -> tuple[Engagement, ...]:
        """In the order of their times, other than for the visit `but`."""
        return tuple(each for each in self._engaged.get(engineer_id, ()) if each.visit_id != but)

    @cached_property
    def _engaged(self) -> Mapping[str, list[Engagement]]:
        """By engineer: a question about a visit asks for everybody's."""
        engaged: dict[str, list[Engagement]] = {}
        for each in self.engagements:
            engaged.setdefault(each.engineer_id, []).append(each)
        return engaged


def stream_of(provider: str) -> str:
    return f"capacity-{provider}"


def evolve(capacity: Capacity, event: Event) -> Capacity:
    return _without_the_past(_evolved(capacity, event), event.occurred_at)


def _evolved(capacity: Capacity, event: Event) -> Capacity:
    match event:
        case CapacitySet():
            return replace(capacity, time_zone=event.time_zone, country=event.country, engineers=())
        case EngineerRostered():
            engineer = Engineer(event.engineer_id, event.areas, event.skills, event.weekly, event.exceptions)
            engineers = sorted((*capacity.engineers, engineer), key=lambda each: each.engineer_id)
            return replace(capacity, engineers=tuple(engineers))
        case EngineerEngaged():
            engaged = (*_others(capacity, event.visit_id), _engagement(event))
            by_time = sorted(engaged, key=lambda each: (each.starts_at, each.visit_id))
            return replace(capacity, engagements=tuple(by_time))
        case EngineerReleased():
            return replace(capacity, engagements=_others(capacity, event.visit_id))
    raise AssertionError(f"{event.type} is no event of capacity")


def _engagement(event: EngineerEngaged) -> Engagement:
    return Engagement(
        visit_id=event.visit_id,
        customer_id=event.customer_id,
        engineer_id=event.engineer_id,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        area=event.area,
        skill=event.skill,
    )


def _others(capacity: Capacity, visit_id: str) -> tuple[Engagement, ...]:
    return tuple(each for each in capacity.engagements if each.visit_id != visit_id)


def _without_the_past(capacity: Capacity, at: datetime) -> Capacity:
    """So that the state does not grow with the years; today's still count when the work is spread evenly."""
    today = start_of(local_date(at, capacity.zone), capacity.zone)
    coming = tuple(each for each in capacity.engagements if each.ends_at > today)
    return capacity if len(coming) == len(capacity.engagements) else replace(capacity, engagements=coming)
