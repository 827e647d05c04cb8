"""A request's page: what was asked and may be expected, whom it waits for since when, and the quotes made for it."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kippu_console import app as console
from kippu_console.testing import Said, apply, page, record, sold
from kippu_console.testing.story import NOON, PRICE
from kippu_events.catalogue import billing, dispatch, entitlement, intake, quoting, shipments
from kippu_events.catalogue.fulfilment import Target
from kippu_events.catalogue.values import Channel, Outcome, Reply, RequestDetails
from kippu_events.event import Event
from kippu_events.log.memory import MemoryLog
from kippu_events.ports import VirtualClock
from kippu_privacy import Plain
from kippu_service.runtime import Runtime
from kippu_service.testing import runtime_on

MIGRATIONS = Path(console.__file__).parent / "migrations"
SVT = (Path(__file__).parents[3] / "plans" / "svt.toml").read_text("utf-8")
TICKET = "KP-0000-0009"
WHO: dict[str, Any] = {"ticket_no": TICKET, "customer_id": "customer-1"}
HOUR = timedelta(hours=1)


@pytest.fixture
async def runtime(service_database: Any) -> AsyncIterator[Runtime]:
    database = await service_database("console", [MIGRATIONS])
    async with runtime_on(database, MemoryLog("console"), clock=VirtualClock(NOON)) as made:
        yield made


def opened(**facts: Any) -> Event:
    usual: dict[str, Any] = {
        "contact_id": "contact-1", "plan_family": "svt", "channel": Channel.PORTAL, "received_at": NOON,
        "language": "ja", "subject": Plain("contact-1", "no light"), "occurred_at": NOON,
    }  # fmt: skip
    return intake.TicketOpened(**WHO, **(usual | facts))


def decided(number: int, at: datetime, waiting_for: str | None = None) -> Event:
    return entitlement.CoverageDecided(
        **WHO, contact_id="contact-1", decision=number, plan_family="svt", plan_version="1",
        outcome=Outcome.WAITING if waiting_for else Outcome.COVERED, waiting_for=waiting_for, findings=(),
        remedies=(), facts={}, deciding_clause="SVT-15", occurred_at=at,
    )  # fmt: skip


def noted(at: datetime) -> Event:
    return entitlement.RequestNoted(
        **WHO, contact_id="contact-1", plan_family="svt", channel="portal", received_at=NOON, occurred_at=at
    )


def on_ticket(*events: Event) -> list[Said]:
    return [("intake", f"ticket-iij-{TICKET}", event) for event in events]


def on_case(*events: Event) -> list[Said]:
    return [("entitlement", f"case-iij-{TICKET}", event) for event in events]


async def shown(runtime: Runtime, said: Sequence[Said], path: str = f"/tickets/{TICKET}?lang=en") -> str:
    await apply(runtime, await record(runtime, [sold.published(SVT), *said]))
    status, html = await page(runtime, path)
    assert status == 200
    return html


@pytest.mark.clause("SVT-15")
async def test_a_request_waits_for_the_customer_since_it_was_asked_back_and_its_clock_since_it_was_asked(
    runtime: Runtime,
) -> None:
    waits = {"waiting_for": "customer", "clause": "SVT-15"}
    html = await shown(
        runtime,
        [
            *on_ticket(
                opened(),
                intake.TicketWaiting(**WHO, **waits, occurred_at=NOON),
                intake.TicketResumed(**WHO, occurred_at=NOON + HOUR),
                intake.TicketWaiting(**WHO, **waits, occurred_at=NOON + 2 * HOUR),
            ),
            *on_case(
                noted(NOON), decided(1, NOON, "customer"), noted(NOON + HOUR), decided(2, NOON + HOUR, "customer")
            ),
        ],
    )
    assert "waits for the customer<br>since 2026-04-30 16:00" in html
    assert "has stood still since 2026-04-30 14:00" in html
    board = (await page(runtime, "/?status=waiting&lang=en"))[1]
    assert "waits for the customer<br>since 2026-04-30 16:00" in board


async def test_the_clock_runs_once_the_request_goes_on_and_nobody_is_waited_for(runtime: Runtime) -> None:
    html = await shown(
        runtime,
        [
            *on_ticket(
                opened(),
                intake.TicketWaiting(**WHO, waiting_for="customer", occurred_at=NOON),
                intake.TicketResumed(**WHO, occurred_at=NOON + HOUR),
            ),
            *on_case(noted(NOON), decided(1, NOON, "customer"), noted(NOON + HOUR), decided(2, NOON + HOUR)),
        ],
    )
    assert "stood still" not in html
    assert "since 2026" not in html


@pytest.mark.clause("QNP-14")
async def test_what_was_asked_is_what_was_said_last_and_what_is_expected_is_what_was_stated_last(
    runtime: Runtime,
) -> None:
    answer = Target(
        kind="answer", clause="QNP-14", started_at=NOON, bound="from", due_at=NOON + 24 * HOUR, calendar_version="1",
        time_zone="Asia/Tokyo",
    )  # fmt: skip
    wish = RequestDetails(answer_wanted_by=NOON + 3 * HOUR, keep_part=True, cause="wear")
    html = await shown(
        runtime,
        on_ticket(
            opened(category="fault", asset_serial="NAS-1", details=wish),
            intake.TicketClassified(**WHO, category="question", asset_serial="NAS-2", occurred_at=NOON),
            intake.RequestDetailsRecorded(
                **WHO, details=RequestDetails(keep_part=False), recorded_by="desk-1", occurred_at=NOON
            ),
            intake.ExpectationStated(**WHO, decision=1, counts_from=NOON - HOUR, occurred_at=NOON),
            intake.ExpectationStated(
                **WHO, decision=2, counts_from=NOON + HOUR, targets=(answer,), occurred_at=NOON,
                replies=(Reply(about="answer_wanted_by", answer="not_binding", clause="QNP-14"),),
            ),
        ),
    )  # fmt: skip
    for name, value in {
        "Category": "question",
        "Device or service": "NAS-2",
        "Keeps the failed part": "no",
        "Cause": "wear",
        "Answer wanted by (not binding)": "2026-04-30 17:00",
        "Counts as received": "2026-04-30 15:00",
    }.items():
        assert f"<dt>{name}</dt><dd>{value}</dd>" in html, name
    assert "from 2026-05-01 14:00 on" in html, "the earliest start, not a deadline"
    assert "<dd>on record, does not bind (QNP-14)</dd>" in html


async def test_quotes_for_a_request_say_what_became_of_each(runtime: Runtime) -> None:
    def offered(number: int, **facts: Any) -> Said:
        quote = billing.QuoteOffered(
            **WHO, quote_id=f"Q-{number}", plan_family="svt", product="advance-1y", quantity=number, price=PRICE,
            net=1, taxes=(), total=100_000 * number, valid_until=date(2026, 5, 30), reason="r", clause="SVT-02",
            occurred_at=NOON, **facts,
        )  # fmt: skip
        return "billing", f"quote-iij-Q-{number}", quote

    taken = billing.QuoteAccepted(
        quote_id="Q-2", customer_id="customer-1", plan_family="svt", product="advance-1y", quantity=2,
        accepted_by="partner-1", occurred_at=NOON,
    )  # fmt: skip

    def came_of(number: int, kind: type[quoting.QuoteEvent], **facts: Any) -> Said:
        order = kind(
            **WHO, quote_id=f"Q-{number}", clause="SVT-02", order_id=f"O-{number}", occurred_at=NOON, **facts
        )  # fmt: skip
        return "entitlement", f"case-iij-{TICKET}", order

    html = await shown(
        runtime,
        [
            *on_ticket(opened()),
            offered(1, out_of_scope=True),
            offered(2),
            ("billing", "quote-iij-Q-2", taken),
            offered(3),
            ("billing", "quote-iij-Q-3", taken.model_copy(update={"quote_id": "Q-3"})),
            came_of(3, quoting.QuoteOrderRefused, clauses=("SVT-03",), reasons=("No device is named.",)),
            offered(4),
            ("billing", "quote-iij-Q-4", taken.model_copy(update={"quote_id": "Q-4"})),
            came_of(4, quoting.QuoteOrderRefused, clauses=("SVT-03",), reasons=("No device is named.",)),
            came_of(4, quoting.QuoteTaken),
            offered(5),
            ("billing", "quote-iij-Q-5", taken.model_copy(update={"quote_id": "Q-5"})),
            came_of(5, quoting.QuoteOrderRefused, clauses=("SVT-03",), reasons=("No device is named.",)),
            came_of(5, quoting.QuoteUnserved),
        ],
    )
    quotes = html.partition("<h2>Quotes</h2>")[2].partition("</table>")[0]
    first, rest = quotes.split("Q-2")
    second, rest = rest.split("Q-3")
    third, rest = rest.split("Q-4")
    fourth, fifth = rest.split("Q-5")
    assert 'class="state order_refused"' in third
    assert "No device is named. SVT-03" in third
    assert 'class="state ordered"' in fourth, "a person settled it"
    assert 'class="state undone"' in fifth, "with its request"
    assert 'class="state offered"' in first
    assert "work that the terms do not include" in first
    assert "1,000.00 THB" in first
    assert 'class="state accepted"' in second
    assert "partner-1" in second
    money = (await page(runtime, "/invoices?lang=en"))[1]
    assert "Q-1" in money
    assert "Q-2" not in money, "nobody waits for its answer"
    assert money.index("Q-3") < money.index("Q-1"), "an order to settle comes first"
    assert "Q-4" not in money
    assert "Q-5" not in money
    assert "<b>1</b><span>Accepted quotes to settle" in (await page(runtime, "/?lang=en"))[1]


def without_engineer() -> list[Said]:
    """Two visits whose engineer cannot go; for one of them another was found."""
    events: list[Event] = []
    for visit_id in ("V-2", "V-3"):
        visit: dict[str, Any] = {**WHO, "visit_id": visit_id, "occurred_at": NOON}
        events += [
            dispatch.VisitBooked(
                **visit, starts_at=NOON, minutes=60, booked_by="dispatcher-1", engineer_id="engineer-1"
            ),
            dispatch.VisitUnassigned(**visit, engineer_id="engineer-1", reason="ill"),
        ]
    events.append(dispatch.VisitAssigned(**visit, engineer_id="engineer-2", assigned_by="dispatcher-1"))
    return [("dispatch", f"visits-iij-{TICKET}", event) for event in events]


async def test_the_board_counts_what_needs_a_person_by_its_date(runtime: Runtime) -> None:
    def invoice(number: int, due_on: date) -> Said:
        issued = billing.InvoiceIssued(
            invoice_no=f"INV-{number}", customer_id="customer-1", order_id=f"order-{number}", issued_on=due_on,
            due_on=due_on, price=PRICE, net=1, taxes=(), total=1, currency="THB", occurred_at=NOON,
        )  # fmt: skip
        return "billing", f"invoice-iij-INV-{number}", issued

    def due_back(number: int, overdue_at: datetime) -> Said:
        expected = shipments.ReturnExpected(
            **WHO, shipment_id=f"S-{number}", serial="NAS-1", due_on=sold.TODAY, clause="QNP-01",
            overdue_at=overdue_at, occurred_at=NOON,
        )  # fmt: skip
        return "dispatch", f"shipments-iij-{TICKET}", expected

    visit: dict[str, Any] = {**WHO, "visit_id": "V-1", "clause": "IIJ-09", "occurred_at": NOON}
    html = await shown(
        runtime,
        [
            *on_ticket(opened(), intake.TicketWaiting(**WHO, waiting_for="approval", occurred_at=NOON)),
            *sold.everything(),
            invoice(1, sold.TODAY),
            invoice(2, sold.TODAY - sold.DAY),
            due_back(1, NOON + HOUR),
            due_back(2, NOON),
            ("dispatch", f"visits-iij-{TICKET}", dispatch.VisitRequested(
                **visit, wanted_at=NOON, minutes=60, notice_days=3
            )),
            ("dispatch", f"visits-iij-{TICKET}", dispatch.VisitHeld(**visit)),
            *without_engineer(),
        ],
        "/?lang=en",
    )  # fmt: skip
    for words, number in {
        "Unmatched mail": 0,
        "Approvals": 1,
        "Requests to classify": 0,
        "Held visits": 1,
        "Visits without an engineer": 1,
        "Overdue returns": 1,
        "Contracts to be registered": 1,
        "Blocked bookings": 1,
        "Overdue invoices": 1,
        "Quotes to be answered": 0,
    }.items():
        assert f"<b>{number}</b><span>{words}</span>" in html, words
    assert 'href="/?lang=en&amp;status=waiting&amp;waiting_for=approval"' in html
    visits = (await page(runtime, "/visits?lang=en"))[1]
    assert "engineer-1" not in visits
    assert "somebody else is to be found" in visits
    assert "engineer-2" in visits
    assert TICKET not in (await page(runtime, "/?waiting_for=classification"))[1]
    assert TICKET in (await page(runtime, "/?waiting_for=approval"))[1]


BY_HAND = intake.TicketDeclined(
    **WHO, clause="SVT-21", reason="Nobody may <enter>.", declined_by="operator", occurred_at=NOON + HOUR
)


async def test_a_decline_by_hand_stands_beside_what_was_decided(runtime: Runtime) -> None:
    html = await shown(runtime, [*on_ticket(opened(), BY_HAND), *on_case(decided(1, NOON))])
    assert "<b>SVT-21</b><q>Nobody may &lt;enter&gt;.</q><small>an operator by hand</small>" in html
    assert html.index("SVT-21") < html.index("SVT-15"), "the newer word first"


async def test_a_request_that_is_open_again_is_no_longer_declined_by_hand(runtime: Runtime) -> None:
    reopened = intake.TicketReopened(**WHO, occurred_at=NOON + 2 * HOUR)
    html = await shown(runtime, [*on_ticket(opened(), BY_HAND, reopened), *on_case(decided(1, NOON))])
    assert "<q>Nobody may" not in html
