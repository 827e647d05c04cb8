"""For tests of capacity: rosters in Tokyo, in June 2026."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import reduce
from typing import Any

from kippu_events.catalogue.capacity import CapacitySet, EngineerRostered
from kippu_events.catalogue.hours import DateException, WeeklyShift
from kippu_events.event import Event
from kippu_privacy import Plain

from kippu_dispatch.domain.capacity import Capacity, evolve
from kippu_dispatch.domain.working_hours import WEEKDAYS

WEEK = WEEKDAYS
SET_AT = datetime(2026, 6, 1, tzinfo=UTC)


def shift(
    starts: str, ends: str, weekdays: Sequence[str] = WEEK[:5], *, on_holidays: bool = False
) -> tuple[WeeklyShift, ...]:
    """The same hours on each of the weekdays."""
    hours = {"starts": starts, "ends": ends, "on_holidays": on_holidays}
    return tuple(WeeklyShift.model_validate({"weekday": each, **hours}) for each in weekdays)


def off(day: int, starts: str | None = None, ends: str | None = None) -> DateException:
    """Off on a day of June, or an extra shift."""
    return DateException.model_validate({"on": date(2026, 6, day), "starts": starts, "ends": ends})


def engineer(engineer_id: str, **changes: Any) -> EngineerRostered:
    """On weekdays from 9:00 to 18:00."""
    usual: dict[str, Any] = {
        "occurred_at": SET_AT,
        "engineer_id": engineer_id,
        "name": Plain(f"engineer-test-{engineer_id}", "Engineer One"),
        "areas": (),
        "skills": (),
        "weekly": shift(str(time(9)), str(time(18))),
    }
    return EngineerRostered(**usual | changes)


def roster_events(
    *engineers: EngineerRostered, time_zone: str = "Asia/Tokyo", country: str | None = None
) -> list[Event]:
    ids = tuple(each.engineer_id for each in engineers)
    capacity = CapacitySet(
        occurred_at=SET_AT, time_zone=time_zone, engineers=ids, set_by="dispatcher-1", country=country
    )
    return [capacity, *engineers]


def roster(*engineers: EngineerRostered, time_zone: str = "Asia/Tokyo", country: str | None = None) -> Capacity:
    return reduce(evolve, roster_events(*engineers, time_zone=time_zone, country=country), Capacity())
