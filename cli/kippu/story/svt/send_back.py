"""A hardware fault under advance send-back: isolated, asked to update the firmware, exchanged, sent back in time."""

from kippu.story.requests import ask, decided, isolate, report, shipment_of, shipments_of, state
from kippu.story.stage import Stage
from kippu.story.svt.cast import MODEL, SENT_BACK, SPARE, on
from kippu.story.telling import Telling, subject_of, yen

TITLE = "A switch fails: firmware first, then a replacement in advance"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(7, 6, "10:00"))
    telling.step(stage.now, "The partner's portal", f"reports a fault of {SENT_BACK}")
    number = await ask(stage, "send-back", "Ports 1 to 8 are dead", "fault", SENT_BACK)
    await decided(stage, telling, "send-back", "waiting", "SVT-14")
    telling.link(stage.ticket_page(number))
    await stage.move_to(on(7, 6, "10:30"))
    stage.post.arrived()
    await isolate(stage, telling, "send-back", SENT_BACK, stage.now)
    current = await decided(stage, telling, "send-back", "covered", "SVT-12")
    replies = [f"{reply['answer']} by {reply['clause']}" for reply in current["replies"]]
    telling.check(
        "the exchange and the configuration", sorted(replies), ["by_customer by SVT-17", "not_restored by SVT-16"]
    )
    telling.outcome("what comes with it, and what does not, is told by mail:", clause="SVT-16")
    telling.mail(stage.letter(number, "expect"))
    telling.check("carriage is paid by", current["carriage_paid_by"], "sender")
    telling.outcome("each side pays for what it ships", clause="SVT-18")
    await _firmware(stage, telling, number)
    await _exchange(stage, telling)
    await _disaster(stage, telling)


async def _firmware(stage: Stage, telling: Telling, number: str) -> None:
    await stage.move_to(on(7, 6, "11:00"))
    stage.post.arrived()
    telling.step(stage.now, "The desk", "asks for an update of the firmware before anything ships")
    await state(stage, "send-back", by_desk=True, firmware="asked")
    await decided(stage, telling, "send-back", "waiting", "SVT-15")
    telling.check("shipments while the firmware is asked for", len(await shipments_of(stage, "send-back")), 0)
    telling.outcome(
        f"Contact One is asked by mail: “{subject_of(stage.letter(number, 'waits for you'))}”", clause="SVT-15"
    )
    await stage.move_to(on(7, 7, "16:00"))
    telling.step(stage.now, "The customer", "has updated it; the fault is still there")
    await state(stage, "send-back", firmware="done")
    await decided(stage, telling, "send-back", "covered", "SVT-12")
    telling.check("shipments once it is done", len(await shipments_of(stage, "send-back")), 1)


async def _exchange(stage: Stage, telling: Telling) -> None:
    await stage.desk.post("dispatch", "/v1/units", {"serial": SPARE, "model": MODEL})
    shipment_id = (await shipment_of(stage, "send-back"))["shipment_id"]
    await stage.move_to(on(7, 8, "10:00"))
    telling.step(stage.now, "The dispatcher", f"reserves {SPARE}, and ships it")
    await report(stage, shipment_id, "reserve", {"serial": SPARE})
    await report(stage, shipment_id, "shipped", {"shipped_at": stage.now.isoformat()})
    await stage.move_to(on(7, 9, "14:00"))
    telling.step(stage.now, "The carrier", "finds nobody there; the dispatcher ships it again")
    await report(stage, shipment_id, "failed", {"failed_at": stage.now.isoformat(), "reason": "nobody there"})
    await report(stage, shipment_id, "shipped", {"shipped_at": stage.now.isoformat()})
    [charge] = (await stage.partner.get("billing", "/v1/charges"))["items"]
    telling.check(
        "shipped again at the customer's cost", f"{yen(charge['net'])} by {charge['clause']}", "1,500 JPY by SVT-23"
    )
    telling.outcome(f"{charge['reason']}: charged {yen(charge['net'])}", clause="SVT-23")
    await stage.move_to(on(7, 10, "11:00"))
    telling.step(stage.now, "The carrier", "delivers it")
    delivered = await report(stage, shipment_id, "delivered", {"delivered_at": stage.now.isoformat()})
    telling.check("the defective switch is due back by", delivered["due_on"], "2026-07-17")
    telling.outcome(f"{SENT_BACK}, the provider's from now on, is due back by {delivered['due_on']}", clause="SVT-22")
    await stage.move_to(on(7, 16, "15:00"))
    telling.step(stage.now, "The warehouse", f"receives {SENT_BACK}")
    body = {"serial": SENT_BACK, "received_on": "2026-07-16"}
    back = await stage.desk.post("dispatch", f"/v1/returns/{shipment_id}/received", body, expect=200)
    await stage.settled()
    telling.check("the defective switch came late", back["late"], False)
    telling.outcome("in time: nothing more is charged", clause="SVT-22")


async def _disaster(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(7, 17, "10:00"))
    stage.post.arrived()
    telling.step(stage.now, "The partner's portal", f"reports a fault of {SPARE}: a flood")
    number = await ask(stage, "flood", "Under water", "fault", SPARE, details={"cause": "natural_disaster"})
    await decided(stage, telling, "flood", "quote", "SVT-19")
    quotes = await stage.partner.get("billing", "/v1/quotes?status=offered")
    [quote] = [each for each in quotes["items"] if each["ticket_no"] == number]
    telling.check("a chargeable repair is quoted at", yen(quote["total"]), "88,000 JPY")
    telling.mail(stage.letter(number, "A quote"))
