"""A licence takes a year of maintenance (CWC-01), is paid in advance (CWC-11), and comes with a member ID (CWC-12)."""

from typing import Any

from kippu.story.customers import customer_body
from kippu.story.cwc.cast import BUYER, COLLEAGUE, LICENCE, on
from kippu.story.cwc.members import checked, mailed_id
from kippu.story.orders import order, pay, refused
from kippu.story.stage import Stage
from kippu.story.telling import Telling

TITLE = "Two licences, with their maintenance and not without"

MAINTENANCE = {"together": [{"product": "annual-maintenance", "quantity": 2}]}


async def play(stage: Stage, telling: Telling) -> None:
    people = ((BUYER, "Contact One", "en"), (COLLEAGUE, "Contact Two", "en"))
    await stage.desk.post("entitlement", "/v1/customers", customer_body("cwc", "JP", *people))
    await stage.move_to(on(12, 1, "10:00"))
    said: dict[str, Any] = {"quantity": 2, "contact_id": BUYER}
    telling.step(stage.now, "The partner's portal", "orders two licences, and no maintenance")
    await refused(stage, telling, "licences without maintenance", ["CWC-01", "CWC-02"], "licence", **said)
    telling.step(stage.now, "The partner's portal", "orders incidents, without a member ID")
    await refused(stage, telling, "incidents without a licence", ["CWC-26"], "incidents-5", contact_id=BUYER)
    telling.step(stage.now, "The partner's portal", "orders both together, for Thursday")
    soon = {**said, **MAINTENANCE, "wanted_delivery_on": "2026-12-03"}
    await refused(stage, telling, "a delivery in two days", ["CWC-11"], "licence", **soon)
    telling.step(stage.now, "The partner's portal", "orders them for Thursday of the week after")
    bought = await order(stage, "licence", **said, **MAINTENANCE, wanted_delivery_on="2026-12-10")
    telling.check("to be paid by", bought["pay_by"], "2026-12-07")
    telling.outcome(f"accepted; to be paid by {bought['pay_by']}, 3 business days before the delivery", clause="CWC-11")
    await stage.settled()
    invoice = stage.letter("Your invoice")
    telling.check("the mailed invoice names the day", bought["pay_by"] in str(invoice["Subject"]), True)
    telling.mail(invoice)

    await stage.move_to(on(12, 4, "11:00"))
    stage.post.arrived()
    await pay(stage, telling, bought["order_id"], "two licences", 440_000)
    member_id = mailed_id(stage, telling)
    stage.answers["member"] = member_id
    shown = await checked(stage, telling, "once it is paid", member_id, "valid by CWC-03")
    telling.check("maintained until", shown["maintained_until"], "2027-12-03")
    half = await stage.partner.get("entitlement", f"/v1/licences/{LICENCE}?on=2027-06-04")
    worth = half["maintenance"]["worth"]["percent_left"]
    telling.check("worth after half a year", f"{worth} %", "90 %")
    telling.outcome(f"in half a year the licences will be worth {worth} % of their price", clause="CWC-06")
