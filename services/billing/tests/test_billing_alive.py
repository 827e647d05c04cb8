"""Billing as a whole: orders are invoiced, payments recorded, shortfalls offered, deadlines fall due by themselves."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import kippu_billing
import pytest
from kippu_billing.app import build
from kippu_events.catalogue.billing import (
    InvoiceIssued,
    InvoicePaid,
    PaymentOverdue,
    PaymentReceived,
    QuoteAccepted,
    QuoteLapsed,
    QuoteOffered,
)
from kippu_events.catalogue.entitlement import (
    CoverageDecided,
    DebitShortfall,
    OrderAccepted,
    OrderRefunded,
    OrderRefused,
    ShortfallForgiven,
)
from kippu_events.catalogue.quoting import QuoteForgone, QuoteNeed
from kippu_events.catalogue.values import Outcome, Price, PriceLine
from kippu_events.log.memory import MemoryLog
from kippu_events.log.postgres import PostgresLog
from kippu_events.ports import VirtualClock
from kippu_events.testing.plugin import MakeDatabase
from kippu_service.testing import Caller
from kippu_service.testing.living import Living, living

PRICE = Price(
    currency="THB",
    lines=(
        PriceLine(product="se-10", description="10 tickets", quantity=1, unit_price=1_000_000, tax_rate_permyriad=700),
    ),
    tax_name="VAT",
    tax_rounding="half_up",
    payment_days=30,
    time_zone="Asia/Bangkok",
)
LAST_DAY = date(2026, 6, 30)
AFTER_LAST_DAY = datetime(2026, 6, 30, 17, 0, tzinfo=UTC)
AFTER_DUE_DAY = datetime(2026, 7, 1, 17, 0, tzinfo=UTC)
"""The invoice of 1 June is due on 1 July; that day ends at 17:00 UTC in Bangkok."""


MIGRATIONS = Path(kippu_billing.__file__).parent / "migrations"
NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
"""1 June, 10:00 in Bangkok."""


@pytest.fixture
async def billing(service_database: MakeDatabase) -> AsyncIterator[Living]:
    database = await service_database("billing", [MIGRATIONS])
    # Of the others only what they say matters here, so their logs need not survive the test.
    heard = (MemoryLog("entitlement"), MemoryLog("dispatch"))
    async with (
        PostgresLog("billing", database.writer_url) as log,
        living(build, database, log, heard, VirtualClock(NOW)) as billing,
    ):
        yield billing


async def accept_order(
    billing: Living,
    order: str = "order-1",
    *,
    customer: str = "customer-1",
    provider: str = "iij",
    quote_id: str | None = None,
) -> str:
    """Entitlement accepts an order; answers the invoice's number."""
    accepted = OrderAccepted(
        occurred_at=billing.clock.now(),
        order_id=order,
        customer_id=customer,
        plan_family="iij-se",
        plan_version="2025-04-01",
        product="se-10",
        quantity=1,
        price=PRICE,
        tickets=10,
        quote_id=quote_id,
    )
    await billing.hear("entitlement", f"order-{provider}-{order}", accepted, provider=provider)
    await billing.settle()
    return f"INV-{order}"


async def fall_short(billing: Living, *, customer: str = "customer-1", provider: str = "iij") -> str:
    """A wallet has too little; answers the quote's id."""
    shortfall = DebitShortfall(
        occurred_at=billing.clock.now(),
        wallet_id=f"{customer}.iij-se",
        customer_id=customer,
        debit_id="KP-0000-0001.2",
        ticket_no="KP-0000-0001",
        wanted=3,
        missing=2,
        offer_product="se-10",
        offer_quantity=1,
        offer=PRICE,
        offer_valid_until=LAST_DAY,
        clause="IIJ-07",
    )
    await billing.hear("entitlement", f"wallet-{provider}-{shortfall.wallet_id}", shortfall, provider=provider)
    await billing.settle()
    return "Q-KP-0000-0001.2"


def payment(amount: int, payment_id: str = "payment-1", **changed: object) -> dict[str, object]:
    return {
        "invoice_no": "INV-order-1",
        "payment_id": payment_id,
        "amount": amount,
        "currency": "THB",
        "received_on": "2026-06-01",
    } | changed


