"""Changed terms rehearsed on a real log: what flips, what it comes to, and that nothing comes of it."""

import tracemalloc
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from kippu import plans
from kippu import rehearsed as rehearsed_as
from kippu.compose import House
from kippu.rehearse import rehearse
from kippu.trouble import Trouble
from kippu_entitlement.domain import streams
from kippu_entitlement.rehearsal import Rehearsal, Replayed
from kippu_entitlement.testing import CUSTOMER, DEVICE, World
from kippu_events.catalogue.entitlement import AssetContract, OrderAccepted
from kippu_events.catalogue.intake import TicketResolved
from kippu_events.catalogue.shipments import UnitShipped
from kippu_events.catalogue.values import Price, WorkKind
from kippu_events.event import Event
from kippu_events.log import Log
from kippu_events.ports import SystemIds, VirtualClock
from kippu_events.work import Cause, Fold, Work, Worker
from kippu_terms.loading import load
from kippu_terms.plan import Plan
from kippu_terms.pricing import price

FOLDER = Path(__file__).parents[2] / "plans"
IIJ_SE, QNP = ((FOLDER / f"{name}.toml").read_text("utf-8") for name in ("iij-se", "qnp"))
MONDAY = datetime(2026, 11, 16, 3, tzinfo=UTC)  # 10:00 in Bangkok
ANY = Fold(int, int, lambda count, _event: count + 1, version=1)


def changed(text: str, *changes: tuple[str, str]) -> Plan:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return load(text)


def logs_of(world: World) -> dict[str, Log]:
    return {"entitlement": world.log, **world.heard}


async def world_of(house: House, text: str, *assets: str) -> World:
    runtime = house.runtimes["entitlement"]
    world = World(text, VirtualClock(MONDAY), house.logs["entitlement"], runtime.vault)
    return await world.begin(*(replace(DEVICE, serial=serial, plan_family=world.family) for serial in assets))


async def rehearsed(world: World, plan: Plan, since: datetime = MONDAY) -> tuple[Rehearsal, list[str]]:
    otherwise: list[Replayed] = []
    done = await rehearse(logs_of(world), plan, since, otherwise.append)
    return done, [rehearsed_as.line(each) for each in otherwise]


@pytest.fixture
async def busy(house: House) -> World:
    """Work of 35 and 50 minutes on a device in warranty until today; a question; and a device out of it, refused."""
    world = await world_of(house, IIJ_SE, "DEVICE-1", "DEVICE-2")
    await world.register(replace(DEVICE, warranty_until=date(2026, 11, 16)))
    await world.register(replace(DEVICE, serial="DEVICE-2", warranty_until=date(2026, 11, 15)))
    await world.credit("O-1", 10, days=90)
    await world.opened("KP-0000-0001")
    for minutes in (35, 50):
        await world.worked(minutes, "KP-0000-0001")
    await world.opened("KP-0000-0002", asset_serial="DEVICE-2")
    await world.opened("KP-0000-0003", category=None)
    await world.classified("KP-0000-0003", category="question")
    await world.worked(10, "KP-0000-0003", kind=WorkKind.REMOTE_WORK)
    return world


async def test_the_same_terms_change_nothing(busy: World) -> None:
    head = await busy.log.head()
    done, told = await rehearsed(busy, load(IIJ_SE))
    assert (done.requests, done.flips, done.differences, told) == (3, 0, 0, [])
    assert (done.before.tickets, done.after.tickets) == (3, 3)
    assert done.before == done.after
    assert await busy.log.head() == head


async def test_what_flips_and_what_costs_otherwise_is_told_with_its_clauses(busy: World) -> None:
    head = await busy.log.head()
    half_hours = ("unit_minutes = 60", "unit_minutes = 30")
    warranty = (
        'kind = "in_warranty"\nclause = "IIJ-05"',
        'kind = "in_warranty"\nclause = "IIJ-05"\ncategories = ["question"]',
    )
    dearer = ("unit_price = 1_800_000", "unit_price = 2_000_000")
    done, told = await rehearsed(busy, changed(IIJ_SE, half_hours, warranty, dearer))
    assert told == [
        "~ KP-0000-0001  covered_by_debit (IIJ-07), 2 tickets → covered_by_debit (IIJ-07), 3 tickets",
        "↯ KP-0000-0002  refused (IIJ-05) → covered_by_debit (IIJ-07)",
    ]
    assert (done.requests, done.flips, done.differences) == (3, 1, 2)
    assert (done.before.tickets, done.after.tickets) == (3, 4)
    was, would_be = done.before.worth["THB"], done.after.worth["THB"]
    assert [was.amount, would_be.amount] == [Fraction(540_000), Fraction(800_000)]
    assert would_be.illustrative
    assert await busy.log.head() == head


async def test_requests_count_from_the_instant_of_their_receipt(busy: World) -> None:
    busy.clock.advance(timedelta(days=1))
    await busy.opened("KP-0000-0004")
    assert [(await rehearsed(busy, load(IIJ_SE), since))[0].requests for since in (MONDAY, busy.clock.now())] == [4, 1]
    later = busy.clock.now() + timedelta(seconds=1)
    assert (await rehearsed(busy, load(IIJ_SE), later))[0].requests == 0


