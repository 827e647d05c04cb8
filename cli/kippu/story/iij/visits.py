"""Work on a Saturday: 3 days ahead it is held and postponed by the dispatcher, 5 days ahead it is accepted (IIJ-09)."""

from typing import Any

from kippu.story.iij.cast import ROUTER, on
from kippu.story.iij.work import balance, record
from kippu.story.requests import ask, decided
from kippu.story.stage import Stage
from kippu.story.telling import Telling, subject_of
from kippu.story.visits import engineer, set_roster, settle, visit_of

TITLE = "Work on a Saturday, at short notice and in time"


async def play(stage: Stage, telling: Telling) -> None:
    await _short_notice(stage, telling)
    await _in_time(stage, telling)


async def _short_notice(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(6, 17, "17:30"))
    held = await _asked(stage, telling, "short notice", "Move the router", 20, days_ahead=3)
    telling.check("the visit asked for 3 days ahead, at first", held["status"], "held")
    telling.check("the clause that holds it", held["clause"], "IIJ-09")
    telling.outcome("outside business hours and less than 5 days ahead: held for the dispatcher", clause="IIJ-09")
    _told(stage, telling, held, "looking for an engineer")

    await stage.move_to(on(6, 18, "09:00"))
    telling.step(stage.now, "The dispatcher", "enters who is on duty: Engineer One, Monday to Friday 9:00 to 18:00")
    await set_roster(stage, "TH", engineer("one"))
    capacity = (await stage.desk.get("dispatch", f"/v1/visits/{held['visit_id']}"))["capacity"]
    free = f"{stage.local(capacity['free'][0]['starts_at']):%a %d %b %H:%M}"
    says = f"{capacity['suggests']}, free from {free}"
    telling.check("by capacity", says, "postpone, free from Mon 22 Jun 09:00")
    telling.outcome(f"by capacity: nobody on Saturday; free from {free}", clause="IIJ-09")
    telling.step(stage.now, "The dispatcher", "postpones it to Monday 22 June, 9:30")
    monday, reason = on(6, 22, "09:30").isoformat(), "no engineer on duty that Saturday"
    await settle(stage, held["visit_id"], "postpone", to_at=monday, reason=reason)
    visit = await stage.partner.get("dispatch", f"/v1/visits/{held['visit_id']}")
    telling.check("the visit asked for 3 days ahead", visit["status"], "postponed")
    telling.check("it is now on", stage.local(visit["starts_at"]).strftime("%a %d %b %H:%M"), "Mon 22 Jun 09:30")
    _told(stage, telling, held, "is postponed to")

    await stage.move_to(on(6, 22, "10:30"))
    await settle(stage, held["visit_id"], "complete", completed_at=on(6, 22, "10:15").isoformat())
    await record(stage, telling, "short notice", "onsite_work", on(6, 22, "09:30"), 45, "on Monday")
    await balance(stage, telling, "after Monday's work", 2)


async def _in_time(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(6, 22, "11:00"))
    booked = await _asked(stage, telling, "in time", "Replace the router's power supply", 27, days_ahead=5)
    telling.check("the visit asked for 5 days ahead", booked["status"], "booked")
    telling.outcome("accepted as asked for, whether anybody is there by now or not", clause="IIJ-09")
    _told(stage, telling, booked, "is booked for")
    tasks = (await stage.desk.get("dispatch", "/v1/visits?unassigned=true"))["items"]
    telling.check("accepted, and nobody goes yet", [each["visit_id"] == booked["visit_id"] for each in tasks], [True])
    telling.outcome("nobody works on that Saturday: it is a task for the dispatcher")
    telling.step(stage.now, "The dispatcher", "gives Engineer One a shift on 27 June, for this visit")
    await set_roster(stage, "TH", engineer("one", {"on": "2026-06-27", "starts": "09:00", "ends": "13:00"}))
    sent = await settle(stage, booked["visit_id"], "assign", engineer_id="engineer-one")
    telling.check("who goes on Saturday", sent["engineer_id"], "engineer-one")
    telling.outcome("Engineer One goes")

    await stage.move_to(on(6, 27, "11:00"))
    await settle(stage, booked["visit_id"], "complete", completed_at=on(6, 27, "10:55").isoformat())
    await record(stage, telling, "in time", "onsite_work", on(6, 27, "10:00"), 55, "on Saturday")
    await balance(stage, telling, "after Saturday's work", 1)


async def _asked(
    stage: Stage, telling: Telling, name: str, subject: str, day: int, *, days_ahead: int
) -> dict[str, Any]:
    """Work on a day of June at 10:00 is asked for; answers the visit that comes of it."""
    wanted = on(6, day, "10:00")
    telling.step(stage.now, "The partner's portal", f"asks for work on {wanted:%A %d %B}, {days_ahead} days ahead")
    await ask(stage, name, subject, "fault", ROUTER, wanted_at=wanted.isoformat(), wanted_minutes=60)
    current = await decided(stage, telling, name, "covered_by_debit", "IIJ-07")
    telling.check(f"days of notice for {day} June", current["visit"]["notice_days"], days_ahead)
    return await visit_of(stage, name)


def _told(stage: Stage, telling: Telling, visit: dict[str, Any], words: str) -> None:
    """The customer is told which."""
    letter = stage.letter(visit["ticket_no"], words)
    telling.outcome(f"Contact One is told by mail: “{subject_of(letter)}”", clause="IIJ-09")
