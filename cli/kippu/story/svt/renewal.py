"""A ticket is given back up to the 24th (SVT-04); a renewal is ordered up to a month before the end (SVT-03)."""

from typing import Any

from kippu.story.orders import order, pay, told
from kippu.story.stage import Stage
from kippu.story.svt.cast import SPARE, on
from kippu.story.telling import Telling

TITLE = "Given back up to the 24th, and renewed by a month before the end"


async def play(stage: Stage, telling: Telling) -> None:
    await _given_back(stage, telling)
    await _last_day(stage, telling)
    await _renewed(stage, telling)


async def _given_back(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(7, 22, "10:00"))
    telling.step(stage.now, "The partner's portal", "orders two service tickets that it will not need")
    first, second = [await order(stage, "advance-1y", device={"bought_on": "2026-07-01"}) for _ in range(2)]
    body = {"reason": "the customer bought no switch"}
    await stage.move_to(on(7, 24, "23:59"))
    telling.step(stage.now, "The partner's portal", "gives one of them back, a minute before the 25th")
    back = await stage.partner.post("entitlement", f"/v1/orders/{first['order_id']}/refund", body)
    await stage.settled()
    telling.check("given back on", back["refunded_on"], "2026-07-24")
    invoice = await stage.partner.get("billing", f"/v1/invoices/INV-{first['order_id']}")
    telling.check("the invoice of what is given back is", invoice["status"], "credited")
    telling.outcome("taken back, and its invoice with it", clause="SVT-04")
    await stage.move_to(on(7, 25, "00:00"))
    telling.step(stage.now, "The partner's portal", "gives the other one back, a minute later")
    late = await stage.partner.post("entitlement", f"/v1/orders/{second['order_id']}/refund", body, expect=422)
    told(telling, "given back on the 25th", late, ["SVT-04"])


async def _last_day(stage: Stage, telling: Telling) -> None:
    contract: dict[str, Any] = {
        "contract_id": stage.contracts["advance"],
        "product": "advance-1y",
        "valid_from": "2026-07-01",
        "valid_until": "2027-06-30",
        "registered": True,
    }
    await stage.move_to(on(7, 27, "10:00"))
    telling.step(stage.now, "The partner's portal", "asks until when the service that ends on 30 June 2027 is renewed")
    for day, expected in (("2027-05-30", "accepted"), ("2027-05-31", "refused")):
        wish = {"plan_family": stage.family, "ordered_on": day, "contract": contract}
        shown = await stage.partner.post("entitlement", "/v1/renewals/preview", wish, expect=200)
        telling.check(f"renewed on {day}", shown["outcome"], expected)
        telling.outcome(f"on {day}: {shown['outcome']}", clause="SVT-03")


async def _renewed(stage: Stage, telling: Telling) -> None:
    telling.step(stage.now, "The partner's portal", "renews it now")
    renewal = await order(stage, "advance-u1", renews=stage.contracts["advance"])
    term = f"{renewal['valid_from']} to {renewal['valid_until']}"
    telling.check("the renewed term", term, "2027-07-01 to 2028-06-30")
    telling.outcome(f"accepted; it runs from {term}, the day after the old term", clause="SVT-03")
    await pay(stage, telling, renewal["order_id"], "a renewal", 13_200)
    [contract_id] = renewal["contracts"]
    telling.step(stage.now, "The customer", "registers it with its consent, and nothing else")
    path = f"/v1/contracts/{contract_id}/registration"
    await stage.partner.post("entitlement", path, {"consent": True})
    await stage.settled()
    shown = await stage.partner.get("entitlement", f"/v1/contracts/{contract_id}")
    telling.check("carried over: the device that is there now", shown["serial"], SPARE)
    telling.check("carried over: the site", shown["site"]["address"], "1 Example Street, Tokyo")
    telling.outcome(f"{shown['serial']}, the contact and the site are carried over", clause="SVT-07")
