"""NEC-Q1 and NEC-Q9: a pack is registered for the server that it was sold for, from whose purchase it runs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import pytest
from kippu_entitlement import contracts, ordering, terms
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.order import Place
from kippu_entitlement.domain.registering import Registration, Site
from kippu_entitlement.testing import CUSTOMER, World
from kippu_events.ports import VirtualClock
from kippu_events.work import Work
from kippu_privacy import Plain
from kippu_terms.orders.facts import OrderedAsset
from kippu_terms.plan import Plan
from kippu_terms.refusal import Refused

OLD = Asset(
    customer_id=CUSTOMER,
    serial="SERVER-1",
    model="Server",
    plan_family="nec-esp",
    bought_from_provider=True,
    bought_on=date(2024, 1, 10),
)


@pytest.fixture
async def world(nec: Plan, tokyo: Callable[..., datetime]) -> World:
    """Two servers, of 2024 and of 2026."""
    young = replace(OLD, serial="SERVER-2", bought_on=date(2026, 1, 10))
    return await World(nec.source, VirtualClock(tokyo(2026, 11, 20, 10))).begin(OLD, young)


async def buy(world: World, asset_serial: str | None, bought_on: date | None = None) -> None:
    """A pack for a server in the register, or for one of which the purchase is stated."""
    said = ordering.Said(device=OrderedAsset(bought_on=bought_on) if bought_on else None)
    wanted = Place("O-1", CUSTOMER, "nec-esp", "g2-5day-3y", 1, world.today, asset_serial=asset_serial)

    async def decide(work: Work) -> None:
        plan = terms.in_force((await terms.plans(work, "nec", "nec-esp")).state, "nec-esp", work.now)
        await ordering.place(work, "nec", plan, wanted, said, "ja")

    await world.run(decide)


async def register(world: World, serial: str) -> list[str]:
    """The codes of what is wrong with it; nothing if it is registered."""
    stated = Registration(
        consent=True,
        serial=serial,
        model="Server",
        contact_id="contact-1",
        site=Site(Plain(f"customer-nec-{CUSTOMER}", "1 Example Street"), "tokyo"),
    )

    async def decide(work: Work) -> None:
        await contracts.register(work, await contracts.opened(work, "nec", "O-1"), stated)

    try:
        await world.run(decide)
    except Refused as refused:
        return [fault.code for fault in refused.faults]
    return []


async def packs(world: World) -> dict[str, list[str]]:
    return {
        each: [pack.contract_id for pack in (await world.asset(each)).contracts] for each in ("SERVER-1", "SERVER-2")
    }


@pytest.mark.clause("NEC-Q9")
async def test_a_pack_of_one_server_does_not_come_to_stand_on_another(world: World) -> None:
    await buy(world, "SERVER-2")
    assert await register(world, "SERVER-1") == ["sold_for_another"]
    assert await register(world, "SERVER-3") == ["sold_for_another"]
    assert await packs(world) == {"SERVER-1": [], "SERVER-2": ["O-1"]}
    assert await register(world, "SERVER-2") == []
    assert await packs(world) == {"SERVER-1": [], "SERVER-2": ["O-1"]}


@pytest.mark.clause("NEC-Q1")
async def test_it_runs_from_the_purchase_of_the_server_that_it_is_registered_for(world: World) -> None:
    await buy(world, None, date(2026, 1, 10))
    assert await register(world, "SERVER-1") == ["bought_on_another_day"]
    assert await packs(world) == {"SERVER-1": [], "SERVER-2": []}
    assert await register(world, "SERVER-2") == []
    assert (await world.asset("SERVER-2")).contracts[0].valid_until == date(2029, 1, 9)


@pytest.mark.clause("NEC-Q9")
async def test_what_was_exchanged_before_the_registration_is_named_by_its_new_serial(world: World) -> None:
    """As the maker's warranty exchanges a unit: the contract that stood on it went along."""
    await buy(world, "SERVER-1")
    await world.delivered("KP-0000-0009.S1", serial="SERVER-9", defective_serial="SERVER-1")
    assert await register(world, "SERVER-2") == ["sold_for_another"]
    assert await register(world, "SERVER-9") == []