async def test_only_the_decision_that_stands_counts_and_what_was_declined_costs_nothing(busy: World) -> None:
    await busy.declined("KP-0000-0001")
    done, _ = await rehearsed(busy, changed(IIJ_SE, ("unit_minutes = 60", "unit_minutes = 30")))
    assert (done.requests, done.before.tickets, done.after.tickets) == (3, 1, 1)


async def test_orders_are_priced_again_and_those_at_a_price_of_their_own_are_left_out(busy: World) -> None:
    for number, (product, unit_price) in enumerate((("se-10", None), ("se-5", None), ("se-1", 1)), start=1):
        await _ordered(busy, f"O-{number}", product, unit_price)
    gone = changed(IIJ_SE, ('id = "se-5"', 'id = "se-6"'), ("unit_price = 1_800_000", "unit_price = 2_000_000"))
    done, _ = await rehearsed(busy, gone)
    assert (done.orders, done.own_price, done.unsold) == (3, 1, 1)
    was, would_be = done.before.orders["THB"], done.after.orders["THB"]
    assert [was.amount, would_be.amount] == [Fraction(1_926_000 + 1_043_250), Fraction(2_140_000)]
    assert was.illustrative


async def test_targets_are_held_against_what_was_shipped_and_answered(house: House) -> None:
    world = await world_of(house, QNP)
    contract = AssetContract(
        contract_id="C-1", product="advance-send-back", valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31)
    )
    await world.register(replace(DEVICE, plan_family="qnp", area="tokyo", disks_from="provider", contracts=(contract,)))
    for number, days in ((1, 1), (2, 2), (3, None)):
        ticket_no = f"KP-0000-000{number}"
        await world.opened(ticket_no)
        await world.isolated(ticket_no)
        if days is not None:
            shipped = UnitShipped(
                occurred_at=world.clock.now(),
                shipment_id=f"{ticket_no}.S2",
                ticket_no=ticket_no,
                customer_id=CUSTOMER,
                serial="SPARE-1",
                shipped_at=world.clock.now() + timedelta(days=days),
                attempt=1,
            )
            await _tell(world, "dispatch", f"shipments-qnp-{ticket_no}", shipped)
    await world.opened("KP-0000-0004", category="question", topic="smb")
    resolved = TicketResolved(occurred_at=world.clock.now(), ticket_no="KP-0000-0004", customer_id=CUSTOMER)
    await _tell(world, "intake", "ticket-qnp-KP-0000-0004", resolved)
    slower = (
        'kind = "ship"\ncounts_from = "isolation"\nbusiness_days = 1',
        'kind = "ship"\ncounts_from = "isolation"\nbusiness_days = 2',
    )
    done, told = await rehearsed(world, changed(QNP, slower))
    assert told == []
    assert [(side.met, side.missed, side.open) for side in (done.before, done.after)] == [(2, 1, 1), (3, 0, 1)]


async def test_memory_does_not_grow_with_the_log(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kippu.rehearse.BATCH", 20)
    world = await world_of(house, IIJ_SE, "DEVICE-1")
    peaks = []
    for count in (40, 160):
        for number in range(count):
            await world.opened(f"KP-{count:04}-{number:04}")
        tracemalloc.start()
        done = await rehearse(logs_of(world), load(IIJ_SE), MONDAY, lambda _: None)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert done.requests == 200
    assert peaks[1] < peaks[0] * 1.5


async def test_the_command_tells_the_sums_and_marks_what_is_illustrative(
    busy: World, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    read = changed(IIJ_SE, ("unit_minutes = 60", "unit_minutes = 30"))
    done = await plans.rehearsed_on(replace(house, logs=logs_of(busy)), read, MONDAY)
    plans.show(done, MONDAY.date())
    told = capsys.readouterr().out
    assert "3 requests of iij-se since 2026-11-16, as if 2025-04-01 had been in force: 0 flip, 1 more" in told
    assert "~ KP-0000-0001" in told
    assert "THB 5,400.00" in told
    assert "+THB 1,800.00" in told
    assert "illustrative" in told
    unpublished = load(IIJ_SE.replace('family = "iij-se"', 'family = "other"'))
    assert (await plans.rehearsed_on(house, unpublished, MONDAY)).requests == 0


def test_a_day_that_there_is_not_is_told() -> None:
    with pytest.raises(Trouble, match="is no date"):
        plans._day("2026-02-30")


async def _ordered(world: World, order_id: str, product: str, unit_price: int | None) -> None:
    plan = load(IIJ_SE)
    accepted = OrderAccepted(
        occurred_at=world.clock.now(),
        order_id=order_id,
        customer_id=CUSTOMER,
        plan_family=plan.family,
        plan_version=plan.version,
        product=product,
        quantity=1,
        price=Price.model_validate(price(plan, product, 1, unit_price=unit_price).model_dump()),
        tickets=plan.product(product).tickets,
    )

    async def decide(work: Work) -> None:
        work.record(await work.load(ANY, world.provider, streams.order(world.provider, order_id)), accepted)

    await world.run(decide)


async def _tell(world: World, service: str, stream: str, event: Event) -> None:
    async def decide(work: Work) -> None:
        work.record(await work.load(ANY, world.provider, stream), event)

    worker = Worker(world.heard[service], world.clock, SystemIds(), world.vault)
    await worker.run(Cause(f"test:{stream}:{event.type}", "client:test"), decide)
