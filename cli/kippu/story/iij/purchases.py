"""Two lots of prepaid tickets: ordered by a partner, invoiced with VAT, paid, credited."""

from kippu.story.customers import CUSTOMER
from kippu.story.iij.cast import FAMILY, WALLET, on
from kippu.story.orders import transfer
from kippu.story.people import Answer
from kippu.story.stage import Stage
from kippu.story.telling import Telling, baht

TITLE = "Two lots of prepaid tickets: ordered, invoiced, paid, credited"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(6, 15, "10:00"))
    telling.step(stage.now, "The partner's portal", "orders 5 SE Support tickets")
    await buy(stage, telling, "A", "se-5", 1, total=1_043_250)

    await stage.move_to(on(6, 15, "16:00"))
    telling.step(stage.now, "The partner's portal", "orders 3 single tickets, which are valid for a shorter time")
    await buy(stage, telling, "B", "se-1", 3, total=658_050)

    wallet = await stage.partner.get("entitlement", f"/v1/wallets/{WALLET}")
    telling.check("balance after two lots", wallet["balance"], 8)
    for lot in wallet["lots"]:
        ends = stage.local(lot["expires_at"]).strftime("%d %b %Y")
        telling.outcome(f"lot {stage.lots[lot['lot_id']]}: {lot['remaining']} tickets, ends at the beginning of {ends}")
    telling.check("the lot that ends first", stage.lots[wallet["lots"][0]["lot_id"]], "B")


async def buy(stage: Stage, telling: Telling, lot: str, product: str, quantity: int, *, total: int) -> None:
    """Orders, checks the invoice, pays it."""
    wanted = {"customer_id": CUSTOMER, "plan_family": FAMILY, "product": product, "quantity": quantity}
    order = await stage.partner.post("entitlement", "/v1/orders", wanted, key=f"order-{lot}")
    stage.lots[order["order_id"]] = lot
    line = order["price"]["lines"][0]
    price = f"{quantity} x {line['description']} at {baht(line['unit_price'])}"
    telling.outcome(f"accepted under the terms of {order['plan_version']}: {price}", clause="IIJ-10")
    again = await stage.partner.post("entitlement", "/v1/orders", wanted, key=f"order-{lot}")
    telling.check(f"order {lot} sent twice is one order", again["order_id"] == order["order_id"], True)
    telling.outcome("sent again, as after a lost answer, with the same Idempotency-Key: no second order")
    await stage.settled()
    invoice = await stage.partner.get("billing", f"/v1/invoices/INV-{order['order_id']}")
    await pay(stage, telling, invoice, f"lot {lot}", total=total)


async def pay(stage: Stage, telling: Telling, invoice: Answer, what: str, *, total: int) -> None:
    """The invoice, and the bank's transfer that pays it."""
    net, tax = invoice["net"], sum(each["tax"] for each in invoice["taxes"])
    sums = f"{baht(net)} + {invoice['tax_name']} 7 % {baht(tax)} = {baht(invoice['total'])}"
    telling.outcome(f"invoice: {sums}, due {invoice['due_on']}")
    telling.check(f"invoice of {what}", baht(invoice["total"]), baht(total))
    await transfer(stage, telling, invoice, what)
    telling.outcome(f"{what} is credited")
