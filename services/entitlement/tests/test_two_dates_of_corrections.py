"""Was it so then, as it was known then? Of purchases and deliveries that were corrected or told late."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from kippu_entitlement.testing.contracts import BUNDLE, REGISTRATION_BODY, SERIAL, sell
from kippu_entitlement.testing.desk import ASSET_BODY, Desk


def day(number: int) -> datetime:
    """In December 2026, at noon in Tokyo."""
    return datetime(2026, 12, number, 3, tzinfo=UTC)


async def told(desk: Desk, path: str, body: dict[str, Any], status: int = 201) -> httpx.Response:
    async with desk.staff() as staff:
        answer = await staff.post(path, json=body)
    assert answer.status_code == status, answer.text
    await desk.settle()
    return answer


async def asked(desk: Desk, path: str, valid: int, known: int) -> dict[str, Any]:
    dates = {"valid_at": day(valid).isoformat(), "known_at": day(known).isoformat()}
    async with desk.partner() as partner:
        answered: dict[str, Any] = (await partner.get(path, params=dates)).raise_for_status().json()
    return answered


@pytest.mark.clause("IIJ-05")
async def test_what_was_decided_before_a_purchase_was_back_dated_stands_and_coverage_says_what_is_right(
    desk: Desk,
) -> None:
    world = desk.world
    unit = ASSET_BODY | {"serial": "unit-7", "bought_on": "2026-12-02", "warranty_until": "2026-12-31"}
    world.clock.move_to(day(2))
    await told(desk, "/v1/assets", unit)
    world.clock.move_to(day(4))
    await world.tell(world.opening("KP-0000-0001", asset_serial="UNIT-7"))
    await desk.settle()
    world.clock.move_to(day(12))
    right = unit | {"bought_on": "2023-12-02", "warranty_until": "2026-12-01"}
    await told(desk, "/v1/assets/unit-7/corrections", {"effective_at": day(2).isoformat(), "asset": right})
    await world.tell(world.opening("KP-0000-0002", asset_serial="UNIT-7"))
    await desk.settle()
    world.clock.move_to(day(20))

    yes, no = ("covered_by_debit", "IIJ-07"), ("refused", "IIJ-05")
    dates = [(valid, known) for valid in (5, 13) for known in (6, 15)]
    coverage = {each: await asked(desk, "/v1/assets/unit-7/coverage", *each) for each in dates}
    assert {each: (of["outcome"], of["deciding_clause"]["id"]) for each, of in coverage.items()} == {
        (5, 6): yes,
        (5, 15): no,
        (13, 6): yes,
        (13, 15): no,
    }
    assert [coverage[each]["bought_on"] for each in dates] == ["2026-12-02", "2023-12-02"] * 2
    decided = [(await asked(desk, "/v1/decisions/KP-0000-0001", *each))["current"] for each in dates]
    assert {(each["decision"], each["outcome"], each["deciding_clause"]["id"]) for each in decided} == {(1, *yes)}
    anew = (await asked(desk, "/v1/decisions/KP-0000-0002", 13, 15))["current"]
    assert (anew["outcome"], anew["deciding_clause"]["id"]) == no


@pytest.mark.clause("QNP-08")
async def test_a_delivery_that_was_later_than_it_was_said_to_be(qnp_desk: Desk) -> None:
    """On-site service in other areas begins on the 1st of the month after next from delivery."""
    desk, world = qnp_desk, qnp_desk.world
    contract = {
        "contract_id": "C-1",
        "product": "onsite-weekday",
        "valid_from": "2026-11-01",
        "valid_until": "2027-10-31",
        "area_agreed": True,
    }
    device = ASSET_BODY | {"plan_family": "qnp", "serial": "unit-7", "area": "sapporo", "contracts": [contract]}
    early, late = ({"delivered_on": f"2026-{month}-15"} for month in (10, 11))
    world.clock.move_to(day(2))
    await told(desk, "/v1/assets", device | early)
    world.clock.move_to(day(12))
    sent = {"effective_at": day(2).isoformat(), "asset": device | late}
    assert (await told(desk, "/v1/assets/unit-7/corrections", sent)).json()["corrected"] == ["delivered_on"]
    world.clock.move_to(day(20))
    answers = {
        (valid, known): (await asked(desk, "/v1/assets/unit-7/coverage", valid, known))
        for valid in (5, 13)
        for known in (6, 15)
    }
    assert {each: (of["outcome"], of["service"]) for each, of in answers.items()} == {
        (5, 6): ("covered", "onsite_weekday"),
        (5, 15): ("covered", "send_back"),
        (13, 6): ("covered", "onsite_weekday"),
        (13, 15): ("covered", "send_back"),
    }


@pytest.mark.clause("SVT-05", "SVT-26")
async def test_a_delivery_that_was_told_later_than_it_happened(switch_desk: Desk) -> None:
    """Delivered on the 3rd and told on the 12th: asked of the contract and of its device."""
    desk, world = switch_desk, switch_desk.world
    await sell(world, "O-2", **BUNDLE)
    world.clock.move_to(day(1))
    await told(desk, "/v1/contracts/O-2/registration", REGISTRATION_BODY)
    world.clock.move_to(day(12))
    await told(desk, "/v1/contracts/O-2/delivery", {"delivered_on": "2026-12-03"}, 200)
    world.clock.advance(timedelta(hours=1))
    again = await told(desk, "/v1/contracts/O-2/delivery", {"delivered_on": "2026-12-04"}, 409)
    assert again.json()["errors"][0]["code"] == "runs_already"
    world.clock.move_to(day(20))
    dates = [(valid, known) for valid in (2, 5) for known in (6, 15)]
    standing = {each: await asked(desk, "/v1/contracts/O-2/standing", *each) for each in dates}
    assert {each: (of["status"], of["in_force"]) for each, of in standing.items()} == {
        (2, 6): ("pre_registered", False),
        (2, 15): ("pre_registered", False),
        (5, 6): ("pre_registered", False),
        (5, 15): ("active", True),
    }
    coverage = {each: await asked(desk, f"/v1/assets/{SERIAL}/coverage", *each) for each in dates}
    assert {each: (len(of["undated"]), len(of["contracts"])) for each, of in coverage.items()} == {
        (2, 6): (1, 0),
        (2, 15): (1, 0),
        (5, 6): (1, 0),
        (5, 15): (0, 1),
    }


@pytest.mark.clause("SVT-26")
async def test_a_delivery_that_was_reported_for_a_wrong_day(switch_desk: Desk) -> None:
    """Said on the 6th to have been on the 3rd, and known from the 12th on to have been on the 10th."""
    desk, world = switch_desk, switch_desk.world
    await sell(world, "O-2", **BUNDLE)
    world.clock.move_to(day(1))
    await told(desk, "/v1/contracts/O-2/registration", REGISTRATION_BODY)
    correction = "/v1/contracts/O-2/delivery/corrections"
    early = await told(desk, correction, {"delivered_on": "2026-12-01"}, 409)
    assert early.json()["errors"][0]["code"] == "not_delivered"
    world.clock.move_to(day(6))
    await told(desk, "/v1/contracts/O-2/delivery", {"delivered_on": "2026-12-03"}, 200)
    world.clock.move_to(day(12))
    to_come = await told(desk, correction, {"delivered_on": "2026-12-13"}, 422)
    assert to_come.json()["errors"][0]["code"] == "delivery_to_come"
    for _ in range(2):
        corrected = await told(desk, correction, {"delivered_on": "2026-12-10"}, 200)
        assert corrected.json() == {"contract_id": "O-2", "valid_from": "2026-12-10", "valid_until": "2029-12-09"}
    async with desk.staff() as staff:
        shown = (await staff.get("/v1/contracts/O-2")).raise_for_status().json()
    assert (shown["valid_from"], shown["valid_until"]) == ("2026-12-10", "2029-12-09")
    world.clock.move_to(day(20))
    dates = [(valid, known) for valid in (2, 5, 11) for known in (7, 15)]
    standing = {each: await asked(desk, "/v1/contracts/O-2/standing", *each) for each in dates}
    assert {each: (of["status"], of["in_force"]) for each, of in standing.items()} == {
        (2, 7): ("pre_registered", False),
        (2, 15): ("pre_registered", False),
        (5, 7): ("active", True),
        (5, 15): ("pre_registered", False),
        (11, 7): ("active", True),
        (11, 15): ("active", True),
    }
    coverage = {each: await asked(desk, f"/v1/assets/{SERIAL}/coverage", *each) for each in dates}
    assert {each: of["outcome"] for each, of in coverage.items()} == {
        (2, 7): "refused",
        (2, 15): "refused",
        (5, 7): "covered",
        (5, 15): "refused",
        (11, 7): "covered",
        (11, 15): "covered",
    }
    assert {each["valid_from"] for each in coverage[11, 15]["contracts"]} == {"2026-12-10"}
