"""SVT-15 and QNP-15 through the services' public interfaces, all alive: asked over HTTP, answered by mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from houses.common import CUSTOMER, NOON, UNIT_PLAN_TEXT
from houses.system import Desk, System
from kippu_service.testing import Caller

RULE = """
[[coverage.rules]]
kind = "firmware_update"
clause = "QNP-12"
remedy.action = "update_firmware"
remedy.text.en = "Update the firmware."

[[coverage.rules]]
kind = "retained_part"
"""
"""A rule of SVT's among QNP's, as SVT's terms aim at no time."""
PLAN = UNIT_PLAN_TEXT.replace('\n[[coverage.rules]]\nkind = "retained_part"\n', RULE)
CONTRACT = {"contract_id": "C-1", "product": "advance-send-back", "valid_from": "2026-04-01"}
UNIT = {
    "customer_id": "customer-1",
    "serial": "NAS-1",
    "kind": "equipment",
    "model": "NAS 4-bay",
    "plan_family": "qnp",
    "bought_from_provider": True,
    "installed_by": "provider",
    "area": "tokyo",
    "disks_from": "provider",
    "contracts": [CONTRACT | {"valid_until": "2027-03-31"}],
}
REQUEST = {
    "customer_id": "customer-1",
    "contact_id": "contact-1",
    "plan_family": "qnp",
    "subject": "no light",
    "category": "fault",
    "asset_serial": "NAS-1",
    "details": {"written_report": "asked"},
}


@pytest.fixture
async def desk(system: System) -> Desk:
    """Wednesday 18 November 2026 at 14:00 in Tokyo; the Monday after is a holiday."""
    assert PLAN != UNIT_PLAN_TEXT
    desk = Desk(system, "qnp")
    for path, body in (("/v1/plans", {"source": PLAN}), ("/v1/customers", CUSTOMER), ("/v1/assets", UNIT)):
        await desk.post("entitlement", path, body)
    await system.settle()
    return desk


async def _shipments(desk: Desk) -> list[tuple[str, Any]]:
    found = (await desk.get("dispatch", "/v1/shipments"))["items"]
    return [(each["status"], (each["target"] or {}).get("due_on")) for each in found]


@pytest.mark.clause("SVT-15", "QNP-01", "QNP-15")
async def test_a_shipment_waits_for_the_customer_and_its_target_follows_the_pause(system: System, desk: Desk) -> None:
    portal = Caller(system.services["intake"].app, "qnp", customers=["customer-1"], client_id="portal-1")
    async with portal:
        opened = await portal.post("/v1/tickets", json=REQUEST)
        assert opened.status_code == 201, opened.text
        number = opened.json()["ticket_no"]
        path = f"/v1/tickets/{number}"
        await system.settle()
        await desk.post("intake", f"{path}/isolation", {"asset_serial": "NAS-1", "isolated_at": NOON.isoformat()})
        await system.settle()
        assert await _shipments(desk) == [("planned", "2026-11-19")]

        system.clock.advance(timedelta(hours=1))
        await desk.post("intake", f"{path}/details", {"firmware": "asked"})
        await system.settle()
        waiting = (await portal.get(path)).json()
        assert (waiting["status"], waiting["waiting_for"], waiting["clause"]) == ("waiting", "customer", "QNP-12")
        assert await _shipments(desk) == [], "what was planned is withdrawn"

        system.clock.advance(timedelta(days=1))
        await desk.mailed("qnp", f"Re: [{number}]", "It is done.")
        await system.settle()
        answered_at = system.clock.now()
        assert (await portal.get(path)).json()["status"] == "open"
        system.clock.advance(timedelta(days=1))
        await desk.post("intake", f"{path}/details", {"firmware": "done"})
        await system.settle()
        shown = (await portal.get(path)).json()
    follows = [("planned", "2026-11-20")]
    assert await _shipments(desk) == follows, "a business day later, and not two: the customer answered after one"
    [target] = shown["expectation"]["targets"]
    [paused] = [each for each in target["stretches"] if each["state"] == "paused"]
    assert (target["due_on"], paused["to_at"].replace("Z", "+00:00")) == ("2026-11-20", answered_at.isoformat())
    assert [each["answer"] for each in shown["expectation"]["replies"]] == ["declined"]
    templates = [mail["template"] for mail in shown["mails"]]
    assert templates == ["ticket_opened", "expected", "expected", "waiting_customer", "expected"]
    decision = (await desk.get("entitlement", f"/v1/decisions/{number}"))["current"]
    assert (decision["facts"]["request"]["firmware"], len(decision["facts"]["request"]["pauses"])) == ("done", 1)
