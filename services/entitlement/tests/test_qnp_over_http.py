"""QNP's terms over HTTP and through the real runners: published, registered under, ordered, decided on, and shown."""

from datetime import timedelta
from typing import Any

from kippu_entitlement.testing import CUSTOMER
from kippu_entitlement.testing.desk import ASSET_BODY, Desk
from kippu_events.catalogue.intake import FaultIsolated

CONTRACT: dict[str, Any] = {
    "contract_id": "C-1",
    "product": "advance-send-back",
    "valid_from": "2026-04-01",
    "valid_until": "2027-03-31",
}
UNIT: dict[str, Any] = ASSET_BODY | {
    "serial": "nas-1",
    "plan_family": "qnp",
    "model": "NAS 4-bay",
    "area": "tokyo",
    "contracts": [CONTRACT],
}


async def test_five_technical_tickets_cost_60000_yen_and_the_sixth_question_gets_an_offer(qnp_desk: Desk) -> None:
    order_id = await qnp_desk.buy("technical-tickets-5")
    async with qnp_desk.partner() as partner:
        order = (await partner.get(f"/v1/orders/{order_id}")).json()
        assert (order["tickets"], order["price"]["currency"]) == (5, "JPY")
        assert order["price"]["lines"][0]["unit_price"] == 60_000
        world = qnp_desk.world
        for number in range(1, 7):
            asked = {"category": "question", "topic": "smb", "asset_serial": None}
            await world.tell(world.opening(f"KP-0000-000{number}", **asked))
        await qnp_desk.settle()
        wallet = (await partner.get(f"/v1/wallets/{CUSTOMER}.qnp")).json()
        assert wallet["balance"] == 0
        shown = (await partner.get("/v1/decisions/KP-0000-0001")).json()["current"]
    assert (shown["outcome"], shown["quantity"], shown["service"], shown["way"]) == (
        "covered_by_debit",
        1,
        "technical_support",
        "answer",
    )
    assert [target["kind"] for target in shown["targets"]] == ["answer"]


async def test_a_shipment_with_its_clock_is_shown_once_the_fault_is_isolated(qnp_desk: Desk) -> None:
    world = qnp_desk.world
    async with qnp_desk.staff() as staff:
        assert (await staff.post("/v1/assets", json=UNIT)).status_code == 201
    await world.tell(world.opening(asset_serial="NAS-1"))
    received_at = world.clock.now()
    world.clock.advance(timedelta(hours=1))
    found = FaultIsolated(
        occurred_at=world.clock.now(),
        ticket_no="KP-0000-0001",
        customer_id=CUSTOMER,
        isolated_at=received_at,
        asset_serial="nas-1",
        part="disk",
        isolated_by="engineer-1",
    )
    await world.tell(found)
    await qnp_desk.settle()
    async with qnp_desk.partner() as partner:
        decisions = (await partner.get("/v1/decisions/KP-0000-0001")).json()
    shipment, (before,) = decisions["current"]["shipment"], decisions["earlier"]
    assert (before["shipment"], before["targets"], before["remedies"][0]["action"]) == (None, [], "record_isolation")
    assert (shipment["mode"], shipment["serial"], shipment["part"]) == ("advance", "NAS-1", "disk")
    assert (shipment["target"]["due_on"], shipment["returns"]["days"]) == ("2026-11-19", 14)


async def test_every_fault_of_an_asset_is_named_at_once(qnp_desk: Desk) -> None:
    backwards = CONTRACT | {"contract_id": "C-2", "valid_until": "2026-03-31", "product": "gold"}
    option = CONTRACT | {"options": ["non-return-disk"]}
    wrong = UNIT | {"customer_id": "customer-9", "part_of": "NAS-7", "contracts": [option, backwards]}
    async with qnp_desk.staff() as staff:
        answer = await staff.post("/v1/assets", json=wrong)
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        ("contracts.1.valid_until", "contract_ends_before_it_begins"),
        ("customer_id", "unknown_customer"),
        ("contracts.0.options", "option_not_offered"),
        ("contracts.1.product", "unknown_product"),
        ("part_of", "unknown_unit"),
    ]


async def test_what_the_terms_would_aim_at_is_previewed_with_contracts(qnp_desk: Desk) -> None:
    await qnp_desk.settle()
    body = {
        "plan_family": "qnp",
        "request": {
            "received_at": "2026-05-01T10:00:00+09:00",
            "isolated_at": "2026-05-01T16:00:00+09:00",
            "channel": "mail",
            "category": "fault",
        },
        "asset": {"serial": "NAS-1", "registered": True, "kind": "equipment", "bought_from_provider": True},
        "contracts": [{"product": "advance-send-back", "valid_from": "2026-04-01", "valid_until": "2027-03-31"}],
    }
    async with qnp_desk.partner() as partner:
        answer = await partner.post("/v1/decisions/preview", json=body)
    assert answer.status_code == 200, answer.text
    (target,) = answer.json()["targets"]
    assert (target["due_on"], target["clause"]) == ("2026-05-07", "QNP-01")
