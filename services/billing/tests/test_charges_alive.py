"""Charges as a whole: what dispatch says becomes charges, invoices and credit notes; everybody sees only their own."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import kippu_billing
import pytest
from kippu_billing.app import build
from kippu_events.catalogue.billing import (
    ChargeRaised,
    ChargeWithdrawn,
    CreditNoteIssued,
    InvoiceIssued,
    InvoicePaid,
    RefundDue,
)
from kippu_events.catalogue.shipments import ReturnOverdue, UnitReturned, UnitShipped
from kippu_events.catalogue.values import Price, PriceLine
from kippu_events.event import Event
from kippu_events.log.memory import MemoryLog
from kippu_events.log.postgres import PostgresLog
from kippu_events.ports import VirtualClock
from kippu_events.testing.plugin import MakeDatabase
from kippu_service.testing import Caller
from kippu_service.testing.living import Living, living

MIGRATIONS = Path(kippu_billing.__file__).parent / "migrations"
NOW = datetime(2026, 5, 24, 15, 0, tzinfo=UTC)
"""The midnight in Tokyo that ends 24 May."""


def price(amount: int) -> Price:
    line = PriceLine(
        product="unit", description="unit not returned", quantity=1, unit_price=amount, tax_rate_permyriad=1000
    )
    return Price(
        currency="JPY",
        lines=(line,),
        tax_name="消費税",
        tax_rounding="down",
        payment_days=30,
        time_zone="Asia/Tokyo",
    )


@pytest.fixture
async def billing(service_database: MakeDatabase) -> AsyncIterator[Living]:
    database = await service_database("billing", [MIGRATIONS])
    heard = (MemoryLog("entitlement"), MemoryLog("dispatch"))
    async with (
        PostgresLog("billing", database.writer_url) as log,
        living(build, database, log, heard, VirtualClock(NOW)) as billing,
    ):
        yield billing


def common(number: int) -> dict[str, Any]:
    ticket_no = f"KP-0000-{number:04}"
    return {"shipment_id": f"{ticket_no}.S1", "ticket_no": ticket_no, "customer_id": "customer-1"}


async def hear(billing: Living, number: int, event: Event) -> None:
    await billing.hear("dispatch", f"shipments-qnp-KP-0000-{number:04}", event, provider="qnp")
    await billing.settle()


async def fall_overdue(billing: Living, number: int = 1, amount: int = 80_009) -> str:
    """Answers the invoice's number."""
    overdue = ReturnOverdue(
        occurred_at=billing.clock.now(),
        serial="NAS-1",
        due_on=date(2026, 5, 24),
        charge=price(amount),
        clause="QNP-01",
        **common(number),
    )
    await hear(billing, number, overdue)
    return f"INV-C-KP-0000-{number:04}.S1.R"


async def come_back(billing: Living, number: int = 1, *, late: bool = True, credited: bool = True) -> None:
    billing.clock.advance(timedelta(days=5))
    returned = UnitReturned(
        occurred_at=billing.clock.now(),
        serial="NAS-1",
        received_on=date(2026, 5, 29),
        late=late,
        credited=credited,
        **common(number),
    )
    await hear(billing, number, returned)


def payment(invoice_no: str, amount: int, **changed: object) -> dict[str, object]:
    usual = {"payment_id": "payment-1", "currency": "JPY", "received_on": "2026-05-25"}
    return {"invoice_no": invoice_no, "amount": amount, **usual, **changed}


