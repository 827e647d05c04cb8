"""Bookings as a whole: accepted, paid or void by a deadline, asked and prepared, blocked and done; everybody sees only
their own."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from kippu_dispatch.testing.alive import alive
from kippu_events.catalogue.billing import PaidTooLate
from kippu_events.catalogue.bookings import (
    BookingAccepted,
    BookingBlocked,
    BookingConfirmed,
    BookingPaidLate,
    BookingTerms,
    BookingVoided,
    PointsDue,
    PointsMailed,
)
from kippu_events.catalogue.entitlement import OrderPaid
from kippu_events.testing.plugin import MakeDatabase
from kippu_service.testing import Caller
from kippu_service.testing.living import Living
from kippu_terms.bookings import PaidBy, booking_terms
from kippu_terms.loading import load

PLAN = load((Path(__file__).parents[3] / "plans" / "cwc.toml").read_text())
TOKYO = ZoneInfo("Asia/Tokyo")
ORDERED = datetime(2026, 11, 30, 10, tzinfo=TOKYO)
STARTS = datetime(2026, 12, 10, 14, tzinfo=TOKYO)


@pytest.fixture
async def dispatch(service_database: MakeDatabase) -> AsyncIterator[Living]:
    async with alive(service_database, ORDERED) as dispatch:
        yield dispatch


async def book(dispatch: Living, booking_id: str = "O-1", paid_by: PaidBy = "invoice") -> str:
    """Entitlement accepts an order of SSL for Thursday 10 December 2026 at 14:00; answers the path of the booking."""
    now = dispatch.clock.now()
    pinned = booking_terms(PLAN, "ssl-setup", requested_at=now, starts_at=STARTS, paid_by=paid_by)
    accepted = BookingAccepted(
        occurred_at=now,
        booking_id=booking_id,
        customer_id="customer-1",
        contact_id="contact-1",
        product="ssl-setup",
        name=PLAN.product("ssl-setup").name,
        starts_at=STARTS,
        minutes=90,
        paid_by=paid_by,
        terms=BookingTerms.model_validate(pinned.model_dump()),
        time_zone="Asia/Tokyo",
        plan_family="cwc",
        plan_version=PLAN.version,
    )
    await dispatch.hear("entitlement", f"order-cwc-{booking_id}", accepted, provider="cwc")
    await dispatch.settle()
    return f"/v1/bookings/{booking_id}"


async def pay(dispatch: Living, booking_id: str = "O-1") -> None:
    paid = OrderPaid(
        occurred_at=dispatch.clock.now(),
        order_id=booking_id,
        customer_id="customer-1",
        invoice_no=f"INV-{booking_id}",
        paid_on=date(2026, 12, 7),
    )
    await dispatch.hear("entitlement", f"order-cwc-{booking_id}", paid, provider="cwc")
    await dispatch.settle()


async def move_to(dispatch: Living, instant: datetime) -> int:
    dispatch.clock.move_to(instant)
    return await dispatch.run_due()


async def post(caller: Caller, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await caller.post(path, json=body)
    assert answer.is_success, answer.text
    return dict(answer.json())


@pytest.mark.clause("CWC-16", "CWC-17", "CWC-19")
async def test_a_booking_that_is_paid_answered_and_prepared_is_done(dispatch: Living) -> None:
    path = await book(dispatch)
    async with Caller(dispatch.app, "cwc") as engineer, Caller(dispatch.app, "cwc", customers=("customer-1",)) as buyer:
        shown = (await buyer.get(path)).json()
        assert (shown["status"], shown["pay_by"], shown["points_by"]) == ("requested", "2026-12-07", "2026-12-08")
        assert shown["blocked_by"] == ["server_installed", "certificate_ready"]
        assert shown["clauses"] == ["CWC-16", "CWC-17", "CWC-19"]

        await pay(dispatch)
        assert (await buyer.post(f"{path}/points", json={"points": ["which?"]})).status_code == 403
        await post(engineer, f"{path}/points", {"points": ["Which server?", "Which name?"]})
        await post(buyer, f"{path}/answers", {"answers": ["the blue one", "www.customer-1.example"]})
        await post(buyer, f"{path}/preparations", {"item": "server_installed", "met": True})

        assert await move_to(dispatch, datetime(2026, 12, 9, 0, tzinfo=TOKYO)) == 2  # payment and points: both kept
        assert await move_to(dispatch, STARTS) == 1
        blocked = (await buyer.get(path)).json()
        assert (blocked["status"], blocked["blocked_by"]) == ("blocked", ["certificate_ready"])
        dispatch.clock.move_to(done := STARTS + timedelta(hours=2))
        refused = await engineer.post(f"{path}/complete", json={"completed_at": done.isoformat()})
        assert (refused.status_code, refused.json()["errors"][0]["clause"]) == (409, "CWC-19")
        await post(buyer, f"{path}/preparations", {"item": "certificate_ready", "met": True})
        await post(engineer, f"{path}/complete", {"completed_at": done.isoformat()})
        await dispatch.settle()
        shown = (await buyer.get(path)).json()
        assert (shown["status"], shown["missing"], shown["blocked_by"]) == ("completed", None, [])
        assert (shown["answers"], shown["paid_on"]) == (["the blue one", "www.customer-1.example"], "2026-12-07")
        assert (await buyer.get("/v1/bookings")).json()["items"] == []
    confirmed, mailed = await dispatch.events(BookingConfirmed, PointsMailed)
    assert (confirmed.payment, mailed.points_by) == ("invoice", date(2026, 12, 8))
    assert await dispatch.events(PointsDue, BookingVoided) == []
    (event,) = await dispatch.events(BookingBlocked)
    assert event.occurred_at == STARTS


@pytest.mark.clause("CWC-16")
async def test_unpaid_it_is_void_by_itself_at_the_end_of_the_last_day(dispatch: Living) -> None:
    path = await book(dispatch)
    midnight = datetime(2026, 12, 8, 0, tzinfo=TOKYO)
    await book(dispatch, "O-2")
    assert await move_to(dispatch, midnight - timedelta(seconds=1)) == 0
    async with Caller(dispatch.app, "cwc") as engineer:
        assert (await engineer.get(path)).json()["status"] == "requested"
        assert await move_to(dispatch, midnight + timedelta(hours=1)) == 2
        assert (await engineer.get(path)).json()["status"] == "void"
        voided, _ = await dispatch.events(BookingVoided)
        assert (voided.occurred_at, voided.clause) == (midnight, "CWC-16")  # however late the deadline ran
        refused = await engineer.post(f"{path}/points", json={"points": ["which?"]})
        assert (refused.status_code, refused.json()["errors"][0]["clause"]) == (409, "CWC-16")
        await pay(dispatch)  # too late: for a person
        assert (await engineer.get(path)).json()["status"] == "void"
        assert len(await dispatch.events(BookingPaidLate)) == 1
        late = PaidTooLate(
            occurred_at=dispatch.clock.now(), invoice_no="INV-O-2", customer_id="customer-1", order_id="O-2",
            paid_on=date(2026, 12, 8),
        )  # fmt: skip
        await dispatch.hear("billing", "invoice-cwc-INV-O-2", late, provider="cwc")
        await dispatch.settle()
        assert [each.booking_id for each in await dispatch.events(BookingPaidLate)] == ["O-1", "O-2"]
    await move_to(dispatch, STARTS)
    assert await dispatch.events(PointsDue, BookingBlocked) == []


@pytest.mark.clause("CWC-16", "CWC-17")
async def test_paid_by_incidents_it_stands_and_points_nobody_mailed_are_shown(dispatch: Living) -> None:
    path = await book(dispatch, paid_by="incidents")
    assert await move_to(dispatch, datetime(2026, 12, 9, 0, tzinfo=TOKYO)) == 1  # the points' only: nothing to pay
    async with Caller(dispatch.app, "cwc") as engineer:
        shown = (await engineer.get(path)).json()
        assert (shown["status"], shown["pay_by"], shown["missing"]) == ("confirmed", None, "points")
        await post(engineer, f"{path}/points", {"points": ["Which server?"]})
        await dispatch.settle()
        assert (await engineer.get(path)).json()["missing"] is None
        bodies: list[dict[str, Any]] = [{"points": []}, {"points": ["x"] * 31}, {"points": ["x"], "surprise": 1}]
        for body in bodies:
            assert (await engineer.post(f"{path}/points", json=body)).status_code == 422


async def test_nobody_sees_or_changes_anothers_booking(dispatch: Living) -> None:
    path = await book(dispatch)
    async with (
        Caller(dispatch.app, "cwc", customers=("customer-2",)) as other,
        Caller(dispatch.app, "qnp") as elsewhere,
    ):
        for caller in (other, elsewhere):
            assert (await caller.get(path)).status_code == 404
            assert (await caller.get("/v1/bookings")).json()["items"] == []
            answer = await caller.post(f"{path}/preparations", json={"item": "server_installed", "met": True})
            assert answer.status_code == 404
