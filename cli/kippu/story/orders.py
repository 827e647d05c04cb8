"""What the chapters share about buying: an order, what it is refused for, its invoice and the transfer that pays it."""

from datetime import date
from typing import Any

from kippu.story.customers import CUSTOMER
from kippu.story.people import Answer
from kippu.story.stage import Stage
from kippu.story.telling import Telling, yen

ORDERS = "/v1/orders"


async def order(stage: Stage, product: str, **said: Any) -> Answer:
    """The partner's portal orders; what comes of it is awaited."""
    placed = await stage.partner.post("entitlement", ORDERS, _wanted(stage, product, said))
    await stage.settled()
    return placed


async def refused(
    stage: Stage, telling: Telling, what: str, clauses: list[str], product: str, path: str = ORDERS, **said: Any
) -> None:
    """An order that breaks these rules: each is named, and nothing is changed."""
    answer = await stage.partner.post("entitlement", path, _wanted(stage, product, said), expect=422)
    told(telling, what, answer, clauses)


def told(telling: Telling, what: str, answer: Answer, clauses: list[str]) -> None:
    """Everything that was wrong, with the clauses that say so."""
    telling.check(f"{what}: refused by", [fault.get("clause") for fault in answer["errors"]], clauses)
    for fault in answer["errors"]:
        telling.outcome(f"refused: {fault['message']}", clause=fault.get("clause"))


async def pay(stage: Stage, telling: Telling, order_id: str, what: str, total: int) -> Answer:
    """The invoice of an order in yen, and the bank's transfer that pays it today."""
    invoice = await stage.partner.get("billing", f"/v1/invoices/INV-{order_id}")
    tax = sum(each["tax"] for each in invoice["taxes"])
    telling.check(f"{what}: invoiced", yen(invoice["total"]), yen(total))
    telling.outcome(
        f"invoice: {yen(invoice['net'])} + {invoice['tax_name']} {yen(tax)} = {yen(total)}, due {invoice['due_on']}"
    )
    await transfer(stage, telling, invoice, what)
    return invoice


async def transfer(stage: Stage, telling: Telling, invoice: Answer, what: str) -> None:
    """The whole of an invoice, paid today."""
    body = {
        "invoice_no": invoice["invoice_no"],
        "payment_id": f"transfer-{len(stage.payments) + 1}",
        "amount": invoice["total"],
        "currency": invoice["currency"],
        "received_on": today(stage).isoformat(),
    }
    stage.payments.append(body["payment_id"])
    telling.step(stage.now, "The desk", "records the payment")
    paid = await stage.desk.post("billing", "/v1/payments", body)
    telling.check(f"{what}: owed after the payment", paid["outstanding"], 0)
    await stage.settled()


def today(stage: Stage) -> date:
    """At the provider's."""
    return stage.now.astimezone(stage.zone).date()


def _wanted(stage: Stage, product: str, said: dict[str, Any]) -> dict[str, Any]:
    return {"customer_id": CUSTOMER, "plan_family": stage.family, "product": product, **said}
