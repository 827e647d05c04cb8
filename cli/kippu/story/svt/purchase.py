"""Service tickets are ordered within three months after the device was bought (SVT-02), paid, and issued (SVT-05)."""

from kippu.story.customers import CONTACT, customer_body
from kippu.story.orders import order, pay, refused
from kippu.story.stage import Stage
from kippu.story.svt.cast import on
from kippu.story.telling import Telling

TITLE = "Service tickets: ordered in time, paid, issued as PDF"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.desk.post("entitlement", "/v1/customers", customer_body("svt", "JP", CONTACT))
    await stage.move_to(on(7, 1, "10:00"))
    telling.step(stage.now, "The partner's portal", "orders a year of advance send-back for a switch of 31 March")
    late = {"bought_on": "2026-03-31"}
    await refused(stage, telling, "a switch bought on 31 March", ["SVT-02"], "advance-1y", device=late)
    telling.step(stage.now, "The partner's portal", "orders the same for one that was bought on 1 April")
    bought = await order(stage, "advance-1y", device={"bought_on": "2026-04-01"})
    [contract_id] = bought["contracts"]
    stage.contracts["advance"] = contract_id
    term = f"{bought['valid_from']} to {bought['valid_until']}"
    telling.check("a switch bought on 1 April: the term", term, "2026-07-01 to 2027-06-30")
    telling.outcome(f"accepted on the last day; it runs from {term}, whenever it is registered", clause="SVT-05")
    telling.check("can be given back until", bought["refundable_until"], "2026-07-24")
    telling.outcome(
        f"it can be given back until {bought['refundable_until']}, unless it is registered", clause="SVT-04"
    )
    telling.check("to be registered by", bought["register_by"], "2026-10-01")
    telling.outcome(f"its registration is asked for by {bought['register_by']}", clause="SVT-09")
    await pay(stage, telling, bought["order_id"], "a year of advance send-back", 13_200)

    [ticket] = (await stage.partner.get("entitlement", f"/v1/contracts/{contract_id}/documents"))["items"]
    path = f"/v1/contracts/{contract_id}/documents/{ticket['document_id']}"
    paper = await stage.partner.get("entitlement", path)
    telling.check("the service ticket is", f"{ticket['kind']} by {ticket['clause']}", "service_ticket by SVT-05")
    telling.check("and a PDF", paper.raw.startswith(b"%PDF-"), True)
    telling.outcome(f"the service ticket, which states that day: a PDF of {len(paper.raw):,} bytes", clause="SVT-05")
    telling.link(f"{stage.addresses['entitlement']}{path}")

    telling.step(stage.now, "The partner's portal", "orders on-site basic for two switches that are bought with it")
    both = await order(stage, "onsite-basic-1y", quantity=2, device={"bought_on": "2026-07-01"})
    stage.contracts |= dict(zip(("below", "above"), both["contracts"], strict=True))
    telling.outcome(f"two service tickets: {', '.join(both['contracts'])}", clause="SVT-01")
    await pay(stage, telling, both["order_id"], "two years of on-site basic", 52_800)
