"""Contracts are registered over HTTP by partners, and what they then cover is decided from the device's entry."""

from datetime import timedelta
from typing import Any

import pytest
from kippu_entitlement.testing import CUSTOMER
from kippu_entitlement.testing.contracts import BUNDLE, REGISTRATION_BODY, SERIAL, sell
from kippu_entitlement.testing.desk import Desk

URL = "/v1/contracts/O-1/registration"


@pytest.mark.clause("SVT-06")
async def test_a_fault_is_served_once_the_contract_is_registered(switch_desk: Desk) -> None:
    world = switch_desk.world
    await world.tell(world.opening("KP-0000-0001", asset_serial=SERIAL))
    world.clock.advance(timedelta(minutes=5))
    async with switch_desk.partner() as partner:
        answer = await partner.post(URL, json=REGISTRATION_BODY | {"serial": "１２３４５６７８９０１"})
        assert answer.status_code == 201, answer.text
        assert (answer.json()["serial"], answer.json()["status"]) == (SERIAL, "active")
        assert answer.json()["valid_until"] == "2027-05-09"
        await world.tell(world.opening("KP-0000-0002", asset_serial=SERIAL))
        await switch_desk.settle()
        early, later = [
            (await partner.get(f"/v1/decisions/KP-0000-000{number}")).json()["current"] for number in (1, 2)
        ]
    assert (early["outcome"], early["deciding_clause"]["id"]) == ("refused", "SVT-06")
    assert (later["outcome"], later["deciding_clause"]["id"]) == ("waiting", "SVT-14")
    assert (later["service"], later["contract_id"]) == ("advance_send_back", "O-1")


@pytest.mark.clause("SVT-06")
async def test_every_fault_is_answered_at_once_with_its_clause(switch_desk: Desk) -> None:
    async with switch_desk.partner() as partner:
        answer = await partner.post(URL, json={"serial": "12345", "model": "S12PWR"})
    assert answer.status_code == 422
    errors = {(each["field"], each["code"], each.get("clause")) for each in answer.json()["errors"]}
    assert errors == {
        ("consent", "missing", "SVT-06"),
        ("contact_id", "missing", "SVT-06"),
        ("site", "missing", "SVT-06"),
        ("serial", "malformed", "SVT-06"),
    }


@pytest.mark.clause("SVT-11")
async def test_visits_go_to_the_new_site_from_the_change_on(switch_desk: Desk) -> None:
    moved = {"site": {"address": "2 Example Street, Sapporo", "area": "sapporo", "height_cm": 230}}
    async with switch_desk.partner() as partner, switch_desk.staff() as staff:
        early = await partner.post(f"{URL}/changes", json=moved)
        assert early.status_code == 409
        (await partner.post(URL, json=REGISTRATION_BODY)).raise_for_status()
        answer = await partner.post(f"{URL}/changes", json=moved)
        assert answer.json() == {"contract_id": "O-1", "changed": ["site", "area", "height_cm"]}
        again = await partner.post(URL, json=REGISTRATION_BODY)
        await switch_desk.settle()
        device = (await staff.get(f"/v1/assets/{SERIAL}")).json()
    assert again.status_code == 409
    assert (device["area"], device["height_cm"]) == ("sapporo", 230)
    assert [contract["contract_id"] for contract in device["contracts"]] == ["O-1"]


@pytest.mark.clause("SVT-26")
async def test_a_bundle_becomes_active_when_its_delivery_is_reported(switch_desk: Desk) -> None:
    await sell(switch_desk.world, "O-2", **BUNDLE)
    async with switch_desk.partner() as partner, switch_desk.staff() as staff:
        registered = await partner.post("/v1/contracts/O-2/registration", json=REGISTRATION_BODY)
        assert (registered.json()["status"], registered.json()["valid_from"]) == ("pre_registered", None)
        assert (
            await partner.post("/v1/contracts/O-2/delivery", json={"delivered_on": "2026-11-16"})
        ).status_code == 403
        for never in ("2026-11-19", "1970-01-01", "2199-01-01", "2026-02-30"):
            wrong = await staff.post("/v1/contracts/O-2/delivery", json={"delivered_on": never})
            assert (wrong.status_code, [each["field"] for each in wrong.json()["errors"]]) == (422, ["delivered_on"])
        answer = await staff.post("/v1/contracts/O-2/delivery", json={"delivered_on": "2026-11-16"})
        assert answer.json() == {"contract_id": "O-2", "valid_from": "2026-11-16", "valid_until": "2029-11-15"}
        await switch_desk.settle()
        device = (await staff.get(f"/v1/assets/{SERIAL}")).json()
    assert [(each["contract_id"], each["valid_until"]) for each in device["contracts"]] == [("O-2", "2029-11-15")]


