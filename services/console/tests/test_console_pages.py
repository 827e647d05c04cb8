"""The console on a real PostgreSQL: what the logs hold is what the pages show, in whatever order it arrived."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kippu_console import app as console
from kippu_console.words import LANGUAGES, words
from kippu_events.catalogue import billing, dispatch, entitlement, intake
from kippu_events.catalogue.values import Allocation, Channel, ClauseFinding, Outcome, Price, Remedy, WorkKind
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.log.memory import MemoryLog
from kippu_events.ports import SystemIds, VirtualClock
from kippu_events.work import Cause, Fold, Work, Worker
from kippu_privacy import Plain
from kippu_service.application import create_app
from kippu_service.runtime import Runtime
from kippu_service.testing import Caller, runtime_on

NOON = datetime(2026, 4, 30, 5, 0, tzinfo=UTC)
PRICE = Price(
    currency="THB", lines=(), tax_name="VAT", tax_rounding="half_up", payment_days=30, time_zone="Asia/Bangkok"
)
COUNT = Fold(int, lambda: 0, lambda state, event: state + 1, version=1)
MIGRATIONS = Path(console.__file__).parent / "migrations"
TICKET = "KP-0000-0001"
WALLET = "customer-1.iij-se"


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
    ]  # fmt: skip


@pytest.fixture
async def runtime(service_database: Any) -> AsyncIterator[Runtime]:
    database = await service_database("console", [MIGRATIONS])
    async with runtime_on(database, MemoryLog("console"), clock=VirtualClock(NOON)) as made:
        yield made


async def record(runtime: Runtime, provider: str = "iij") -> list[Envelope]:
    """Appends the story to the services' logs, and returns what they hold."""
    logs = {name: MemoryLog(name) for name in ("intake", "entitlement", "dispatch", "billing")}
    for number, (log, stream, event) in enumerate(story()):

        async def decide(work: Work, stream: str = stream, event: Event = event) -> dict[str, Any]:
            work.record(await work.load(COUNT, provider, stream), event)
            return {}

        worker = Worker(logs[log], runtime.clock, SystemIds(), runtime.vault)
        await worker.run(Cause(command_id=f"c{number}", actor="operator:o1"), decide)
    return [envelope for log in logs.values() for envelope in await log.read(0)]


async def apply(runtime: Runtime, envelopes: list[Envelope], batch_size: int) -> None:
    connection = await runtime.connect_writer()
    try:
        for projector in console.build(runtime).projectors:
            types = {event.type for event in projector.subscribes}
            wanted = [e for e in envelopes if e.type in types and e.log in projector.logs]
            for start in range(0, len(wanted), batch_size):
                async with connection.transaction():
                    await projector.apply(connection, wanted[start : start + batch_size])
    finally:
        await connection.close()


async def dump(runtime: Runtime) -> list[Any]:
    tables = sorted({table for projector in console.build(runtime).projectors for table in projector.tables})
    return [await runtime.writers.fetch(f"select t::text from read.{table} t order by 1") for table in tables]  # noqa: S608


async def page(runtime: Runtime, path: str, **who: Any) -> tuple[int, str]:
    async with Caller(create_app(console.build(runtime), runtime), **who) as caller:
        answer = await caller.get(path)
    return answer.status_code, answer.text


async def test_a_request_page_says_what_was_decided_by_which_clause_and_what_was_debited(runtime: Runtime) -> None:
    await apply(runtime, await record(runtime), 100)

    status, html = await page(runtime, f"/tickets/{TICKET}?lang=en")

    assert status == 200
    assert "covered by prepaid tickets" in html
    assert "Tickets begin counting on receipt." in html
    assert "Ask earlier." in html
    assert "<b>2</b><span>Debited" in html
    assert "เครือข่ายล่ม &lt;b&gt;" in html, "a subject is text, never markup"
    assert "VisitHeld" in html


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/?lang=ja", "ディスパッチャ|手配担当"),
        ("/wallets?lang=th", WALLET),
        (f"/wallets/{WALLET}", "order-1: 2"),
        ("/visits", "held"),
        ("/mail", "someone@customer.example"),
        ("/invoices", "10,432.50 THB"),
    ],
)
async def test_each_page_shows_its_answer(runtime: Runtime, path: str, shown: str) -> None:
    await apply(runtime, await record(runtime), 100)

    status, html = await page(runtime, path)

    assert status == 200
    assert any(part in html for part in shown.split("|"))


