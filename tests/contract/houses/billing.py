"""Billing with an invoice that is paid in part, an offer for what a wallet lacked, and a charge that was credited."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import kippu_billing
from fastapi import FastAPI
from kippu_billing.app import build
from kippu_events.catalogue.entitlement import DebitShortfall, OrderAccepted
from kippu_events.catalogue.shipments import ReturnOverdue, UnitReturned
from kippu_events.log.memory import MemoryLog
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing import Caller
from kippu_service.testing.hearing import catch_up, tell
from kippu_service.testing.tenancy import House

from houses.common import LINE_TEXT, NOON, PRICE

PAYMENT = {
    "invoice_no": "INV-order-77",
    "payment_id": "payment-2",
    "amount": 1_000,
    "currency": "THB",
    "received_on": NOON.date().isoformat(),
}
CERTIFICATE = {
    "invoice_no": "INV-order-77",
    "certificate_no": "certificate-2",
    "amount": 1,
    "currency": "THB",
    "issued_on": NOON.date().isoformat(),
    "received_on": NOON.date().isoformat(),
}
REFERENCE = "bank-reference-1"
PROOF = "certificate-of-1"
SHIPMENT = {"shipment_id": "KP-7777-0002.S1", "ticket_no": "KP-7777-0002", "customer_id": "customer-1"}
DEFECTIVE = "DEFECTIVE-77"
CREDITED = "INV-C-KP-7777-0002.S1.R"


async def fill(service: Service, runtime: Runtime, app: FastAPI) -> Mapping[str, str]:
    heard = {name: MemoryLog(name) for name in ("entitlement", "dispatch")}
    accepted = OrderAccepted(
        occurred_at=NOON,
        order_id="order-77",
        customer_id="customer-1",
        plan_family="iij-se",
        plan_version="2025-04-01",
        product="se-10",
        quantity=1,
        price=PRICE,
        tickets=10,
    )
    shortfall = DebitShortfall(
        occurred_at=NOON,
        wallet_id="customer-1.iij-se",
        customer_id="customer-1",
        debit_id="KP-7777-0001.1",
        ticket_no="KP-7777-0001",
        wanted=3,
        missing=2,
        offer_product="se-10",
        offer_quantity=1,
        offer=PRICE,
        offer_valid_until=date(2026, 12, 31),
        clause="IIJ-07",
    )
    await tell(runtime, heard["entitlement"], "order-iij-order-77", accepted)
    await tell(runtime, heard["entitlement"], "wallet-iij-customer-1.iij-se", shortfall)
    overdue = ReturnOverdue(
        occurred_at=NOON, serial=DEFECTIVE, due_on=date(2026, 11, 1), charge=PRICE, clause="QNP-01", **SHIPMENT
    )
    returned = UnitReturned(
        occurred_at=NOON, serial=DEFECTIVE, received_on=NOON.date(), late=True, credited=True, **SHIPMENT
    )
    await tell(runtime, heard["dispatch"], "shipments-iij-KP-7777-0002", overdue, returned)
    await catch_up(service, runtime, heard)
    async with Caller(app) as desk:
        (await desk.post("/v1/payments", json=PAYMENT | {"payment_id": REFERENCE})).raise_for_status()
        certificate = CERTIFICATE | {"certificate_no": PROOF}
        (await desk.post("/v1/withholding-certificates", json=certificate)).raise_for_status()
        late = PAYMENT | {"invoice_no": CREDITED, "payment_id": "bank-reference-2"}
        (await desk.post("/v1/payments", json=late)).raise_for_status()
    await catch_up(service, runtime, heard)
    return {"invoice_no": "INV-order-77", "quote_id": "Q-KP-7777-0001.1", "refund_id": f"RF-{CREDITED}.1"}


BILLING = House(
    log="billing",
    migrations=Path(kippu_billing.__file__).parent / "migrations",
    build=build,
    fill=fill,
    bodies={
        "POST /v1/payments": PAYMENT,
        "POST /v1/withholding-certificates": CERTIFICATE,
        "POST /v1/refunds/{refund_id}/paid": {"paid_on": NOON.date().isoformat(), "reference": "bank-reference-3"},
        "POST /v1/quotes/{quote_id}/accept": None,
    },
    secrets=[REFERENCE, PROOF, LINE_TEXT, "975000", DEFECTIVE, f"CN-{CREDITED}", "bank-reference-2"],
)