async def test_an_overdue_return_is_charged_and_invoiced_in_one_append_and_credited_when_it_comes_late(
    billing: Living,
) -> None:
    number = await fall_overdue(billing)
    raised, issued = await billing.events()
    assert isinstance(raised, ChargeRaised)
    assert isinstance(issued, InvoiceIssued)
    async with Caller(billing.app, "qnp") as staff:
        invoice = (await staff.get(f"/v1/invoices/{number}")).json()
        # 10 % of 80,009 is 8,000.9, rounded down once.
        assert (invoice["net"], invoice["total"], invoice["charge_id"]) == (80_009, 88_009, "C-KP-0000-0001.S1.R")
        (charge,) = (await staff.get("/v1/charges")).json()["items"]
        assert (charge["status"], charge["clause"], charge["invoice_no"]) == ("open", "QNP-01", number)

        await come_back(billing)
        assert (await staff.get(f"/v1/invoices/{number}")).json()["status"] == "credited"
        (charge,) = (await staff.get("/v1/charges?status=withdrawn")).json()["items"]
        assert "came back late" in charge["withdrawn_reason"]
        (note,) = (await staff.get("/v1/credit-notes")).json()["items"]
        assert (note["credit_note_no"], note["total"], note["paid_back"]) == (f"CN-{number}", 88_009, 0)
        late = await staff.post("/v1/payments", json=payment(number, 88_009))
        assert (late.status_code, late.json()["outstanding"], late.json()["paid"]) == (201, 0, False)
        await billing.settle()
        (due,) = (await staff.get("/v1/refunds?status=due")).json()["items"]
        assert (due["refund_id"], due["amount"], due["credit_note_no"]) == (
            f"RF-{number}.1",
            88_009,
            f"CN-{number}",
        )
        body = {"paid_on": "2026-05-24", "reference": "bank-1"}
        for status in (200, 409):
            assert (await staff.post(f"/v1/refunds/{due['refund_id']}/paid", json=body)).status_code == status
        await billing.settle()
        assert (await staff.get("/v1/refunds?status=due")).json()["items"] == []
        (paid,) = (await staff.get(f"/v1/invoices/{number}")).json()["refunds"]
        assert (paid["status"], paid["paid_on"], paid["reference"]) == ("paid", "2026-05-24", "bank-1")
    billing.clock.advance(timedelta(days=60))
    assert await billing.run_due() == 0, "a credited invoice never falls overdue"


async def test_a_charge_that_was_paid_is_paid_back(billing: Living) -> None:
    number = await fall_overdue(billing, amount=80_000)
    async with Caller(billing.app, "qnp") as staff:
        billing.clock.advance(timedelta(days=1))
        (await staff.post("/v1/payments", json=payment(number, 88_000))).raise_for_status()
        await come_back(billing)
        (note,) = (await staff.get("/v1/credit-notes")).json()["items"]
        assert note["paid_back"] == 88_000
        assert (await staff.get("/v1/charges")).json()["items"][0]["status"] == "credited"
    (paid,) = await billing.events(InvoicePaid)
    assert paid.charge_id == "C-KP-0000-0001.S1.R", "by which entitlement knows that it paid for no order"
    assert await billing.events(ChargeWithdrawn) == []
    (due,) = await billing.events(RefundDue)
    assert due.cause == "charge_withdrawn"


async def test_where_the_terms_keep_the_charge_it_stays(billing: Living) -> None:
    await fall_overdue(billing)
    await come_back(billing, credited=False)
    assert await billing.events(ChargeWithdrawn, CreditNoteIssued) == []


async def test_a_unit_that_was_in_time_after_all_is_not_charged(billing: Living) -> None:
    await fall_overdue(billing)
    await come_back(billing, late=False, credited=False)
    assert len(await billing.events(ChargeWithdrawn, CreditNoteIssued)) == 2


async def test_a_unit_that_was_never_overdue_comes_to_nothing(billing: Living) -> None:
    await come_back(billing, late=False, credited=False)
    assert await billing.events() == []