@pytest.mark.clause("SVT-26")
async def test_a_fault_of_a_bundle_is_answered_as_in_the_preview_before_its_delivery_and_after(
    switch_desk: Desk,
) -> None:
    world = switch_desk.world
    await sell(world, "O-2", **BUNDLE)
    async with switch_desk.partner() as partner, switch_desk.staff() as staff:

        async def decided(ticket_no: str) -> dict[str, Any]:
            await world.tell(world.opening(ticket_no, asset_serial=SERIAL))
            await switch_desk.settle()
            answer = await partner.get(f"/v1/decisions/{ticket_no}")
            return dict(answer.raise_for_status().json()["current"])

        async def previewed(contract: dict[str, Any]) -> dict[str, Any]:
            asset = {"serial": SERIAL, "registered": True, "remote_island": False, "height_cm": 120}
            request = {"received_at": world.clock.now().isoformat(), "category": "fault", "channel": "portal"}
            body = {"plan_family": "svt", "request": request, "asset": asset, "contracts": [contract]}
            return dict((await partner.post("/v1/decisions/preview", json=body)).raise_for_status().json())

        (await partner.post("/v1/contracts/O-2/registration", json=REGISTRATION_BODY)).raise_for_status()
        registered = {"contract_id": "O-2", "product": "bundle-3y", "registered_at": world.clock.now().isoformat()}
        early = await decided("KP-0000-0001")
        assert (early["outcome"], early["deciding_clause"]["id"]) == ("refused", "SVT-26")
        assert _answers(early) == _answers(await previewed({**registered, "status": "pre_registered"}))
        covered = (await staff.get(f"/v1/assets/{SERIAL}/coverage?category=fault")).json()
        assert (covered["deciding_clause"]["id"], [each["contract_id"] for each in covered["undated"]]) == (
            "SVT-26",
            ["O-2"],
        )
        shown = (await staff.get(f"/v1/assets/{SERIAL}")).json()
        assert ([each["contract_id"] for each in shown["undated"]], shown["contracts"]) == (["O-2"], [])

        (await staff.post("/v1/contracts/O-2/delivery", json={"delivered_on": "2026-11-18"})).raise_for_status()
        served = await decided("KP-0000-0002")
        assert (served["outcome"], served["contract_id"]) == ("waiting", "O-2")
        term = {"valid_from": "2026-11-18", "valid_until": "2029-11-17", "status": "active"}
        assert _answers(served) == _answers(await previewed({**registered, **term}))
        shown = (await staff.get(f"/v1/assets/{SERIAL}")).json()
        assert (shown["undated"], [each["valid_until"] for each in shown["contracts"]]) == ([], ["2029-11-17"])


def _answers(decision: dict[str, Any]) -> list[Any]:
    """What a decision says, clause by clause, and what would change it."""
    said = [(each["clause"], each["rule"], each["result"]) for each in decision["findings"]]
    return [decision["outcome"], decision["service"], said, [each["action"] for each in decision["remedies"]]]


@pytest.mark.clause("SVT-06", "SVT-26")
async def test_a_wrong_serial_is_corrected_before_the_delivery_too(switch_desk: Desk) -> None:
    world = switch_desk.world
    await sell(world, "O-2", **BUNDLE)
    async with switch_desk.partner() as partner, switch_desk.staff() as staff:
        (await partner.post("/v1/contracts/O-2/registration", json=REGISTRATION_BODY)).raise_for_status()
        since = world.clock.now()
        world.clock.advance(timedelta(days=1))
        right = {
            "customer_id": CUSTOMER,
            "serial": "12345678902",
            "kind": "equipment",
            "model": "M24ePWR",
            "plan_family": "svt",
            "bought_from_provider": True,
            "installed_by": "customer",
        }
        body = {"effective_at": since.isoformat(), "asset": right}
        (await staff.post(f"/v1/assets/{SERIAL}/corrections", json=body)).raise_for_status()
        (await staff.post("/v1/contracts/O-2/delivery", json={"delivered_on": "2026-11-18"})).raise_for_status()
        await switch_desk.settle()
        shown = (await staff.get("/v1/assets/12345678902")).json()
        assert (await staff.get(f"/v1/assets/{SERIAL}")).status_code == 404
    assert ([each["contract_id"] for each in shown["contracts"]], shown["undated"]) == (["O-2"], [])


