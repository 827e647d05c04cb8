"""A switch that is sold with its service ticket: registered before it is delivered, active from then on (SVT-26)."""

from kippu.story.orders import order, pay
from kippu.story.requests import ask, decided
from kippu.story.stage import Stage
from kippu.story.svt.cast import BUNDLED, BUNDLED_MODEL, on
from kippu.story.telling import Telling

TITLE = "A bundle is registered before its switch is delivered"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(7, 3, "10:00"))
    telling.step(stage.now, "The partner's portal", "orders a small switch with 3 years of advance send-back")
    bought = await order(stage, "bundle-3y")
    await pay(stage, telling, bought["order_id"], "a bundle", 140_800)
    [contract_id] = bought["contracts"]
    telling.step(stage.now, "The customer", f"registers {BUNDLED} at once; of this model 6 digits are right")
    form = {
        "consent": True,
        "serial": BUNDLED,
        "model": BUNDLED_MODEL,
        "contact_id": "contact-1",
        "site": {"address": "1 Example Street, Tokyo", "area": "tokyo"},
    }
    early = await stage.partner.post("entitlement", f"/v1/contracts/{contract_id}/registration", form)
    await stage.settled()
    telling.check("the bundle, before its delivery", early["status"], "pre_registered")
    telling.outcome("registered in advance; the term begins with the delivery", clause="SVT-26")
    telling.step(stage.now, "The desk", "reports that the switch was delivered today")
    delivery = {"delivered_on": "2026-07-03"}
    term = await stage.desk.post("entitlement", f"/v1/contracts/{contract_id}/delivery", delivery, expect=200)
    await stage.settled()
    telling.check("the bundle's term", f"{term['valid_from']} to {term['valid_until']}", "2026-07-03 to 2029-07-02")
    telling.outcome(f"active from {term['valid_from']} to {term['valid_until']}", clause="SVT-26")
    telling.step(stage.now, "The partner's portal", f"reports a fault of {BUNDLED}")
    await ask(stage, "bundled", "One port is dead", "fault", BUNDLED)
    await decided(stage, telling, "bundled", "waiting", "SVT-14")
