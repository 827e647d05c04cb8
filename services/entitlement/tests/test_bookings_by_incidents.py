"""Bookings that incidents pay: debited once, as they are booked; never again by the calls of that day; given back where
nothing was used. Given what is bought, booked, done and recorded, when it is heard, then so much is left."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kippu_entitlement import booking, ordering
from kippu_entitlement.booking import Wanted
from kippu_entitlement.domain import order
from kippu_entitlement.testing import CUSTOMER, World
from kippu_events.catalogue.bookings import BookingCancelled, BookingCompleted, BookingSettled
from kippu_events.catalogue.entitlement import DebitShortfall, OrderLine, TicketDebited, TicketDebitReversed
from kippu_events.catalogue.values import Channel, WorkKind
from kippu_events.ports import VirtualClock
from kippu_events.work import Work
from kippu_terms.loading import load
from kippu_terms.refusal import Refused

TERMS = (Path(__file__).parents[3] / "plans" / "cwc.toml").read_text()
PLAN = load(TERMS)
TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 18, 12, tzinfo=TOKYO)
STARTS = datetime(2026, 12, 10, 14, tzinfo=TOKYO)
TICKET = "KP-0000-0001"


async def world(product: str = "incidents-5") -> World:
    """A customer with a licence and incidents, bought on 18 November 2026: they end with 17 November 2027."""
    made = await World(TERMS, VirtualClock(NOW)).begin()
    together = (OrderLine(product="annual-maintenance", quantity=1), OrderLine(product=product, quantity=1))
    bought = order.Place("O-LICENCE", CUSTOMER, "cwc", "licence", 1, made.today, together=together)

    async def place(work: Work) -> None:
        await ordering.place(work, "cwc", PLAN, bought, ordering.Said(), "ja")

    await made.run(place)
    await made.invoice_paid("O-LICENCE", made.today)
    return made


async def book(made: World, minutes: int = 60, booking_id: str = "O-1", **changes: Any) -> None:
    usual = {"ticket_no": None, "starts_at": STARTS, "channel": Channel.PORTAL, "product": "ssl-setup"}
    wanted = Wanted(booking_id, CUSTOMER, "contact-1", minutes=minutes, paid_by="incidents", **{**usual, **changes})

    async def decide(work: Work) -> None:
        await booking.book(work, PLAN, wanted, "ja")

    await made.run(decide)


async def complete(made: World, minutes: int, booking_id: str = "O-1") -> None:
    ended_at = STARTS + timedelta(minutes=minutes)
    made.clock.move_to(max(made.clock.now(), ended_at))
    done = {"booking_id": booking_id, "customer_id": CUSTOMER, "completed_at": ended_at}
    await made.hear(BookingCompleted(occurred_at=made.clock.now(), **done))


async def cancel(made: World, booking_id: str = "O-1") -> None:
    fields = {"booking_id": booking_id, "customer_id": CUSTOMER, "contact_id": "contact-1", "starts_at": STARTS}
    await made.hear(BookingCancelled(occurred_at=made.clock.now(), reason="no", cancelled_by="client-1", **fields))


async def asked(made: World) -> None:
    """A request for SSL, that incidents pay by the call."""
    await made.opened(TICKET, category="technical_service", asset_serial=None, topic="ssl")


async def called(made: World, minutes: int, at: datetime = STARTS) -> None:
    made.clock.move_to(max(made.clock.now(), at + timedelta(minutes=minutes)))
    await made.worked(minutes, TICKET, kind=WorkKind.REMOTE_WORK, started_at=at)


async def left(made: World, at: datetime = STARTS) -> int:
    return (await made.wallet()).balance_at(at)


@pytest.mark.clause("CWC-22")
@pytest.mark.parametrize(("minutes", "units"), [(30, 1), (31, 2), (60, 2), (61, 3)])
async def test_a_booking_takes_one_incident_for_each_started_half_hour(minutes: int, units: int) -> None:
    made = await world()
    await book(made, minutes)
    (debit,) = await made.on_wallet(TicketDebited)
    assert (debit.quantity, debit.balance, await left(made)) == (units, 5 - units, 5 - units)
    assert (debit.debit_id, debit.ticket_no, debit.booking_id) == ("O-1", "O-1", "O-1")
    assert (debit.counts_at, debit.clause) == (STARTS, "CWC-22")


@pytest.mark.clause("CWC-21")
@pytest.mark.parametrize(("starts_at", "booked"), [
    (datetime(2027, 11, 17, 23, 59, tzinfo=TOKYO), True),
    (datetime(2027, 11, 18, 0, 0, tzinfo=TOKYO), False),
])  # fmt: skip
async def test_an_incident_pays_an_appointment_of_its_year_only(starts_at: datetime, booked: bool) -> None:
    made = await world()
    if booked:
        await book(made, 30, starts_at=starts_at)
    else:
        with pytest.raises(Refused, match="has 0 that are valid on that day: buy 1 × incidents-5") as refused:
            await book(made, 30, starts_at=starts_at)
        assert [(each.code, each.clause) for each in refused.value.faults] == [("too_few_incidents", "CWC-21")]
    assert len(await made.on_wallet(TicketDebited)) == booked


@pytest.mark.clause("CWC-21")
async def test_what_another_booking_took_pays_no_second_one() -> None:
    made = await world()
    await book(made, 120)
    with pytest.raises(Refused, match="takes 2, and the wallet has 1"):
        await book(made, 60, "O-2")
    await book(made, 30, "O-2")
    assert await left(made) == 0


@pytest.mark.clause("CWC-22")
@pytest.mark.parametrize(("worked", "used"), [(1, 1), (30, 1), (31, 2), (60, 2), (90, 2)])
async def test_calls_that_were_not_begun_go_back_once_and_work_beyond_the_booking_is_another_call(
    worked: int, used: int
) -> None:
    made = await world()
    await book(made, 60)
    await complete(made, worked)
    assert await left(made) == 5 - used
    (settled,) = await made.events("order-cwc-O-1", BookingSettled)
    assert (settled.used, settled.given_back, settled.reason) == (used, 2 - used, "completed")
    await complete(made, worked)  # heard again
    await cancel(made)
    assert await left(made) == 5 - used


@pytest.mark.clause("CWC-16", "CWC-21")
async def test_a_booking_that_is_cancelled_gives_its_incidents_back_once() -> None:
    made = await world()
    await book(made, 60)
    for _ in range(2):
        await cancel(made)
    assert await left(made) == 5
    (back,) = await made.on_wallet(TicketDebitReversed)
    assert (back.debit_id, back.quantity, back.reason) == ("O-1", 2, "the booking was cancelled")


@pytest.mark.clause("CWC-22")
@pytest.mark.parametrize("work_first", [True, False])
@pytest.mark.parametrize(("minutes", "taken"), [(20, 1), (60, 2), (61, 3)])
async def test_the_calls_of_the_appointment_are_not_debited_again(minutes: int, taken: int, work_first: bool) -> None:
    made = await world()
    await asked(made)
    await book(made, 60, ticket_no=TICKET)
    steps: list[Callable[[], Any]] = [lambda: called(made, minutes), lambda: complete(made, minutes)]
    for step in steps if work_first else reversed(steps):
        await step()
    assert await left(made) == 5 - taken


@pytest.mark.clause("CWC-22")
async def test_calls_of_other_days_are_debited_by_themselves() -> None:
    made = await world()
    await asked(made)
    await called(made, 20, NOW + timedelta(hours=1))
    await book(made, 60, ticket_no=TICKET)
    await called(made, 60)
    await called(made, 10, STARTS + timedelta(days=1))
    assert await left(made) == 5 - 1 - 2 - 1


@pytest.mark.clause("CWC-22")
async def test_what_was_worked_before_a_booking_was_cancelled_is_debited_by_the_call() -> None:
    made = await world()
    await asked(made)
    await book(made, 60, ticket_no=TICKET)
    await called(made, 20)
    assert await left(made) == 3
    await cancel(made)
    assert await left(made) == 4


async def test_a_request_that_is_declined_gives_its_bookings_incidents_back() -> None:
    made = await world()
    await asked(made)
    await book(made, 60, ticket_no=TICKET)
    await made.declined(TICKET, "CWC-25")
    await cancel(made)  # dispatch heard of it
    assert await left(made) == 5
    (settled,) = await made.events("order-cwc-O-1", BookingSettled)
    assert settled.reason == "declined"
    with pytest.raises(Refused, match="was declined"):
        await book(made, 30, "O-2", ticket_no=TICKET)


async def test_a_booking_is_for_a_request_of_its_customer_or_for_none() -> None:
    made = await world()
    with pytest.raises(Refused, match="has no request KP-0000-0009") as refused:
        await book(made, 60, ticket_no="KP-0000-0009")
    assert [each.field for each in refused.value.faults] == ["ticket_no"]
    assert await left(made) == 5


STEPS = st.lists(
    st.tuples(st.sampled_from(["book", "call", "complete", "cancel"]), st.integers(1, 130), st.integers(1, 3)),
    max_size=12,
)


@settings(max_examples=40)
@given(STEPS)
async def test_whatever_is_booked_done_and_cancelled_no_incident_is_lost_or_taken_twice(
    steps: list[tuple[str, int, int]],
) -> None:
    """At the end: what was taken is what the calls cost, or what was booked for them, whichever is more; never below 0,
    and never more than there was."""
    made = await world()
    await asked(made)
    booked: dict[str, int] = {}
    calls = 0
    for what, minutes, number in steps:
        booking_id = f"O-{number}"
        match what:
            case "book" if booking_id not in booked:
                try:
                    await book(made, minutes, booking_id, ticket_no=TICKET, starts_at=STARTS)
                    booked[booking_id] = -(-minutes // 30)
                except Refused:
                    pass
            case "call":
                await called(made, minutes)
                calls += -(-minutes // 30)
            case "complete" if booking_id in booked:
                settled = bool(await made.events(f"order-cwc-{booking_id}", BookingSettled))
                await complete(made, minutes, booking_id)
                booked[booking_id] = booked[booking_id] if settled else min(booked[booking_id], -(-minutes // 30))
            case "cancel" if booking_id in booked:
                settled = bool(await made.events(f"order-cwc-{booking_id}", BookingSettled))
                await cancel(made, booking_id)
                booked[booking_id] = booked[booking_id] if settled else 0
        held = await made.wallet()
        assert all(lot.remaining >= 0 for lot in held.lots)
    await called(made, 30, STARTS + timedelta(days=1))  # of another day: no booking pays it
    short = sum(each.missing for each in await made.on_case(DebitShortfall))
    taken = 5 - await left(made)
    assert taken + short >= max(calls, sum(booked.values())) + 1
    assert taken >= sum(booked.values())
    assert 0 <= taken <= 5
