"""What the chapters share about visits: the roster, who could go and why others could not, the agreed time, the end."""

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


async def set_roster(stage: Stage, country: str, *engineers: dict[str, Any]) -> Answer:
    """The dispatcher sets the roster, in place of the one before; nobody works on the country's public holidays."""
    roster = {"time_zone": stage.zone.key, "country": country, "engineers": engineers}
    done = await stage.desk.put("dispatch", "/v1/capacity", roster)
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


async def visit_of(stage: Stage, name: str) -> dict[str, Any]:
    """The one open visit of a request."""
    found = await stage.desk.get("dispatch", "/v1/visits")
    [visit] = [each for each in found["items"] if each["ticket_no"] == stage.tickets[name]]
    return dict(visit)


async def settle(stage: Stage, visit_id: str, what: str, *, expect: int = 200, **said: Any) -> Answer:
    """What the dispatcher says of a visit: `book`, `postpone`, `assign` or `complete`."""
    answer = await stage.desk.post("dispatch", f"/v1/visits/{visit_id}/{what}", said, expect=expect)
    await stage.settled()
    return answer