async def test_another_customers_contract_is_not_there(switch_desk: Desk) -> None:
    async with switch_desk.partner("customer-2") as stranger:
        for path in (URL, f"{URL}/changes"):
            assert (await stranger.post(path, json={})).status_code == 404


@pytest.mark.clause("SVT-01", "SVT-02", "SVT-05", "SVT-06", "SVT-10")
async def test_a_service_ticket_is_ordered_by_its_product_then_registered_and_shown(switch_desk: Desk) -> None:
    order = {"customer_id": CUSTOMER, "plan_family": "svt", "product": "advance-3y"}
    async with switch_desk.partner() as partner:
        late = await partner.post("/v1/orders", json=order | {"device": {"bought_on": "2026-08-17"}})
        placed = await partner.post("/v1/orders", json=order | {"device": {"bought_on": "2026-08-18"}})
        assert placed.status_code == 201, placed.text
        (contract_id,) = placed.json()["contracts"]
        await switch_desk.settle()
        sold = (await partner.get(f"/v1/contracts/{contract_id}")).json()
        (await partner.post(f"/v1/contracts/{contract_id}/registration", json=REGISTRATION_BODY)).raise_for_status()
        await switch_desk.settle()
        shown = (await partner.get(f"/v1/contracts/{contract_id}")).json()
        listed = (await partner.get(f"/v1/contracts/{contract_id}/documents")).json()["items"]
        files = [await partner.get(f"/v1/contracts/{contract_id}/documents/{each['document_id']}") for each in listed]
    assert [(each["kind"], each["clause"]) for each in listed] == [
        ("registration_notice", "SVT-10"),
        ("service_ticket", "SVT-05"),
    ]
    assert all(file.headers["content-type"] == "application/pdf" for file in files)
    assert all(file.content.startswith(b"%PDF-") for file in files)
    assert (late.status_code, [each["clause"] for each in late.json()["errors"]]) == (422, ["SVT-02"])
    assert (sold["status"], sold["valid_from"], sold["valid_until"]) == ("sold", "2026-11-18", "2029-11-17")
    assert (sold["register_by"], sold["refundable_until"], sold["site"]) == ("2027-02-18", "2026-11-24", None)
    assert (shown["status"], shown["serial"], shown["contact_id"]) == ("active", SERIAL, "contact-1")
    assert shown["site"] == {
        "address": "1 Example Street, Tokyo",
        "area": "tokyo",
        "remote_island": False,
        "height_cm": 120,
    }


@pytest.mark.clause("SVT-03", "SVT-07")
async def test_a_renewal_is_ordered_and_registered_with_consent_alone(switch_desk: Desk) -> None:
    order = {"customer_id": CUSTOMER, "plan_family": "svt", "product": "advance-u1", "renews": "O-1"}
    async with switch_desk.partner() as partner:
        (await partner.post(URL, json=REGISTRATION_BODY)).raise_for_status()
        placed = (await partner.post("/v1/orders", json=order)).raise_for_status().json()
        assert (placed["valid_from"], placed["valid_until"]) == ("2027-05-10", "2028-05-09")
        (renewal,) = placed["contracts"]
        twice = await partner.post("/v1/orders", json=order)
        assert (twice.status_code, [each["clause"] for each in twice.json()["errors"]]) == (422, ["SVT-03"])
        answer = await partner.post(f"/v1/contracts/{renewal}/registration", json={"consent": True})
        assert answer.status_code == 201, answer.text
        await switch_desk.settle()
        shown = (await partner.get(f"/v1/contracts/{renewal}")).json()
        renewed = (await partner.get("/v1/contracts/O-1")).json()
    assert (renewed["renewed_by"], shown["renewed_by"], shown["renews"]) == (renewal, None, "O-1")
    assert (shown["serial"], shown["model"], shown["contact_id"]) == (SERIAL, "M24ePWR", "contact-1")
    assert shown["site"]["address"] == "1 Example Street, Tokyo"
