"""A pack ends by itself at the local midnight, and nobody is told before (NEC-Q5)."""

from kippu.story.nec.cast import LATE, on
from kippu.story.nec.registering import register
from kippu.story.orders import order, pay, refused
from kippu.story.requests import ask, decided
from kippu.story.stage import Stage
from kippu.story.telling import Telling

TITLE = "A pack with a day left ends by itself"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(11, 24, "10:00"))
    telling.step(stage.now, "The partner's portal", f"orders 3 years for {LATE}, which is 3 years old but for two days")
    bought = await order(stage, "g2-5day-3y", asset_serial=LATE)
    [contract_id] = bought["contracts"]
    telling.check("what is left of it ends on", bought["valid_until"], "2026-11-25")
    telling.outcome(f"accepted, at its whole price: until {bought['valid_until']}", clause="NEC-Q1")
    await pay(stage, telling, bought["order_id"], "a pack with a day left", 99_000)
    await register(stage, contract_id, LATE)

    await stage.move_to(on(11, 25, "17:29"))
    stage.post.arrived()
    telling.step(stage.now, "The partner's portal", f"reports a fault of {LATE} on the last day")
    await ask(stage, "the last day", "Fan failed", "fault", LATE)
    await decided(stage, telling, "the last day", "covered", "NEC-Q3")
    await stage.move_to(on(11, 26, "00:00"))
    telling.step(stage.now, "The clock", "strikes midnight in Tokyo")
    ended = await stage.partner.get("entitlement", f"/v1/contracts/{contract_id}")
    telling.check("at midnight the pack is", ended["status"], "ended")
    about_it = [mail for mail in stage.post.arrived() if contract_id in str(mail["Subject"])]
    telling.check("mails about its end", len(about_it), 0)
    telling.outcome("the pack has ended by itself; nobody was told, before or after", clause="NEC-Q5")
    telling.step(stage.now, "The partner's portal", f"reports another fault of {LATE}")
    number = await ask(stage, "the day after", "Fan failed again", "fault", LATE)
    await decided(stage, telling, "the day after", "quote", "NEC-Q14")
    telling.mail(stage.letter(number, "A quote"))
    await _after_it(stage, telling)


async def _after_it(stage: Stage, telling: Telling) -> None:
    telling.step(stage.now, "The partner's portal", "would go on with a pack of the older family")
    clauses = ["NEC-Q1", "NEC-Q11", "NEC-Q17"]
    await refused(stage, telling, "one family after the other", clauses, "esp-5day-3y", asset_serial=LATE)
    telling.step(
        stage.now, "The partner's portal", "orders 5 years of the same family, which had better been bought first"
    )
    bought = await order(stage, "g2-5day-5y", asset_serial=LATE)
    telling.check("5 years of the same family end on", bought["valid_until"], "2028-11-25")
    telling.outcome(f"accepted until {bought['valid_until']}: 5 years from the server's purchase", clause="NEC-Q6")
    await pay(stage, telling, bought["order_id"], "a pack of 5 years", 176_000)
