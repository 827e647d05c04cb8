"""SVT-15, SVT-20 and CWC-15, each under its own family's terms, through the public interfaces of all services alive."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from houses.common import CUSTOMER
from houses.system import Desk, System
from kippu_service.testing import Caller

PLANS = Path(__file__).parents[2] / "plans"
SERIAL = "12345678901"
BUYER = {"customer_id": "customer-1", "contact_id": "contact-1"}
REGISTRATION = {
    "consent": True,
    "serial": SERIAL,
    "model": "M24ePWR",
    "contact_id": "contact-1",
    "site": {"address": "1 Example Street, Tokyo", "area": "tokyo", "height_cm": 120},
}


async def begun(system: System, family: str) -> Desk:
    """The provider of a family, under its own terms, with a customer."""
    desk = Desk(system, family)
    await desk.post("entitlement", "/v1/plans", {"source": (PLANS / f"{family}.toml").read_text()})
    await desk.post("entitlement", "/v1/customers", CUSTOMER)
    await system.settle()
    return desk


async def pay(desk: Desk, order_id: str) -> None:
    invoice = await desk.get("billing", f"/v1/invoices/INV-{order_id}")
    body = {"invoice_no": invoice["invoice_no"], "amount": invoice["total"], "currency": "JPY"}
    today = desk.system.clock.now().date().isoformat()
    await desk.post("billing", "/v1/payments", body | {"payment_id": f"payment-{order_id}", "received_on": today})
    await desk.system.settle()


def portal_of(system: System, provider: str) -> Caller:
    return Caller(system.services["intake"].app, provider, customers=["customer-1"], client_id="portal-1")


async def shipments(desk: Desk) -> list[dict[str, Any]]:
    return list((await desk.get("dispatch", "/v1/shipments"))["items"])


@pytest.fixture
async def switches(system: System) -> Desk:
    """A switch of the customer's, with advance send-back that is registered."""
    desk = await begun(system, "svt")
    order = {"customer_id": "customer-1", "plan_family": "svt", "product": "advance-3y"}
    sold = await desk.post("entitlement", "/v1/orders", order | {"device": {"bought_on": "2026-11-01"}})
    await desk.post("entitlement", f"/v1/contracts/{sold['contracts'][0]}/registration", REGISTRATION)
    await system.settle()
    system.clock.advance(timedelta(hours=1))
    return desk


async def isolated(desk: Desk, portal: Caller, details: dict[str, Any] | None = None) -> str:
    """A fault of the switch is reported and isolated; answers the path of its request."""
    request = BUYER | {"plan_family": "svt", "subject": "no light", "category": "fault", "asset_serial": SERIAL}
    opened = await portal.post("/v1/tickets", json=request | {"details": details or {}})
    assert opened.status_code == 201, opened.text
    path = f"/v1/tickets/{opened.json()['ticket_no']}"
    await desk.system.settle()
    now = desk.system.clock.now().isoformat()
    await desk.post("intake", f"{path}/isolation", {"asset_serial": SERIAL, "isolated_at": now})
    await desk.system.settle()
    return path


@pytest.mark.clause("SVT-15")
async def test_a_firmware_update_that_is_asked_for_is_waited_for_with_every_clock_paused(
    system: System, switches: Desk
) -> None:
    async with portal_of(system, "svt") as portal:
        path = await isolated(switches, portal)
        [planned] = await shipments(switches)
        assert (planned["status"], planned["clause"]) == ("planned", "SVT-12")

        system.clock.advance(timedelta(hours=1))
        asked_at = system.clock.now()
        await switches.post("intake", f"{path}/details", {"firmware": "asked"})
        await system.settle()
        waiting = (await portal.get(path)).json()
        assert (waiting["status"], waiting["waiting_for"], waiting["clause"]) == ("waiting", "customer", "SVT-15")
        assert await shipments(switches) == [], "no unit leaves before the answer"

        system.clock.advance(timedelta(days=2))
        assert (await portal.post(f"{path}/details", json={"firmware": "done"})).is_success
        await system.settle()
        shown = (await portal.get(path)).json()
    assert (shown["status"], shown["waiting_for"]) == ("open", None)
    assert "waiting_customer" in [mail["template"] for mail in shown["mails"]]
    [again] = await shipments(switches)
    assert (again["status"], again["clause"]) == ("planned", "SVT-12")
    decision = (await switches.get("entitlement", f"/v1/decisions/{path.removeprefix('/v1/tickets/')}"))["current"]
    [pause] = decision["facts"]["request"]["pauses"]
    between = [pause[name].replace("Z", "+00:00") for name in ("begins_at", "ends_at")]
    assert between == [asked_at.isoformat(), system.clock.now().isoformat()]
    firmware = next(each for each in decision["findings"] if each["rule"] == "firmware_update")
    assert (firmware["clause"], firmware["result"]) == ("SVT-15", "satisfied")


