"""Who goes, by area, skill and hours: to the registered site (SVT-21), as it was last reported (SVT-11)."""

from datetime import UTC, datetime
from typing import Any

from kippu.story.people import Answer
from kippu.story.requests import ask, decided, isolate
from kippu.story.stage import Stage
from kippu.story.svt.cast import BELOW, on
from kippu.story.telling import Telling
from kippu.story.visits import candidates, engineer, set_roster, settle, visit_of

TITLE = "Who goes, and a switch that has moved to Osaka"

IN_TOKYO = engineer("one", areas=["tokyo"], skills=["switch"])
OTHER_SKILL = engineer("two", areas=["tokyo", "osaka"], skills=["server"])
IN_OSAKA = engineer("three", areas=["osaka"], skills=["switch"])


async def play(stage: Stage, telling: Telling) -> None:
    await _in_tokyo(stage, telling)
    await _moved(stage, telling)
    await _in_osaka(stage, telling)


async def _in_tokyo(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(7, 21, "11:00"))
    telling.step(stage.now, "The dispatcher", "enters who is on duty: areas, skills and hours of three engineers")
    await set_roster(stage, "JP", IN_TOKYO, OTHER_SKILL, IN_OSAKA)
    first, second = await visit_of(stage, "1.99 m"), await visit_of(stage, "file later")
    at = on(7, 21, "14:00")
    telling.step(stage.now, "The dispatcher", f"plans the two visits to {BELOW} in Tokyo, both for today at 14:00")
    await candidates(stage, telling, "the first visit", first["visit_id"], at.astimezone(UTC), FIRST)
    await _book(stage, first, at)
    telling.outcome("the first is booked: Engineer One goes")
    refused = await _book(stage, second, at, expect=409)
    telling.check("the second at the same time", refused["errors"][0]["code"], "capacity.none")
    telling.outcome(f"the second is not: {refused['errors'][0]['message']}")
    await candidates(stage, telling, "the second visit", second["visit_id"], at.astimezone(UTC), SECOND)
    await _book(stage, second, on(7, 21, "15:00"))
    telling.outcome("it is booked for 15:00, when Engineer One is free again")
    await stage.move_to(on(7, 21, "16:00"))
    for visit in (first, second):
        await settle(stage, visit["visit_id"], "complete", completed_at=stage.now.isoformat())


FIRST = "Engineer One; not Engineer Three (area), not Engineer Two (skill)"
SECOND = "nobody; not Engineer Three (area), not Engineer Two (skill), not Engineer One (engaged)"


async def _moved(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(7, 21, "16:30"))
    telling.step(stage.now, "The partner's portal", f"reports a fault of {BELOW}, which is in Osaka by now")
    await ask(stage, "another site", "Fan failed again", "fault", BELOW, details={"visit_site": "other"})
    current = await decided(stage, telling, "another site", "refused", "SVT-21")
    telling.outcome(f"what would change the answer: {current['remedies'][0]['text']['en']}")
    telling.step(stage.now, "The customer", "reports its new address")
    path = f"/v1/contracts/{stage.contracts['below']}/registration/changes"
    site = {"address": "2 Example Street, Osaka", "area": "osaka", "height_cm": 199}
    changed = await stage.partner.post("entitlement", path, {"site": site}, expect=200)
    await stage.settled()
    telling.check("what changed", changed["changed"], ["site", "area"])
    telling.outcome("from now on engineers go to Osaka", clause="SVT-11")


async def _in_osaka(stage: Stage, telling: Telling) -> None:
    telling.step(stage.now, "The partner's portal", "reports the fault again")
    await ask(stage, "in Osaka", "Fan failed again", "fault", BELOW)
    await isolate(stage, telling, "in Osaka", BELOW, stage.now)
    await decided(stage, telling, "in Osaka", "covered", "SVT-13")
    visit = await visit_of(stage, "in Osaka")
    at = on(7, 22, "10:00")
    await candidates(stage, telling, "the visit in Osaka", visit["visit_id"], at.astimezone(UTC), OSAKA)
    await _book(stage, visit, at)
    engaged = (await stage.desk.get("dispatch", "/v1/capacity"))["engagements"]
    telling.check("engaged in Osaka", [each["engineer_id"] for each in engaged], ["engineer-three"])
    telling.outcome("Engineer Three goes tomorrow at 10:00; under the service ticket it costs nothing", clause="SVT-13")


OSAKA = "Engineer Three; not Engineer One (area), not Engineer Two (skill)"


async def _book(stage: Stage, visit: dict[str, Any], at: datetime, *, expect: int = 200) -> Answer:
    return await settle(stage, visit["visit_id"], "book", expect=expect, starts_at=at.isoformat())