async def test_shipping_again_is_charged_where_the_terms_say_so(billing: Living) -> None:
    for attempt, charge in ((1, None), (2, price(1_500)), (3, None)):
        shipped = UnitShipped(
            occurred_at=NOW,
            serial="SPARE-1",
            shipped_at=NOW,
            attempt=attempt,
            charge=charge,
            clause="QNP-07" if charge else None,
            **common(1),
        )
        await hear(billing, 1, shipped)
    (raised,) = await billing.events(ChargeRaised)
    assert (raised.charge_id, raised.total) == ("C-KP-0000-0001.S1.D2", 1_650)


async def test_what_is_heard_twice_is_charged_and_credited_once(billing: Living) -> None:
    for _ in range(2):
        await fall_overdue(billing)
    for _ in range(2):
        await come_back(billing)
    assert [type(event) for event in await billing.events()] == [
        ChargeRaised, InvoiceIssued, ChargeWithdrawn, CreditNoteIssued
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"currency": "THB"}, 422, "payment.currency.differs"),
        ({"amount": 0}, 422, "payment.amount.too_small"),
        ({"amount": -88_000}, 422, "payment.amount.too_small"),
        ({"amount": 88_001}, 422, "payment.amount.too_large"),
        ({"received_on": "2026-05-26"}, 422, "payment.received_on.future"),
        ({"invoice_no": "INV-none"}, 404, "invoice.unknown"),
    ],
)
async def test_a_payment_that_cannot_be_is_a_clear_error_and_changes_nothing(
    billing: Living, changed: dict[str, object], status: int, code: str
) -> None:
    number = await fall_overdue(billing, amount=80_000)
    before = await billing.dump()
    async with Caller(billing.app, "qnp") as staff:
        answer = await staff.post("/v1/payments", json=payment(number, 88_000) | changed)
        assert (answer.status_code, [error["code"] for error in answer.json()["errors"]]) == (status, [code])
        await billing.settle()
        assert await billing.dump() == before


async def test_a_payment_that_is_too_small_leaves_the_rest_owed_and_the_same_one_twice_is_refused(
    billing: Living,
) -> None:
    number = await fall_overdue(billing, amount=80_000)
    async with Caller(billing.app, "qnp") as staff:
        assert (await staff.post("/v1/payments", json=payment(number, 8_000))).json()["outstanding"] == 80_000
        twice = await staff.post("/v1/payments", json=payment(number, 8_000))
        assert (twice.status_code, twice.json()["errors"][0]["code"]) == (409, "payment.repeated")
        rest = await staff.post("/v1/payments", json=payment(number, 80_000, payment_id="payment-2"))
        assert rest.json()["paid"] is True


@pytest.mark.parametrize("stranger", [("iij", None), ("qnp", ["customer-2"])])
async def test_nobody_sees_anothers_charges(billing: Living, stranger: tuple[str, list[str] | None]) -> None:
    await fall_overdue(billing)
    await come_back(billing)
    provider, customers = stranger
    async with Caller(billing.app, provider, customers=customers) as caller:
        for path in ("/v1/charges", "/v1/credit-notes", "/v1/invoices"):
            assert (await caller.get(path)).json()["items"] == []
    async with Caller(billing.app, "qnp", customers=["customer-1"]) as owner:
        for path in ("/v1/charges", "/v1/credit-notes", "/v1/invoices"):
            assert len((await owner.get(path)).json()["items"]) == 1


async def test_the_read_models_are_the_same_rebuilt_in_any_order_of_slots(billing: Living) -> None:
    async with Caller(billing.app, "qnp") as staff:
        for number in range(1, 9):
            invoice = await fall_overdue(billing, number)
            if number % 3 == 0:
                (await staff.post("/v1/payments", json=payment(invoice, 88_009))).raise_for_status()
    for number in range(1, 9, 2):
        await come_back(billing, number)
    live = await billing.dump()
    events = len(await billing.events())
    for _ in range(3):  # each time the bus shuffles on
        await billing.rebuild()
        assert await billing.dump() == live
    assert [len(live[table]) for table in ("charge", "invoice", "credit_note")] == [8, 8, 4]
    assert len(await billing.events()) == events