async def read_back(caller: Caller, path: str, written: httpx.Response) -> dict[str, Any]:
    answer = await caller.get(path, headers={"Kippu-Min-Position": written.headers["kippu-position"]})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_an_accepted_order_is_invoiced_and_paid_in_two_parts(billing: Living) -> None:
    number = await accept_order(billing)
    async with Caller(billing.app) as staff:
        invoice = (await staff.get(f"/v1/invoices/{number}")).json()
        assert (invoice["status"], invoice["issued_on"], invoice["due_on"]) == ("open", "2026-06-01", "2026-07-01")
        assert (invoice["net"], invoice["total"], invoice["outstanding"]) == (1_000_000, 1_070_000, 1_070_000)
        assert invoice["taxes"] == [{"rate_permyriad": 700, "net": 1_000_000, "tax": 70_000}]
        assert invoice["lines"][0]["product"] == "se-10"

        part = await staff.post("/v1/payments", json=payment(70_000))
        assert (part.status_code, part.headers["location"]) == (201, f"/v1/invoices/{number}")
        assert part.json() == {
            "invoice_no": number, "payment_id": "payment-1", "outstanding": 1_000_000, "paid": False
        }  # fmt: skip
        rest = await staff.post("/v1/payments", json=payment(1_000_000, "payment-2"))
        assert rest.json()["paid"] is True

        shown = await read_back(staff, f"/v1/invoices/{number}", rest)
        assert (shown["status"], shown["outstanding"], shown["paid_on"]) == ("paid", 0, "2026-06-01")
        assert [each["amount"] for each in shown["payments"]] == [70_000, 1_000_000]
    (paid,) = await billing.events(InvoicePaid)
    assert (paid.order_id, paid.paid_on) == ("order-1", date(2026, 6, 1))


async def test_the_same_key_has_one_effect_and_the_same_payment_under_another_key_is_refused(billing: Living) -> None:
    await accept_order(billing)
    async with Caller(billing.app) as staff:
        key = {"Idempotency-Key": "key-of-payment-1"}
        first, again = [await staff.post("/v1/payments", json=payment(1), headers=key) for _ in range(2)]
        assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
        changed = await staff.post("/v1/payments", json=payment(2), headers=key)
        assert changed.status_code == 422
        other = await staff.post("/v1/payments", json=payment(1))
        assert (other.status_code, other.json()["errors"][0]["code"]) == (409, "payment.repeated")
    assert len(await billing.events(PaymentReceived)) == 1


async def test_payments_at_the_same_moment_never_pay_too_much(billing: Living) -> None:
    number = await accept_order(billing)
    async with Caller(billing.app) as staff:
        answers = await asyncio.gather(
            *[staff.post("/v1/payments", json=payment(400_000, f"payment-{each}")) for each in range(5)]
        )
        assert sorted(answer.status_code for answer in answers) == [201, 201, 422, 422, 422]
        await billing.settle()
        assert (await staff.get(f"/v1/invoices/{number}")).json()["outstanding"] == 270_000


async def test_every_fault_of_a_payment_is_answered_at_once_and_nothing_changes(billing: Living) -> None:
    await accept_order(billing)
    async with Caller(billing.app) as staff:
        refused = await staff.post("/v1/payments", json=payment(0, currency="JPY", received_on="2026-06-02"))
        assert refused.status_code == 422
        assert {(error["field"], error["code"]) for error in refused.json()["errors"]} == {
            ("currency", "payment.currency.differs"),
            ("amount", "payment.amount.too_small"),
            ("received_on", "payment.received_on.future"),
        }
        malformed = await staff.post(
            "/v1/payments",
            json=payment(1, currency="baht", received_on="2026-02-30", unknown=1) | {"amount": "1"},
        )
        assert malformed.status_code == 422
        assert len(malformed.json()["errors"]) == 4
    assert await billing.events(PaymentReceived) == []


