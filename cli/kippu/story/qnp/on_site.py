"""An engineer on the same day up to 13:00:00 (QNP-08), and a failed disk that stays with the customer (QNP-11)."""

from kippu.story.qnp.cast import ON_SITE, on
from kippu.story.qnp.visiting import agree, complete
from kippu.story.requests import ask, decided, isolate
from kippu.story.stage import Stage
from kippu.story.telling import Telling
from kippu.story.visits import visit_of

TITLE = "One second past 13:00, and a disk that is not given back"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(5, 12, "11:00"))
    telling.step(stage.now, "The partner's portal", f"opens two tickets for {ON_SITE}: a disk, and a power supply")
    await ask(stage, "disk", "Disk 3 failed", "fault", ON_SITE)
    await ask(stage, "power supply", "Power supply failed", "fault", ON_SITE)
    await stage.move_to(on(5, 12, "13:05"))
    await isolate(stage, telling, "disk", ON_SITE, on(5, 12, "13:00:00"), part="disk")
    disk = await decided(stage, telling, "disk", "covered", "QNP-08")
    same_day = await visit_of(stage, "disk")
    telling.check("isolated at 13:00:00: on site", _aim(stage, same_day), "by 2026-05-12")
    telling.outcome(f"an engineer is aimed at {_aim(stage, same_day)}, the same day", clause="QNP-08")
    telling.check("the failed disk is", disk["failed_part"], "handed_over")
    telling.check("by clause", disk["visit"]["failed_part_clause"], "QNP-11")
    telling.outcome("under the option the failed disk stays with the customer, who owns it", clause="QNP-11")

    await isolate(stage, telling, "power supply", ON_SITE, on(5, 12, "13:00:01"), part="power-supply")
    power_supply = await decided(stage, telling, "power supply", "covered", "QNP-08")
    next_day = await visit_of(stage, "power supply")
    telling.check("isolated at 13:00:01: on site", _aim(stage, next_day), "from 2026-05-13")
    telling.outcome(f"one second later: {_aim(stage, next_day)}, the next business day", clause="QNP-08")
    telling.check("the failed power supply is", power_supply["failed_part"], "taken_away")
    telling.outcome("other parts the engineer takes away", clause="QNP-10")

    await agree(stage, telling, same_day, on(5, 12, "16:00"), "with the customer")
    await agree(stage, telling, next_day, on(5, 13, "10:00"), "with the customer")
    await stage.move_to(on(5, 12, "16:50"))
    await complete(stage, telling, same_day)
    due = await stage.desk.get("dispatch", f"/v1/returns?ticket_no={stage.tickets['disk']}")
    telling.check("due back of the disk", len(due["items"]), 0)
    telling.outcome("no return is expected for it", clause="QNP-11")
    await stage.move_to(on(5, 13, "10:40"))
    await complete(stage, telling, next_day)


def _aim(stage: Stage, visit: dict[str, object]) -> str:
    """By which day, or from which day on."""
    target = visit["target"]
    if not isinstance(target, dict):
        return "no time"
    day = target["due_on"] or stage.local(target["due_at"]).date().isoformat()
    return f"{target['bound']} {day}"
