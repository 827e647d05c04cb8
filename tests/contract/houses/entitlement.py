"""Entitlement with a customer, a device and a paid order, and a request that waits for an approval."""

from collections.abc import Mapping
from datetime import timedelta

from fastapi import FastAPI
from kippu_entitlement.api.registrations import XLSX
from kippu_entitlement.app import MIGRATIONS, build
from kippu_entitlement.registration.contract_rows import COLUMNS as CONTRACT_COLUMNS
from kippu_entitlement.renewal_preview import LICENCE_EXAMPLE
from kippu_entitlement.testing import World
from kippu_entitlement.testing.contracts import BUNDLE, REGISTRATION_BODY, sell
from kippu_entitlement.testing.desk import ASSET_BODY, CUSTOMER_BODY, ORDER_BODY, Desk
from kippu_entitlement.testing.workbooks import filled
from kippu_events.catalogue.billing import QuoteAccepted
from kippu_events.ports import VirtualClock
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing.tenancy import House, Upload

from houses.common import LICENCE_PLAN_TEXT, NOON, PLAN_TEXT, TICKET_PLAN_TEXT, UNIT_PLAN_TEXT


async def fill(service: Service, runtime: Runtime, app: FastAPI) -> Mapping[str, str]:
    clock = runtime.clock
    assert isinstance(clock, VirtualClock)
    world = World(PLAN_TEXT, clock, runtime.log, runtime.vault)
    desk = await Desk(runtime, service, app, world).begin()
    contract = {"customer_id": "customer-1", "plan_family": "qnp", "product": "advance-send-back"}
    async with desk.staff() as staff:
        units = UNIT_PLAN_TEXT.replace('provider = "qnp"', 'provider = "iij"')
        for text in (LICENCE_PLAN_TEXT, units, TICKET_PLAN_TEXT):
            (await staff.post("/v1/plans", json={"source": text})).raise_for_status()
        sold = (await staff.post("/v1/orders", json=contract)).raise_for_status().json()
        for contract_id in ("CONTRACT-5", "CONTRACT-7", "CONTRACT-9"):
            await sell(world, contract_id)
        ticket = {"customer_id": "customer-1", "plan_family": "svt", "product": "advance-1y"}
        bought = {"device": {"bought_on": world.today.isoformat()}}
        refundable = (await staff.post("/v1/orders", json=ticket | bought)).raise_for_status().json()
        for bundle in ("CONTRACT-6", "CONTRACT-8"):
            await sell(world, bundle, **BUNDLE)
        delivered = {"delivered_on": "2026-11-16"}
        (await staff.post("/v1/contracts/CONTRACT-6/delivery", json=delivered)).raise_for_status()
        registration = REGISTRATION_BODY | {"serial": "99999999999"}
        (await staff.post("/v1/contracts/CONTRACT-9/registration", json=registration)).raise_for_status()
    order_id = await desk.buy()
    await world.tell(_without_a_licence(world))
    await desk.settle()
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
        "contract_id": sold["contracts"][0],
        "wallet_id": "customer-1.iij-se",
        "licence_id": "customer-1.cwc",
        "ticket_no": "KP-7777-0001",
        "approval_id": approval,
        "family": "iij-se",
        "version": "2025-04-01",
        "POST /v1/contracts/{contract_id}/registration:contract_id": "CONTRACT-7",
        "POST /v1/contracts/{contract_id}/registration/changes:contract_id": "CONTRACT-9",
        "POST /v1/contracts/{contract_id}/delivery:contract_id": "CONTRACT-8",
        "POST /v1/contracts/{contract_id}/delivery/corrections:contract_id": "CONTRACT-6",
        "POST /v1/orders/{order_id}/refund:order_id": refundable["order_id"],
        "POST /v1/orders/{order_id}/again:order_id": "O-KP-7777-0009.1",
        "GET /v1/contracts/{contract_id}/documents/{document_id}:contract_id": "CONTRACT-9",
        "document_id": "CONTRACT-9.registration_notice",
    }


def _without_a_licence(world: World) -> QuoteAccepted:
    """Incidents, which take a licence that is bought only later."""
    return QuoteAccepted(
        occurred_at=world.clock.now(),
        quote_id="Q-KP-7777-0009.1",
        customer_id="customer-1",
        plan_family="cwc",
        product="incidents-1",
        quantity=1,
        accepted_by="client:portal-1",
    )


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

CONTRACT_REGISTRATION = filled(
    {
        "contract_id": "CONTRACT-5",
        "consent": "yes",
        "serial": "55555555555",
        "model": "M24ePWR",
        "contact_id": "contact-1",
        "address": "5 Example Street",
    },
    known=CONTRACT_COLUMNS,
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
        "POST /v1/customers/{customer_id}/competitor": {"competitor": False},
        "POST /v1/assets": ASSET_BODY,
        "POST /v1/assets/{serial}/corrections": {
            "effective_at": "2026-11-01T00:00:00Z",
            "asset": ASSET_BODY | {"bought_on": "2025-05-02"},
        },
        "POST /v1/registrations/import": Upload(REGISTRATION, XLSX),
        "POST /v1/orders": ORDER_BODY,
        "POST /v1/orders/{order_id}/again": None,
        "POST /v1/orders/{order_id}/refund": {"reason": "ordered by mistake"},
        "POST /v1/orders/preview": {"plan_family": "iij-se", "product": "se-10", "ordered_on": "2026-11-18"},
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
        "POST /v1/contracts/{contract_id}/registration": REGISTRATION_BODY,
        "POST /v1/contract-registrations/import": Upload(CONTRACT_REGISTRATION, XLSX),
        "POST /v1/contracts/{contract_id}/registration/changes": {"site": {"address": "2 Example Street"}},
        "POST /v1/contracts/{contract_id}/delivery": {"delivered_on": "2026-11-16"},
        "POST /v1/contracts/{contract_id}/delivery/corrections": {"delivered_on": "2026-11-15"},
    },
    secrets=["Customer One", "Contact One", "one@customer-1.example", "Salesperson One", "Switch 24"],
    shared=frozenset({"GET /v1/plans", "GET /v1/plans/{family}/{version}"}),
)
