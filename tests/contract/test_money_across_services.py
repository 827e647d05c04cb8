"""What is taken back, through the public interfaces of all services alive: a booking that is paid too late (CWC-16),
one that falls with its request (CWC-25), one that incidents pay (CWC-21, CWC-22), and contracts of one order, given
back one by one (SVT-04)."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from houses.common import CUSTOMER, LICENCE_PLAN_TEXT, NOON, TICKET_PLAN_TEXT
from houses.system import Desk, System
from kippu_service.testing import Caller

TOKYO = ZoneInfo("Asia/Tokyo")
APPOINTMENT = datetime(2026, 12, 10, 14, tzinfo=TOKYO)
VOID_AT = datetime(2026, 12, 8, tzinfo=TOKYO)
BY = {"customer_id": "customer-1", "plan_family": "cwc", "contact_id": "contact-1"}


@pytest.fixture
async def desk(system: System) -> Desk:
    """Wednesday 18 November 2026 at 14:00 in Tokyo: a customer with a licence and five incidents."""
    desk = Desk(system, "iij")
    for path, body in (
        ("/v1/plans", {"source": LICENCE_PLAN_TEXT}),
        ("/v1/plans", {"source": TICKET_PLAN_TEXT}),
        ("/v1/customers", CUSTOMER),
    ):
        await desk.post("entitlement", path, body)
    together = [{"product": "annual-maintenance"}, {"product": "incidents-5"}]
    order = await desk.post("entitlement", "/v1/orders", BY | {"product": "licence", "together": together})
    await system.settle()
    await pay(desk, order["order_id"])
    return desk


async def pay(desk: Desk, order_id: str, amount: int | None = None, payment_id: str = "payment-1") -> dict[str, Any]:
    invoice = await desk.get("billing", f"/v1/invoices/INV-{order_id}")
    body = {"invoice_no": invoice["invoice_no"], "amount": amount or invoice["total"], "currency": "JPY"}
    today = desk.system.clock.now().astimezone(TOKYO).date().isoformat()
    answer = await desk.post("billing", "/v1/payments", body | {"payment_id": payment_id, "received_on": today})
    await desk.system.settle()
    return answer


async def book(desk: Desk, **changes: Any) -> str:
    wanted = BY | {"product": "ssl-setup", "starts_at": APPOINTMENT.isoformat()} | changes
    booked = await desk.post("entitlement", "/v1/orders/bookings", wanted)
    await desk.system.settle()
    return str(booked["booking_id"])


async def status_of(desk: Desk, booking_id: str) -> tuple[str, str, str]:
    """Of the booking, its order and its invoice."""
    booking = await desk.get("dispatch", f"/v1/bookings/{booking_id}")
    order = await desk.get("entitlement", f"/v1/orders/{booking_id}")
    invoice = await desk.get("billing", f"/v1/invoices/INV-{booking_id}")
    return booking["status"], order["status"], invoice["status"]


async def due(desk: Desk) -> list[tuple[str, int]]:
    found = (await desk.get("billing", "/v1/refunds?status=due"))["items"]
    return [(each["refund_id"], each["amount"]) for each in found]


@pytest.mark.clause("CWC-16")
async def test_a_booking_that_is_paid_too_late_is_paid_back_by_itself_once(system: System, desk: Desk) -> None:
    booking_id = await book(desk)
    assert (await desk.get("billing", f"/v1/invoices/INV-{booking_id}"))["due_on"] == "2026-12-07"
    await pay(desk, booking_id, 4_000, "too-little")
    await system.move_to(VOID_AT)
    await system.settle()
    assert await status_of(desk, booking_id) == ("void", "lapsed", "credited")
    assert await due(desk) == [(f"RF-INV-{booking_id}.1", 4_000)]

    late = await pay(desk, booking_id, 40_000, "too-late")
    assert (late["outstanding"], late["paid"]) == (0, False)
    assert await due(desk) == [(f"RF-INV-{booking_id}.1", 4_000), (f"RF-INV-{booking_id}.2", 40_000)]
    assert await status_of(desk, booking_id) == ("void", "lapsed", "credited")
    for number in (1, 2):
        sent_back = {"paid_on": "2026-12-08", "reference": f"bank-{number}"}
        await desk.post("billing", f"/v1/refunds/RF-INV-{booking_id}.{number}/paid", sent_back)
    await system.settle()
    assert await due(desk) == []
    invoice = await desk.get("billing", f"/v1/invoices/INV-{booking_id}")
    assert [each["amount"] for each in invoice["payments"]] == [each["amount"] for each in invoice["refunds"]]


@pytest.mark.clause("CWC-16")
async def test_a_booking_that_is_paid_in_the_last_second_stands(system: System, desk: Desk) -> None:
    booking_id = await book(desk)
    system.clock.move_to(VOID_AT - timedelta(seconds=1))
    await pay(desk, booking_id)
    await system.move_to(VOID_AT)
    await system.settle()
    assert await status_of(desk, booking_id) == ("confirmed", "paid", "paid")
    assert await due(desk) == []


@pytest.mark.clause("CWC-16")
async def test_news_of_a_payment_in_time_that_comes_after_the_deadline_keeps_booking_and_money(
    system: System, desk: Desk
) -> None:
    """Billing recorded it in time; nobody hears of it before the deadline runs."""
    booking_id = await book(desk)
    system.clock.move_to(VOID_AT - timedelta(seconds=1))
    body = {"invoice_no": f"INV-{booking_id}", "amount": 44_000, "currency": "JPY", "payment_id": "payment-1"}
    await desk.post("billing", "/v1/payments", body | {"received_on": "2026-12-07"})
    system.clock.move_to(VOID_AT)
    await system.services["dispatch"].run_due()
    await system.settle()
    assert await status_of(desk, booking_id) == ("confirmed", "paid", "paid")
    assert await due(desk) == []


@pytest.mark.clause("CWC-16", "CWC-25")
async def test_a_paid_booking_falls_with_its_request_and_its_money_goes_back(system: System, desk: Desk) -> None:
    ticket_no = await desk.ask("certificates", plan_family="cwc", category="technical_service", topic="ssl")
    await system.settle()
    booking_id = await book(desk, ticket_no=ticket_no)
    await pay(desk, booking_id)
    assert await status_of(desk, booking_id) == ("confirmed", "paid", "paid")
    by_hand = {"clause": "CWC-25", "reason": "the security software stays on"}
    await desk.post("intake", f"/v1/tickets/{ticket_no}/decline", by_hand)
    await system.settle()
    booking, _, invoice = await status_of(desk, booking_id)
    assert (booking, invoice) == ("cancelled", "credited")
    total = (await desk.get("billing", f"/v1/invoices/INV-{booking_id}"))["total"]
    assert await due(desk) == [(f"RF-INV-{booking_id}.1", total)]
    decided = await desk.get("entitlement", f"/v1/decisions/{ticket_no}")
    assert (decided["afterwards"]["declined_by"], decided["afterwards"]["clause"]["id"]) == ("operator", "CWC-25")


@pytest.mark.clause("CWC-16", "CWC-21", "CWC-22")
async def test_incidents_pay_a_booking_once_and_come_back_where_it_is_cancelled(system: System, desk: Desk) -> None:
    async def left() -> int:
        return int((await desk.get("entitlement", "/v1/wallets/customer-1.cwc"))["balance"])

    done, off = [await book(desk, paid_by="incidents", minutes=minutes) for minutes in (61, 31)]
    assert await left() == 0
    async with Caller(system.services["dispatch"].app, "iij", customers=["customer-1"]) as buyer:
        answer = await buyer.post(f"/v1/bookings/{off}/cancel", json={"reason": "the server is gone"})
    assert answer.status_code == 200, answer.text
    await system.settle()
    assert await left() == 2
    for item in ("server_installed", "certificate_ready"):
        await desk.post("dispatch", f"/v1/bookings/{done}/preparations", {"item": item, "met": True})
    await system.move_to(APPOINTMENT)
    system.clock.move_to(APPOINTMENT + timedelta(minutes=30))
    ended = {"completed_at": system.clock.now().isoformat()}
    await desk.post("dispatch", f"/v1/bookings/{done}/complete", ended)
    await system.settle()
    assert await left() == 4, "one call of three was begun"
    entries = (await desk.get("entitlement", "/v1/wallets/customer-1.cwc/statement"))["entries"]
    assert [(each["kind"], each["change"], each["reference"]) for each in entries[1:]] == [
        ("debited", -3, done),
        ("debited", -2, off),
        ("reversed", 2, off),
        ("reversed", 2, done),
    ]


@pytest.mark.clause("SVT-04")
@pytest.mark.parametrize("paid", [True, False])
async def test_contracts_of_one_order_are_given_back_with_a_note_each(system: System, desk: Desk, paid: bool) -> None:
    wanted = {"customer_id": "customer-1", "plan_family": "svt", "product": "advance-1y", "quantity": 3}
    order = await desk.post("entitlement", "/v1/orders", wanted | {"device": {"bought_on": NOON.date().isoformat()}})
    order_id, contracts = order["order_id"], order["contracts"]
    await system.settle()
    if paid:
        await pay(desk, order_id)
    path = f"/v1/orders/{order_id}/refund"
    await desk.post("entitlement", path, {"reason": "one too many", "contracts": contracts[:1]})
    await system.settle()
    invoice = await desk.get("billing", f"/v1/invoices/INV-{order_id}")
    assert (invoice["status"], invoice["credited"]) == ("paid" if paid else "open", 13_200)
    assert invoice["outstanding"] == (0 if paid else 26_400)
    shown = await desk.get("entitlement", f"/v1/orders/{order_id}")
    assert (shown["status"], shown["left"]) == (
        "paid" if paid else "accepted",
        [{"product": "advance-1y", "quantity": 2}],
    )
    await desk.post("entitlement", path, {"reason": "all of it"})
    await system.settle()
    invoice = await desk.get("billing", f"/v1/invoices/INV-{order_id}")
    assert (invoice["status"], invoice["credited"], invoice["outstanding"]) == ("credited", invoice["total"], 0)
    assert [each["total"] for each in invoice["credit_notes"]] == [13_200, 26_400]
    assert [amount for _, amount in await due(desk)] == ([13_200, 26_400] if paid else [])
    assert (await desk.get("entitlement", f"/v1/orders/{order_id}"))["status"] == "refunded"
