"""Five technical tickets for 60,000 yen (QNP-16): isolation is free, a question costs one (QNP-12)."""

from kippu.story.orders import order, pay
from kippu.story.qnp.cast import SPARE, WALLET, on
from kippu.story.requests import ask, decided
from kippu.story.stage import Stage
from kippu.story.telling import Telling, yen

TITLE = "Five technical tickets, and a sixth question"


async def play(stage: Stage, telling: Telling) -> None:
    await _buy(stage, telling)

    await stage.move_to(on(5, 14, "09:30"))
    telling.step(stage.now, "The partner's portal", f"asks whether {SPARE} is at fault at all")
    await ask(stage, "isolation", "Is it the unit?", "isolation", SPARE)
    await decided(stage, telling, "isolation", "covered", "QNP-12")
    await _balance(stage, telling, "after an isolation, which is free", 5)

    telling.step(stage.now, "The partner's portal", "asks how a share is set up")
    await _question(stage, 1)
    current = await decided(stage, telling, "question 1", "covered_by_debit", "QNP-12")
    [target] = current["targets"]
    since = f"{stage.local(target['due_at']):%a %d %b %H:%M}"
    telling.check("an answer", f"{target['bound']} {since} by {target['clause']}", "from Thu 14 May 09:30 by QNP-14")
    telling.outcome(f"an answer comes from {since} on, and no day is promised", clause="QNP-14")
    await _balance(stage, telling, "after a question on settings", 4)
    await stage.move_to(on(5, 15, "10:00"))
    telling.step(stage.now, "The partner's portal", "asks about something that the maker does not maintain")
    await ask(stage, "out of scope", "Our own program", "question", None, topic="own_program")
    await decided(stage, telling, "out of scope", "refused", "QNP-13")
    telling.step(stage.now, "The partner's portal", "asks four more questions that are in scope")
    for number in range(2, 6):
        await _question(stage, number)
    await _balance(stage, telling, "after five questions", 0)

    telling.step(stage.now, "The partner's portal", "asks a sixth")
    sixth = await _question(stage, 6)
    await _balance(stage, telling, "after the sixth question", 0)
    shown = await stage.partner.get("entitlement", f"/v1/decisions/{sixth}")
    [short] = shown["shortfalls"]
    telling.check("the sixth question: missing in the wallet", f"{short['owed']} of {short['wanted']}", "1 of 1")
    quotes = await stage.partner.get("billing", "/v1/quotes?status=offered")
    [quote] = quotes["items"]
    telling.check("the offer is for the sixth question", quote["ticket_no"] == sixth, True)
    telling.check("its decision names the offer", short["quote_id"] == quote["quote_id"], True)
    telling.check("the sixth question's offer", f"{quote['product']} for {yen(quote['total'])}", OFFER)
    telling.outcome(f"one ticket is missing, and offered: {OFFER}, valid until {quote['valid_until']}", clause="QNP-16")
    statement = await stage.partner.get("entitlement", f"/v1/wallets/{WALLET}/statement")
    telling.statement(statement["entries"], stage.lots, stage.tickets)
    telling.link(f"{stage.addresses['console']}/wallets/{WALLET}")


OFFER = "technical-tickets-5 for 66,000 JPY"


async def _buy(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(5, 13, "14:00"))
    telling.step(stage.now, "The partner's portal", "orders 5 technical support tickets")
    bought = await order(stage, "technical-tickets-5")
    stage.lots[bought["order_id"]] = "A"
    invoice = await pay(stage, telling, bought["order_id"], "5 technical tickets", 66_000)
    telling.check("5 technical tickets, before tax", yen(invoice["net"]), "60,000 JPY")
    telling.outcome("5 tickets for 60,000 JPY before tax", clause="QNP-16")
    await _balance(stage, telling, "of technical tickets, once paid", 5)


async def _question(stage: Stage, number: int) -> str:
    name = f"question {number}"
    return await ask(stage, name, "How is a share set up?", "question", None, topic="smb")


async def _balance(stage: Stage, telling: Telling, when: str, expected: int) -> None:
    wallet = await stage.partner.get("entitlement", f"/v1/wallets/{WALLET}")
    telling.check(f"balance {when}", wallet["balance"], expected)
    telling.outcome(f"balance {wallet['balance']}")