async def test_a_wallets_page_tells_its_own_stream_with_the_balance_after_each_entry(runtime: Runtime) -> None:
    await apply(runtime, await record(runtime), 100)

    _, html = await page(runtime, f"/wallets/{WALLET}?lang=en")

    assert html.index("Prepaid tickets credited") < html.index("Prepaid tickets debited")
    assert html.index("<b>5</b></td>") < html.index("<b>3</b></td>")


def test_every_language_has_the_same_words() -> None:
    english = words("en")
    for language in LANGUAGES:
        spoken = words(language)
        assert spoken.keys() == english.keys()
        assert spoken["states"].keys() == english["states"].keys()
        assert spoken["events"].keys() == english["events"].keys()


async def test_another_provider_and_a_partner_see_nothing(runtime: Runtime) -> None:
    await apply(runtime, await record(runtime), 100)

    assert (await page(runtime, f"/tickets/{TICKET}", provider="other"))[0] == 404
    assert TICKET not in (await page(runtime, "/", provider="other"))[1]
    assert (await page(runtime, "/", customers=["customer-1"]))[0] == 403


async def test_an_erased_person_is_gone_from_the_pages(runtime: Runtime) -> None:
    await apply(runtime, await record(runtime), 100)

    await runtime.vault.erase("iij", "contact-1")

    status, html = await page(runtime, f"/tickets/{TICKET}")
    assert (status, "เครือข่ายล่ม" in html, "(erased)" in html) == (200, False, True)


async def test_a_browser_without_a_token_is_led_to_sign_in_and_back(runtime: Runtime) -> None:
    app = create_app(console.build(runtime), runtime)
    async with Caller(app) as caller:
        token = caller.headers.pop("authorization").removeprefix("Bearer ")
        caller.headers["accept"] = "text/html"
        assert (await caller.get("/")).headers["location"] == "/sign-in"

        refused = await caller.post("/sign-in", data={"token": "not.a.token"})
        assert refused.status_code == 303
        assert (await caller.get("/")).headers["location"] == "/sign-in?fault"

        await caller.post("/sign-in", data={"token": f" {token}\n"})
        assert (await caller.get("/")).status_code == 200


@pytest.mark.parametrize("seed", range(6))
async def test_the_views_are_the_same_under_any_interleaving_of_slots_and_batches(
    service_database: Any, seed: int
) -> None:
    database = await service_database("console", [MIGRATIONS])
    async with runtime_on(database, MemoryLog("console"), clock=VirtualClock(NOON)) as runtime:
        envelopes = await record(runtime)
        await apply(runtime, envelopes, 100)
        expected = await dump(runtime)
        for projector in console.build(runtime).projectors:
            await runtime.writers.execute(f"truncate {', '.join('read.' + table for table in projector.tables)}")

        shuffled, chance = interleaved(envelopes, random.Random(seed)), random.Random(seed)  # noqa: S311
        await apply(runtime, shuffled, chance.randint(1, 4))

        assert await dump(runtime) == expected


def interleaved(envelopes: list[Envelope], chance: random.Random) -> list[Envelope]:
    """The events in a random order that keeps the order within each slot of each log."""
    queues: dict[tuple[str, int], list[Envelope]] = {}
    for envelope in envelopes:
        queues.setdefault((envelope.log, envelope.slot), []).append(envelope)
    order = []
    while queues:
        slot = chance.choice(sorted(queues))
        order.append(queues[slot].pop(0))
        if not queues[slot]:
            del queues[slot]
    return order