async def test_an_unpaid_invoice_is_overdue_when_its_due_day_ends_where_the_provider_is(billing: Living) -> None:
    number = await accept_order(billing)
    billing.clock.move_to(AFTER_DUE_DAY - timedelta(microseconds=1))
    assert await billing.run_due() == 0
    billing.clock.move_to(AFTER_DUE_DAY + timedelta(days=3))
    assert await billing.run_due() == 1

    (overdue,) = await billing.events(PaymentOverdue)
    assert (overdue.occurred_at, overdue.outstanding) == (AFTER_DUE_DAY, 1_070_000)
    async with Caller(billing.app) as staff:
        assert (await staff.get("/v1/invoices?status=overdue")).json()["items"][0]["invoice_no"] == number
        paid = await staff.post("/v1/payments", json=payment(1_070_000))
        assert (await read_back(staff, f"/v1/invoices/{number}", paid))["status"] == "paid"


async def test_a_paid_invoice_never_falls_overdue(billing: Living) -> None:
    await accept_order(billing)
    async with Caller(billing.app) as staff:
        await staff.post("/v1/payments", json=payment(1_070_000))
    billing.clock.move_to(AFTER_DUE_DAY)
    assert await billing.run_due() == 0
    assert await billing.events(PaymentOverdue) == []


async def test_a_shortfall_is_offered_and_the_customers_own_partner_accepts_it_once(billing: Living) -> None:
    quote = await fall_short(billing)
    async with Caller(billing.app, customers=["customer-1"], client_id="portal-1") as partner:
        shown = (await partner.get(f"/v1/quotes/{quote}")).json()
        assert (shown["status"], shown["total"], shown["valid_until"]) == ("offered", 1_070_000, "2026-06-30")
        assert (shown["ticket_no"], shown["clause"]) == ("KP-0000-0001", "IIJ-07")

        accepted = await partner.post(f"/v1/quotes/{quote}/accept")
        assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")
        again = await partner.post(f"/v1/quotes/{quote}/accept")
        assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "quote.accepted")
        shown = await read_back(partner, f"/v1/quotes/{quote}", accepted)
        assert (shown["status"], shown["accepted_by"]) == ("accepted", "portal-1")
    billing.clock.move_to(AFTER_LAST_DAY)
    assert await billing.run_due() == 0, "an accepted quote does not lapse"


async def test_a_quote_is_withdrawn_once_nothing_is_owed_and_lapses_no_more(billing: Living) -> None:
    quote = await fall_short(billing)
    forgiven = ShortfallForgiven(
        occurred_at=billing.clock.now(),
        wallet_id="customer-1.iij-se",
        customer_id="customer-1",
        debit_id=quote.removeprefix("Q-"),
        ticket_no="KP-0000-0001",
        quantity=1,
    )
    await billing.hear("entitlement", "case-iij-KP-0000-0001", forgiven)
    await billing.settle()
    async with Caller(billing.app) as staff:
        assert (await staff.get(f"/v1/quotes/{quote}")).json()["status"] == "withdrawn"
        assert [each["quote_id"] for each in (await staff.get("/v1/quotes?status=withdrawn")).json()["items"]] == [
            quote
        ]
        refused = await staff.post(f"/v1/quotes/{quote}/accept")
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "quote.withdrawn")
    billing.clock.move_to(AFTER_LAST_DAY)
    assert await billing.run_due() == 0, "a withdrawn quote does not lapse"


async def decide(billing: Living, number: int, quote_id: str | None) -> None:
    """Entitlement decides on a request, and says what is to be offered for it, if anything."""
    need = QuoteNeed(
        quote_id=quote_id or "", clause="SVT-19", product="se-10", quantity=1, price=PRICE, valid_until=LAST_DAY
    )
    decided = CoverageDecided(
        occurred_at=billing.clock.now(),
        ticket_no="KP-0000-0001",
        customer_id="customer-1",
        contact_id="contact-1",
        decision=number,
        plan_family="iij-se",
        plan_version="2025-04-01",
        outcome=Outcome.QUOTE if quote_id else Outcome.COVERED,
        deciding_clause="SVT-19",
        findings=(),
        remedies=(),
        facts={},
        quote=need if quote_id else None,
    )
    await billing.hear("entitlement", "case-iij-KP-0000-0001", decided)
    await billing.settle()


