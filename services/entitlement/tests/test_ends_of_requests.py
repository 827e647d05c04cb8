"""How a request ends, and goes on again: given what is open for it, when it is declined, closed or reopened, then
nothing of it is left waiting, and what stands is said as it is."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from kippu_entitlement import booking, folds, ordering
from kippu_entitlement.booking import Wanted
from kippu_entitlement.domain import case as cases
from kippu_entitlement.domain import order
from kippu_entitlement.domain.refunding import Asked
from kippu_entitlement.testing import CUSTOMER, DEVICE, World
from kippu_entitlement.testing.desk import Desk
from kippu_events.catalogue.bookings import BookingNoted, BookingSettled
from kippu_events.catalogue.entitlement import (
    CoverageDecided,
    OrderLine,
    RequestClosed,
    RequestDeclined,
    RequestReopened,
    TicketDebitReversed,
)
from kippu_events.catalogue.quoting import QuoteForgone, QuoteUnserved
from kippu_events.catalogue.values import Channel, Outcome
from kippu_events.ports import VirtualClock
from kippu_events.work import Work
from kippu_terms.loading import load
from kippu_terms.refusal import Refused

PLANS = Path(__file__).parents[3] / "plans"
TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 18, 12, tzinfo=TOKYO)
TICKET = "KP-0000-0001"
UNIT = replace(DEVICE, serial="NAS-1", model="NAS 4-bay", plan_family="qnp", warranty_until=date(2026, 4, 30))
"""Whose warranty is over, and that has no contract: its repair is quoted (QNP-03)."""
QUOTE, REPAIR = f"Q-{TICKET}.D1", f"O-{TICKET}.D1"


async def made(family: str) -> World:
    world = World((PLANS / f"{family}.toml").read_text(), VirtualClock(NOW))
    return await world.begin(*([UNIT] if family == "qnp" else []))


async def outcomes(world: World) -> list[Outcome]:
    return [each.outcome for each in await world.on_case(CoverageDecided)]


async def book_by_invoice(world: World) -> None:
    plan = load(world.plan_text)
    starts_at = datetime(2026, 12, 10, 14, tzinfo=TOKYO)
    together = (OrderLine(product="annual-maintenance", quantity=1),)
    licence = order.Place("O-LICENCE", CUSTOMER, "cwc", "licence", 1, world.today, together=together)
    wanted = Wanted(
        "O-1", CUSTOMER, "contact-1", "ssl-setup", starts_at, 60, "invoice", Channel.PORTAL, ticket_no=TICKET
    )

    async def buy(work: Work) -> None:
        await ordering.place(work, "cwc", plan, licence, ordering.Said(), "ja")

    async def book(work: Work) -> None:
        await booking.book(work, plan, wanted, "ja")

    await world.run(buy)
    await world.invoice_paid("O-LICENCE", world.today)
    await world.run(book)


@pytest.mark.clause("CWC-16", "CWC-25")
async def test_a_booking_by_invoice_falls_with_its_request_and_is_settled_once() -> None:
    """Dispatch cancels it with that, and billing takes its invoice back, as for any booking that is cancelled."""
    world = await made("cwc")
    await world.opened(category="technical_service", asset_serial=None, topic="ssl")
    await book_by_invoice(world)
    (noted,) = await world.on_case(BookingNoted)
    assert (noted.booking_id, noted.units) == ("O-1", 0)
    for _ in range(2):
        await world.declined(clause="CWC-25")
    (settled,) = await world.events("order-cwc-O-1", BookingSettled)
    assert (settled.reason, settled.used, settled.given_back) == ("declined", 0, 0)
    assert await world.on_wallet(TicketDebitReversed) == []


@pytest.mark.clause("CWC-16")
async def test_a_booking_by_invoice_outlives_the_close_of_its_request() -> None:
    """It was ordered by itself, and is paid or called off by itself."""
    world = await made("cwc")
    await world.opened(category="technical_service", asset_serial=None, topic="ssl")
    await book_by_invoice(world)
    await world.closed()
    assert await world.events("order-cwc-O-1", BookingSettled) == []


@pytest.mark.clause("IIJ-06")
async def test_nobody_approves_what_is_closed_and_reopened_it_is_asked_for_anew() -> None:
    world = await made("iij-se")
    await world.opened(category="preventive_maintenance")
    await world.closed()
    await world.closed()
    assert len(await world.on_case(RequestClosed)) == 1
    answer = {"granted": True, "actor": "client:operator-1", "now": NOW}
    with pytest.raises(Refused) as refused:
        cases.answer_approval(await world.case(), approval_id=f"{TICKET}.A1", **answer)  # type: ignore[arg-type]
    assert refused.value.faults[0].code == "approval_not_open"
    await world.reopened()
    assert (await world.case()).approval_id == f"{TICKET}.A2"


@pytest.mark.clause("QNP-03")
@pytest.mark.parametrize("accepted", ["never", "later"])
async def test_an_offer_that_was_open_as_its_request_was_closed_comes_to_nothing(accepted: str) -> None:
    """Though work was done, by which a person decides on what was accepted before."""
    world = await made("qnp")
    await world.opened(asset_serial="NAS-1")
    await world.worked(30)
    await world.closed()
    assert [each.quote_id for each in await world.on_case(QuoteForgone)] == [QUOTE]
    assert await world.on_case(RequestDeclined) == []
    if accepted == "later":  # before billing heard of it
        await world.quote_accepted(QUOTE, "repair-after-warranty")
    assert [each.order_id for each in await world.on_case(QuoteUnserved)] == ([REPAIR] if accepted == "later" else [])
    assert len(await outcomes(world)) == 1, "what is closed is not decided"


@pytest.mark.clause("QNP-03")
async def test_what_is_paid_once_its_request_was_closed_is_decided_as_that_is_reopened() -> None:
    world = await made("qnp")
    await world.opened(asset_serial="NAS-1")
    await world.worked(30)
    await world.quote_accepted(QUOTE, "repair-after-warranty")
    await world.closed()
    await world.invoice_paid(REPAIR, world.today)
    assert await outcomes(world) == [Outcome.QUOTE, Outcome.WAITING]
    await world.reopened()
    assert (await outcomes(world))[2:] == [Outcome.COVERED]


async def test_declined_by_hand_and_reopened_it_is_decided_anew_by_what_is_known() -> None:
    world = await made("iij-se")
    await world.credit("O-1", 10, days=300)
    await world.opened()
    await world.worked(85)
    await world.declined(clause="IIJ-05")
    assert (await world.wallet()).balance_at(NOW) == 10
    await world.reopened()
    assert await outcomes(world) == [Outcome.COVERED_BY_DEBIT] * 2
    assert (await world.wallet()).balance_at(NOW) == 8
    assert not (await world.case()).ended
    await world.reopened()  # of one that had not ended
    assert len(await world.on_case(RequestReopened)) == 1


@pytest.mark.clause("IIJ-05")
@pytest.mark.parametrize("corrected", [False, True])
async def test_what_the_terms_refused_is_decided_anew_as_it_is_reopened_unless_they_would_refuse_it_again(
    corrected: bool,
) -> None:
    world = await made("iij-se")
    await world.register(replace(DEVICE, serial="OLD-1", warranty_until=date(2026, 4, 30)))
    await world.opened(asset_serial="OLD-1")
    await world.declined(clause="IIJ-05")
    if corrected:
        await world.register(replace(DEVICE, serial="OLD-1"))
    await world.reopened()
    (reopened,) = await world.on_case(RequestReopened)
    waits = (None, None) if corrected else ("classification", "IIJ-05")
    assert (reopened.waiting_for, reopened.clause) == waits
    again = [Outcome.COVERED_BY_DEBIT] if corrected else []
    assert await outcomes(world) == [Outcome.REFUSED, *again]
    await world.classified()
    assert (await outcomes(world))[-1] is Outcome.COVERED_BY_DEBIT


@pytest.mark.clause("QNP-03")
async def test_quoted_work_that_is_not_done_is_given_back_with_its_request_and_the_refusal_says_so() -> None:
    world = await made("qnp")
    await world.opened(asset_serial="NAS-1")
    await world.quote_accepted(QUOTE, "repair-after-warranty")
    await world.invoice_paid(REPAIR, world.today)

    async def give_back(work: Work) -> None:
        bought = await work.load(folds.ORDER, "qnp", f"order-qnp-{REPAIR}")
        await ordering.give_back(work, bought, load(world.plan_text), Asked(), "not needed")

    with pytest.raises(Refused, match=f"POST /v1/tickets/{TICKET}/decline") as refused:
        await world.run(give_back)
    assert [each.code for each in refused.value.faults] == ["order.goes_with_request"]
    await world.declined(clause="QNP-03")
    assert [each.order_id for each in await world.on_case(QuoteUnserved)] == [REPAIR]


async def test_what_became_of_a_request_is_said_beside_the_decision_that_stood_before(desk: Desk) -> None:
    path, world = f"/v1/decisions/{TICKET}", desk.world
    await world.tell(world.opening(category="preventive_maintenance"))
    await desk.settle()
    async with desk.partner() as partner, desk.staff() as staff:
        decided = await partner.get(path)
        assert decided.json()["afterwards"] is None
        world.clock.advance(timedelta(hours=1))
        by_hand = world.declining(clause="IIJ-05").model_copy(update={"declined_by": "operator"})
        await world.tell(by_hand)
        await desk.settle()
        ended = await partner.get(path)
        assert ended.headers["etag"] != decided.headers["etag"]
        shown = ended.json()
        assert (shown["current"]["outcome"], shown["current"]["decision"]) == ("waiting", 1)
        afterwards = shown["afterwards"]
        assert (afterwards["status"], afterwards["declined_by"]) == ("declined", "operator")
        assert (afterwards["reason"], afterwards["clause"]["id"]) == ("no", "IIJ-05")
        assert set(afterwards["clause"]["text"]) >= {"en", "th"}
        assert datetime.fromisoformat(afterwards["at"]) == world.clock.now()
        before = (world.clock.now() - timedelta(minutes=1)).isoformat()
        assert (await partner.get(path, params={"known_at": before})).json()["afterwards"] is None
        assert (await staff.get("/v1/approvals")).json()["items"] == []

        await world.tell(world.reopening())
        await desk.settle()
        anew = (await partner.get(path)).json()
        assert (anew["current"]["decision"], anew["afterwards"]) == (2, None)

        await world.tell(world.closing())
        await desk.settle()
        closed = (await partner.get(path)).json()
        assert (closed["afterwards"]["status"], closed["afterwards"]["clause"]) == ("closed", None)
        assert (await staff.get("/v1/approvals")).json()["items"] == []
