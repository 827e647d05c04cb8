"""What is wrong with a device that is registered anew is told of what is stated, beside what orders sold for it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pytest
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.registration.columns import COLUMNS
from kippu_entitlement.registration.register import Registered, register
from kippu_entitlement.registration.rows import Reading
from kippu_entitlement.registration.sheet import read
from kippu_entitlement.testing import CUSTOMER, World
from kippu_events.catalogue.entitlement import AssetContract
from kippu_events.ports import VirtualClock
from kippu_events.work import Work
from openpyxl import Workbook

NOW = datetime(2026, 11, 18, 3, tzinfo=UTC)
SOLD, BY_HAND = (
    AssetContract(
        contract_id=contract_id,
        product="advance-send-back",
        valid_from=date(2026, 4, 1),
        valid_until=date(2027, 3, 31),
        sold=contract_id == "O-1",
    )
    for contract_id in ("O-1", "C-1")
)
DEVICE = Asset(
    customer_id=CUSTOMER,
    serial="DEVICE-1",
    model="NAS",
    plan_family="qnp",
    contracts=(SOLD,),
    bought_from_provider=True,
)


@pytest.fixture
async def world(qnp_text: str) -> World:
    """With a device for which a contract was sold."""
    return await World(qnp_text, VirtualClock(NOW)).begin(DEVICE)


async def registered(world: World, wanted: Asset, meant: Asset | None = None) -> Registered:
    done: list[Registered] = []

    async def decide(work: Work) -> None:
        done.append(await register(work, "qnp", [wanted], meant))

    await world.run(decide)
    return done[-1]


async def test_a_fault_names_the_contract_by_its_place_among_those_that_are_stated(world: World) -> None:
    unknown = BY_HAND.model_copy(update={"product": "no-such", "contact_id": "contact-9"})
    done = await registered(world, replace(DEVICE, contracts=(unknown,)))
    fields = [fault.field for fault in done.faults["DEVICE-1"]]
    assert fields == ["contracts.0.product", "contracts.0.contact_id"]


async def test_what_is_stated_as_it_stands_changes_nothing(world: World) -> None:
    done = await registered(world, replace(DEVICE, contracts=(BY_HAND,)))
    assert done.changed == ["DEVICE-1"]
    assert [each.contract_id for each in (await world.asset("DEVICE-1")).contracts] == ["C-1", "O-1"]
    again = await registered(world, replace(DEVICE, contracts=(BY_HAND,)))
    assert (again.changed, again.unchanged) == ([], ["DEVICE-1"])


async def test_what_an_order_sold_is_not_stated_otherwise(world: World) -> None:
    """Neither when the device is registered anew nor when it is corrected: a decision would go by the device's dates,
    and the contract would end by its own."""
    otherwise: dict[str, Any] = {
        "product": "onsite-weekday",
        "valid_from": date(2026, 3, 31),
        "valid_until": date(2027, 4, 1),
        "area_agreed": True,
    }
    changed = replace(DEVICE, contracts=(BY_HAND, SOLD.model_copy(update=otherwise)))
    for meant in (None, DEVICE):
        done = await registered(world, changed, meant)
        assert [(each.code, each.field) for each in done.faults["DEVICE-1"]] == [
            ("otherwise_than_sold", f"contracts.1.{name}") for name in otherwise
        ]
        assert done.kind == "conflict"
    assert (await world.asset("DEVICE-1")).contracts == (SOLD,)


async def test_options_come_to_what_an_order_sold_and_stay_where_they_are_not_stated(qnp_text: str) -> None:
    on_site = SOLD.model_copy(update={"product": "onsite-weekday"})
    world = await World(qnp_text, VirtualClock(NOW)).begin(replace(DEVICE, contracts=(on_site,)))
    kept = on_site.model_copy(update={"options": ("non-return-disk",)})
    for stated in (kept.model_copy(update={"sold": False}), on_site):
        await registered(world, replace(DEVICE, contracts=(stated,)))
        assert (await world.asset("DEVICE-1")).contracts == (kept,)


@pytest.mark.parametrize(
    ("instant", "day"),
    [(datetime(2026, 11, 18, 14, 59, 59, tzinfo=UTC), 18), (datetime(2026, 11, 18, 15, tzinfo=UTC), 19)],
)
async def test_a_purchase_is_registered_from_its_day_on_in_the_providers_zone(
    world: World, instant: datetime, day: int
) -> None:
    world.clock.move_to(instant)
    bought = [replace(DEVICE, bought_on=date(2026, 11, each)) for each in (day, day + 1)]
    done, refused = [await registered(world, each) for each in bought]
    assert done.changed == ["DEVICE-1"]
    assert ([(each.code, each.field) for each in refused.faults["DEVICE-1"]], refused.kind) == (
        [("in_future", "bought_on")],
        "invalid",
    )
    assert (await world.asset("DEVICE-1")).bought_on == date(2026, 11, day)


@pytest.mark.parametrize(
    ("stated", "columns"),
    [
        ({"bought_on": date(2026, 11, 19)}, {"Bought on"}),
        ({"product": "no-such"}, {"Contract product"}),
        ({"plan_family": "other", "product": "other-send-back"}, {"Plan"}),
    ],
)
async def test_a_sheet_is_answered_by_row_and_column(
    world: World, qnp_text: str, stated: dict[str, str], columns: set[str]
) -> None:
    # Another family of terms, which does not sell what stands on the device
    await world.publish(qnp_text.replace('family = "qnp"', 'family = "other"').replace("advance-send-", "other-send-"))
    reading = Reading(read(_sheet(stated)))
    assert not reading.faults
    done = await registered(world, *reading.assets)
    faults = reading.faults_at("DEVICE-1", done.faults["DEVICE-1"])
    assert {fault.field for fault in faults} == {f"rows.2.{column}" for column in columns}


def _sheet(stated: dict[str, str]) -> bytes:
    cells: dict[str, Any] = {
        **{"serial": "DEVICE-1", "customer_id": CUSTOMER, "plan_family": "qnp", "model": "NAS"},
        **{"kind": "equipment", "bought_from_provider": "yes", "installed_by": "provider"},
        **{"contract_id": "C-1", "product": "advance-send-back"},
        **{"valid_from": date(2026, 4, 1), "valid_until": date(2027, 3, 31)},
        **stated,
    }
    workbook = Workbook()
    sheet: Any = workbook.active
    sheet.append([column.en for column in COLUMNS])
    sheet.append([cells.get(column.key) for column in COLUMNS])
    content = BytesIO()
    workbook.save(content)
    return content.getvalue()
