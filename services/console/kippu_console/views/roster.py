"""Who is on the roster for a visit that needs somebody, and what they are engaged for on that day.

Whether somebody works at that hour, and when one is free next, dispatch alone says (`GET /v1/visits/{id}/candidates`).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from asyncpg import Record
from kippu_terms.dates import end_of, local_date, start_of

from kippu_console.views.look import Look

_ENGINEERS = "select engineer_id, areas, skills from read.engineer order by engineer_id"
ENGAGED = """
select engineer_id, visit_id, starts_at, ends_at from read.engagement
where starts_at < $2 and ends_at > $1 order by starts_at, visit_id
"""

Visit = dict[str, Any]


async def with_suited(look: Look, visits: Sequence[Visit]) -> list[Visit]:
    """The visits; each that needs somebody with `suited`, the engineers for its area and skill, each with the times
    that they are `engaged` on its day. None where there is no roster."""
    needing = [visit for visit in visits if needs_somebody(visit)]
    engineers = await look.fetch(_ENGINEERS) if needing else []
    if not engineers:
        return list(visits)
    days = {visit["visit_id"]: _day(look, visit["visit_at"]) for visit in needing}
    engaged = await look.fetch(ENGAGED, min(day[0] for day in days.values()), max(day[1] for day in days.values()))
    found = {
        visit["visit_id"]: [
            {"engineer_id": each["engineer_id"], "engaged": _times(each, visit, days[visit["visit_id"]], engaged)}
            for each in engineers
            if _suits(each, visit)
        ]
        for visit in needing
    }
    return [visit | {"suited": found.get(visit["visit_id"])} for visit in visits]


def needs_somebody(visit: Mapping[str, Any]) -> bool:
    """It is held, or its time is agreed and whoever was to go cannot."""
    agreed_without = visit["unassigned"] and visit["status"] in ("booked", "postponed")
    return visit["visit_at"] is not None and (visit["status"] == "held" or bool(agreed_without))


def _day(look: Look, at: datetime) -> tuple[datetime, datetime]:
    day = local_date(at, look.zone)
    return start_of(day, look.zone), end_of(day, look.zone)


def _suits(engineer: Record, visit: Visit) -> bool:
    in_area = visit["area"] is None or visit["area"] in json.loads(engineer["areas"])
    return in_area and (visit["skill"] is None or visit["skill"] in json.loads(engineer["skills"]))


def _times(
    engineer: Record, visit: Visit, day: tuple[datetime, datetime], engaged: Sequence[Record]
) -> list[tuple[datetime, datetime]]:
    """Of an engineer's other visits on a day."""
    return [
        (each["starts_at"], each["ends_at"])
        for each in engaged
        if each["engineer_id"] == engineer["engineer_id"]
        and each["visit_id"] != visit["visit_id"]
        and each["starts_at"] < day[1]
        and each["ends_at"] > day[0]
    ]
