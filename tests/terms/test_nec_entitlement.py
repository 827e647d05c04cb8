"""NEC-ESP as entitlement carries it out: packs are sold for a server, give nothing before registration, and end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from kippu_entitlement import deadlines, folds, ordering, terms
from kippu_entitlement.domain import order, streams
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.contract import Contract
from kippu_entitlement.testing import CUSTOMER, World
from kippu_entitlement.testing.contracts import record
from kippu_events.catalogue.contracts import ContractEndAnnounced, ContractEnded, ContractRefunded, ContractSold
from kippu_events.catalogue.entitlement import CoverageDecided, OrderAccepted
from kippu_events.catalogue.values import RequestDetails
from kippu_events.deadlines import Deadline, Schedule
from kippu_events.ports import VirtualClock
from kippu_events.work import Work
from kippu_terms.plan import Plan
from kippu_terms.refusal import Refused

Local = Callable[..., datetime]

SERVER = Asset(
    customer_id=CUSTOMER,
    serial="SERVER-1",
    model="Server",
    plan_family="nec-esp",
    bought_from_provider=True,
    bought_on=date(2026, 1, 10),
    warranty_until=date(2026, 6, 30),
)


@pytest.fixture
async def world(nec: Plan, tokyo: Local) -> World:
    """Friday 20 November 2026 at 10:00 in Tokyo; the server is out of its warranty, and has no pack."""
    return await World(nec.source, VirtualClock(tokyo(2026, 11, 20, 10))).begin(SERVER)


async def buy(world: World, product: str, order_id: str = "O-1", **changes: Any) -> tuple[ContractSold, ...]:
    """An order of today, as the API places it."""
    said = ordering.Said(reason=changes.pop("reason", None), agreed=changes.pop("agreed", False))
    usual = {"customer_id": CUSTOMER, "plan_family": "nec-esp", "quantity": 1, "asset_serial": "SERVER-1"}
    wanted = order.Place(order_id=order_id, product=product, requested_on=world.today, **(usual | changes))

    async def decide(work: Work) -> list[str]:
        published = (await terms.plans(work, world.provider, "nec-esp")).state
        plan = terms.in_force(published, "nec-esp", work.now)
        placed = await ordering.place(work, world.provider, plan, wanted, said, "ja")
        return [each.contract_id for each in placed.contracts]

    ids = await world.run(decide)
    return tuple([(await world.events(streams.contract(world.provider, each), ContractSold))[0] for each in ids])


async def contract(world: World, contract_id: str = "O-1") -> Contract:
    return await world.state(folds.CONTRACT, streams.contract(world.provider, contract_id))


async def fire(world: World, schedule: Schedule) -> None:
    due = Deadline(schedule.id, schedule.kind, schedule.provider, schedule.due_at, schedule.payload)

    async def decide(work: Work) -> None:
        await deadlines.DEADLINES.fire[schedule.kind](due, work)

    await world.run(decide)


async def planned(world: World, contract_id: str = "O-1") -> list[Schedule]:
    envelopes = await world.log.read_stream(streams.contract(world.provider, contract_id))
    return [each for envelope in envelopes for each in deadlines.plan(envelope) if isinstance(each, Schedule)]


@pytest.mark.clause("NEC-Q1")
async def test_a_pack_bought_late_is_on_the_server_from_its_purchase_date(world: World) -> None:
    (sold,) = await buy(world, "g2-5day-3y")
    assert (sold.contract_id, sold.valid_from, sold.valid_until) == ("O-1", date(2026, 1, 10), date(2029, 1, 9))
    assert (sold.plan_version, sold.needs_registration) == ("2026-01-01", True)
    (accepted,) = await world.events(streams.order("nec", "O-1"), OrderAccepted)
    assert (accepted.valid_until, accepted.price.lines[0].unit_price) == (date(2029, 1, 9), 90_000)
    (held,) = (await world.asset("SERVER-1")).contracts
    assert (held.contract_id, held.product, held.plan_version) == ("O-1", "g2-5day-3y", "2026-01-01")


@pytest.mark.clause("NEC-Q10", "NEC-Q8", "NEC-Q7")
async def test_what_the_server_has_decides_what_can_be_bought(world: World) -> None:
    await buy(world, "g2-5day-3y")
    with pytest.raises(Refused) as refused:
        await buy(world, "esp-5day-3y", "O-2", agreed=True)
    assert [fault.clause for fault in refused.value.faults] == ["NEC-Q10"]
    with pytest.raises(Refused) as refused:
        await buy(world, "g2-24x365-5y", "O-2", reason="upgrade", renews="O-1")
    assert {fault.clause for fault in refused.value.faults} == {"NEC-Q7", "NEC-Q8"}  # not registered yet: consult
    await buy(world, "g2-24x365-5y", "O-2")
    assert [each.contract_id for each in (await world.asset("SERVER-1")).contracts] == ["O-1", "O-2"]


@pytest.mark.clause("NEC-Q1")
async def test_a_refused_order_records_nothing(world: World) -> None:
    before = (await world.log.head()).position
    with pytest.raises(Refused) as refused:
        await buy(world, "g2-5day-3y", reason="discount", quantity=2)
    assert [fault.code for fault in refused.value.faults] == ["quantity", "one_per_device", "not_offered"]
    assert (await world.log.head()).position == before


@pytest.mark.clause("NEC-Q14")
async def test_before_registration_a_fault_is_a_spot_repair_and_after_it_is_covered(world: World, tokyo: Local) -> None:
    await buy(world, "g2-5day-3y")
    await world.opened(asset_serial="SERVER-1")
    decided = (await world.on_case(CoverageDecided))[-1]
    assert (decided.outcome, decided.deciding_clause) == ("quote", "NEC-Q14")
    device = await world.asset("SERVER-1")
    registered = device.contracts[0].model_copy(update={"registered_at": tokyo(2026, 11, 20, 10)})
    await world.register(replace(device, contracts=(registered,)))
    await world.opened("KP-0000-0002", asset_serial="SERVER-1")
    decided = (await world.on_case(CoverageDecided, "KP-0000-0002"))[-1]
    assert (decided.outcome, decided.service, decided.contract_id) == ("covered", "five_days", "O-1")


@pytest.mark.clause("NEC-Q5")
async def test_a_contract_ends_by_itself_once_and_nobody_is_told_before(world: World, tokyo: Local) -> None:
    await buy(world, "g2-5day-3y")
    (end,) = await planned(world)
    assert (end.kind, end.due_at) == ("contract-end", tokyo(2029, 1, 10))
    world.clock.move_to(end.due_at)
    for _ in range(2):
        await fire(world, end)
    (ended,) = await world.events(streams.contract("nec", "O-1"), ContractEnded)
    assert (ended.ended_on, ended.occurred_at) == (date(2029, 1, 9), end.due_at)
    assert (await contract(world)).status == "ended"


@pytest.mark.clause("NEC-Q5")
async def test_where_the_plan_says_so_its_end_is_announced(nec_with: Any, tokyo: Local) -> None:
    plan = nec_with("remind_months_before = []", "remind_months_before = [1]")
    world = await World(plan.source, VirtualClock(tokyo(2026, 11, 20, 10))).begin(SERVER)
    await buy(world, "g2-5day-3y")
    end, notice = await planned(world)
    assert (notice.kind, notice.due_at) == ("contract-notice", tokyo(2028, 12, 9))
    await fire(world, notice)
    assert len(await world.events(streams.contract("nec", "O-1"), ContractEndAnnounced)) == 1
    await fire(world, end)
    await fire(world, notice)  # late, as it was put off: it has ended
    assert len(await world.events(streams.contract("nec", "O-1"), ContractEndAnnounced)) == 1


@pytest.mark.clause("NEC-Q5", "NEC-Q10")
@pytest.mark.parametrize(
    ("becomes", "announced"), [("not ordered", 1), ("sold", 0), ("given back", 1), ("given back and sold again", 0)]
)
async def test_the_end_of_what_is_renewed_is_not_announced(
    nec_with: Any, tokyo: Local, becomes: str, announced: int
) -> None:
    plan = nec_with("remind_months_before = []", "remind_months_before = [1]")
    bought_on = date(2024, 1, 10)
    world = await World(plan.source, VirtualClock(tokyo(2026, 11, 20, 10))).begin(replace(SERVER, bought_on=bought_on))
    await buy(world, "esp-5day-3y", agreed=True)
    if becomes != "not ordered":
        await buy(world, "esp-5day-renewal", "O-2", renews="O-1")
    if "given back" in becomes:
        given_back = ContractRefunded(
            occurred_at=world.clock.now(), contract_id="O-2", customer_id=CUSTOMER, order_id="O-2", reason="twice"
        )
        await record(world, given_back)
    if "again" in becomes:
        await buy(world, "esp-5day-renewal", "O-3", renews="O-1")
    _, notice = await planned(world)
    assert notice.due_at == tokyo(2026, 12, 9)
    world.clock.move_to(notice.due_at)
    await fire(world, notice)
    assert len(await world.events(streams.contract("nec", "O-1"), ContractEndAnnounced)) == announced
    if becomes == "sold":  # the renewal's own end is
        _, notice = await planned(world, "O-2")
        world.clock.move_to(notice.due_at)
        await fire(world, notice)
        assert len(await world.events(streams.contract("nec", "O-2"), ContractEndAnnounced)) == 1


@pytest.mark.clause("NEC-Q9")
async def test_anothers_server_is_no_server_of_theirs(world: World) -> None:
    await world.register(replace(SERVER, serial="SERVER-2", customer_id="customer-2"))
    for serial in ("SERVER-2", "SERVER-9"):
        with pytest.raises(Refused) as refused:
            await buy(world, "g2-5day-3y", asset_serial=serial)
        assert [(fault.code, fault.field) for fault in refused.value.faults] == [("unknown_asset", "asset_serial")]


@pytest.mark.clause("NEC-Q10")
async def test_a_renewal_is_of_a_contract_of_theirs_and_starts_the_day_after_it(nec: Plan, tokyo: Local) -> None:
    world = await World(nec.source, VirtualClock(tokyo(2026, 11, 20, 10))).begin(
        replace(SERVER, bought_on=date(2023, 12, 1))
    )
    await buy(world, "esp-5day-3y", agreed=True)
    (renewal,) = await buy(world, "esp-5day-renewal", "O-2", asset_serial=None, renews="O-1")
    assert (renewal.renews, renewal.serial) == ("O-1", "SERVER-1")
    assert (renewal.valid_from, renewal.valid_until) == (date(2026, 12, 1), date(2027, 11, 30))
    with pytest.raises(Refused) as refused:
        await buy(world, "esp-5day-renewal", "O-3", renews="O-9")
    assert "renewal_of" in [fault.code for fault in refused.value.faults]


@pytest.mark.parametrize("sold_with", ["order", "payment"])
@pytest.mark.clause("NEC-Q14")
async def test_a_contract_comes_into_being_when_the_plan_says(nec_with: Any, tokyo: Local, sold_with: str) -> None:
    plan = nec_with("[contracts.ending]", f'[contracts]\nsold_with = "{sold_with}"\n\n[contracts.ending]')
    world = await World(plan.source, VirtualClock(tokyo(2026, 11, 20, 10))).begin(SERVER)
    assert len(await buy(world, "g2-5day-3y")) == (1 if sold_with == "order" else 0)
    for _ in range(2):
        await world.invoice_paid("O-1", date(2026, 12, 1))
    assert [each.contract_id for each in (await world.asset("SERVER-1")).contracts] == ["O-1"]
    assert len(await world.events(streams.contract("nec", "O-1"), ContractSold)) == 1


@pytest.mark.clause("NEC-Q3")
@pytest.mark.parametrize(
    ("product", "wanted"), [("g2-5day-3y", (2026, 11, 23, 8, 30)), ("g2-24x365-3y", (2026, 11, 21, 22))]
)
async def test_an_isolated_fault_asks_for_a_visit_within_the_hours_of_the_pack(
    world: World, tokyo: Local, product: str, wanted: tuple[int, ...]
) -> None:
    await buy(world, product)
    device = await world.asset("SERVER-1")
    registered = device.contracts[0].model_copy(update={"registered_at": world.clock.now()})
    await world.register(replace(device, contracts=(registered,)))
    world.clock.move_to(tokyo(2026, 11, 21, 22))  # a Saturday; Monday is a holiday
    await world.opened(asset_serial="SERVER-1")
    await world.isolated(asset_serial="SERVER-1", part="disk")
    visit = (await world.on_case(CoverageDecided))[-1].visit
    assert visit is not None
    assert (visit.wanted_at, visit.serial, visit.part) == (tokyo(*wanted), "SERVER-1", "disk")


@pytest.mark.clause("NEC-Q16")
async def test_a_worn_battery_is_not_visited(world: World, tokyo: Local) -> None:
    await buy(world, "g2-24x365-3y")
    device = await world.asset("SERVER-1")
    registered = device.contracts[0].model_copy(update={"registered_at": world.clock.now()})
    await world.register(replace(device, contracts=(registered,)))
    worn = RequestDetails(cause="wear")
    await world.opened(asset_serial="SERVER-1", part="ups_battery", details=worn)
    decided = (await world.on_case(CoverageDecided))[-1]
    assert (decided.outcome, decided.deciding_clause, decided.visit) == ("refused", "NEC-Q16", None)
