"""The replacement: reserved, shipped, not delivered, shipped again, delivered; from then on it is the covered one."""

from kippu.story.qnp.cast import IN_ADVANCE, MODEL, SPARE, on
from kippu.story.requests import ask, decided, report, shipment_of
from kippu.story.stage import Stage
from kippu.story.telling import Telling

TITLE = "A replacement ships twice, and takes the old unit's place"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(5, 7, "10:00"))
    telling.step(stage.now, "The dispatcher", f"takes {SPARE} into stock, and reserves it")
    await stage.desk.post("dispatch", "/v1/units", {"serial": SPARE, "model": MODEL})
    shipment_id = (await shipment_of(stage, "exchange"))["shipment_id"]
    await report(stage, shipment_id, "reserve", {"serial": SPARE})
    units = await stage.desk.get("dispatch", "/v1/units?status=reserved")
    telling.check("reserved from stock", [unit["serial"] for unit in units["items"]], [SPARE])

    await stage.move_to(on(5, 7, "15:00"))
    telling.step(stage.now, "The dispatcher", "ships it")
    await report(stage, shipment_id, "shipped", {"shipped_at": stage.now.isoformat(), "carrier_reference": "PARCEL-1"})
    shipped = await shipment_of(stage, "exchange")
    telling.check("shipped within the target", shipped["target_met"], True)
    telling.outcome("in time: the target is met by the first attempt", clause="QNP-01")

    await stage.move_to(on(5, 8, "11:00"))
    telling.step(stage.now, "The carrier", "finds nobody there")
    await report(stage, shipment_id, "failed", {"failed_at": stage.now.isoformat(), "reason": "nobody there"})
    await stage.move_to(on(5, 8, "14:00"))
    telling.step(stage.now, "The dispatcher", "ships it again")
    again = await report(stage, shipment_id, "shipped", {"shipped_at": stage.now.isoformat()})
    telling.check("attempts to deliver", again["attempt"], 2)
    charged = await stage.desk.get("billing", "/v1/charges")
    telling.check("charged for carriage", len(charged["items"]), 0)
    telling.outcome("each side pays for what it ships: the customer is charged nothing", clause="QNP-07")

    await stage.move_to(on(5, 11, "10:30"))
    telling.step(stage.now, "The carrier", "delivers it")
    delivered = await report(stage, shipment_id, "delivered", {"delivered_at": on(5, 11, "10:00").isoformat()})
    telling.check("the failed unit is due back by", delivered["due_on"], "2026-05-25")
    telling.outcome(f"{IN_ADVANCE} is due back by {delivered['due_on']}", clause="QNP-01")
    await _covered(stage, telling)


async def _covered(stage: Stage, telling: Telling) -> None:
    old = await stage.partner.get("entitlement", f"/v1/assets/{IN_ADVANCE}")
    telling.check(f"in the place of {IN_ADVANCE}", old["replaced_by"]["serial"], SPARE)
    telling.step(stage.now, "The partner's portal", f"asks for help with {SPARE}, and with {IN_ADVANCE}")
    await ask(stage, "new serial", "Fan is loud", "fault", SPARE)
    await decided(stage, telling, "new serial", "covered", "QNP-01")
    number = await ask(stage, "old serial", "Fan is loud", "fault", IN_ADVANCE)
    current = await decided(stage, telling, "old serial", "refused", "QNP-06")
    [finding] = [each for each in current["findings"] if each["result"] == "refused"]
    by = finding["inputs"]["replaced_by"]
    telling.check("old serial: refused, for it was replaced by", by, SPARE)
    [remedy] = [each for each in current["remedies"] if each["clause"] == "QNP-06"]
    telling.check("old serial: to do", remedy["action"], "use_replacement")
    telling.outcome(remedy["text"]["en"], clause="QNP-06")
    told = stage.letter(number, "お受けできません")
    telling.check("old serial: the mail names the new one", SPARE in told.get_content(), True)
    telling.outcome(f"the register has {by} in its place since {old['replaced_by']['replaced_on']}", clause="QNP-06")
    declined = await stage.partner.get("intake", f"/v1/tickets/{number}")
    telling.check("old serial: status", declined["status"], "declined")
