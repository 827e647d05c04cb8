"""An accepted offer whose order the terms refuse: shown with its clause, and placed again once that is settled."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from kippu_entitlement.deadlines import DEADLINES
from kippu_entitlement.testing.desk import Desk
from kippu_events.catalogue.billing import QuoteAccepted
from kippu_events.catalogue.entitlement import DebitShortfall
from kippu_events.catalogue.values import WorkKind
from kippu_events.deadline_runner import DeadlineRunner

TOKYO = ZoneInfo("Asia/Tokyo")
NUMBER = "KP-0000-0001"
BUYER = {"customer_id": "customer-1", "plan_family": "cwc", "contact_id": "contact-1"}
LICENCE: dict[str, Any] = {
    "product": "licence",
    "together": [{"product": "annual-maintenance"}, {"product": "incidents-1"}],
}
ORDER = f"O-{NUMBER}.1"


async def bought(desk: Desk, **order: Any) -> None:
    """Ordered and paid today."""
    async with desk.partner() as partner:
        answer = await partner.post("/v1/orders", json=BUYER | order)
    assert answer.is_success, answer.text
    await desk.world.tell(desk.world.paying(answer.json()["order_id"], desk.world.today))
    await desk.settle()


async def lapsed(desk: Desk) -> None:
    """The maintenance ended with its year, and with it the member ID."""
    desk.world.clock.move_to(datetime(2027, 12, 1, 10, tzinfo=TOKYO))
    runner = DeadlineRunner("entitlement", DEADLINES, desk.runtime.worker, desk.runtime.connect_writer)
    try:
        assert await runner.run_due() > 0
    finally:
        await runner.close()
    await desk.settle()


async def shortfall(desk: Desk) -> dict[str, Any]:
    async with desk.staff() as staff:
        (shown,) = (await staff.get(f"/v1/decisions/{NUMBER}")).json()["shortfalls"]
    return dict(shown)


@pytest.mark.clause("CWC-26")
async def test_incidents_offered_to_a_member_and_accepted_by_none_wait_for_a_person(cwc_desk: Desk) -> None:
    desk, world = cwc_desk, cwc_desk.world
    await bought(desk, **LICENCE)
    asked = {"category": "technical_support", "asset_serial": None}
    await world.tell(world.opening(NUMBER, **asked))
    await world.tell(world.work(31, NUMBER, kind=WorkKind.REMOTE_WORK))
    await desk.settle()
    (short,) = await world.on_case(DebitShortfall)
    assert (short.debit_id, short.missing, short.offer_product) == (f"{NUMBER}.1", 1, "incidents-5")
    assert (await shortfall(desk))["refused_order"] is None

    await lapsed(desk)
    offer = QuoteAccepted(
        occurred_at=world.clock.now(),
        quote_id=f"Q-{short.debit_id}",
        customer_id="customer-1",
        plan_family="cwc",
        product="incidents-5",
        quantity=1,
        accepted_by="client:portal-1",
    )
    await world.tell(offer)
    await desk.settle()
    stuck = await shortfall(desk)
    assert (stuck["refused_order"], stuck["refused_by"], stuck["owed"]) == (ORDER, ["CWC-26"], 1)
    assert stuck["refused_because"]

    async with desk.staff() as staff, desk.partner() as partner:
        first = (await partner.get(f"/v1/orders/{ORDER}")).json()
        again = f"/v1/orders/{ORDER}/again"
        assert (await partner.post(again)).status_code == 403
        assert (await staff.post("/v1/orders/O-9/again")).status_code == 404
        key = {"idempotency-key": "again-1"}
        for _ in range(2):
            refused = await staff.post(again, headers=key)
            assert (refused.status_code, [each["clause"] for each in refused.json()["errors"]]) == (422, ["CWC-26"])
        assert (await partner.get(f"/v1/orders/{ORDER}")).json() == first, "it is refused by the same as before"

        await bought(desk, product="maintenance-rejoining")
        placed = await staff.post(again)
        assert (placed.status_code, placed.json()) == (200, {"order_id": ORDER, "status": "accepted"})
        assert (await staff.post(again)).status_code == 409
        await desk.settle()
        shown = (await partner.get(f"/v1/orders/{ORDER}")).json()
        assert (shown["status"], shown["clauses"], shown["reasons"]) == ("accepted", [], [])
    assert (await shortfall(desk))["refused_order"] is None
    await world.tell(world.paying(ORDER, world.today))
    await desk.settle()
    assert (await shortfall(desk))["owed"] == 0
    assert (await world.order(ORDER)).contact_id == "contact-1", "it was ordered for who asked"
