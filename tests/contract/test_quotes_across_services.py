"""QNP-03 and NEC-Q14 through the public interfaces of all services alive: a quote is offered, accepted and paid, and
then leads by itself to what it promised."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from houses.common import CUSTOMER
from houses.system import Desk, System
from kippu_events.catalogue.intake import MailRequested
from kippu_service.testing import Caller

PLANS = Path(__file__).parents[2] / "plans"
OLD = {
    "customer_id": "customer-1",
    "serial": "OLD-1",
    "kind": "equipment",
    "bought_from_provider": True,
    "bought_on": "2023-03-01",
    "warranty_until": "2026-02-28",
    "installed_by": "provider",
    "area": "tokyo",
}


async def quoted(system: System, provider: str, plan: str) -> tuple[Desk, str, dict[str, Any]]:
    """A fault of a unit whose warranty is over and that has no contract, isolated; answers its number and its quote."""
    desk = Desk(system, provider)
    await desk.post("entitlement", "/v1/plans", {"source": (PLANS / f"{plan}.toml").read_text()})
    await desk.post("entitlement", "/v1/customers", CUSTOMER)
    await desk.post("entitlement", "/v1/assets", OLD | {"plan_family": plan, "model": "Old model"})
    await system.settle()
    number = await desk.ask("no light", plan_family=plan, category="fault", asset_serial="OLD-1")
    await system.settle()
    found = {"asset_serial": "OLD-1", "isolated_at": system.clock.now().isoformat()}
    await desk.post("intake", f"/v1/tickets/{number}/isolation", found)
    await system.settle()
    [quote] = (await desk.get("billing", "/v1/quotes"))["items"]
    return desk, number, quote


async def accept(desk: Desk, quote_id: str) -> dict[str, Any]:
    """The customer's partner accepts; answers the invoice."""
    async with Caller(desk.system.services["billing"].app, desk.provider, customers=["customer-1"]) as partner:
        (await partner.post(f"/v1/quotes/{quote_id}/accept")).raise_for_status()
    await desk.system.settle()
    return await desk.get("billing", f"/v1/invoices/INV-O-{quote_id.removeprefix('Q-')}")


async def current(desk: Desk, number: str) -> dict[str, Any]:
    return dict((await desk.get("entitlement", f"/v1/decisions/{number}"))["current"])


async def found(desk: Desk, what: str) -> list[dict[str, Any]]:
    return list((await desk.get("dispatch", f"/v1/{what}"))["items"])


@pytest.mark.clause("QNP-03")
async def test_a_repair_after_the_warranty_is_bought_paid_sent_in_and_shipped_back(system: System) -> None:
    desk, number, quote = await quoted(system, "qnp", "qnp")
    assert (quote["clause"], quote["product"]) == ("QNP-03", "repair-after-warranty")
    invoice = await accept(desk, quote["quote_id"])
    assert await found(desk, "shipments") == [], "work does not begin before it is paid"
    waiting = await desk.get("intake", f"/v1/tickets/{number}")
    assert (waiting["status"], waiting["waiting_for"], waiting["clause"]) == ("waiting", "purchase", "QNP-03")

    system.clock.advance(timedelta(days=1))
    await desk.pay(invoice["invoice_no"], invoice["total"], currency="JPY")
    await system.settle()
    assert (await desk.get("intake", f"/v1/tickets/{number}"))["status"] == "open"
    decision = await current(desk, number)
    assert (decision["outcome"], decision["service"]) == ("covered", "repair_after_warranty")
    assert decision["deciding_clause"]["id"] == "QNP-03"
    assert quote["quote_id"] in [each["inputs"].get("quote") for each in decision["findings"]]

    [planned] = await found(desk, "shipments")
    assert (planned["status"], planned["mode"], planned["clause"]) == ("planned", "after_repair", "QNP-03")
    path, now = f"/v1/shipments/{planned['shipment_id']}", system.clock.now()
    async with Caller(system.services["dispatch"].app, "qnp") as dispatcher:
        early = await dispatcher.post(f"{path}/shipped", json={"shipped_at": now.isoformat()})
    assert early.status_code == 409, "nothing ships before receipt and repair"
    today = now.date().isoformat()
    await desk.post("dispatch", f"{path}/repair-received", {"serial": "OLD-1", "received_on": today})
    await desk.post("dispatch", f"{path}/repair-completed", {"completed_on": today})
    await desk.post("dispatch", f"{path}/shipped", {"shipped_at": now.isoformat()})
    await desk.post("dispatch", f"{path}/delivered", {"delivered_at": now.isoformat()})
    await system.settle()
    assert [each["status"] for each in await found(desk, "shipments?status=delivered")] == ["delivered"]
    assert await found(desk, "returns") == [], "it is the customer's own unit"


@pytest.mark.clause("NEC-Q14")
async def test_a_spot_repair_is_a_visit_to_agree_on_once_it_is_paid(system: System) -> None:
    desk, number, quote = await quoted(system, "nec", "nec-esp")
    assert (quote["clause"], quote["product"]) == ("NEC-Q14", "spot-repair")
    invoice = await accept(desk, quote["quote_id"])
    assert await found(desk, "visits") == []
    await desk.pay(invoice["invoice_no"], invoice["total"], currency="JPY")
    await system.settle()
    [visit] = await found(desk, "visits")
    assert (visit["ticket_no"], visit["status"], visit["clause"]) == (number, "held", "NEC-Q14")
    assert (await current(desk, number))["service"] == "spot_repair"


@pytest.mark.clause("NEC-Q14")
async def test_what_was_paid_for_a_request_that_is_declined_goes_back_by_itself_and_is_told(system: System) -> None:
    desk, _number, quote = await quoted(system, "nec", "nec-esp")
    invoice = await accept(desk, quote["quote_id"])
    await desk.pay(invoice["invoice_no"], invoice["total"], currency="JPY")
    await system.settle()
    [visit] = await found(desk, "visits")
    await desk.post("dispatch", f"/v1/visits/{visit['visit_id']}/decline", {"reason": "nobody can be found"})
    await system.settle()
    assert (await desk.get("billing", f"/v1/quotes/{quote['quote_id']}"))["status"] == "undone"
    order_id = invoice["order_id"]
    assert (await desk.get("entitlement", f"/v1/orders/{order_id}"))["status"] == "lapsed"
    [refund] = (await desk.get("billing", "/v1/refunds?status=due"))["items"]
    assert (refund["cause"], refund["amount"], refund["order_id"]) == ("not_served", invoice["total"], order_id)
    assert refund["credit_note_no"] == f"CN-{invoice['invoice_no']}"
    paid = {"paid_on": system.clock.now().date().isoformat(), "reference": "bank-1"}
    await desk.post("billing", f"/v1/refunds/{refund['refund_id']}/paid", paid)
    await system.settle()
    assert (await desk.get("billing", "/v1/refunds?status=due"))["items"] == []
    asked = [each.event for each in await system.services["intake"].runtime.log.read(0)]
    mails = [event for event in asked if isinstance(event, MailRequested) and event.template.startswith("refund_")]
    assert [(mail.template, mail.contact_id, mail.language) for mail in mails] == [
        ("refund_not_served", "contact-1", "en"),
        ("refund_paid", "contact-1", "en"),
    ]
