"""What the chapters share about capacity: the roster, who could go to a visit, and why others could not."""

from datetime import datetime
from typing import Any

from kippu.story.people import Answer
from kippu.story.stage import Stage
from kippu.story.telling import Telling

OFFICE = {"weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday"], "starts": "09:00", "ends": "18:00"}


def engineer(number: str, *exceptions: dict[str, Any], **suits: list[str]) -> dict[str, Any]:
    """Somebody who works in the office's hours but for the exceptions, in `areas`, with `skills`."""
    return {
        "engineer_id": f"engineer-{number}",
        "name": f"Engineer {number.capitalize()}",
        "weekly": [OFFICE],
        "exceptions": exceptions,
        **suits,
    }


async def set_roster(stage: Stage, *engineers: dict[str, Any]) -> Answer:
    """The dispatcher sets the roster, in place of the one before."""
    done = await stage.desk.put("dispatch", "/v1/capacity", {"time_zone": stage.zone.key, "engineers": engineers})
    await stage.settled()
    return done


async def candidates(stage: Stage, telling: Telling, what: str, visit_id: str, at: datetime, expected: str) -> None:
    """Who could go at that time, and why the others could not."""
    path = f"/v1/visits/{visit_id}/candidates?starts_at={at:%Y-%m-%dT%H:%MZ}"
    found = await stage.desk.get("dispatch", path)
    can = ", ".join(each["name"] for each in found["can_go"]) or "nobody"
    cannot = ", ".join(f"not {each['name']} ({', '.join(each['reasons'])})" for each in found["cannot_go"])
    told = f"{can}; {cannot}"
    telling.check(f"{what}: who can go", told, expected)
    telling.outcome(f"who can go: {told}")
