"""Work on a Saturday: 3 days ahead it is held and postponed by the dispatcher, 5 days ahead it is accepted (IIJ-09)."""

from kippu.story.iij.cast import ROUTER, on
from kippu.story.iij.work import balance, record
from kippu.story.requests import ask, decided
from kippu.story.rosters import engineer, set_roster
from kippu.story.stage import Stage
from kippu.story.telling import Telling, subject_of

TITLE = "Work on a Saturday, at short notice and in time"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(6, 17, "17:30"))
    telling.step(stage.now, "The partner's portal", "asks for work on Saturday 20 June, 3 days ahead")
    number = await ask(
        stage, "short notice", "Move the router", "fault", ROUTER,
        wanted_at=on(6, 20, "10:00").isoformat(), wanted_minutes=60,
    )  # fmt: skip
    current = await decided(stage, telling, "short notice", "covered_by_debit", "IIJ-07")
    telling.check("days of notice for 20 June", current["visit"]["notice_days"], 3)
    visits = await stage.desk.get("dispatch", "/v1/visits?status=held")
    [held] = visits["items"]
    telling.check("the clause that holds it", held["clause"], "IIJ-09")
    telling.outcome("outside business hours and less than 5 days ahead: held for the dispatcher", clause="IIJ-09")
    _told(stage, telling, number, "looking for an engineer")

    await stage.move_to(on(6, 18, "09:00"))
    telling.step(stage.now, "The dispatcher", "enters who is on duty: Engineer One, Monday to Friday 9:00 to 18:00")
    await set_roster(stage, engineer("one"))
    shown = await stage.desk.get("dispatch", f"/v1/visits/{held['visit_id']}")
    free = f"{stage.local(shown['capacity']['free'][0]['starts_at']):%a %d %b %H:%M}"
    telling.check(
        "by capacity", f"{shown['capacity']['suggests']}, free from {free}", "postpone, free from Mon 22 Jun 09:00"
    )
    telling.outcome(f"by capacity: nobody on Saturday; free from {free}", clause="IIJ-09")
    telling.step(stage.now, "The dispatcher", "postpones it to Monday 22 June, 9:30")
    body = {"to_at": on(6, 22, "09:30").isoformat(), "reason": "no engineer on duty that Saturday"}
    await stage.desk.post("dispatch", f"/v1/visits/{held['visit_id']}/postpone", body, expect=200)
    await stage.settled()
    visit = await stage.partner.get("dispatch", f"/v1/visits/{held['visit_id']}")
    telling.check("the visit asked for 3 days ahead", visit["status"], "postponed")
    telling.check("it is now on", stage.local(visit["starts_at"]).strftime("%a %d %b %H:%M"), "Mon 22 Jun 09:30")
    _told(stage, telling, number, "is postponed to")

    await stage.move_to(on(6, 22, "10:30"))
    await _done(stage, held["visit_id"], "10:15", 22)
    await record(stage, telling, "short notice", "onsite_work", on(6, 22, "09:30"), 45, "on Monday")
    await balance(stage, telling, "after Monday's work", 2)

    await stage.move_to(on(6, 22, "11:00"))
    telling.step(stage.now, "The partner's portal", "asks for work on Saturday 27 June, 5 days ahead")
    number = await ask(
        stage, "in time", "Replace the router's power supply", "fault", ROUTER,
        wanted_at=on(6, 27, "10:00").isoformat(), wanted_minutes=60,
    )  # fmt: skip
    current = await decided(stage, telling, "in time", "covered_by_debit", "IIJ-07")
    telling.check("days of notice for 27 June", current["visit"]["notice_days"], 5)
    visits = await stage.desk.get("dispatch", "/v1/visits?status=booked")
    [booked] = visits["items"]
    telling.check("the visit asked for 5 days ahead", booked["status"], "booked")
    telling.outcome("accepted as asked for", clause="IIJ-09")
    _told(stage, telling, number, "is booked for")
    await _assigned(stage, telling, booked["visit_id"])

    await stage.move_to(on(6, 27, "11:00"))
    await _done(stage, booked["visit_id"], "10:55", 27)
    await record(stage, telling, "in time", "onsite_work", on(6, 27, "10:00"), 55, "on Saturday")
    await balance(stage, telling, "after Saturday's work", 1)


async def _assigned(stage: Stage, telling: Telling, visit_id: str) -> None:
    """What the terms accept is accepted whether anybody is there or not: then somebody has to be found."""
    tasks = await stage.desk.get("dispatch", "/v1/visits?unassigned=true")
    telling.check("accepted, and nobody goes yet", [each["visit_id"] == visit_id for each in tasks["items"]], [True])
    telling.outcome("nobody works on that Saturday: it is a task for the dispatcher")
    telling.step(stage.now, "The dispatcher", "gives Engineer One a shift on 27 June, for this visit")
    await set_roster(stage, engineer("one", {"on": "2026-06-27", "starts": "09:00", "ends": "13:00"}))
    sent = {"engineer_id": "engineer-one"}
    await stage.desk.post("dispatch", f"/v1/visits/{visit_id}/assign", sent, expect=200)
    await stage.settled()
    shown = await stage.partner.get("dispatch", f"/v1/visits/{visit_id}")
    telling.check("who goes on Saturday", shown["engineer_id"], "engineer-one")
    telling.outcome("Engineer One goes")


async def _done(stage: Stage, visit_id: str, time: str, day: int) -> None:
    body = {"completed_at": on(6, day, time).isoformat()}
    await stage.desk.post("dispatch", f"/v1/visits/{visit_id}/complete", body, expect=200)
    await stage.settled()


def _told(stage: Stage, telling: Telling, number: str, words: str) -> None:
    """The customer is told which."""
    telling.outcome(f"Contact One is told by mail: “{subject_of(stage.letter(number, words))}”", clause="IIJ-09")
