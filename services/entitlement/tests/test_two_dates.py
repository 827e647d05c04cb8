"""Was it so then, as it was known then? Coverage, wallets and decisions by two dates; corrections of the register."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from kippu_entitlement import folds
from kippu_entitlement.api.assets import AssetInput, ContractInput
from kippu_entitlement.domain import asset_history, streams
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.testing import CUSTOMER, WALLET
from kippu_entitlement.testing.contracts import REGISTRATION_BODY, SERIAL
from kippu_entitlement.testing.desk import ASSET_BODY, Desk
from kippu_events.catalogue.entitlement import AssetCorrected, AssetRegistered
from kippu_events.catalogue.values import WorkKind
from kippu_events.event import Event


def december(day: int, hour: int = 3) -> datetime:
    return datetime(2026, 12, day, hour, tzinfo=UTC)


def body(serial: str, **changes: Any) -> dict[str, Any]:
    return ASSET_BODY | {"serial": serial} | changes


async def send(desk: Desk, path: str, sent: dict[str, Any], status: int = 201) -> httpx.Response:
    async with desk.staff() as staff:
        answer = await staff.post(path, json=sent)
    assert answer.status_code == status, answer.text
    await desk.settle()
    return answer


async def ask(desk: Desk, path: str, valid_at: datetime, known_at: datetime, status: int = 200) -> dict[str, Any]:
    async with desk.partner() as partner:
        dates = {"valid_at": valid_at.isoformat(), "known_at": known_at.isoformat()}
        answer = await partner.get(path, params=dates)
    assert answer.status_code == status, answer.text
    answered: dict[str, Any] = answer.json()
    return answered


async def covered(desk: Desk, serial: str, valid_at: datetime, known_at: datetime) -> tuple[str, str]:
    """Outcome and deciding clause."""
    shown = await ask(desk, f"/v1/assets/{serial}/coverage", valid_at, known_at)
    assert shown["findings"][0]["inputs"]["version"] == "2025-04-01"
    return shown["outcome"], shown["deciding_clause"]["id"]


YES = ("covered_by_debit", "IIJ-07")
UNKNOWN = ("refused", "IIJ-04")
OUT_OF_WARRANTY = ("refused", "IIJ-05")


@pytest.mark.clause("IIJ-04", "IIJ-05")
async def test_a_purchase_that_was_back_dated_on_the_12th_in_all_four_combinations(desk: Desk) -> None:
    desk.world.clock.move_to(december(4))
    await send(desk, "/v1/assets", body("unit-7", bought_on="2026-12-04", warranty_until="2026-12-31"))
    desk.world.clock.move_to(december(12))
    right = body("unit-7", bought_on="2026-12-01", warranty_until="2026-12-08")
    sent = {"effective_at": december(1).isoformat(), "asset": right}
    corrected = await send(desk, "/v1/assets/unit-7/corrections", sent)
    assert corrected.json()["corrected"] == ["bought_on", "warranty_until"]
    desk.world.clock.move_to(december(20))
    answers = {
        (valid, known): await covered(desk, "unit-7", december(valid), december(known))
        for valid in (3, 10)
        for known in (5, 15)
    }
    assert answers == {(3, 5): UNKNOWN, (3, 15): YES, (10, 5): YES, (10, 15): OUT_OF_WARRANTY}
    # The very instants: known from the correction on, true from its day on; before it, still in no register.
    assert await covered(desk, "unit-7", december(1), december(12)) == YES
    assert await covered(desk, "unit-7", december(1), december(12) - timedelta(seconds=1)) == UNKNOWN
    assert await covered(desk, "unit-7", december(1) - timedelta(seconds=1), december(12)) == UNKNOWN


@pytest.mark.clause("IIJ-04")
async def test_a_wrong_serial_was_never_theirs_and_the_right_one_was_all_along(desk: Desk) -> None:
    desk.world.clock.move_to(december(4))
    await send(desk, "/v1/assets", body("unit-71"))
    desk.world.clock.move_to(december(12))
    sent = {"effective_at": december(4).isoformat(), "asset": body("unit-17")}
    answer = await send(desk, "/v1/assets/unit-71/corrections", sent)
    assert answer.headers["location"] == "/v1/assets/UNIT-17"
    desk.world.clock.move_to(december(20))
    wrong = [await covered(desk, "unit-71", december(5), december(known)) for known in (6, 15)]
    right = [await covered(desk, "unit-17", december(5), december(known)) for known in (6, 15)]
    assert (wrong, right) == ([YES, UNKNOWN], [UNKNOWN, YES])
    async with desk.partner() as partner:
        assert (await partner.get("/v1/assets/unit-71")).status_code == 404
        assert (await partner.get("/v1/assets/unit-17")).json()["model"] == "Switch 24"
    # From now on requests are decided by what is right, and anybody may register what was mistaken.
    for number, serial in enumerate(("UNIT-71", "UNIT-17"), start=1):
        await desk.world.tell(desk.world.opening(f"KP-0000-000{number}", asset_serial=serial))
    await desk.settle()
    async with desk.partner() as partner:
        decided = [
            (await partner.get(f"/v1/decisions/KP-0000-000{number}")).json()["current"]["outcome"] for number in (1, 2)
        ]
    assert decided == ["refused", "covered_by_debit"]
    await send(desk, "/v1/assets", body("unit-71", model="Switch 48"))


@pytest.mark.clause("SVT-06")
async def test_a_registered_contract_moves_with_the_serial_that_was_meant(switch_desk: Desk) -> None:
    desk, meant = switch_desk, "12345678902"
    answer = await correct(desk, await device_of(desk), serial=meant)
    assert answer.json()["corrected"] == ["serial"]
    for number, serial in enumerate((SERIAL, meant), start=1):
        await desk.world.tell(desk.world.opening(f"KP-0000-000{number}", asset_serial=serial))
    await desk.settle()
    async with desk.partner() as partner:
        wrong, right = [(await partner.get(f"/v1/decisions/KP-0000-000{n}")).json()["current"] for n in (1, 2)]
        contract = (await partner.get("/v1/contracts/O-1")).json()
    assert (wrong["outcome"], wrong["contract_id"]) == ("refused", None)
    assert (right["outcome"], right["deciding_clause"]["id"], right["contract_id"]) == ("waiting", "SVT-14", "O-1")
    assert contract["serial"] == meant


@pytest.mark.clause("SVT-06")
@pytest.mark.parametrize(("changes", "digits"), [({"serial": "123456"}, 11), ({"model": "S12PWR"}, 6)])
async def test_a_correction_is_held_to_what_the_registration_was(
    switch_desk: Desk, changes: dict[str, Any], digits: int
) -> None:
    device = await device_of(switch_desk)
    answer = await correct(switch_desk, device, 422, **changes)
    [fault] = answer.json()["errors"]
    assert (fault["code"], fault["field"], fault["clause"]) == ("malformed", "asset.serial", "SVT-06")
    assert f"has {digits} digits" in fault["message"]
    async with switch_desk.staff() as staff:
        contract = (await staff.get("/v1/contracts/O-1")).json()
        assert (contract["serial"], contract["model"]) == (SERIAL, "M24ePWR")
        assert (await staff.get(f"/v1/assets/{SERIAL}")).json() == device
    assert (await correct(switch_desk, device, serial="123456", model="S12PWR")).json()["serial"] == "123456"


@pytest.mark.clause("SVT-11")
async def test_what_was_corrected_outlives_a_later_change_of_the_registration(switch_desk: Desk) -> None:
    """The register's entry is made of the contract's registration again, whenever that changes."""
    await correct(switch_desk, await device_of(switch_desk), model="M16ePWR", height_cm=150)
    async with switch_desk.staff() as staff:
        moved = {"site": {"address": "2 Example Street, Osaka", "area": "osaka", "height_cm": 150}}
        (await staff.post("/v1/contracts/O-1/registration/changes", json=moved)).raise_for_status()
        await switch_desk.settle()
        device = (await staff.get(f"/v1/assets/{SERIAL}")).json()
        contract = (await staff.get("/v1/contracts/O-1")).json()
    assert (device["model"], device["area"], device["height_cm"]) == ("M16ePWR", "osaka", 150)
    assert (contract["model"], contract["site"]["height_cm"]) == ("M16ePWR", 150)


@pytest.mark.clause("SVT-06", "SVT-11")
async def test_what_a_contract_is_registered_with_is_not_changed_beside_it(switch_desk: Desk) -> None:
    """It was, and came back as it had been with the next change of the contract's registration."""
    desk, device = switch_desk, await device_of(switch_desk)
    path, changes = f"/v1/assets/{SERIAL}", {"model": "M16ePWR", "area": "osaka", "remote_island": True}
    answer = await send(desk, "/v1/assets", stated(device, height_cm=150, **changes), 409)
    assert [(each["code"], each["field"]) for each in answer.json()["errors"]] == [
        ("registered_with_contract", name) for name in (*changes, "height_cm")
    ]
    assert "O-1" in answer.json()["errors"][0]["message"]
    async with desk.staff() as staff:
        assert (await staff.get(path)).json() == device
        # What no contract says is registered as ever, and outlives the contract's changes.
        await send(desk, "/v1/assets", stated(device, warranty_until="2029-04-30", height_cm=None))
        moved = {"site": {"address": "2 Example Street, Osaka", "area": "osaka", "height_cm": 120}}
        (await staff.post("/v1/contracts/O-1/registration/changes", json=moved)).raise_for_status()
        await desk.settle()
        now = (await staff.get(path)).json()
    assert (now["model"], now["area"], now["warranty_until"]) == (device["model"], "osaka", "2029-04-30")
    assert now["height_cm"] == 120
    # Once the contract is over, no change of it comes any more.
    desk.world.clock.move_to(datetime(2027, 5, 9, 15, tzinfo=UTC))
    await send(desk, "/v1/assets", stated(now, model="M16ePWR"))


