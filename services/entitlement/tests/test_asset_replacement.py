"""Given a register, when a unit is exchanged, then the new one takes the old one's place, once."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from itertools import pairwise
from typing import Any

import pytest
from kippu_entitlement import folds
from kippu_entitlement.domain import asset, streams
from kippu_entitlement.domain.asset import Asset, Exchange, NotTheirs, Replacement
from kippu_entitlement.testing import CUSTOMER, World
from kippu_entitlement.testing.desk import Desk
from kippu_events.catalogue.entitlement import AssetContract, AssetRegistered, AssetReplaced, CoverageDecided
from kippu_events.ports import VirtualClock
from kippu_terms.refusal import Refused

NOW = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)  # Tuesday 10:00 in Tokyo
TODAY = date(2026, 5, 12)
CONTRACT = AssetContract(
    contract_id="C-1", product="advance-send-back", valid_from=date(2026, 4, 1), valid_until=date(2027, 3, 31)
)
UNIT = Asset(
    customer_id=CUSTOMER,
    serial="NAS-1",
    model="NAS 4-bay",
    plan_family="qnp",
    bought_from_provider=True,
    delivered_on=date(2026, 3, 25),
    area="tokyo",
    contracts=(CONTRACT,),
)
DISK = replace(UNIT, serial="DISK-1", model="SSD 2 TB", part_of="NAS-1", contracts=())


def exchange(old: str, new: str, **changes: Any) -> Exchange:
    usual: dict[str, Any] = {
        "customer_id": CUSTOMER,
        "part": None,
        "replaced_on": TODAY,
        "delivered_at": NOW,
        "shipment_id": "KP-0000-0001.S2",
    }
    return Exchange(old_serial=old, new_serial=new, **(usual | changes))


def after(state: Asset, events: Any) -> Asset:
    return reduce(asset.evolve, events, state)


def test_the_new_unit_has_the_old_ones_facts_and_contracts_and_both_know_of_each_other() -> None:
    on_old, on_new = asset.exchange(UNIT, Asset(), exchange("NAS-1", "NAS-2"))
    assert [type(event) for event in on_new] == [AssetRegistered, AssetReplaced]
    old, new = after(UNIT, on_old), after(Asset(), on_new)
    assert new.registered == replace(UNIT, serial="NAS-2")
    assert old.replaced_by == Replacement("NAS-2", TODAY, "KP-0000-0001.S2")
    assert new.replaces == Replacement("NAS-1", TODAY, "KP-0000-0001.S2")
    days = (TODAY - timedelta(days=1), TODAY)
    assert [old.in_place_on(day) for day in days] == [True, False]
    assert [new.in_place_on(day) for day in days] == [False, True]
    assert asset.exchange(old, new, exchange("NAS-1", "NAS-2")) == ((), ()), "told twice, done once"


def test_a_disk_with_a_serial_of_its_own_is_replaced_in_its_unit() -> None:
    on_old, on_new = asset.exchange(DISK, Asset(), exchange("DISK-1", "DISK-2", part="disk"))
    assert [type(event) for event in on_old] == [AssetReplaced]
    assert after(Asset(), on_new).registered == replace(DISK, serial="DISK-2")


def test_a_part_of_a_unit_replaces_no_unit_and_is_registered_inside_it() -> None:
    on_old, on_new = asset.exchange(UNIT, Asset(), exchange("NAS-1", "DISK-2", part="disk"))
    inside = after(Asset(), on_new)
    assert (on_old, inside.part_of, inside.model, inside.contracts) == ((), "NAS-1", "disk", ())
    assert asset.exchange(UNIT, inside, exchange("NAS-1", "DISK-2", part="disk")) == ((), ())


def test_a_unit_that_comes_back_repaired_is_the_customers_own_as_before() -> None:
    assert asset.exchange(UNIT, UNIT, exchange("NAS-1", "NAS-1")) == ((), ())


def test_a_repaired_unit_may_take_a_place_again_at_whosever_it_is() -> None:
    on_old, on_new = asset.exchange(UNIT, Asset(), exchange("NAS-1", "NAS-2"))
    old, new = after(UNIT, on_old), after(Asset(), on_new)
    again = exchange("NAS-2", "NAS-1", shipment_id="KP-0000-0009.S1")
    new_again, old_again = asset.exchange(new, old, again)
    assert after(old, old_again).in_place_on(TODAY)
    assert not after(new, new_again).in_place_on(TODAY)
    theirs = replace(UNIT, serial="NAS-9", customer_id="customer-2")
    to_them = exchange("NAS-9", "NAS-1", customer_id="customer-2")
    _, sent = asset.exchange(theirs, old, to_them)
    assert (after(old, sent).customer_id, after(old, sent).replaced_by) == ("customer-2", None)


def test_what_is_in_anothers_register_is_never_taken_over() -> None:
    theirs = replace(UNIT, serial="NAS-2", customer_id="customer-2")
    with pytest.raises(NotTheirs, match="another customer"):
        asset.exchange(UNIT, theirs, exchange("NAS-1", "NAS-2"))
    with pytest.raises(NotTheirs, match="not in the register"):
        asset.exchange(Asset(), Asset(), exchange("NAS-1", "NAS-2"))
    with pytest.raises(NotTheirs, match="not in the register"):
        asset.exchange(theirs, Asset(), exchange("NAS-2", "NAS-3"))


def test_a_replaced_unit_is_registered_anew_by_another_alone_and_its_old_row_changes_nothing() -> None:
    old = after(UNIT, asset.exchange(UNIT, Asset(), exchange("NAS-1", "NAS-2"))[0])
    assert asset.register(old, UNIT, NOW) == ()
    with pytest.raises(Refused, match="replaced by NAS-2") as refused:
        asset.register(old, replace(UNIT, model="NAS 8-bay"), NOW)
    assert refused.value.kind == "conflict"
    (sold,) = asset.register(old, replace(UNIT, customer_id="customer-2"), NOW)
    assert asset.evolve(old, sold) == replace(UNIT, customer_id="customer-2")


def test_the_new_units_facts_may_be_corrected_and_it_is_still_the_replacement() -> None:
    new = after(Asset(), asset.exchange(UNIT, Asset(), exchange("NAS-1", "NAS-2"))[1])
    (corrected,) = asset.register(new, replace(UNIT, serial="NAS-2", area="osaka"), NOW)
    assert asset.evolve(new, corrected).replaces == new.replaces


def test_every_fault_of_contracts_and_dates_is_named_at_once() -> None:
    backwards = CONTRACT.model_copy(update={"contract_id": "C 2", "valid_until": date(2026, 3, 31)})
    wanted = replace(
        UNIT,
        area="Tokyo!",
        part_of="NAS-1",
        delivered_on=date(2100, 1, 1),
        contracts=(CONTRACT, CONTRACT, backwards),
    )
    with pytest.raises(Refused) as refused:
        asset.register(Asset(), wanted, NOW)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [
        ("area", "malformed"),
        ("part_of", "part_of_itself"),
        ("delivered_on", "date_out_of_range"),
        ("contracts.1.contract_id", "contract_twice"),
        ("contracts.2.contract_id", "malformed"),
        ("contracts.2.valid_until", "contract_ends_before_it_begins"),
    ]


def test_an_assets_saved_state_is_what_its_events_come_to() -> None:
    new = after(Asset(), asset.exchange(UNIT, Asset(), exchange("NAS-1", "NAS-2"))[1])
    assert folds.ASSET.restore(folds.ASSET.save(new)) == new


@pytest.fixture
async def world(qnp_text: str) -> World:
    return await World(qnp_text, VirtualClock(NOW)).begin(UNIT)


async def test_the_reactor_registers_the_new_serial_and_replaces_the_old_in_one_append(world: World) -> None:
    heard = await _heard(world)
    await world.react(heard)
    envelopes = [
        each
        for serial in ("NAS-1", "NAS-2")
        for each in await world.log.read_stream(streams.asset("qnp", serial))
        if each.metadata.causation_id == str(heard.id)
    ]
    assert [type(each.event).__name__ for each in envelopes] == ["AssetReplaced", "AssetRegistered", "AssetReplaced"]
    assert len({each.recorded_at for each in envelopes}) == 1
    await world.opened("KP-0000-0002", asset_serial="NAS-1")
    await world.opened("KP-0000-0003", asset_serial="NAS-2")
    (old,) = await world.on_case(CoverageDecided, "KP-0000-0002")
    (new,) = await world.on_case(CoverageDecided, "KP-0000-0003")
    assert (old.outcome, old.deciding_clause, old.facts["asset"]["replaced_by"]) == ("refused", "QNP-06", "NAS-2")
    assert (new.outcome, new.service) == ("covered", "advance_send_back")


async def _heard(world: World) -> Any:
    return await world.hear(world.delivering("KP-0000-0001.S2", "nas-2", "NAS-1"))


async def test_a_delivery_to_the_wrong_customer_is_for_a_person_to_sort_out(world: World) -> None:
    before = (await world.log.head()).position
    with pytest.raises(NotTheirs):
        await world.hear(world.delivering("KP-0000-0001.S2", "NAS-2", "NAS-9"))
    assert (await world.log.head()).position == before


async def test_the_exchange_is_shown_on_both_units_on_a_real_database(qnp_desk: Desk) -> None:
    world = qnp_desk.world
    await world.register(replace(UNIT, contracts=()), DISK)
    await world.tell(world.delivering("KP-0000-0001.S2", "NAS-2", "NAS-1"))
    await world.tell(world.delivering("KP-0000-0002.S1", "DISK-2", "DISK-1", part="disk"))
    await qnp_desk.settle()
    async with qnp_desk.partner() as partner:
        old, new, disk = [(await partner.get(f"/v1/assets/{each}")).json() for each in ("NAS-1", "NAS-2", "DISK-2")]
    told = {"replaced_on": world.today.isoformat(), "shipment_id": "KP-0000-0001.S2"}
    assert (old["replaced_by"], old["replaces"]) == ({"serial": "NAS-2", **told}, None)
    assert (new["replaced_by"], new["replaces"]) == (None, {"serial": "NAS-1", **told})
    assert (disk["part_of"], disk["replaces"]["serial"]) == ("NAS-1", "DISK-1")


@pytest.mark.parametrize("seed", range(4))
async def test_the_register_is_the_same_in_any_batches(qnp_desk: Desk, seed: int) -> None:
    world = qnp_desk.world
    await world.register(UNIT, DISK)
    for old, new in (("NAS-1", "NAS-2"), ("NAS-2", "NAS-1"), ("NAS-1", "NAS-3"), ("DISK-1", "DISK-2")):
        await world.hear(world.delivering(f"KP-0000-000{seed}.S{new[-1]}", new, old))
    envelopes = await world.log.read(0)
    (assets,) = [each for each in qnp_desk.service.projectors if each.name == "assets"]
    wanted = [each for each in envelopes if isinstance(each.event, assets.subscribes)]
    chance = random.Random(seed)  # noqa: S311  a repeatable order, not a secret
    connection = await qnp_desk.runtime.connect_writer()
    dumps = []
    try:
        for cuts in ([0, len(wanted)], sorted({0, len(wanted), *chance.choices(range(len(wanted)), k=5)})):
            await connection.execute("truncate read.asset")
            for start, end in pairwise(cuts):
                await assets.apply(connection, wanted[start:end])
            dumps.append([row[0] for row in await connection.fetch("select t::text from read.asset t order by serial")])
    finally:
        await connection.close()
    assert dumps[0] == dumps[1]
    assert len(dumps[0]) == 6
    for serial, place in (("NAS-1", False), ("NAS-2", False), ("NAS-3", True)):
        assert (await world.asset(serial)).in_place_on(world.today) is place
