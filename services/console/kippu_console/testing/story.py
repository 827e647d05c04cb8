"""A history through all services, for the pages to show: a request, its visit, shipments, wallet, quote and invoice."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from kippu_events.catalogue import billing, dispatch, entitlement, intake, shipments
from kippu_events.catalogue.fulfilment import Stretch, Target
from kippu_events.catalogue.values import Allocation, Channel, ClauseFinding, Outcome, Price, Remedy, WorkKind
from kippu_events.event import Event
from kippu_privacy import Plain

NOON = datetime(2026, 4, 30, 5, 0, tzinfo=UTC)
PRICE = Price(
    currency="THB", lines=(), tax_name="VAT", tax_rounding="half_up", payment_days=30, time_zone="Asia/Bangkok"
)
TICKET, LATE_TICKET = "KP-0000-0001", "KP-0000-0002"
WALLET = "customer-1.iij-se"
MIDNIGHT = NOON.replace(hour=17) - timedelta(days=1)
"""When the 30th of April begins in Bangkok."""


def exchange() -> list[Event]:
    """A replacement left in time, and the unit that it replaced is overdue; a wrong one came."""
    about = _shipment(TICKET)
    target = Target(
        kind="ship", clause="QNP-01", started_at=NOON - timedelta(days=3), due_on=date(2026, 4, 30),
        calendar_version="2026-1", time_zone="Asia/Bangkok",
        stretches=(
            Stretch(from_at=NOON - timedelta(days=3), to_at=MIDNIGHT - timedelta(days=2), state="open"),
            Stretch(
                from_at=MIDNIGHT - timedelta(days=2), to_at=MIDNIGHT - timedelta(days=1), state="closed",
                reason="holiday", names={"en": "A Holiday", "th": "วันหยุด"},
            ),
            Stretch(from_at=MIDNIGHT - timedelta(days=1), to_at=MIDNIGHT, state="closed", reason="closing_day"),
        ),
    )  # fmt: skip
    due: dict[str, Any] = {"serial": "NAS-1", "due_on": date(2026, 4, 29), "clause": "QNP-01"}
    return [
        _planned(about, "NAS-1", target),
        shipments.UnitAllotted(**about, serial="SPARE-1"),
        shipments.UnitShipped(**about, serial="SPARE-1", shipped_at=NOON - timedelta(days=1), attempt=1),
        shipments.DeliveryFailed(**about, failed_at=NOON, attempt=1, reason="nobody there"),
        shipments.UnitShipped(**about, serial="SPARE-1", shipped_at=NOON + timedelta(days=9), attempt=2),
        shipments.UnitDelivered(
            **about, serial="SPARE-1", defective_serial="NAS-1", delivered_at=NOON, received_on=date(2026, 4, 15)
        ),
        shipments.ReturnExpected(**about, **due, overdue_at=MIDNIGHT),
        shipments.ReturnReminded(**about, **due),
        shipments.ReturnOverdue(**about, **due, charge=PRICE),
        shipments.ReturnMismatched(
            **about, expected_serial="NAS-1", received_serial="NAS-9", received_on=date(2026, 4, 30)
        ),
    ]


def late_shipment() -> list[Event]:
    """Nothing has left, and the target's day is over."""
    target = Target(
        kind="ship", clause="QNP-01", started_at=NOON - timedelta(days=3), due_on=date(2026, 4, 29),
        calendar_version="2026-1", time_zone="Asia/Bangkok",
    )  # fmt: skip
    return [_planned(_shipment(LATE_TICKET), "NAS-2", target)]


def _shipment(ticket_no: str) -> dict[str, Any]:
    return {
        "occurred_at": NOON, "ticket_no": ticket_no, "customer_id": "customer-1", "shipment_id": f"{ticket_no}.S2"
    }  # fmt: skip


def _planned(about: dict[str, Any], serial: str, target: Target) -> shipments.ShipmentPlanned:
    return shipments.ShipmentPlanned(
        **about, mode="advance", clause="QNP-01", defective_serial=serial, model="NAS 4-bay", target=target,
        time_zone="Asia/Bangkok",
    )  # fmt: skip


