"""SVT-26: a bundle that is registered before its delivery gives no service yet, and says why; from then on it does."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from kippu_entitlement import contracts
from kippu_entitlement.as_of import recorded as recorded_on
from kippu_entitlement.contract_as_of import standing
from kippu_entitlement.contracts import Opened
from kippu_entitlement.domain import asset_history
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.registering import Registration, Site
from kippu_entitlement.registration import register as registering
from kippu_entitlement.testing import CUSTOMER, World
from kippu_entitlement.testing.contracts import BUNDLE, SERIAL, TERMS, sell
from kippu_events.catalogue.entitlement import AssetContract, CoverageDecided
from kippu_events.ports import VirtualClock
from kippu_events.work import Work
from kippu_privacy import Plain
from kippu_terms.refusal import Refused

REGISTERED = datetime(2026, 6, 1, 1, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 9, 15, tzinfo=UTC)
"""The first instant, in Tokyo, of the day on which it is delivered."""
TOKYO, SAPPORO = (
    Site(Plain(f"customer-svt-{CUSTOMER}", "1 Example Street"), area, remote_island=False, height_cm=120)
    for area in ("tokyo", "sapporo")
)


@pytest.fixture
async def world() -> World:
    """A bundle was sold and registered, and is not delivered yet."""
    world = await World(TERMS, VirtualClock(REGISTERED)).begin()
    await sell(world, **BUNDLE)
    stated = Registration(consent=True, serial=SERIAL, model="M24ePWR", contact_id="contact-1", site=TOKYO)
    await do(world, lambda work, bundle: contracts.register(work, bundle, stated))
    return world


async def do(world: World, what: Callable[[Work, Opened], Awaitable[object]]) -> None:
    async def decide(work: Work) -> None:
        await what(work, await contracts.opened(work, "svt", "O-1"))

    await world.run(decide)


async def deliver(world: World) -> None:
    await do(world, lambda work, bundle: contracts.activate(work, bundle, date(2026, 6, 10)))


async def answer(world: World, ticket_no: str) -> tuple[str, str]:
    decided = (await world.on_case(CoverageDecided, ticket_no))[-1]
    return decided.outcome, decided.deciding_clause


@pytest.mark.clause("SVT-26")
async def test_a_fault_before_the_delivery_is_refused_with_the_clause_and_what_to_do(world: World) -> None:
    (waiting,) = (await world.asset(SERIAL)).undated
    assert (waiting.contract_id, waiting.product, waiting.registered_at) == ("O-1", "bundle-3y", REGISTERED)
    await world.opened(asset_serial=SERIAL)
    (decided,) = await world.on_case(CoverageDecided)
    assert (decided.outcome, decided.deciding_clause) == ("refused", "SVT-26")
    assert decided.remedies[0].clause == "SVT-26"
    assert (decided.plan_version, decided.facts["contracts"][0]["valid_from"]) == (waiting.plan_version, None)


@pytest.mark.clause("SVT-05", "SVT-26")
async def test_the_day_of_the_delivery_is_the_first_that_is_served(world: World) -> None:
    for number, at in enumerate((datetime(2026, 6, 9, 14, 59, 59, tzinfo=UTC), MIDNIGHT), start=1):
        world.clock.move_to(at)
        await world.opened(f"KP-0000-000{number}", asset_serial=SERIAL)
        assert await answer(world, f"KP-0000-000{number}") == ("refused", "SVT-26")
    await deliver(world)
    device = await world.asset(SERIAL)
    assert (device.undated, [each.valid_from for each in device.contracts]) == ((), [date(2026, 6, 10)])
    await world.opened("KP-0000-0003", asset_serial=SERIAL)
    assert await answer(world, "KP-0000-0003") == ("waiting", "SVT-14")

    # Decided anew, by the term that is known now.
    for number, expected in ((1, ("refused", "SVT-05")), (2, ("waiting", "SVT-14"))):
        await world.classified(f"KP-0000-000{number}", asset_serial=SERIAL)
        assert await answer(world, f"KP-0000-000{number}") == expected


@pytest.mark.clause("SVT-11", "SVT-26")
async def test_what_waits_for_its_delivery_stays_with_its_device_whatever_is_registered_of_that(world: World) -> None:
    async def known_better(work: Work) -> None:
        stated = Asset(CUSTOMER, SERIAL, model="M24ePWR", plan_family="svt", bought_from_provider=True)
        assert (await registering.register(work, "svt", [stated])).changed == [SERIAL]

    await world.run(known_better)
    await do(world, lambda work, bundle: contracts.change(work, bundle, None, SAPPORO))
    device = await world.asset(SERIAL)
    assert (device.area, [each.contract_id for each in device.undated], device.contracts) == ("sapporo", ["O-1"], ())
    await deliver(world)
    assert [each.contract_id for each in (await world.asset(SERIAL)).contracts] == ["O-1"]


@pytest.mark.clause("SVT-12", "SVT-26")
async def test_a_replaced_device_takes_it_along(world: World) -> None:
    await world.delivered("KP-0000-0009.S1", serial="98765432109", defective_serial=SERIAL)
    assert [each.contract_id for each in (await world.asset("98765432109")).undated] == ["O-1"]
    await deliver(world)
    device = await world.asset("98765432109")
    assert (device.undated, [each.contract_id for each in device.contracts]) == ((), ["O-1"])


async def registered_as(world: World, **stated: Any) -> list[tuple[str, str | None]]:
    """Registers the switch anew: what is wrong with it, by code and field."""
    usual = {"model": "M24ePWR", "plan_family": "svt", "bought_from_provider": True}
    wanted = Asset(CUSTOMER, SERIAL, **{**usual, **stated})
    faults: list[tuple[str, str | None]] = []

    async def decide(work: Work) -> None:
        done = await registering.register(work, "svt", [wanted])
        faults.extend((each.code, each.field) for found in done.faults.values() for each in found)

    await world.run(decide)
    return faults


@pytest.mark.clause("SVT-26")
async def test_a_device_whose_contract_waits_for_its_delivery_stays_under_the_terms_of_that(world: World) -> None:
    """Another family's terms may sell a product of the same name, and yet it is not theirs."""
    await world.publish(TERMS.replace('family = "svt"', 'family = "other"'))
    assert await registered_as(world, plan_family="other") == [("sold_under_other_terms", "plan_family")]
    assert (await world.asset(SERIAL)).plan_family == "svt"
    await deliver(world)
    assert await registered_as(world, plan_family="other") == [("sold_under_other_terms", "plan_family")]
    assert [each.contract_id for each in (await world.asset(SERIAL)).contracts] == ["O-1"]


