"""Customers, assets, plans and orders over HTTP, and who may see what."""

from kippu_entitlement.testing import CUSTOMER, FAMILY, PROVIDER, WALLET
from kippu_entitlement.testing.desk import ASSET_BODY, CUSTOMER_BODY, ORDER_BODY, Desk


async def test_a_customer_is_shown_with_its_people_to_those_it_concerns(desk: Desk) -> None:
    async with desk.staff() as staff, desk.partner() as partner:
        body = {"id": "contact-2", "name": "Contact Two", "mail": "two@customer-1.example", "language": "en"}
        added = await partner.post(f"/v1/customers/{CUSTOMER}/contacts", json=body)
        assert added.status_code == 201
        again = await partner.post(f"/v1/customers/{CUSTOMER}/contacts", json=body)
        assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "contact_known")
        await desk.settle()
        shown = await partner.get(f"/v1/customers/{CUSTOMER}")
        assert shown.json()["salesperson"] == CUSTOMER_BODY["salesperson"]
        assert [contact["mail"] for contact in shown.json()["contacts"]] == [
            "one@customer-1.example",
            "two@customer-1.example",
        ]
        await desk.runtime.vault.erase(PROVIDER, f"contact-{PROVIDER}-contact-2")
        erased = (await staff.get(f"/v1/customers/{CUSTOMER}")).json()["contacts"][1]
        assert (erased["name"], erased["mail"]) == (None, None)


async def test_personal_data_stands_in_no_table_in_the_clear(desk: Desk) -> None:
    await desk.settle()
    connection = await desk.runtime.connect_writer()
    try:
        rows = await connection.fetch("select to_jsonb(customer)::text from read.customer")
        rows += await connection.fetch("select to_jsonb(contact)::text from read.contact")
        rows += await connection.fetch("select encode(data, 'escape') from log.event")
    finally:
        await connection.close()
    text = "".join(str(row[0]) for row in rows)
    assert "Customer One" not in text
    assert "one@customer-1" not in text
    assert "Salesperson" not in text


async def test_an_asset_is_found_under_its_normalised_serial_and_has_one_owner(desk: Desk) -> None:
    async with desk.staff() as staff:
        await desk.settle()
        shown = await staff.get("/v1/assets/device-1")
        assert (shown.json()["serial"], shown.json()["warranty_until"]) == ("DEVICE-1", "2028-04-30")
        await staff.post("/v1/customers", json=CUSTOMER_BODY | {"customer_id": "customer-2", "contacts": []})
        taken = await staff.post("/v1/assets", json=ASSET_BODY | {"customer_id": "customer-2"})
        assert (taken.status_code, taken.json()["errors"][0]["code"]) == (409, "asset_registered")
        unknown = await staff.post("/v1/assets", json=ASSET_BODY | {"customer_id": "customer-9"})
        assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (422, "unknown_customer")
        extended = await staff.post("/v1/assets", json=ASSET_BODY | {"warranty_until": "2030-04-30"})
        assert extended.status_code == 201
        await desk.settle()
        assert (await staff.get("/v1/assets/DEVICE-1")).json()["warranty_until"] == "2030-04-30"


async def test_a_plan_with_faults_is_refused_with_the_line_of_each(desk: Desk, plan_text: str) -> None:
    async with desk.staff() as staff:
        bad = plan_text.replace('currency = "THB"', 'currency = "XYZ"').replace(
            "unit_minutes = 60", "unit_minuets = 60"
        )
        answer = await staff.post("/v1/plans", json={"source": bad})
        assert answer.status_code == 422
        assert all(error["message"].startswith("line ") for error in answer.json()["errors"])
        assert any("unit_minuets" in error["message"] for error in answer.json()["errors"])
        foreign = await staff.post("/v1/plans", json={"source": plan_text.replace('"iij"', '"other"')})
        assert foreign.json()["errors"][0]["code"] == "foreign_plan"
        assert (await staff.post("/v1/plans", json={"source": plan_text})).status_code == 201, (
            "the same text again is fine"
        )
        changed = await staff.post("/v1/plans", json={"source": plan_text + "\n# changed"})
        assert (changed.status_code, changed.json()["errors"][0]["code"]) == (409, "plan_version_published")
        await desk.settle()
        (listed,) = (await staff.get("/v1/plans")).json()["items"]
        assert (listed["family"], listed["version"], listed["effective_from"]) == (FAMILY, "2025-04-01", "2025-04-01")
        assert (await staff.get(f"/v1/plans/{FAMILY}/2025-04-01")).json()["source"] == plan_text


async def test_an_order_is_accepted_paid_and_credited(desk: Desk) -> None:
    order_id = await desk.buy()
    async with desk.partner() as partner:
        order = (await partner.get(f"/v1/orders/{order_id}")).json()
        assert (order["status"], order["tickets"], order["invoice_no"]) == ("paid", 10, f"INV-{order_id}")
        assert order["price"]["lines"][0]["unit_price"] == 1_800_000
        wallet = (await partner.get(f"/v1/wallets/{WALLET}")).json()
        assert (wallet["balance"], wallet["lots"][0]["lot_id"]) == (10, order_id)
        assert wallet["lots"][0]["expires_at"] == "2027-11-17T17:00:00Z"


async def test_what_is_not_sold_so_is_refused_and_changes_nothing(desk: Desk) -> None:
    before = (await desk.runtime.log.head()).position
    async with desk.partner() as partner:
        for change, field in (
            ({"product": "se-99"}, "product"),
            ({"quantity": 101}, "quantity"),
            ({"plan_family": "other"}, "plan_family"),
            ({"quantity": 0}, "quantity"),
            ({"colour": "red"}, "colour"),
        ):
            answer = await partner.post("/v1/orders", json=ORDER_BODY | change)
            assert answer.status_code == 422, change
            assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert (await partner.post("/v1/orders", json=ORDER_BODY | {"customer_id": "customer-2"})).status_code == 404
    assert (await desk.runtime.log.head()).position == before


async def test_nothing_of_another_provider_or_customer_is_shown(desk: Desk) -> None:
    order_id = await desk.buy()
    await desk.world.tell(desk.world.opening())
    await desk.settle()
    paths = [
        f"/v1/customers/{CUSTOMER}",
        "/v1/assets/DEVICE-1",
        f"/v1/orders/{order_id}",
        f"/v1/wallets/{WALLET}",
        f"/v1/wallets/{WALLET}/statement",
        "/v1/decisions/KP-0000-0001",
    ]
    async with desk.staff() as ours, desk.partner("customer-2") as partner, desk.staff(provider="other") as others:
        for path in paths:
            assert (await ours.get(path)).status_code == 200, path
            assert (await partner.get(path)).status_code == 404, path
            assert (await others.get(path)).status_code == 404, path
        assert (await others.get("/v1/plans")).json() == {"items": []}
        contact = CUSTOMER_BODY["contacts"][0]
        assert (await partner.post(f"/v1/customers/{CUSTOMER}/contacts", json=contact)).status_code == 404
        assert (await partner.post("/v1/customers", json=CUSTOMER_BODY)).status_code == 403
        assert (await partner.post("/v1/assets", json=ASSET_BODY)).status_code == 403
        assert (await partner.post("/v1/plans", json={"source": desk.world.plan_text})).status_code == 403
