"""Under the maker's warranty nothing ships before the failed unit is in and repaired (QNP-02)."""

from kippu.story.qnp.cast import IN_WARRANTY, on
from kippu.story.requests import ask, decided, isolate, report, shipment_of
from kippu.story.stage import Stage
from kippu.story.telling import Telling

TITLE = "A repair under the maker's warranty"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(5, 29, "10:00"))
    telling.step(stage.now, "The partner's portal", f"opens a ticket for {IN_WARRANTY}, which has no contract")
    await ask(stage, "repair", "NAS restarts by itself", "fault", IN_WARRANTY)
    await stage.move_to(on(5, 29, "11:00"))
    await isolate(stage, telling, "repair", IN_WARRANTY, on(5, 29, "10:45"))
    await decided(stage, telling, "repair", "covered", "QNP-02")
    shipment = await shipment_of(stage, "repair")
    shipment_id = shipment["shipment_id"]
    telling.check("repair: a target to ship by", shipment["target"], None)

    telling.step(stage.now, "The dispatcher", "tries to ship before anything came in")
    await _too_early(stage, telling, shipment_id, "before receipt", "planned")
    await stage.move_to(on(6, 2, "10:00"))
    telling.step(stage.now, "The warehouse", f"receives {IN_WARRANTY}, and sends it to the maker")
    await report(stage, shipment_id, "repair-received", {"serial": IN_WARRANTY, "received_on": "2026-06-02"})
    await _too_early(stage, telling, shipment_id, "before repair", "in_repair")
    await stage.move_to(on(6, 9, "15:00"))
    telling.step(stage.now, "The maker", "has repaired it")
    await report(stage, shipment_id, "repair-completed", {"completed_on": "2026-06-09"})
    await stage.move_to(on(6, 10, "15:00"))
    telling.step(stage.now, "The dispatcher", "ships it back")
    await report(stage, shipment_id, "shipped", {"shipped_at": stage.now.isoformat()})
    await stage.move_to(on(6, 11, "12:00"))
    done = await report(stage, shipment_id, "delivered", {"delivered_at": stage.now.isoformat()})
    telling.check("after receipt and repair", f"{done['serial']} {done['status']}", f"{IN_WARRANTY} delivered")
    telling.check("due back for it", done["due_on"], None)
    telling.outcome("the customer has its own unit again; nothing is due back", clause="QNP-02")


async def _too_early(stage: Stage, telling: Telling, shipment_id: str, when: str, status: str) -> None:
    refused = await report(stage, shipment_id, "shipped", {"shipped_at": stage.now.isoformat()}, expect=409)
    [fault] = refused["errors"]
    telling.check(f"shipping {when}", f"{fault['code']} by {fault['clause']}", f"shipment.{status} by QNP-02")
    telling.outcome(f"refused: {fault['message']}", clause="QNP-02")