async def device_of(desk: Desk) -> dict[str, Any]:
    """The device, once O-1 is registered for it."""
    async with desk.staff() as staff:
        (await staff.post("/v1/contracts/O-1/registration", json=REGISTRATION_BODY)).raise_for_status()
        await desk.settle()
        device: dict[str, Any] = (await staff.get(f"/v1/assets/{SERIAL}")).json()
    return device


def stated(device: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What is shown of a device, as it is registered."""
    contracts = [{name: each[name] for name in ContractInput.model_fields} for each in device["contracts"]]
    return {name: device[name] for name in AssetInput.model_fields} | {"contracts": contracts} | changes


async def correct(desk: Desk, device: dict[str, Any], status: int = 201, **changes: Any) -> httpx.Response:
    """An hour after it was registered, from then on."""
    sent = {"effective_at": desk.world.clock.now().isoformat(), "asset": stated(device, **changes)}
    desk.world.clock.advance(timedelta(hours=1))
    return await send(desk, f"/v1/assets/{device['serial']}/corrections", sent, status)


async def test_a_correction_that_breaks_rules_names_them_all_and_changes_nothing(desk: Desk) -> None:
    await send(desk, "/v1/assets", body("unit-2"))
    before = await desk.world.state(folds.ASSET, streams.asset("iij", "UNIT-2"))
    ahead = (desk.world.clock.now() + timedelta(days=1)).isoformat()
    sent = {"effective_at": ahead, "asset": body("device-1", customer_id="customer-9")}
    answer = await send(desk, "/v1/assets/unit-2/corrections", sent, 422)
    assert {(each["code"], each["field"]) for each in answer.json()["errors"]} == {
        ("effective_at", "effective_at"),
        ("another_owner", "asset.customer_id"),
        ("asset_registered", "asset.serial"),
    }
    past = {"effective_at": december(1).replace(month=11).isoformat()}
    wrong = past | {"asset": body("unit-2", bought_on="2027-01-01", warranty_until="2026-01-01")}
    answer = await send(desk, "/v1/assets/unit-2/corrections", wrong, 422)
    assert [(each["code"], each["field"]) for each in answer.json()["errors"]] == [
        ("warranty_before_purchase", "asset.warranty_until"),
        ("in_future", "asset.bought_on"),
    ]
    await send(desk, "/v1/assets/nothing/corrections", past | {"asset": body("nothing")}, 404)
    assert await desk.world.state(folds.ASSET, streams.asset("iij", "UNIT-2")) == before


async def test_another_customers_device_is_not_known_at_any_date(desk: Desk) -> None:
    path, now = "/v1/assets/device-1/coverage", desk.world.clock.now()
    async with desk.partner("customer-2") as other, desk.staff(provider="other") as foreign, desk.staff() as staff:
        for caller in (other, foreign):
            assert (await caller.get(path)).status_code == 404
            assert (await caller.get(path, params={"known_at": now.isoformat()})).status_code == 404
        assert (await staff.get(path)).json()["customer_id"] == CUSTOMER


async def test_what_will_be_known_is_not_asked(desk: Desk) -> None:
    ahead = desk.world.clock.now() + timedelta(seconds=1)
    paths = ("/v1/assets/device-1/coverage", f"/v1/wallets/{WALLET}", "/v1/decisions/KP-0000-0001")
    for path in paths:
        answer = await ask(desk, path, ahead, ahead, 422)
        assert answer["errors"][0]["field"] == "known_at"
    early = await ask(desk, paths[0], datetime(2024, 1, 1, tzinfo=UTC), desk.world.clock.now(), 422)
    assert early["errors"][0]["code"] == "no_terms_then"


@pytest.mark.clause("IIJ-07")
async def test_a_wallet_in_all_four_combinations(desk: Desk) -> None:
    """Bought on 18 November. On 4 December an hour of work is done, which is recorded on the 12th only."""
    world = desk.world
    await desk.buy("se-10")
    world.clock.move_to(december(4))
    await world.tell(world.opening())
    await desk.settle()
    world.clock.move_to(december(12))
    await world.tell(world.work(61, kind=WorkKind.REMOTE_WORK, started_at=december(4)))
    await desk.settle()
    world.clock.move_to(december(20))
    path = f"/v1/wallets/{WALLET}"
    balances = {
        (valid, known): (await ask(desk, path, december(valid), december(known)))["balance"]
        for valid in (3, 10)
        for known in (5, 15)
    }
    assert balances == {(3, 5): 10, (3, 15): 10, (10, 5): 10, (10, 15): 8}
    # Given back on the 20th: the tickets were gone until then.
    await world.tell(world.declining())
    await desk.settle()
    world.clock.move_to(december(21))
    given_back = [(await ask(desk, path, december(day), december(21)))["balance"] for day in (10, 21)]
    assert given_back == [8, 10]
    before = await ask(desk, path, datetime(2026, 11, 1, tzinfo=UTC), december(21))
    assert (before["balance"], before["lots"]) == (0, [])
    lasts = datetime(2027, 11, 17, 17, tzinfo=UTC)
    for instant, left in ((lasts - timedelta(seconds=1), 10), (lasts, 0)):
        [lot] = (await ask(desk, path, instant, december(21)))["lots"]
        assert (lot["remaining"], lot["expired"]) == (left, 10 - left)
    async with desk.partner() as partner:
        now = (await partner.get(path)).json()
    assert now == await ask(desk, path, december(21), december(21))


async def test_a_decision_in_all_four_combinations(desk: Desk) -> None:
    """Opened on the 4th without a category; classified on the 6th, and classified otherwise on the 8th."""
    world = desk.world
    world.clock.move_to(december(4))
    await world.tell(world.opening(category=None, asset_serial=None))
    await desk.settle()
    for day, category in ((6, "preventive_maintenance"), (8, "fault")):
        world.clock.move_to(december(day))
        await world.classified(category=category)
    await desk.settle()
    world.clock.move_to(december(20))

    async def decision(valid: int, known: int) -> tuple[int, str]:
        shown = (await ask(desk, "/v1/decisions/KP-0000-0001", december(valid), december(known)))["current"]
        return shown["decision"], shown["outcome"]

    answers = {(valid, known): await decision(valid, known) for valid in (5, 7) for known in (5, 9)}
    first, second = (1, "waiting"), (2, "waiting")
    assert answers == {(5, 5): first, (5, 9): first, (7, 5): first, (7, 9): second}
    assert await decision(9, 9) == (3, "covered_by_debit")
    await ask(desk, "/v1/decisions/KP-0000-0001", december(3), december(9), 404)
    await ask(desk, "/v1/decisions/KP-0000-0001", december(9), december(3), 404)


# --- The history itself


def registered(day: int, **facts: Any) -> AssetRegistered:
    stated = {
        "serial": "UNIT-1",
        "kind": "equipment",
        "model": "a",
        "plan_family": "iij-se",
        "installed_by": "provider",
    }
    return AssetRegistered(
        occurred_at=december(day), customer_id=CUSTOMER, bought_from_provider=True, **{**stated, **facts}
    )


def correction(day: int, effective: int, *fields: str) -> AssetCorrected:
    return AssetCorrected(
        occurred_at=december(day),
        customer_id=CUSTOMER,
        serial="UNIT-1",
        corrected=fields,
        effective_at=december(effective),
        corrected_by="client:desk",
    )


def models(events: Sequence[Event], *days: int) -> list[str]:
    known = asset_history.history(events)
    return [asset_history.at(known, december(day)).model for day in days]


def test_a_change_holds_from_its_day_on_and_a_correction_from_the_day_it_names() -> None:
    events: list[Event] = [registered(4), registered(8, model="b")]
    assert models(events, 3, 4, 7, 8, 9) == ["", "a", "a", "b", "b"]
    events += [registered(12, model="c"), correction(12, 6, "model")]
    assert models(events, 3, 4, 5, 6, 7, 8, 12, 20) == ["", "a", "a", "c", "c", "c", "c", "c"]


def test_a_correction_changes_what_it_names_and_leaves_what_changed_meanwhile() -> None:
    changed = registered(8, model="b", area="tokyo")
    events = [registered(4, area="osaka"), changed, registered(12, model="c", area="tokyo"), correction(12, 2, "model")]
    known = asset_history.history(events)
    shown = [(day, asset_history.at(known, december(day))) for day in (1, 3, 5, 9)]
    assert [(day, asset.model, asset.area) for day, asset in shown] == [
        (1, "", None),
        (3, "c", "osaka"),
        (5, "c", "osaka"),
        (9, "c", "tokyo"),
    ]


def test_the_latest_of_the_history_is_the_state_that_is_decided_on() -> None:
    events = [registered(4, warranty_until=date(2026, 12, 31)), registered(12, model="c"), correction(12, 2, "model")]
    state = Asset()
    for event in events:
        state = folds.ASSET.evolve(state, event)
    assert asset_history.at(asset_history.history(events), december(20)) == state
