"""The console over a request and its wallet, visit, quote and invoice, what was sold, and a mail of no request."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import kippu_console
from fastapi import FastAPI
from kippu_console.app import build
from kippu_events.catalogue import (
    billing,
    bookings,
    capacity,
    contracts,
    dispatch,
    entitlement,
    intake,
    licences,
    shipments,
)
from kippu_events.catalogue.bookings import BookingTerms
from kippu_events.catalogue.values import Channel
from kippu_events.event import Event
from kippu_events.log.memory import MemoryLog
from kippu_privacy import Plain
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing.hearing import catch_up, tell
from kippu_service.testing.tenancy import OPEN, House

from houses.common import NOON, PRICE

TICKET, WALLET = "KP-7777-0001", "customer-1.iij-se"
CONTRACT, LICENCE, BOOKING = "O-CONTRACT77", "customer-1.cwc", "O-BOOKING77"
SHEET = "sheet-of-mail-77.S1"
SITE = "77 Hidden Street"
SOLD_SECRETS = [SITE, "SERIAL-77", "contact-of-licence-77", "ssl-setup-77", "21,132.50", "RF-77", "1,234.56"]
SHEET_SUBJECT, FAULT = "[Registration] seven and seventy", "row 7, column 'Serial number': 77 is too short"
ENGINEER = "engineer-77"
SHEET_SECRETS = [ENGINEER, SHEET_SUBJECT, "sheet-77.xlsx", "contact-of-sheet-77", "77 is too short"]
SUBJECT = "the core switch burns"
SENDER = "one@customer-1.example"


async def fill(service: Service, runtime: Runtime, app: FastAPI) -> Mapping[str, str]:
    heard = {name: MemoryLog(name) for name in ("intake", "entitlement", "dispatch", "billing")}
    for log, stream, event in _told():
        await tell(runtime, heard[log], stream, event)
    await catch_up(service, runtime, heard)
    return {
        "ticket_no": TICKET,
        "wallet_id": WALLET,
        "contract_id": CONTRACT,
        "licence_id": LICENCE,
        "booking_id": BOOKING,
        "sheet_id": SHEET,
    }


def _told() -> list[tuple[str, str, Event]]:
    """(log, stream, event)."""
    opened = intake.TicketOpened(
        occurred_at=NOON,
        ticket_no=TICKET,
        customer_id="customer-1",
        contact_id="contact-1",
        plan_family="iij-se",
        channel=Channel.MAIL,
        received_at=NOON,
        language="th",
        subject=Plain("contact-iij-contact-1", SUBJECT),
    )
    unmatched = intake.MailUnmatched(
        occurred_at=NOON,
        mail_id="mail-1",
        reason="no_prefix",
        received_at=NOON,
        language="en",
        sender=Plain("contact-iij-contact-1", SENDER),
        subject=Plain("contact-iij-contact-1", "a question about an invoice"),
        customer_id="customer-1",
        contact_id="contact-1",
    )
    credited = entitlement.TicketsCredited(
        occurred_at=NOON,
        wallet_id=WALLET,
        customer_id="customer-1",
        lot_id="lot-77",
        quantity=10,
        valid_from=NOON,
        expires_at=NOON + timedelta(days=365),
        order_id="order-77",
    )
    visit = dispatch.VisitRequested(
        occurred_at=NOON,
        visit_id=f"{TICKET}.V1",
        ticket_no=TICKET,
        customer_id="customer-1",
        wanted_at=NOON + timedelta(days=3),
        minutes=60,
        notice_days=3,
        clause="IIJ-09",
    )
    shipment = shipments.ShipmentPlanned(
        occurred_at=NOON,
        shipment_id=f"{TICKET}.S1",
        ticket_no=TICKET,
        customer_id="customer-1",
        mode="advance",
        clause="QNP-01",
        defective_serial="DEFECTIVE-77",
        model="nas-4",
        time_zone="Asia/Bangkok",
    )
    expected = shipments.ReturnExpected(
        occurred_at=NOON,
        shipment_id=f"{TICKET}.S1",
        ticket_no=TICKET,
        customer_id="customer-1",
        serial="DEFECTIVE-77",
        due_on=date(2026, 12, 1),
        clause="QNP-01",
        overdue_at=NOON + timedelta(days=13),
    )
    invoice = billing.InvoiceIssued(
        occurred_at=NOON,
        invoice_no="INV-order-77",
        customer_id="customer-1",
        order_id="order-77",
        issued_on=date(2026, 11, 18),
        due_on=date(2026, 12, 18),
        price=PRICE,
        net=975_000,
        taxes=(),
        total=1_043_250,
        currency="THB",
    )
    wallet = entitlement.WalletOpened(
        occurred_at=NOON, wallet_id=WALLET, customer_id="customer-1", plan_family="iij-se"
    )
    return [
        ("intake", f"ticket-iij-{TICKET}", opened),
        ("intake", "mail-iij-mail-1", unmatched),
        ("entitlement", f"wallet-iij-{WALLET}", wallet),
        ("entitlement", f"wallet-iij-{WALLET}", credited),
        ("dispatch", f"visits-iij-{TICKET}", visit),
        ("dispatch", f"shipments-iij-{TICKET}", shipment),
        ("dispatch", f"shipments-iij-{TICKET}", expected),
        ("billing", "invoice-iij-INV-order-77", invoice),
        *_sold(),
        *_mailed(),
        *_rostered(),
    ]


def _rostered() -> list[tuple[str, str, Event]]:
    """Who could go to the visit, and is engaged for another one that day."""
    held = dispatch.VisitHeld(
        occurred_at=NOON, visit_id=f"{TICKET}.V1", ticket_no=TICKET, customer_id="customer-1", clause="IIJ-09"
    )
    engineer = capacity.EngineerRostered(
        occurred_at=NOON, engineer_id=ENGINEER, name=Plain(ENGINEER, "Engineer"), areas=(), skills=(), weekly=()
    )
    engaged = capacity.EngineerEngaged(
        occurred_at=NOON,
        engineer_id=ENGINEER,
        visit_id="KP-7777-0002.V1",
        customer_id="customer-1",
        starts_at=NOON + timedelta(days=3),
        ends_at=NOON + timedelta(days=3, hours=1),
    )
    roster = capacity.CapacitySet(occurred_at=NOON, time_zone="UTC", engineers=(ENGINEER,), set_by="operator-1")
    return [
        ("dispatch", f"visits-iij-{TICKET}", held),
        *(("dispatch", "capacity-iij", event) for event in (roster, engineer, engaged)),
    ]


def _mailed() -> list[tuple[str, str, Event]]:
    """A sheet of registrations with a fault."""
    about: dict[str, Any] = {
        "occurred_at": NOON,
        "sheet_id": SHEET,
        "customer_id": "customer-1",
        "contact_id": "contact-of-sheet-77",
        "language": "ja",
        "clause": "SVT-08",
        "subject": Plain("contact-iij-contact-1", SHEET_SUBJECT),
        "file_name": Plain("contact-iij-contact-1", "sheet-77.xlsx"),
    }
    content = Plain("contact-iij-contact-1", "UEsDBA==")
    report = Plain("contact-iij-contact-1", FAULT)
    return [
        ("intake", "mail-iij-mail-77", intake.SheetMailed(**about, mail_id="mail-77", content=content)),
        (
            "entitlement",
            f"sheet-iij-{SHEET}",
            contracts.SheetRefused(**about, faults=1, codes=("malformed",), report=report),
        ),
    ]


def _sold() -> list[tuple[str, str, Event]]:
    about: dict[str, Any] = {"customer_id": "customer-1", "occurred_at": NOON}
    contract = contracts.ContractSold(
        **about,
        contract_id=CONTRACT,
        plan_family="svt",
        plan_version="2026-01-01",
        product="advance-1y",
        order_id=CONTRACT,
        valid_from=date(2026, 11, 18),
        valid_until=date(2027, 11, 17),
    )
    registered = contracts.ContractRegistered(
        **about,
        contract_id=CONTRACT,
        serial="SERIAL-77",
        model="M24ePWR",
        contact_id="contact-1",
        registered_at=NOON,
        site=Plain("contact-iij-contact-1", SITE),
    )
    licence = licences.LicenceSold(
        **about,
        licence_id=LICENCE,
        plan_family="cwc",
        plan_version="2026-01-01",
        order_id="order-78",
        quantity=1,
        price_paid=200_000,
        full_on=date(2026, 11, 18),
        maintained_until=date(2027, 11, 17),
        ends_at=NOON + timedelta(days=365),
        contact_id="contact-of-licence-77",
    )
    booking = bookings.BookingRequested(
        **about,
        booking_id=BOOKING,
        contact_id="contact-1",
        product="ssl-setup-77",
        name={"en": "Setting up SSL"},
        starts_at=NOON + timedelta(days=20),
        minutes=60,
        paid_by="invoice",
        time_zone="Asia/Bangkok",
        terms=BookingTerms(
            clause="CWC-16",
            points_clause="CWC-17",
            points_by=date(2026, 12, 4),
            points_due_at=NOON + timedelta(days=16),
        ),
    )
    quote = billing.QuoteOffered(
        **about,
        quote_id="Q-77",
        ticket_no=TICKET,
        plan_family="iij-se",
        product="se-10",
        quantity=1,
        price=PRICE,
        net=1_975_000,
        taxes=(),
        total=2_113_250,
        valid_until=date(2026, 12, 18),
        reason="missing",
        clause="IIJ-07",
    )
    refund = billing.RefundDue(
        **about,
        refund_id="RF-77",
        invoice_no="INV-order-77",
        order_id="order-77",
        amount=123_456,
        currency="THB",
        reason="bought twice",
    )
    return [
        ("entitlement", f"contract-iij-{CONTRACT}", contract),
        ("entitlement", f"contract-iij-{CONTRACT}", registered),
        ("entitlement", f"licence-iij-{LICENCE}", licence),
        ("dispatch", f"booking-iij-{BOOKING}", booking),
        ("billing", "quote-iij-Q-77", quote),
        ("billing", "invoice-iij-INV-order-77", refund),
    ]


CONSOLE = House(
    log="console",
    migrations=Path(kippu_console.__file__).parent / "migrations",
    build=build,
    fill=fill,
    bodies={},
    secrets=[
        SUBJECT,
        SENDER,
        "10,432.50",
        "INV-order-77",
        "lot-77",
        f"{TICKET}.V1",
        "DEFECTIVE-77",
        *SOLD_SECRETS,
        *SHEET_SECRETS,
    ],
    open=OPEN | {"GET /sign-in", "POST /sign-in", "GET /style.css"},
)