def story() -> list[tuple[str, str, Event]]:
    """(log, stream, event): a request that is decided, debited, held and postponed, and an invoice that is paid."""
    who: dict[str, Any] = {"ticket_no": TICKET, "customer_id": "customer-1"}
    wallet: dict[str, Any] = {"wallet_id": WALLET, "customer_id": "customer-1"}
    visit: dict[str, Any] = {**who, "visit_id": f"{TICKET}.V1", "clause": "IIJ-09"}
    invoice: dict[str, Any] = {"invoice_no": "INV-order-1", "customer_id": "customer-1", "order_id": "order-1"}
    return [
        (
            "intake",
            f"ticket-iij-{TICKET}",
            intake.TicketOpened(
                **who, contact_id="contact-1", plan_family="iij-se", channel=Channel.MAIL, received_at=NOON,
                language="th", subject=Plain("contact-1", "เครือข่ายล่ม <b>"), occurred_at=NOON,
            ),
        ),
        (
            "entitlement",
            f"case-iij-{TICKET}",
            entitlement.CoverageDecided(
                **who, contact_id="contact-1", decision=1, plan_family="iij-se", plan_version="2025-04-01",
                outcome=Outcome.COVERED_BY_DEBIT, metered=True, deciding_clause="IIJ-07", occurred_at=NOON,
                findings=(
                    ClauseFinding(
                        clause="IIJ-07", rule="metered_debit", inputs={"unit_minutes": 60}, result="debit",
                        text={"en": "Tickets begin counting on receipt.", "th": "เริ่มนับเมื่อได้รับ"},
                    ),
                ),
                remedies=(Remedy(action="ask_earlier", clause="IIJ-09", text={"en": "Ask earlier."}),), facts={},
            ),
        ),
        ("intake", f"ticket-iij-{TICKET}", intake.TicketWaiting(**who, waiting_for="dispatcher", occurred_at=NOON)),
        (
            "intake",
            f"ticket-iij-{TICKET}",
            intake.WorkRecorded(
                **who, work_id="w1", kind=WorkKind.ISOLATION, started_at=NOON, minutes=85, recorded_by="operator-1",
                occurred_at=NOON,
            ),
        ),
        (
            "entitlement",
            f"wallet-iij-{WALLET}",
            entitlement.WalletOpened(**wallet, plan_family="iij-se", occurred_at=NOON),
        ),
        (
            "entitlement",
            f"wallet-iij-{WALLET}",
            entitlement.TicketsCredited(
                **wallet, lot_id="order-1", quantity=5, valid_from=NOON, expires_at=NOON + timedelta(days=365),
                order_id="order-1", occurred_at=NOON,
            ),
        ),
        (
            "entitlement",
            f"wallet-iij-{WALLET}",
            entitlement.TicketDebited(
                **wallet, debit_id=f"{TICKET}.1", ticket_no=TICKET, quantity=2, counts_at=NOON, balance=3,
                allocations=(Allocation(lot_id="order-1", quantity=2),), clause="IIJ-07", occurred_at=NOON,
            ),
        ),
        (
            "dispatch",
            f"visits-iij-{TICKET}",
            dispatch.VisitRequested(**visit, wanted_at=NOON, minutes=60, notice_days=3, occurred_at=NOON),
        ),
        ("dispatch", f"visits-iij-{TICKET}", dispatch.VisitHeld(**visit, occurred_at=NOON)),
        (
            "billing",
            "invoice-iij-INV-order-1",
            billing.InvoiceIssued(
                **invoice, issued_on=date(2026, 4, 30), due_on=date(2026, 5, 30), price=PRICE, net=975_000, taxes=(),
                total=1_043_250, currency="THB", occurred_at=NOON,
            ),
        ),
        (
            "billing",
            "invoice-iij-INV-order-1",
            billing.InvoicePaid(**invoice, paid_on=date(2026, 5, 2), occurred_at=NOON),
        ),
        (
            "intake",
            "mail-iij-m1",
            intake.MailUnmatched(
                mail_id="m1", reason="no_prefix", received_at=NOON, language="en", occurred_at=NOON,
                sender=Plain("mail-m1", "someone@customer.example"), subject=Plain("mail-m1", "Hello"),
            ),
        ),
        (
            "entitlement",
            f"case-iij-{TICKET}",
            entitlement.DebitShortfall(
                **wallet, debit_id=f"{TICKET}.2", ticket_no=TICKET, wanted=3, missing=2, offer_product="se-5",
                offer_quantity=1, offer=PRICE, offer_valid_until=date(2026, 5, 30), clause="IIJ-07", occurred_at=NOON,
            ),
        ),
        (
            "entitlement",
            f"case-iij-{TICKET}",
            entitlement.DebitNoted(
                **wallet, ticket_no=TICKET, debit_id=f"{TICKET}.3", quantity=1, allocations=(), settles=f"{TICKET}.2",
                occurred_at=NOON,
            ),
        ),
        (
            "billing",
            f"quote-iij-Q-{TICKET}.2",
            billing.QuoteOffered(
                **who, quote_id=f"Q-{TICKET}.2", plan_family="iij-se", product="se-5", quantity=1, price=PRICE,
                net=500_000, taxes=(), total=535_000, valid_until=date(2026, 5, 30), reason="missing", clause="IIJ-07",
                occurred_at=NOON,
            ),
        ),
        *(("dispatch", f"shipments-iij-{TICKET}", event) for event in exchange()),
        *(("dispatch", f"shipments-iij-{LATE_TICKET}", event) for event in late_shipment()),
    ]  # fmt: skip