async def test_what_is_not_included_is_quoted_once_and_accepted(billing: Living) -> None:
    quote_id = "Q-KP-0000-0001.D1"
    await decide(billing, 1, quote_id)
    await decide(billing, 2, quote_id)
    (offered,) = await billing.events(QuoteOffered)
    assert (offered.quote_id, offered.out_of_scope, offered.clause) == (quote_id, True, "SVT-19")
    async with Caller(billing.app, customers=["customer-1"], client_id="portal-1") as partner:
        shown = (await partner.get(f"/v1/quotes/{quote_id}")).json()
        assert (shown["status"], shown["total"], shown["ticket_no"]) == ("offered", 1_070_000, "KP-0000-0001")
        assert (await partner.post(f"/v1/quotes/{quote_id}/accept")).status_code == 200


async def test_a_quote_for_what_turns_out_to_be_included_is_withdrawn(billing: Living) -> None:
    quote_id = "Q-KP-0000-0001.D1"
    await decide(billing, 1, quote_id)
    await decide(billing, 2, None)
    forgone = QuoteForgone(
        occurred_at=billing.clock.now(), quote_id=quote_id, ticket_no="KP-0000-0001", customer_id="customer-1"
    )
    await billing.hear("entitlement", "case-iij-KP-0000-0001", forgone)
    await billing.settle()
    async with Caller(billing.app) as staff:
        assert (await staff.get(f"/v1/quotes/{quote_id}")).json()["status"] == "withdrawn"
        refused = await staff.post(f"/v1/quotes/{quote_id}/accept")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "quote.withdrawn")


async def test_a_quote_lapses_when_its_last_day_ends(billing: Living) -> None:
    quote = await fall_short(billing)
    billing.clock.move_to(AFTER_LAST_DAY)
    async with Caller(billing.app) as staff:
        late = await staff.post(f"/v1/quotes/{quote}/accept")
        assert (late.status_code, late.json()["errors"][0]["code"]) == (409, "quote.lapsed"), "the date decides"
        assert await billing.run_due() == 1
        assert (await staff.get("/v1/quotes?status=lapsed")).json()["items"][0]["quote_id"] == quote
    (lapsed,) = await billing.events(QuoteLapsed)
    assert lapsed.occurred_at == AFTER_LAST_DAY


async def test_an_order_that_is_given_back_has_its_invoice_taken_back_with_what_was_paid(billing: Living) -> None:
    number = await accept_order(billing)
    async with Caller(billing.app) as desk:
        body = {"invoice_no": number, "payment_id": "payment-1", "amount": 70_000, "currency": "THB"}
        (await desk.post("/v1/payments", json=body | {"received_on": "2026-06-01"})).raise_for_status()
    refunded = OrderRefunded(
        occurred_at=billing.clock.now(),
        order_id="order-1",
        customer_id="customer-1",
        refunded_on=date(2026, 6, 1),
        reason="ordered by mistake",
    )
    await billing.hear("entitlement", "order-iij-order-1", refunded)
    await billing.settle()
    async with Caller(billing.app) as desk:
        invoice = (await desk.get(f"/v1/invoices/{number}")).json()
        (note,) = (await desk.get("/v1/credit-notes")).json()["items"]
    assert (invoice["status"], invoice["outstanding"]) == ("credited", 0)
    assert (note["total"], note["paid_back"], note["reason"]) == (1_070_000, 70_000, "ordered by mistake")


async def test_an_order_that_the_terms_refuse_shows_on_its_quote_until_it_is_placed_again(billing: Living) -> None:
    quote = await fall_short(billing)
    order = quote.replace("Q-", "O-")
    async with Caller(billing.app, customers=["customer-1"]) as partner:
        (await partner.post(f"/v1/quotes/{quote}/accept")).raise_for_status()
        refused = OrderRefused(
            occurred_at=billing.clock.now(),
            order_id=order,
            customer_id="customer-1",
            clauses=("CWC-26",),
            reasons=("No maintenance is in force.",),
            quote_id=quote,
        )
        await billing.hear("entitlement", f"order-iij-{order}", refused)
        await billing.settle()
        (shown,) = (await partner.get("/v1/quotes?status=refused")).json()["items"]
        assert (shown["quote_id"], shown["order_id"], shown["ordered_at"]) == (quote, order, None)
        assert (shown["refused_by"], shown["refused_because"]) == (["CWC-26"], ["No maintenance is in force."])
        await accept_order(billing, order, quote_id=quote)
        shown = (await partner.get(f"/v1/quotes/{quote}")).json()
        assert (shown["status"], shown["ordered_at"] is not None, shown["refused_by"]) == ("accepted", True, ["CWC-26"])


