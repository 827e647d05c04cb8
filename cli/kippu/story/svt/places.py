"""A replacement ships to the place that the request names, but to no remote island (SVT-20)."""

from kippu.story.people import Unexpected
from kippu.story.requests import ask, decided, isolate, report, shipment_of
from kippu.story.stage import Stage
from kippu.story.svt.cast import BUNDLED, BUNDLED_MODEL, BUNDLED_SPARE, on
from kippu.story.telling import Telling

TITLE = "A replacement that is to ship elsewhere"

ISLAND = {"ship_to": "named_place", "ship_to_address": "1 Example Pier, an island", "ship_to_island": True}
OFFICE = {"ship_to": "named_place", "ship_to_address": "3 Example Street, Nagoya", "ship_to_island": False}


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(7, 28, "10:00"))
    telling.step(stage.now, "The partner's portal", f"reports a fault of {BUNDLED}; the replacement is for an island")
    await ask(stage, "to an island", "Two ports are dead", "fault", BUNDLED, details=ISLAND)
    current = await decided(stage, telling, "to an island", "refused", "SVT-20")
    telling.outcome(f"what would change the answer: {current['remedies'][0]['text']['en']}")
    telling.step(stage.now, "The partner's portal", "reports it again, and names the customer's office in Nagoya")
    await ask(stage, "to Nagoya", "Two ports are dead", "fault", BUNDLED, details=OFFICE)
    await isolate(stage, telling, "to Nagoya", BUNDLED, stage.now)
    await decided(stage, telling, "to Nagoya", "covered", "SVT-12")

    shipment = await shipment_of(stage, "to Nagoya")
    shipment_id, destination = shipment["shipment_id"], shipment["destination"]
    told = f"{destination['kind']} by {destination['clause']}".replace("_", " ")
    telling.check("to Nagoya: it ships to the", told, "named place by SVT-20")
    label = await stage.desk.get("dispatch", f"/v1/shipments/{shipment_id}/address")
    if label["address"] != OFFICE["ship_to_address"]:
        raise Unexpected(f"whoever packs is told another address: {label.body}")
    telling.outcome(f"whoever packs is told the address: {label['address']}", clause="SVT-20")
    telling.step(stage.now, "The dispatcher", f"ships {BUNDLED_SPARE} there; it is delivered, and {BUNDLED} comes back")
    await stage.desk.post("dispatch", "/v1/units", {"serial": BUNDLED_SPARE, "model": BUNDLED_MODEL})
    await report(stage, shipment_id, "reserve", {"serial": BUNDLED_SPARE})
    await report(stage, shipment_id, "shipped", {"shipped_at": stage.now.isoformat()})
    await stage.move_to(on(7, 29, "10:00"))
    await report(stage, shipment_id, "delivered", {"delivered_at": stage.now.isoformat()})
    await stage.move_to(on(7, 31, "10:00"))
    body = {"serial": BUNDLED, "received_on": "2026-07-31"}
    back = await stage.desk.post("dispatch", f"/v1/returns/{shipment_id}/received", body, expect=200)
    await stage.settled()
    telling.check("back from Nagoya late", back["late"], False)
    charges = await stage.partner.get("billing", "/v1/charges")
    telling.check("charged for the replacement in Nagoya", len(charges["items"]) - 1, 0)
    telling.outcome("the customer is charged nothing", clause="SVT-18")
