"""A 24-hour plan: four hours from isolation, through a night between two holidays (QNP-09)."""

from kippu.story.qnp.cast import AROUND_THE_CLOCK, on
from kippu.story.qnp.visiting import agree, complete
from kippu.story.requests import ask, decided, isolate
from kippu.story.stage import Stage
from kippu.story.telling import Telling
from kippu.story.visits import visit_of

TITLE = "A holiday night under the 24-hour plan"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(5, 5, "22:40"))
    telling.step(stage.now, "The partner's portal", f"opens a ticket for {AROUND_THE_CLOCK}, on a holiday at night")
    await ask(stage, "holiday night", "Storage is down", "fault", AROUND_THE_CLOCK)
    await stage.move_to(on(5, 5, "23:05"))
    await isolate(stage, telling, "holiday night", AROUND_THE_CLOCK, on(5, 5, "23:00"))
    await decided(stage, telling, "holiday night", "covered", "QNP-09")
    visit = await visit_of(stage, "holiday night")
    target = visit["target"]
    by = f"{stage.local(target['due_at']):%a %d %b %H:%M}"
    telling.check("24-hour plan: arrival by", by, "Wed 06 May 03:00")
    telling.check("24-hour plan: hours that do not count", [s for s in target["stretches"] if s["state"] != "open"], [])
    telling.outcome(f"arrival is aimed at by {by}: four hours, none of them closed", clause="QNP-09")
    await agree(stage, telling, visit, on(5, 6, "01:30"), "on the way")
    await stage.move_to(on(5, 6, "02:45"))
    await complete(stage, telling, visit)
