"""Services booked over HTTP: by the terms, with an invoice or by incidents, and what dispatch hears of it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from kippu_entitlement.testing.desk import Desk
from kippu_events.catalogue.bookings import BookingAccepted
from kippu_events.catalogue.entitlement import OrderAccepted
from kippu_service.testing import Caller

TOKYO = ZoneInfo("Asia/Tokyo")
ORDER: dict[str, Any] = {"customer_id": "customer-1", "plan_family": "cwc", "contact_id": "contact-1"}
LICENCE = {"product": "licence", "together": [{"product": "annual-maintenance"}, {"product": "incidents-1"}]}


async def book(caller: Caller, month: int = 12, day: int = 10, **changes: Any) -> Any:
    starts_at = datetime(2026, month, day, 14, tzinfo=TOKYO).isoformat()
    return await caller.post(
        "/v1/orders/bookings", json={**ORDER, "product": "ssl-setup", "starts_at": starts_at, **changes}
    )


async def buy_licence(desk: Desk) -> None:
    async with desk.partner() as partner:
        answer = (await partner.post("/v1/orders", json=ORDER | LICENCE)).raise_for_status()
    await desk.world.tell(desk.world.paying(answer.json()["order_id"], desk.world.today))
    await desk.settle()


async def events(desk: Desk) -> list[Any]:
    known = (BookingAccepted, OrderAccepted)
    return [each.event for each in await desk.runtime.log.read(0, 1_000) if isinstance(each.event, known)]


@pytest.mark.clause("CWC-16", "CWC-17", "CWC-19")
async def test_a_booking_pins_its_days_for_dispatch(cwc_desk: Desk) -> None:
    await buy_licence(cwc_desk)
    async with cwc_desk.partner() as partner:
        answer = await book(partner)
    assert answer.status_code == 201, answer.text
    said = answer.json()
    assert (said["pay_by"], said["points_by"]) == ("2026-12-07", "2026-12-08")
    assert [each["item"] for each in said["to_prepare"]] == ["server_installed", "certificate_ready"]
    assert [line["unit_price"] for line in said["price"]["lines"]] == [40_000]
    _, order, accepted = await events(cwc_desk)
    assert (order.order_id, accepted.booking_id) == (said["booking_id"], said["booking_id"])
    assert accepted.terms.void_at == datetime(2026, 12, 8, tzinfo=TOKYO)
    assert (accepted.contact_id, accepted.language) == ("contact-1", "th")


@pytest.mark.clause("CWC-16", "CWC-21")
async def test_by_incidents_nothing_is_invoiced_and_no_day_to_pay_has_passed(cwc_desk: Desk) -> None:
    await buy_licence(cwc_desk)
    async with cwc_desk.partner() as partner:
        late = await book(partner, 11, 19)  # tomorrow
        assert [error["clause"] for error in late.json()["errors"]] == ["CWC-16"]
        answer = await book(partner, 11, 19, paid_by="incidents", minutes=30)
    assert (answer.status_code, answer.json()["pay_by"], answer.json()["price"]) == (201, None, None)
    assert answer.json()["incidents"] == 1
    booked = [type(event).__name__ for event in await events(cwc_desk)]
    assert booked == ["OrderAccepted", "BookingAccepted"]  # the licence's order


@pytest.mark.clause("CWC-21", "CWC-22")
async def test_the_statement_says_what_a_booking_took_and_too_few_incidents_book_nothing(cwc_desk: Desk) -> None:
    await buy_licence(cwc_desk)
    async with cwc_desk.partner() as partner:
        refused = await book(partner, paid_by="incidents", minutes=31)
        (error,) = refused.json()["errors"]
        assert (refused.status_code, error["code"], error["field"]) == (422, "too_few_incidents", "paid_by")
        assert error["clause"] == "CWC-21"
        assert "takes 2, and the wallet has 1" in error["message"]
        assert "buy 1 × incidents-5" in error["message"]
        said = (await book(partner, paid_by="incidents", minutes=30)).raise_for_status().json()
        await cwc_desk.settle()
        statement = (await partner.get("/v1/wallets/customer-1.cwc/statement")).json()
    credited, debited = statement["entries"]
    assert (credited["change"], debited["change"], statement["balance"]) == (1, -1, 0)
    assert (debited["reference"], debited["ticket_no"]) == (said["booking_id"], None)
    assert debited["note"] == "CWC-22: 30 minutes booked, 1 for each started 30"
    assert debited["counts_at"] == "2026-12-10T05:00:00Z"


@pytest.mark.clause("CWC-16", "CWC-18", "CWC-21", "CWC-27")
async def test_every_broken_rule_is_named_at_once(cwc_desk: Desk) -> None:
    async with cwc_desk.partner() as partner:
        answer = await book(partner, 11, 19, channel="telephone")
        assert {error["clause"] for error in answer.json()["errors"]} == {"CWC-16", "CWC-18", "CWC-27"}
        prepaid = await book(partner, paid_by="incidents")
        assert {error["clause"] for error in prepaid.json()["errors"]} == {"CWC-18", "CWC-21"}
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"contact_id": "contact-9"}, "contact_id"),
            ({"product": "no-such"}, "product"),
            ({"plan_family": "other"}, "plan_family"),
        ]
        for changes, field in wrong:
            refused = await book(partner, **changes)
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert await events(cwc_desk) == []


@pytest.mark.clause("CWC-16")
async def test_the_order_of_a_booking_is_read_with_the_version_that_the_next_command_is_to_expect(
    cwc_desk: Desk,
) -> None:
    await buy_licence(cwc_desk)
    async with cwc_desk.partner() as partner, cwc_desk.staff() as staff:
        booked = await book(partner)
        order = f"/v1/orders/{booked.json()['booking_id']}"
        await cwc_desk.settle()
        read = await partner.get(order)
        assert read.headers["etag"] == booked.headers["etag"]
        for etag, status in ((read.headers["etag"], 409), ('"1"', 412)):
            again = await staff.post(f"{order}/again", headers={"if-match": etag})
            assert again.status_code == status, "it was not refused, but its version is that which was read"
