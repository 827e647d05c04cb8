"""The 5-day products serve on holidays (NEC-Q3), the registration desk does not (NEC-Q4); what no pack contains."""

from typing import Any

from kippu.story.nec.cast import YOUNG, on
from kippu.story.nec.registering import register
from kippu.story.orders import order, pay, refused
from kippu.story.requests import ask, decided
from kippu.story.stage import Stage
from kippu.story.telling import Telling

TITLE = "A Friday evening before a holiday, at two desks"


async def play(stage: Stage, telling: Telling) -> None:
    await _desk(stage, telling)
    await stage.move_to(on(11, 20, "17:30"))
    telling.step(stage.now, "The partner's portal", f"reports a fault of {YOUNG}, at the closing hour of a Friday")
    number = await ask(stage, "at closing", "Disk error", "fault", YOUNG)
    current = await decided(stage, telling, "at closing", "covered", "NEC-Q3")
    telling.check("17:30:00 on Friday counts from", _counts(stage, current), "Mon 23 Nov 08:30")
    telling.outcome("it counts from Mon 23 Nov 08:30, though that is Labour Thanksgiving Day", clause="NEC-Q3")
    telling.link(stage.ticket_page(number))
    await _reporting(stage, telling)
    await _takes_effect(stage, telling)
    await _not_contained(stage, telling)


async def _desk(stage: Stage, telling: Telling) -> None:
    """A change that is asked for after the desk has closed."""
    await stage.move_to(on(11, 20, "17:00"))
    telling.step(stage.now, "The customer", f"reports that {YOUNG} has moved to Osaka, as the registration desk closes")
    path = f"/v1/contracts/{stage.contracts['young']}/registration/changes"
    site = {"address": "2 Example Street, Osaka", "area": "osaka"}
    await stage.partner.post("entitlement", path, {"site": site}, expect=200)
    await stage.settled()
    telling.check("17:00:00 on Friday: the area on record", await _area(stage), "tokyo")
    telling.outcome("it takes effect when the desk opens next", clause="NEC-Q4")


async def _reporting(stage: Stage, telling: Telling) -> None:
    """The automatic fault reporting of a 5-day pack, and beside it the service that only reports, around the clock."""
    telling.step(stage.now, "The server", "reports a fault by itself a second later")
    await ask(stage, "reported on Friday", "Fan is slow", "fault_report", YOUNG)
    current = await decided(stage, telling, "reported on Friday", "covered", "NEC-Q15")
    telling.check("reported on Friday at 17:30: counts from", _counts(stage, current), "Mon 23 Nov 08:30")
    telling.outcome("by the 5-day pack a report counts from Mon 23 Nov 08:30, too", clause="NEC-Q3")
    telling.step(stage.now, "The partner's portal", "asks to raise only the reporting to 24 hours, 365 days")
    raised = {"asset_serial": YOUNG, "renews": stage.contracts["young"], "reason": "upgrade"}
    await refused(stage, telling, "reporting alone, raised", ["NEC-Q12"], "reporting-only", **raised)
    telling.step(stage.now, "The partner's portal", "orders the reporting-only service by itself, and registers it")
    bought = await order(stage, "reporting-only", asset_serial=YOUNG)
    await pay(stage, telling, bought["order_id"], "a year of reporting only", 26_400)
    await register(stage, bought["contracts"][0], YOUNG)
    await stage.move_to(on(11, 21, "22:00"))
    telling.step(stage.now, "The server", "reports a fault by itself, on a Saturday night")
    await ask(stage, "reported on Saturday", "Fan stands still", "fault_report", YOUNG)
    current = await decided(stage, telling, "reported on Saturday", "covered", "NEC-Q12")
    telling.check("reported on Saturday at 22:00: counts from", _counts(stage, current), "Sat 21 Nov 22:00")
    telling.outcome("it counts at once", clause="NEC-Q12")


async def _takes_effect(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(11, 23, "16:00"))
    telling.check("on the holiday: the area on record", await _area(stage), "tokyo")
    await stage.move_to(on(11, 24, "09:00"))
    telling.check("on Tuesday at 9:00: the area on record", await _area(stage), "osaka")
    telling.step(stage.now, "The registration desk", "opens again: this desk keeps the holiday")
    telling.outcome(f"{YOUNG} is in Osaka from now on", clause="NEC-Q4")


async def _not_contained(stage: Stage, telling: Telling) -> None:
    telling.step(stage.now, "The partner's portal", "asks for periodic maintenance")
    await ask(stage, "periodic", "Yearly inspection", "periodic_maintenance", YOUNG)
    await decided(stage, telling, "periodic", "refused", "NEC-Q2")
    telling.step(stage.now, "The partner's portal", "reports a worn battery of the power supply")
    await ask(stage, "battery", "Battery is empty", "fault", YOUNG, part="ups_battery", details={"cause": "wear"})
    await decided(stage, telling, "battery", "refused", "NEC-Q16")


async def _area(stage: Stage) -> str:
    device = await stage.partner.get("entitlement", f"/v1/assets/{YOUNG}")
    return str(device["area"])


def _counts(stage: Stage, current: dict[str, Any]) -> str:
    return f"{stage.local(current['counts_from']):%a %d %b %H:%M}"
