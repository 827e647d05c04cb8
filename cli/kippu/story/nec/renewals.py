"""Packs of the older family by consultation (NEC-Q17), renewed year by year up to 5 years from purchase (NEC-Q6)."""

from kippu.story.customers import CUSTOMER
from kippu.story.nec.cast import OLD, on
from kippu.story.orders import order, refused
from kippu.story.stage import Stage
from kippu.story.telling import Telling

TITLE = "An older pack, renewed up to five years from purchase"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(11, 20, "11:00"))
    telling.step(stage.now, "The partner's portal", f"orders a pack of the older family for {OLD}")
    await refused(stage, telling, "an older pack", ["NEC-Q17"], "esp-5day-3y", asset_serial=OLD)
    telling.step(stage.now, "The desk", "has confirmed with sales that there is one, and orders it for the customer")
    body = {
        "customer_id": CUSTOMER,
        "plan_family": stage.family,
        "product": "esp-5day-3y",
        "asset_serial": OLD,
        "agreed": True,
    }
    bought = await stage.desk.post("entitlement", "/v1/orders", body)
    await stage.settled()
    telling.check("the older pack ends on", bought["valid_until"], "2026-11-30")
    telling.outcome(f"accepted: until {bought['valid_until']}, ten days from now", clause="NEC-Q1")
    telling.step(stage.now, "The partner's portal", "would rather renew it by a pack of G2")
    await refused(stage, telling, "G2 after the older family", ["NEC-Q10"], "g2-5day-5y", asset_serial=OLD)
    [renewed] = bought["contracts"]
    for name, until in (("first", "2027-11-30"), ("second", "2028-11-30")):
        telling.step(stage.now, "The partner's portal", f"orders the {name} renewal")
        year = await order(stage, "esp-5day-renewal", renews=renewed)
        term = f"{year['valid_from']} to {year['valid_until']}"
        telling.check(f"the {name} renewal ends on", year["valid_until"], until)
        telling.outcome(f"{term}, the day after what it renews", clause="NEC-Q10")
        [renewed] = year["contracts"]
    telling.step(stage.now, "The partner's portal", "orders a third")
    await refused(stage, telling, "past five years", ["NEC-Q6"], "esp-5day-renewal", renews=renewed)