async def test_a_surplus_is_recorded_and_due_back_where_somebody_says_so(billing: Living) -> None:
    number = await accept_order(billing)
    async with Caller(billing.app) as staff:
        assert (await staff.post("/v1/payments", json=payment(1_070_500))).status_code == 422
        too_much = await staff.post("/v1/payments", json=payment(1_070_500, surplus_goes_back=True))
        assert (too_much.status_code, too_much.json()["paid"]) == (201, True)
        again = await staff.post("/v1/payments", json=payment(300, "payment-2", surplus_goes_back=True))
        assert again.status_code == 201
        shown = await read_back(staff, f"/v1/invoices/{number}", again)
    assert (shown["status"], shown["outstanding"]) == ("paid", 0)
    assert [(each["amount"], each["cause"], each["payment_id"], each["status"]) for each in shown["refunds"]] == [
        (500, "paid_too_much", "payment-1", "due"),
        (300, "paid_too_much", "payment-2", "due"),
    ]


async def test_what_is_heard_twice_is_done_once(billing: Living) -> None:
    """Another event with the same content (not a redelivery, which the mark skips): one invoice, one quote."""
    for _ in range(2):
        await accept_order(billing)
        await fall_short(billing)
    assert len(await billing.events(InvoiceIssued)) == 1
    assert len(await billing.events(QuoteOffered)) == 1


@pytest.mark.parametrize("stranger", [("other", None), ("iij", ["customer-2"])])
async def test_nobody_sees_or_accepts_what_is_anothers(billing: Living, stranger: tuple[str, list[str] | None]) -> None:
    provider, customers = stranger
    number, quote = await accept_order(billing), await fall_short(billing)
    async with Caller(billing.app, provider, customers=customers) as caller:
        for path in (f"/v1/invoices/{number}", f"/v1/quotes/{quote}"):
            assert (await caller.get(path)).status_code == 404
        for path in ("/v1/invoices", "/v1/quotes"):
            assert (await caller.get(path)).json()["items"] == []
        assert (await caller.post(f"/v1/quotes/{quote}/accept")).status_code == 404
        assert (await caller.post("/v1/payments", json=payment(1))).status_code == (403 if customers else 404)
    assert await billing.events(QuoteAccepted, PaymentReceived) == []


async def test_invoices_page_by_page_the_latest_first(billing: Living) -> None:
    for number in range(3):
        await accept_order(billing, f"order-{number}")
        billing.clock.advance(timedelta(days=1))
    seen: list[str] = []
    async with Caller(billing.app) as staff:
        path = "/v1/invoices?limit=2"
        while path:
            page = (await staff.get(path)).json()
            seen += [invoice["order_id"] for invoice in page["items"]]
            path = f"/v1/invoices?limit=2&cursor={page['next']}" if page.get("next") else ""
    assert seen == ["order-2", "order-1", "order-0"]


async def test_the_read_models_are_the_same_rebuilt_in_any_order_and_nothing_fires_again(billing: Living) -> None:
    await fall_short(billing)
    async with Caller(billing.app) as staff:
        for number in range(8):
            invoice = await accept_order(billing, f"order-{number}")
            for part in range(number % 4):
                body = payment(400_000 if part < 2 else 270_000, f"payment-{part}", invoice_no=invoice)
                assert (await staff.post("/v1/payments", json=body)).status_code == 201
    billing.clock.move_to(AFTER_DUE_DAY)
    assert await billing.run_due() == 1 + 6, "the quote, and the invoices that are not paid in full"
    live = await billing.dump()
    events = len(await billing.events())

    await billing.runtime.writers.execute("update work.deadline_mark set position = 0")
    for _ in range(3):  # each time the bus shuffles on
        await billing.rebuild()
        assert await billing.dump() == live
    assert await billing.run_due() == 0
    assert len(await billing.events()) == events
    assert [len(live[table]) for table in ("invoice", "payment", "quote")] == [8, 12, 1]
