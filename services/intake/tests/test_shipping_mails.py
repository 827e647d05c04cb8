"""What the contact is told of shipments and returns: by which clause, by when, with which serial number."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from kippu_events.catalogue.fulfilment import Destination, Target
from kippu_events.catalogue.intake import MailRequested, TicketOpened
from kippu_events.catalogue.shipments import (
    DeliveryFailed,
    RedirectionTooLate,
    ReturnExpected,
    ReturnMismatched,
    ReturnOverdue,
    ReturnReminded,
    ShipmentEvent,
    UnitReturned,
    UnitShipped,
)
from kippu_events.catalogue.values import Price, PriceLine
from kippu_intake.domain import shipping
from kippu_intake.domain.ticket_state import Status, Ticket
from kippu_intake.outgoing import LANGUAGES, render
from kippu_intake.testing import NOW, House, a_mail

NUMBER = "KP-0000-0001"
ABOUT = {"shipment_id": f"{NUMBER}.S2", "ticket_no": NUMBER, "customer_id": "customer-1", "occurred_at": NOW}
FRIDAY = datetime(2026, 5, 1, 7, tzinfo=UTC)
TARGET = Target(
    kind="ship",
    clause="QNP-01",
    started_at=FRIDAY,
    due_on=date(2026, 5, 7),
    calendar_version="2026-1",
    time_zone="Asia/Tokyo",
)
CHARGE = Price(
    currency="JPY",
    lines=(
        PriceLine(product="overdue-return", description="x", quantity=1, unit_price=50_000, tax_rate_permyriad=1000),
    ),
    tax_name="消費税",
    tax_rounding="down",
    payment_days=30,
    time_zone="Asia/Tokyo",
)


def shipped(**changes: Any) -> UnitShipped:
    usual = {
        "serial": "NAS-2001",
        "shipped_at": datetime(2026, 5, 6, 15, 30, tzinfo=UTC),
        "carrier_reference": "PARCEL-1",
        "attempt": 1,
        "clause": "QNP-01",
        "defective_serial": "NAS-1001",
        "model": "NAS 4-bay",
        "mode": "advance",
        "target": TARGET,
    }
    return UnitShipped(**ABOUT, **{**usual, **changes})


DUE: dict[str, Any] = {"serial": "NAS-1001", "due_on": date(2026, 5, 25), "clause": "QNP-01"}
MISMATCHED = ReturnMismatched(
    **ABOUT, expected_serial="NAS-1001", received_serial="NAS-9001", received_on=date(2026, 5, 27)
)
TOO_LATE = RedirectionTooLate(
    **ABOUT, destination=Destination(kind="named_place", place_id=f"{NUMBER}.P2", clause="SVT-20")
)
RETURNED = UnitReturned(**ABOUT, serial="NAS-1001", received_on=date(2026, 5, 28), late=True, credited=True)


def mail_of(event: ShipmentEvent, language: str = "en") -> tuple[str, str]:
    ticket = Ticket(status=Status.CLOSED, ticket_no=NUMBER, contact_id="contact-1", language=language)
    [asked] = shipping.to_shipment(ticket, event, NOW)
    assert isinstance(asked, MailRequested)
    assert asked.contact_id == "contact-1"
    return render(asked, {"time_zone": "Asia/Tokyo"})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("event", "said"),
    [
        (shipped(), ("NAS-2001", "NAS-1001", "QNP-01", "NAS 4-bay", "PARCEL-1", "2026-05-07")),
        (shipped(mode="after_repair", clause="QNP-02", target=None), ("NAS-2001", "NAS-1001", "QNP-02")),
        (shipped(attempt=2), ("NAS-2001", "QNP-01", "PARCEL-1")),
        (ReturnExpected(**ABOUT, **DUE), ("NAS-1001", "2026-05-25", "QNP-01")),
        (ReturnReminded(**ABOUT, **DUE), ("NAS-1001", "2026-05-25", "QNP-01")),
        (ReturnOverdue(**ABOUT, **DUE, charge=CHARGE), ("NAS-1001", "2026-05-25", "QNP-01", "50,000", "55,000")),
        (TOO_LATE, (f"{NUMBER}.S2", "SVT-20")),
        (MISMATCHED, ("NAS-1001", "NAS-9001", "2026-05-27")),
        (RETURNED, ("NAS-1001", "2026-05-28")),
    ],
)
@pytest.mark.clause("QNP-01")
def test_each_step_is_told_in_the_contacts_language(event: ShipmentEvent, said: tuple[str, ...], language: str) -> None:
    subject, text = mail_of(event, language)
    assert subject.startswith(f"[{NUMBER}] ")
    assert [each for each in said if each not in text] == []
    assert NUMBER in text
    assert "$" not in subject + text


def test_an_instant_is_told_in_the_providers_zone_and_the_target_as_a_day() -> None:
    _, text = mail_of(shipped())
    assert "2026-05-07 00:30 (UTC+09:00)" in text
    assert "Shipping is aimed at by 2026-05-07 (QNP-01)." in text


def test_what_ships_again_says_that_the_delivery_failed() -> None:
    subject, text = mail_of(shipped(attempt=2, carrier_reference=None))
    assert "Shipped again" in subject
    assert "failed" in text


def test_nobody_is_told_of_what_the_provider_mends_by_itself() -> None:
    failed = DeliveryFailed(**ABOUT, failed_at=FRIDAY, attempt=1, reason="nobody there")
    with pytest.raises(TypeError):
        mail_of(failed)


async def test_a_reminder_and_an_overdue_return_reach_the_contact_once(intake: House) -> None:
    await intake.taken(a_mail("[ticket] router"))
    [opened] = await intake.said(TicketOpened)
    about = {**ABOUT, "ticket_no": opened.ticket_no, "shipment_id": f"{opened.ticket_no}.S1"}
    told = (shipped(), ReturnExpected(**ABOUT, **DUE), ReturnReminded(**ABOUT, **DUE), MISMATCHED, RETURNED)
    overdue = ReturnOverdue(**ABOUT, **DUE, charge=CHARGE)
    events = [event.model_copy(update=about) for event in (*told, overdue)]
    await intake.living.hear("dispatch", f"shipments-iij-{opened.ticket_no}", *events)
    await intake.living.settle()
    asked = [mail.template for mail in await intake.said(MailRequested)]
    assert asked == [
        "ticket_opened",
        "unit_shipped",
        "return_expected",
        "return_reminded",
        "return_mismatched",
        "return_received",
        "return_overdue",
    ]