@pytest.mark.clause("SVT-11")
async def test_a_device_with_a_registered_contract_is_registered_anew_as_often_as_need_be(world: World) -> None:
    """Though its registration does not state whom the contract's own names."""
    await deliver(world)
    assert await registered_as(world, warranty_until=date(2027, 6, 9)) == []
    (bundle,) = (await world.asset(SERIAL)).contracts
    assert (bundle.contract_id, bundle.contact_id, bundle.registered_at) == ("O-1", "contact-1", REGISTERED)


@pytest.mark.clause("SVT-05", "SVT-26")
async def test_what_waits_for_its_delivery_is_dated_by_that_and_by_nobody(world: World) -> None:
    days = {"valid_from": date(2026, 6, 1), "valid_until": date(2029, 5, 31)}
    dated = AssetContract(contract_id="O-1", product="bundle-3y", **days)
    assert await registered_as(world, contracts=(dated,)) == [("waits_for_delivery", "contracts.0.contract_id")]
    assert [each.contract_id for each in (await world.asset(SERIAL)).undated] == ["O-1"]


@pytest.mark.clause("SVT-06")
async def test_a_contract_is_registered_for_no_device_under_other_terms() -> None:
    world = await World(TERMS, VirtualClock(REGISTERED)).begin()
    await world.publish(TERMS.replace('family = "svt"', 'family = "other"'))
    await world.register(Asset(CUSTOMER, SERIAL, model="M24ePWR", plan_family="other"))
    await sell(world, **BUNDLE)
    stated = Registration(consent=True, serial=SERIAL, model="M24ePWR", contact_id="contact-1", site=TOKYO)
    with pytest.raises(Refused) as refused:
        await do(world, lambda work, bundle: contracts.register(work, bundle, stated))
    assert [(each.code, each.field) for each in refused.value.faults] == [("under_other_terms", "serial")]
    assert (await world.asset(SERIAL)).undated == ()


NEXT_WEEK = datetime(2026, 6, 16, 3, tzinfo=UTC)
"""When the delivery of 10 June is reported."""


@pytest.mark.clause("SVT-26")
@pytest.mark.parametrize(
    ("valid_at", "known_at", "in_force"),
    [
        (MIDNIGHT - timedelta(seconds=1), NEXT_WEEK, False),
        (MIDNIGHT, NEXT_WEEK, True),
        (NEXT_WEEK, NEXT_WEEK, True),
        (NEXT_WEEK, NEXT_WEEK - timedelta(seconds=1), False),
        (REGISTERED - timedelta(days=1), NEXT_WEEK, False),
    ],
)
async def test_a_delivery_that_is_reported_late_was_one_all_along_and_was_not_known(
    world: World, valid_at: datetime, known_at: datetime, in_force: bool
) -> None:
    world.clock.move_to(NEXT_WEEK)
    await deliver(world)
    stood = await standing(world.log, "svt", "O-1", valid_at, known_at)
    assert stood.in_force is in_force
    recorded = [envelope async for envelope in recorded_on(world.log, f"asset-svt-{SERIAL}")]
    known = asset_history.history(each.event for each in recorded if each.recorded_at <= known_at)
    device = asset_history.at(known, valid_at)
    assert [each.contract_id for each in device.contracts] == ["O-1"] * in_force
    assert [each.contract_id for each in device.undated] == ["O-1"] * (device.exists and not in_force)


@pytest.mark.clause("SVT-26")
async def test_the_device_that_took_its_place_has_it_from_then_on(world: World) -> None:
    world.clock.move_to(datetime(2026, 6, 12, 3, tzinfo=UTC))
    await world.delivered("KP-0000-0009.S1", serial="98765432109", defective_serial=SERIAL)
    world.clock.move_to(NEXT_WEEK)
    await deliver(world)
    recorded = [envelope async for envelope in recorded_on(world.log, "asset-svt-98765432109")]
    known = asset_history.history(each.event for each in recorded)
    assert not asset_history.at(known, datetime(2026, 6, 11, 3, tzinfo=UTC)).exists
    since = asset_history.at(known, datetime(2026, 6, 12, 3, tzinfo=UTC))
    assert ([each.contract_id for each in since.contracts], since.undated) == (["O-1"], ())