@pytest.mark.clause("SVT-20")
async def test_a_replacement_goes_to_the_place_that_is_named_last_before_it_leaves(
    system: System, switches: Desk
) -> None:
    async def address() -> tuple[str, str]:
        [planned] = await shipments(switches)
        found = await switches.get("dispatch", f"/v1/shipments/{planned['shipment_id']}/address")
        assert found["clause"] == "SVT-20"
        return found["kind"], found["address"]

    async with portal_of(system, "svt") as portal:
        path = await isolated(switches, portal)
        assert await address() == ("registered_site", "1 Example Street, Tokyo")

        await switches.post("dispatch", "/v1/units", {"serial": "SPARE-1", "model": "M24ePWR"})
        [planned] = await shipments(switches)
        shipment = f"/v1/shipments/{planned['shipment_id']}"
        await switches.post("dispatch", f"{shipment}/reserve", {"serial": "SPARE-1"})
        named = {"ship_to_address": "2 Example Street, Nagoya", "ship_to_island": False}
        assert (await portal.post(f"{path}/details", json=named)).is_success
        await system.settle()
        assert await address() == ("named_place", "2 Example Street, Nagoya")
        [redirected] = await shipments(switches)
        assert (redirected["status"], redirected["serial"]) == ("allotted", "SPARE-1"), "the unit is kept"

        await switches.post("dispatch", f"{shipment}/shipped", {"shipped_at": system.clock.now().isoformat()})
        await system.settle()
        late = await portal.post(f"{path}/details", json={"ship_to_address": "3 Example Street, Osaka"})
        assert (late.status_code, late.json()["errors"][0]["code"]) == (409, "shipped")
        assert await address() == ("named_place", "2 Example Street, Nagoya")
    told = [str(event) for service in system.services.values() for event in await service.events()]
    assert not [each for each in told if "Nagoya" in each], "what is recorded is sealed"


@pytest.mark.clause("SVT-20")
async def test_a_named_place_ships_once_it_is_known_to_be_on_no_island(system: System, switches: Desk) -> None:
    async with portal_of(system, "svt") as portal:
        path = await isolated(switches, portal, {"ship_to_address": "4 Example Street"})
        waiting = (await portal.get(path)).json()
        assert (waiting["waiting_for"], waiting["clause"]) == ("classification", "SVT-20")
        assert await shipments(switches) == []
        await switches.post("intake", f"{path}/details", {"ship_to_island": True})
        await system.settle()
        declined = (await portal.get(path)).json()
    assert (declined["status"], declined["clause"]) == ("declined", "SVT-20")
    assert await shipments(switches) == []


async def _licensed(system: System, *incidents: str) -> Desk:
    """The customer has a licence with its maintenance, and these incidents."""
    desk = await begun(system, "cwc")
    together = [{"product": product} for product in ("annual-maintenance", *incidents)]
    order = BUYER | {"plan_family": "cwc", "product": "licence", "together": together}
    placed = await desk.post("entitlement", "/v1/orders", order)
    await system.settle()
    await pay(desk, placed["order_id"])
    return desk


async def _too_hard(desk: Desk, portal: Caller) -> str:
    """A question of mail support turns out to take remote work, which is proposed; answers the path of the request."""
    request = BUYER | {"plan_family": "cwc", "subject": "it stops", "category": "mail_support"}
    opened = (await portal.post("/v1/tickets", json=request | {"topic": "server_defect"})).json()
    path = f"/v1/tickets/{opened['ticket_no']}"
    await desk.system.settle()
    await desk.post("intake", f"{path}/details", {"agreement": "asked"})
    await desk.system.settle()
    desk.system.clock.advance(timedelta(hours=1))
    work = {"kind": "remote_work", "started_at": desk.system.clock.now().isoformat(), "minutes": 31}
    await desk.post("intake", f"{path}/work", work)
    await desk.system.settle()
    return path


async def _owed(desk: Desk) -> tuple[list[int], list[str], int]:
    """What is left in the wallet's lots, which quotes there are, and how many invoices."""
    answer = Caller(desk.system.services["entitlement"].app, desk.provider)
    async with answer as caller:
        wallet = await caller.get("/v1/wallets/customer-1.cwc")
    lots = wallet.json()["lots"] if wallet.is_success else []
    quotes = (await desk.get("billing", "/v1/quotes"))["items"]
    invoices = (await desk.get("billing", "/v1/invoices"))["items"]
    return [lot["remaining"] for lot in lots], [each["product"] for each in quotes], len(invoices)


@pytest.mark.clause("CWC-15", "CWC-22")
@pytest.mark.parametrize(
    ("incidents", "before", "after"),
    [(["incidents-5"], [5], ([3], [])), ([], [], ([], ["incidents-5"]))],
    ids=["with incidents", "without"],
)
async def test_remote_support_costs_nothing_before_the_recorded_agreement(
    system: System, incidents: list[str], before: list[int], after: tuple[list[int], list[str]]
) -> None:
    desk = await _licensed(system, *incidents)
    async with portal_of(system, "cwc") as portal:
        path = await _too_hard(desk, portal)
        waiting = (await portal.get(path)).json()
        assert (waiting["waiting_for"], waiting["clause"]) == ("customer", "CWC-15")
        assert await _owed(desk) == (before, [], 1), "the work is done, and nothing is agreed"
        await desk.mailed("cwc", f"Re: [{path.removeprefix('/v1/tickets/')}]", "Yes, please.")
        await system.settle()
        assert await _owed(desk) == (before, [], 1), "what the customer writes is no record of it yet"
        await desk.post("intake", f"{path}/details", {"agreement": "given"})
        await system.settle()
        assert (await portal.get(path)).json()["status"] == "open"
    assert (await _owed(desk))[:2] == after


@pytest.mark.clause("CWC-15")
async def test_remote_support_that_is_not_agreed_to_is_declined_and_costs_nothing(system: System) -> None:
    desk = await _licensed(system, "incidents-5")
    async with portal_of(system, "cwc") as portal:
        path = await _too_hard(desk, portal)
        assert (await portal.post(f"{path}/details", json={"agreement": "refused"})).is_success
        await system.settle()
        declined = (await portal.get(path)).json()
    assert (declined["status"], declined["clause"]) == ("declined", "CWC-15")
    assert await _owed(desk) == ([5], [], 1)
