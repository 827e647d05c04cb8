"""A version that takes effect later changes what is asked and bought from then on, and nothing that was before."""

from datetime import UTC, datetime
from typing import Any

from kippu_entitlement.testing import CUSTOMER
from kippu_entitlement.testing.desk import ASSET_BODY, ORDER_BODY, Desk

LAST_DAY = datetime(2026, 11, 30, 14, 59, tzinfo=UTC)  # 23:59 in Tokyo
FIRST_DAY = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)  # midnight


def contract(number: int, product: str = "advance-send-back", **dates: str) -> dict[str, Any]:
    usual = {"valid_from": "2026-04-01", "valid_until": "2027-03-31"}
    return {"contract_id": f"C-{number}", "product": product, **usual, **dates}


def unit(number: int, *contracts: dict[str, Any]) -> dict[str, Any]:
    body = {"serial": f"NAS-{number}", "plan_family": "qnp", "model": "NAS 4-bay", "area": "tokyo"}
    return ASSET_BODY | body | {"contracts": list(contracts)}


def next_version(text: str) -> str:
    """From 1 December 2026 (Tokyo): advance send-back after the warranty only, dearer tickets, for half as long."""
    for old, new in (
        ('version = "2026-01-01"', 'version = "2026-12-01"'),
        ("effective_from = 2026-01-01", "effective_from = 2026-12-01"),
        ("unit_price = 60_000", "unit_price = 70_000"),
        (
            'validity_months = 12\n\n[[commercial.products]]\nid = "advance',
            'validity_months = 6\n\n[[commercial.products]]\nid = "advance',
        ),
        ('products = ["advance-send-back"]', 'products = ["advance-send-back"]\nwarranty = "after"'),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    return text


async def post(desk: Desk, path: str, body: dict[str, Any]) -> dict[str, Any]:
    async with desk.staff() as staff:
        answer = await staff.post(path, json=body)
    assert answer.status_code == 201, answer.text
    answered: dict[str, Any] = answer.json()
    return answered


async def decided(desk: Desk, ticket_no: str, **facts: Any) -> dict[str, Any]:
    await desk.world.tell(desk.world.opening(ticket_no, **facts))
    await desk.settle()
    async with desk.partner() as partner:
        shown: dict[str, Any] = (await partner.get(f"/v1/decisions/{ticket_no}")).json()["current"]
    return shown


async def test_requests_orders_and_contracts_of_before_keep_their_version(qnp_desk: Desk) -> None:
    desk, clock = qnp_desk, qnp_desk.world.clock
    await post(desk, "/v1/assets", unit(1, contract(1)))
    published = await post(desk, "/v1/plans", {"source": next_version(desk.world.plan_text)})
    assert published["effective_from"] == "2026-12-01"

    clock.move_to(LAST_DAY)
    order = ORDER_BODY | {"plan_family": "qnp", "product": "technical-tickets-5"}
    before = await post(desk, "/v1/orders", order)
    await post(desk, "/v1/assets", unit(2, contract(2, valid_from="2027-01-01", valid_until="2027-12-31")))
    asked_before = await decided(desk, "KP-0000-0001", asset_serial=None, category=None)
    clock.move_to(FIRST_DAY)
    after = await post(desk, "/v1/orders", order)
    # The first registration after the change is of what begins after it.
    await post(desk, "/v1/assets", unit(3, contract(3, valid_from="2026-12-01", valid_until="2027-11-30")))
    asked_after = await decided(desk, "KP-0000-0002", asset_serial=None, category=None)

    assert [each["plan_version"] for each in (before, after)] == ["2026-01-01", "2026-12-01"]
    assert [each["price"]["lines"][0]["unit_price"] for each in (before, after)] == [60_000, 70_000]
    assert [each["plan"]["version"] for each in (asked_before, asked_after)] == ["2026-01-01", "2026-12-01"]

    # Paid after the change: the lot that was bought before it lasts as long as it was sold for.
    for bought in (before, after):
        await desk.world.tell(desk.world.paying(bought["order_id"], desk.world.today))
    await desk.settle()
    async with desk.partner() as partner:
        lots = {lot["order_id"]: lot for lot in (await partner.get(f"/v1/wallets/{CUSTOMER}.qnp")).json()["lots"]}
    assert lots[before["order_id"]]["expires_at"] == "2027-11-30T15:00:00Z"
    assert lots[after["order_id"]]["expires_at"] == "2027-05-31T15:00:00Z"

    # A contract of before is served as it was sold, also once it is asked for after the change; a later one is not.
    kept = await decided(desk, "KP-0000-0003", asset_serial="NAS-1")
    assert (kept["plan"]["version"], kept["service"], kept["contract_id"]) == ("2026-01-01", "advance_send_back", "C-1")
    new = await decided(desk, "KP-0000-0004", asset_serial="NAS-3")
    assert (new["plan"]["version"], new["service"], new["contract_id"]) == ("2026-12-01", "send_back", None)
    clock.move_to(datetime(2027, 1, 2, 3, tzinfo=UTC))
    sold_before_it_began = await decided(desk, "KP-0000-0005", asset_serial="NAS-2")
    assert (sold_before_it_began["plan"]["version"], sold_before_it_began["contract_id"]) == ("2026-01-01", "C-2")

    # What was received before is decided by the version of then, however late that is.
    late = await decided(desk, "KP-0000-0006", received_at=LAST_DAY, asset_serial=None, category=None)
    assert late["plan"]["version"] == "2026-01-01"


async def test_a_contract_keeps_its_version_when_its_device_is_registered_anew(qnp_desk: Desk) -> None:
    desk = qnp_desk
    await post(desk, "/v1/assets", unit(1, contract(1)))
    await post(desk, "/v1/plans", {"source": next_version(desk.world.plan_text)})
    desk.world.clock.move_to(FIRST_DAY)
    longer = contract(1, valid_until="2028-03-31")
    later = contract(4, "onsite-weekday", valid_from="2026-12-05", valid_until="2027-12-04")
    await post(desk, "/v1/assets", unit(1, longer, later))
    versions = {each.contract_id: each.plan_version for each in (await desk.world.asset("NAS-1")).contracts}
    assert versions == {"C-1": "2026-01-01", "C-4": "2026-12-01"}


async def test_a_preview_keeps_to_the_version_of_a_contract_unless_it_names_another(qnp_desk: Desk) -> None:
    desk = qnp_desk
    await post(desk, "/v1/plans", {"source": next_version(desk.world.plan_text)})
    await desk.settle()
    body: dict[str, Any] = {
        "plan_family": "qnp",
        "request": {"received_at": "2026-12-02T03:00:00Z", "category": "fault", "channel": "mail"},
        "asset": {"serial": "NAS-1", "registered": True, "bought_from_provider": True, "warranty_until": "2027-03-31"},
        "contracts": [contract(1) | {"plan_version": "2026-01-01"}],
    }
    async with desk.partner() as partner:
        kept = (await partner.post("/v1/decisions/preview", json=body)).json()
        other = (await partner.post("/v1/decisions/preview", json=body | {"plan_version": "2026-12-01"})).json()
        unpinned = body | {"contracts": [contract(1)]}
        current = (await partner.post("/v1/decisions/preview", json=unpinned)).json()
    versions = [each["plan"]["version"] for each in (kept, other, current)]
    assert versions == ["2026-01-01", "2026-12-01", "2026-12-01"]
    assert [each["service"] for each in (kept, other, current)] == ["advance_send_back", "send_back", "send_back"]
