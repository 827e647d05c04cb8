"""Entitlement with a customer, a device and a paid order, and a request that waits for an approval."""

from collections.abc import Mapping
from datetime import timedelta

from fastapi import FastAPI
from kippu_entitlement.api.registrations import XLSX
from kippu_entitlement.app import MIGRATIONS, build
from kippu_entitlement.renewal_preview import LICENCE_EXAMPLE
from kippu_entitlement.testing import World
from kippu_entitlement.testing.desk import ASSET_BODY, CUSTOMER_BODY, ORDER_BODY, Desk
from kippu_entitlement.testing.workbooks import filled
from kippu_events.ports import VirtualClock
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing.tenancy import House, Upload

from houses.common import LICENCE_PLAN_TEXT, NOON, PLAN_TEXT


async def fill(service: Service, runtime: Runtime, app: FastAPI) -> Mapping[str, str]:
    clock = runtime.clock
    assert isinstance(clock, VirtualClock)
    world = World(PLAN_TEXT, clock, runtime.log, runtime.vault)
    desk = await Desk(runtime, service, app, world).begin()
    async with desk.staff() as staff:
        (await staff.post("/v1/plans", json={"source": LICENCE_PLAN_TEXT})).raise_for_status()
    order_id = await desk.buy()
    async with desk.partner() as partner:
        bought = await partner.post("/v1/orders", json=LICENCE_ORDER)
    await world.tell(world.paying(bought.raise_for_status().json()["order_id"], world.today))
    await world.tell(world.opening("KP-7777-0001", category="preventive_maintenance"))
    await desk.settle()
    approval = await runtime.writers.fetchval("select approval_id from read.approval")
    return {
        "customer_id": "customer-1",
        "serial": "DEVICE-1",
        "order_id": order_id,
        "wallet_id": "customer-1.iij-se",
        "licence_id": "customer-1.cwc",
        "ticket_no": "KP-7777-0001",
        "approval_id": approval,
        "family": "iij-se",
        "version": "2025-04-01",
    }


LICENCE_ORDER = {
    "customer_id": "customer-1",
    "plan_family": "cwc",
    "contact_id": "contact-1",
    "product": "licence",
    "quantity": 7,
    "together": [{"product": "annual-maintenance", "quantity": 7}],
}
REGISTRATION = filled(
    {
        "serial": "DEVICE-1",
        "customer_id": "customer-1",
        "plan_family": "iij-se",
        "model": "Switch 48",
        "bought_from_provider": "yes",
    }
)

ENTITLEMENT = House(
    log="entitlement",
    migrations=MIGRATIONS,
    build=build,
    fill=fill,
    bodies={
        "POST /v1/customers": CUSTOMER_BODY,
        "POST /v1/customers/{customer_id}/contacts": {
            "id": "contact-2",
            "name": "Contact Two",
            "mail": "two@other.example",
            "language": "en",
        },
        "POST /v1/assets": ASSET_BODY,
        "POST /v1/registrations/import": Upload(REGISTRATION, XLSX),
        "POST /v1/orders": ORDER_BODY,
        "POST /v1/plans": {"source": PLAN_TEXT},
        "POST /v1/decisions/preview": {
            "plan_family": "iij-se",
            "request": {"received_at": NOON.isoformat(), "category": "question"},
        },
        "POST /v1/renewals/preview": LICENCE_EXAMPLE,
        "POST /v1/orders/bookings": {
            "customer_id": "customer-1",
            "plan_family": "cwc",
            "contact_id": "contact-1",
            "product": "ssl-setup",
            "starts_at": (NOON + timedelta(days=30)).isoformat(),
        },
        "POST /v1/members/check": {"member_id": "AAAA-BBBB-CCCC-DDDD"},
        "POST /v1/approvals/{approval_id}": {"decision": "grant"},
    },
    secrets=["Customer One", "Contact One", "one@customer-1.example", "Salesperson One", "Switch 24"],
    shared=frozenset({"GET /v1/plans", "GET /v1/plans/{family}/{version}"}),
)
