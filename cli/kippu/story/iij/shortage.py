"""The last ticket: two debits at the same moment never take the wallet below 0; what is missing is offered."""

import asyncio

from kippu.story.iij.cast import ROUTER, WALLET, on
from kippu.story.iij.purchases import pay
from kippu.story.iij.work import balance
from kippu.story.requests import ask
from kippu.story.stage import Stage
from kippu.story.telling import Telling, baht

TITLE = "The last ticket, and what happens when the wallet is empty"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(6, 29, "09:00"))
    names = ("race 1", "race 2")
    for name in names:
        await ask(stage, name, f"Printer {name[-1]} is offline", "fault", ROUTER)
    await stage.move_to(on(6, 29, "10:00"))
    telling.step(stage.now, "Two engineers", "record 30 min each at the same moment; one prepaid ticket is left")
    body = {"kind": "isolation", "started_at": on(6, 29, "09:15").isoformat(), "minutes": 30}
    await asyncio.gather(
        *(stage.desk.post("intake", f"/v1/tickets/{stage.tickets[name]}/work", body) for name in names)
    )
    await stage.settled()
    await balance(stage, telling, "after two debits at once", 0)
    statement = await stage.partner.get("entitlement", f"/v1/wallets/{WALLET}/statement")
    telling.check("the lowest balance there ever was", min(entry["balance"] for entry in statement["entries"]), 0)

    quotes = await stage.partner.get("billing", "/v1/quotes?status=offered")
    [quote] = quotes["items"]
    telling.outcome(
        f"one is served; for the other, 1 is missing, and an offer is made: {quote['product']} for "
        f"{baht(quote['total'])}, valid until {quote['valid_until']}",
        clause=quote["clause"],
    )
    telling.check("the offer", baht(quote["total"]), baht(1_926_000))
    telling.mail(stage.letter(quote["ticket_no"], "An offer"))

    await stage.move_to(on(6, 30, "09:00"))
    telling.step(stage.now, "The partner", "accepts the offer")
    await stage.partner.post("billing", f"/v1/quotes/{quote['quote_id']}/accept", expect=200)
    await stage.settled()
    invoices = await stage.partner.get("billing", "/v1/invoices?status=open")
    [line] = invoices["items"]
    stage.lots[line["order_id"]] = "C"
    invoice = await stage.partner.get("billing", f"/v1/invoices/{line['invoice_no']}")
    await pay(stage, telling, invoice, "lot C", total=1_926_000)
    telling.outcome("what was still owed for the work is debited from it at once", clause="IIJ-07")
    await balance(stage, telling, "after lot C, what was owed debited", 9)
    statement = await stage.partner.get("entitlement", f"/v1/wallets/{WALLET}/statement")
    telling.statement(statement["entries"], stage.lots, stage.tickets)
    telling.link(f"{stage.addresses['console']}/wallets/{WALLET}")
