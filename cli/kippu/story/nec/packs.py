"""A pack runs from the server's purchase (NEC-Q1), gives nothing before registration (NEC-Q14), and never changes."""

from kippu.story.customers import CONTACT, customer_body
from kippu.story.nec.cast import LATE, OLD, YOUNG, on, server
from kippu.story.nec.registering import register
from kippu.story.orders import order, pay, refused
from kippu.story.requests import ask, decided
from kippu.story.stage import Stage
from kippu.story.telling import Telling

TITLE = "A pack runs from the day the server was bought, and stays what it is"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.desk.post("entitlement", "/v1/customers", customer_body("nec", "JP", CONTACT))
    telling.step(stage.now, "The desk", "enters three servers")
    for serial, bought, warranty in (
        (YOUNG, "2026-01-10", "2027-01-09"),
        (OLD, "2023-12-01", "2024-11-30"),
        (LATE, "2023-11-26", "2024-11-25"),
    ):
        await stage.desk.post("entitlement", "/v1/assets", server(serial, bought, warranty))
        telling.outcome(f"{serial}: bought {bought}, in warranty until {warranty}")
    await stage.settled()
    await _bought(stage, telling)
    await _registered(stage, telling)
    await _never_changed(stage, telling)


async def _bought(stage: Stage, telling: Telling) -> None:
    telling.step(
        stage.now, "The partner's portal", f"orders 3 years, 5 days a week, for {YOUNG}, and asks for a discount"
    )
    said = {"asset_serial": YOUNG}
    await refused(stage, telling, "a discount", ["NEC-Q15"], "g2-5day-3y", reason="discount", **said)
    telling.step(stage.now, "The partner's portal", "orders it at its price")
    bought = await order(stage, "g2-5day-3y", **said)
    term = f"{bought['valid_from']} to {bought['valid_until']}"
    telling.check("a pack bought ten months late", term, "2026-01-10 to 2029-01-09")
    telling.outcome(f"it runs from {term}: from the server's purchase, not from the order", clause="NEC-Q1")
    [stage.contracts["young"]] = bought["contracts"]
    await pay(stage, telling, bought["order_id"], "a pack of 3 years", 99_000)


async def _registered(stage: Stage, telling: Telling) -> None:
    telling.step(stage.now, "The partner's portal", f"reports a fault of {YOUNG}, whose pack nobody registered yet")
    await ask(stage, "before registration", "Memory error", "fault", YOUNG)
    current = await decided(stage, telling, "before registration", "covered", "NEC-Q14")
    telling.check("before registration it is served by", current["service"], "warranty_repair")
    telling.step(stage.now, "The customer", "registers the pack")
    stage.post.arrived()
    await register(stage, stage.contracts["young"], YOUNG)
    label = stage.letter("label")
    enclosed = [part.get_content_type() for part in label.iter_attachments()]
    telling.check("the maintenance label is mailed as", enclosed, ["application/pdf"])
    telling.outcome("the label, which shows the period, is mailed as a PDF:", clause="NEC-Q5")
    telling.mail(label)


async def _never_changed(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(11, 20, "10:00"))
    changed = {"asset_serial": YOUNG, "renews": stage.contracts["young"]}
    telling.step(stage.now, "The partner's portal", "asks to make 5 years around the clock of it")
    await refused(stage, telling, "an upgrade", ["NEC-Q7", "NEC-Q8"], "g2-24x365-5y", reason="upgrade", **changed)
    telling.step(stage.now, "The partner's portal", f"asks to move it to {LATE}")
    moved = {"asset_serial": LATE, "renews": stage.contracts["young"]}
    await refused(stage, telling, "a transfer", ["NEC-Q9"], "g2-5day-3y", reason="transfer", **moved)
    telling.step(stage.now, "The partner's portal", "says that the pack is lost, and asks for another copy")
    await refused(stage, telling, "a lost pack", ["NEC-Q13"], "g2-5day-3y", reason="lost", asset_serial=YOUNG)
    telling.step(stage.now, "The partner's portal", f"orders a pack of the older family for {YOUNG}, beside it")
    await refused(stage, telling, "two families", ["NEC-Q10", "NEC-Q17"], "esp-5day-3y", asset_serial=YOUNG)
