"""A provider that is a plan file and no code, through the real service: published, ordered from, asked, and debited."""

from datetime import UTC, datetime, timedelta
from typing import Any

from kippu_entitlement.testing import CUSTOMER
from kippu_entitlement.testing.desk import ASSET_BODY, ORDER_BODY, Desk
from kippu_events.catalogue.values import Channel, WorkKind

WALLET = f"{CUSTOMER}.sixth"
DEVICE = ASSET_BODY | {"plan_family": "sixth", "serial": "point-1", "model": "Point 1", "bought_on": "2026-10-01"}
CARE = {"contract_id": "C-1", "product": "care", "valid_from": "2026-10-01", "valid_until": "2028-03-31"}


async def decided(desk: Desk, ticket_no: str, **facts: Any) -> dict[str, Any]:
    opening = desk.world.opening(ticket_no, **{"category": "repair", "asset_serial": "DEVICE-1", **facts})
    await desk.world.tell(opening.model_copy(update={"channel": Channel.TELEPHONE}))
    await desk.settle()
    async with desk.partner() as partner:
        shown: dict[str, Any] = (await partner.get(f"/v1/decisions/{ticket_no}")).json()["current"]
    return shown


async def test_its_tickets_are_ordered_and_each_entry_of_work_is_debited_by_itself(sixth_desk: Desk) -> None:
    desk = sixth_desk
    order_id = await desk.buy("lot-40")
    shown = await decided(desk, "KP-0000-0001")
    assert (shown["outcome"], shown["metered"], shown["service"]) == ("covered_by_debit", True, "work")
    assert shown["deciding_clause"]["id"] == "SIX-06"
    for minutes in (16, 5):
        await desk.world.tell(desk.world.work(minutes, kind=WorkKind.ONSITE_WORK))
    await desk.world.tell(desk.world.work(90, kind=WorkKind.ISOLATION))
    await desk.settle()
    async with desk.partner() as partner:
        order = (await partner.get(f"/v1/orders/{order_id}")).json()
        wallet = (await partner.get(f"/v1/wallets/{WALLET}")).json()
    assert (order["price"]["currency"], order["price"]["lines"][0]["unit_price"]) == ("KWD", 12_345)
    assert order["price"]["tax_included"] is True
    # Ordered on 18 November, local midnight to local midnight.
    assert (order["valid_from"], order["valid_until"]) == ("2026-11-18", "2027-02-17")
    [lot] = wallet["lots"]
    assert (lot["valid_from"], lot["expires_at"]) == ("2026-11-17T22:00:00Z", "2027-02-17T22:00:00Z")
    assert (lot["credited"], lot["debited"], wallet["balance"]) == (40, 3, 37)


async def test_an_order_against_its_terms_is_refused_with_the_clause(sixth_desk: Desk) -> None:
    async with sixth_desk.partner() as partner:
        body = ORDER_BODY | {"plan_family": "sixth", "product": "lot-40", "quantity": 3}
        answer = await partner.post("/v1/orders", json=body)
    assert answer.status_code == 422
    assert {error.get("clause") for error in answer.json()["errors"]} == {"SIX-08"}


async def test_its_contract_its_channels_and_its_clock_decide(sixth_desk: Desk) -> None:
    desk = sixth_desk
    async with desk.staff() as staff:
        assert (await staff.post("/v1/assets", json=DEVICE | {"contracts": [CARE]})).status_code == 201
    received = datetime(2026, 11, 18, 9, 15, tzinfo=UTC)  # 11:15 in Athens
    desk.world.clock.move_to(received + timedelta(minutes=5))
    for number, (seconds, due_on) in enumerate(((0, "2026-11-18"), (1, "2026-11-23")), start=1):
        at = received + timedelta(seconds=seconds)
        shown = await decided(desk, f"KP-0000-000{number}", asset_serial="POINT-1", received_at=at)
        assert (shown["outcome"], shown["service"], shown["contract_id"]) == ("covered", "care", "C-1")
        [target] = shown["targets"]
        assert (target["clause"], target["due_on"], target["time_zone"]) == ("SIX-04", due_on, "Europe/Athens")
    await desk.world.tell(
        desk.world.opening("KP-0000-0009", category="repair").model_copy(update={"channel": Channel.MAIL})
    )
    await desk.settle()
    async with desk.partner() as partner:
        refused = (await partner.get("/v1/decisions/KP-0000-0009")).json()["current"]
    assert (refused["outcome"], refused["deciding_clause"]["id"]) == ("refused", "SIX-01")
