"""A contract that the register has under a number which is another customer's order: its renewal leaves that alone."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from kippu_entitlement import contracts, folds, ordering, terms
from kippu_entitlement.domain import streams
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.contract import Contract
from kippu_entitlement.domain.order import Place
from kippu_entitlement.domain.registering import Registration
from kippu_entitlement.testing import CUSTOMER, World
from kippu_entitlement.testing.contracts import SERIAL, TERMS, record, sell
from kippu_events.catalogue.contracts import ContractRegistered
from kippu_events.catalogue.entitlement import AssetContract
from kippu_events.ports import VirtualClock
from kippu_events.work import Work
from kippu_privacy import Plain
from kippu_terms.refusal import Refused

NOW = datetime(2027, 3, 1, 3, tzinfo=UTC)
NUMBER = "O-9"
TERM: dict[str, Any] = {"valid_from": date(2026, 5, 10), "valid_until": date(2027, 5, 9)}
OTHERS: dict[str, Any] = {
    "customer_id": "customer-2",
    "contact_id": "contact-2",
    "serial": "99999999999",
    "model": "M24ePWR",
}


@pytest.fixture
async def world() -> World:
    """`O-9` is registered by customer-2, and stands by a slip on the device of customer-1."""
    slip = AssetContract(contract_id=NUMBER, product="advance-1y", **TERM, registered_at=NOW, status="active")
    device = Asset(CUSTOMER, SERIAL, model="M24ePWR", plan_family="svt", bought_from_provider=True, contracts=(slip,))
    begun = await World(TERMS, VirtualClock(NOW)).begin(device)
    await sell(begun, NUMBER, customer_id="customer-2")
    site = Plain("customer-svt-customer-2", "2 Example Street")
    at: dict[str, Any] = {"registered_at": NOW, "active_from": TERM["valid_from"], "occurred_at": NOW}
    await record(begun, ContractRegistered(contract_id=NUMBER, site=site, **OTHERS, **at))
    return begun


async def test_it_is_not_renewed_by_it_and_gives_nothing_to_it(world: World) -> None:
    wanted = Place("O-1", CUSTOMER, "svt", "advance-u1", 1, world.today, asset_serial=SERIAL, renews=NUMBER)

    async def order(work: Work) -> None:
        plan = terms.in_force((await terms.plans(work, world.provider, "svt")).state, "svt", work.now)
        await ordering.place(work, world.provider, plan, wanted, ordering.Said(), "ja")

    async def register(work: Work) -> None:
        opened = await contracts.opened(work, world.provider, "O-1")
        await contracts.register(work, opened, Registration(consent=True))

    await world.run(order)
    assert (await contract(world, "O-1")).renews == NUMBER
    assert (await contract(world, NUMBER)).renewed_by == ()
    with pytest.raises(Refused) as refused:
        await world.run(register)
    assert {fault.code for fault in refused.value.faults} == {"missing"}


async def contract(world: World, contract_id: str) -> Contract:
    return await world.state(folds.CONTRACT, streams.contract(world.provider, contract_id))
