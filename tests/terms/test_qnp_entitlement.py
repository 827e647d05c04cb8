"""QNP-01 to QNP-16 as entitlement carries them out: what it asks of dispatch, by when, and what a question costs."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.testing import CUSTOMER, World
from kippu_events.catalogue.entitlement import (
    AssetContract,
    CoverageDecided,
    DebitShortfall,
    TicketDebited,
    TicketDebitReversed,
)
from kippu_events.ports import VirtualClock
from kippu_terms.plan import Plan

Local = Callable[..., datetime]


def contract(product: str, *options: str, **changes: Any) -> AssetContract:
    usual: dict[str, Any] = {"valid_from": date(2026, 1, 1), "valid_until": date(2026, 12, 31)}
    return AssetContract(contract_id=f"C-{product}", product=product, options=options, **(usual | changes))


UNIT = Asset(
    customer_id=CUSTOMER,
    serial="NAS-1",
    model="NAS 4-bay",
    plan_family="qnp",
    bought_from_provider=True,
    delivered_on=date(2025, 10, 20),
    warranty_until=date(2028, 10, 19),
    area="tokyo",
    disks_from="provider",
    contracts=(contract("advance-send-back"),),
)
TICKET = "KP-0000-0001"


@pytest.fixture
async def world(qnp: Plan, tokyo: Local) -> World:
    """Friday 1 May 2026 at 10:00 in Tokyo; from Monday to Wednesday there are holidays."""
    return await World(qnp.source, VirtualClock(tokyo(2026, 5, 1, 10))).begin(UNIT)


async def decided(world: World, ticket_no: str = TICKET) -> CoverageDecided:
    return (await world.on_case(CoverageDecided, ticket_no))[-1]


async def isolated(world: World, at: datetime, unit: Asset = UNIT, part: str | None = "disk") -> CoverageDecided:
    """The decision on a fault of a unit that was isolated at that instant."""
    if unit is not UNIT:
        await world.register(unit)
    await world.opened(asset_serial=unit.serial)
    world.clock.move_to(max(at, world.clock.now()))
    await world.isolated(asset_serial=unit.serial, part=part, isolated_at=at)
    return await decided(world)


@pytest.mark.clause("QNP-01")
async def test_before_isolation_the_service_is_named_and_nothing_ships(world: World) -> None:
    await world.opened(asset_serial="nas-1")
    first = await decided(world)
    assert (first.outcome, first.service, first.way, first.contract_id) == (
        "covered",
        "advance_send_back",
        "exchange",
        "C-advance-send-back",
    )
    assert (first.shipment, first.visit, first.targets) == (None, None, ())
    assert [(each.action, each.clause) for each in first.remedies] == [("record_isolation", "QNP-01")]


@pytest.mark.clause("QNP-01", "QNP-07")
async def test_isolated_on_a_friday_before_holidays_a_replacement_is_to_ship_on_thursday(
    world: World, tokyo: Local
) -> None:
    decision = await isolated(world, tokyo(2026, 5, 1, 16))
    need = decision.shipment
    assert decision.decision == 2
    assert need is not None
    assert need.target is not None
    assert (need.mode, need.serial, need.model, need.part) == ("advance", "NAS-1", "NAS 4-bay", "disk")
    assert need.inside, "the disk is exchanged, the unit stays"
    assert (need.target.kind, need.target.due_on, need.target.clause) == ("ship", date(2026, 5, 7), "QNP-01")
    assert need.target.started_at == tokyo(2026, 5, 1, 16)
    closed = [(each.reason, each.names.get("en")) for each in need.target.stretches if each.state == "closed"]
    assert closed == [
        ("weekend", None),
        ("holiday", "Constitution Day"),
        ("holiday", "Greenery Day"),
        ("holiday", "Children's Day"),
        ("holiday", "Substitute Holiday"),
    ]
    assert need.target.stretches[0].from_at == need.target.started_at
    assert need.returns is not None
    assert (need.returns.days, need.returns.remind_days_before, need.returns.late_return) == (14, 3, "credited")
    assert need.returns.overdue_charge.lines[0].unit_price == 50_000
    assert (decision.failed_part, decision.carriage_paid_by) == ("returned_later", "sender")
    assert [each.action for each in decision.remedies] == []


@pytest.mark.clause("QNP-02", "QNP-03")
@pytest.mark.parametrize(
    ("warranty", "contracts", "service"),
    [
        (date(2026, 5, 1), (), "send_back"),
        (date(2026, 4, 30), (contract("extended-send-back"),), "extended_send_back"),
    ],
)
async def test_what_is_repaired_ships_after_it_was_sent_in(
    world: World, tokyo: Local, warranty: date, contracts: tuple[AssetContract, ...], service: str
) -> None:
    unit = replace(UNIT, serial="NAS-2", warranty_until=warranty, contracts=contracts)
    decision = await isolated(world, tokyo(2026, 5, 1, 16), unit)
    assert (decision.service, decision.failed_part) == (service, "sent_first")
    assert decision.shipment is not None
    assert (decision.shipment.mode, decision.shipment.target, decision.shipment.returns) == ("after_repair", None, None)


@pytest.mark.clause("QNP-03")
async def test_after_the_warranty_without_a_contract_it_is_quoted(world: World, tokyo: Local) -> None:
    unit = replace(UNIT, serial="NAS-2", warranty_until=date(2026, 4, 30), contracts=())
    decision = await isolated(world, tokyo(2026, 5, 1, 16), unit)
    assert (decision.outcome, decision.deciding_clause, decision.shipment) == ("quote", "QNP-03", None)


@pytest.mark.clause("QNP-05", "QNP-06")
@pytest.mark.parametrize(
    ("change", "outcome", "clause"),
    [
        ({"remote_island": True}, "consult", "QNP-05"),
        ({"disks_from": "elsewhere"}, "consult", "QNP-06"),
        ({"bought_from_provider": False}, "refused", "QNP-06"),
    ],
)
async def test_what_is_to_be_consulted_on_or_was_bought_elsewhere_ships_nothing(
    world: World, tokyo: Local, change: dict[str, Any], outcome: str, clause: str
) -> None:
    unit = replace(UNIT, serial="NAS-2", **change)
    decision = await isolated(world, tokyo(2026, 5, 1, 16), unit)
    assert (decision.outcome, decision.deciding_clause, decision.shipment) == (outcome, clause, None)


@pytest.mark.clause("QNP-06")
async def test_from_its_replacement_on_the_old_serial_is_refused_and_the_new_one_is_covered(
    world: World, tokyo: Local
) -> None:
    await isolated(world, tokyo(2026, 5, 1, 16))
    world.clock.move_to(tokyo(2026, 5, 9, 11))
    await world.delivered(f"{TICKET}.S2", "NAS-9", "NAS-1")
    for number, serial in ((2, "NAS-1"), (3, "NAS-9")):
        await world.opened(f"KP-0000-000{number}", asset_serial=serial)
    old, new = await decided(world, "KP-0000-0002"), await decided(world, "KP-0000-0003")
    assert (old.outcome, old.deciding_clause) == ("refused", "QNP-06")
    (finding,) = [each for each in old.findings if each.clause == "QNP-06" and each.result == "refused"]
    assert finding.inputs["replaced_by"] == "NAS-9"
    (remedy,) = [each for each in old.remedies if each.clause == "QNP-06"]
    assert remedy.action == "use_replacement"
    assert all("NAS-9" in text for text in remedy.text.values())
    assert (new.outcome, new.service, new.contract_id) == ("covered", "advance_send_back", "C-advance-send-back")
    await world.opened("KP-0000-0004", asset_serial="NAS-1", received_at=tokyo(2026, 5, 8, 17))
    assert (await decided(world, "KP-0000-0004")).outcome == "covered", "it was still there when the request came in"
    await world.opened("KP-0000-0005", asset_serial="NAS-9", received_at=tokyo(2026, 5, 8, 17))
    assert (await decided(world, "KP-0000-0005")).outcome == "refused", "it was not there yet"


@pytest.mark.clause("QNP-06")
async def test_the_request_on_which_a_unit_was_replaced_is_still_about_that_unit(world: World, tokyo: Local) -> None:
    await isolated(world, tokyo(2026, 5, 1, 16))
    await world.delivered(f"{TICKET}.S2", "NAS-9", "NAS-1")
    await world.classified(asset_serial="NAS-1")
    again = await decided(world)
    assert (again.decision, again.outcome) == (3, "covered")
    assert again.shipment == (await world.on_case(CoverageDecided))[1].shipment


@pytest.mark.clause("QNP-01", "QNP-06")
async def test_a_disk_is_covered_by_its_units_contract_wherever_that_unit_is_replaced(
    world: World, tokyo: Local
) -> None:
    disk = replace(UNIT, serial="DISK-1", model="SSD 2 TB", part_of="NAS-1", contracts=(), area=None)
    await world.register(disk)
    await world.delivered("KP-0000-0009.S1", "NAS-9", "NAS-1")
    world.clock.move_to(tokyo(2026, 5, 7, 10))
    await world.opened(asset_serial="DISK-1")
    await world.isolated(asset_serial="DISK-1", part="disk")
    decision = await decided(world)
    assert (decision.service, decision.facts["asset"]["area"]) == ("advance_send_back", "tokyo")
    assert decision.shipment is not None
    assert (decision.shipment.serial, decision.shipment.model) == ("DISK-1", "SSD 2 TB")
    assert not decision.shipment.inside, "the disk is registered by itself, and is due back by its own serial number"
    await world.delivered(f"{TICKET}.S2", "DISK-2", "DISK-1", part="disk")
    await world.opened("KP-0000-0002", asset_serial="DISK-2")
    assert (await decided(world, "KP-0000-0002")).service == "advance_send_back"


@pytest.mark.clause("QNP-08", "QNP-10")
@pytest.mark.parametrize(
    ("isolated_at", "bound", "due"),
    [((13, 0, 0), "by", date(2026, 5, 1)), ((13, 0, 1), "from", (2026, 5, 7, 9))],
)
async def test_a_visit_is_the_same_day_if_isolated_by_13_00_and_not_a_second_later(
    world: World, tokyo: Local, isolated_at: tuple[int, ...], bound: str, due: Any
) -> None:
    unit = replace(UNIT, serial="NAS-2", contracts=(contract("onsite-weekday"),))
    decision = await isolated(world, tokyo(2026, 5, 1, *isolated_at), unit)
    visit = decision.visit
    assert visit is not None
    assert visit.target is not None
    assert (visit.target.kind, visit.target.bound, visit.held, visit.serial) == ("arrive", bound, True, "NAS-2")
    assert (visit.target.due_on or visit.target.due_at) == (due if bound == "by" else tokyo(*due))
    assert (visit.failed_part, visit.failed_part_clause, decision.shipment) == ("taken_away", "QNP-10", None)


@pytest.mark.clause("QNP-09")
async def test_a_24_hour_plan_counts_4_hours_through_a_holiday_night(world: World, tokyo: Local) -> None:
    unit = replace(UNIT, serial="NAS-2", contracts=(contract("onsite-24h"),))
    decision = await isolated(world, tokyo(2026, 5, 4, 22), unit)
    assert decision.visit is not None
    assert decision.visit.target is not None
    assert decision.visit.target.due_at == tokyo(2026, 5, 5, 2)
    assert [each.state for each in decision.visit.target.stretches] == ["open"]


@pytest.mark.clause("QNP-11")
@pytest.mark.parametrize(
    ("part", "becomes", "clause"), [("disk", "handed_over", "QNP-11"), ("fan", "taken_away", "QNP-10")]
)
async def test_under_the_option_a_failed_disk_stays_and_other_parts_do_not(
    world: World, tokyo: Local, part: str, becomes: str, clause: str
) -> None:
    unit = replace(UNIT, serial="NAS-2", contracts=(contract("onsite-weekday", "non-return-disk"),))
    decision = await isolated(world, tokyo(2026, 5, 1, 11), unit, part)
    assert decision.visit is not None
    assert (decision.visit.part, decision.visit.failed_part, decision.visit.failed_part_clause) == (
        part,
        becomes,
        clause,
    )


@pytest.mark.clause("QNP-01")
async def test_a_corrected_isolation_is_decided_on_anew_and_a_classification_leaves_it(
    world: World, tokyo: Local
) -> None:
    await isolated(world, tokyo(2026, 5, 1, 16))
    world.clock.move_to(tokyo(2026, 5, 7, 10))
    await world.isolated(asset_serial="NAS-1", part="psu", isolated_at=tokyo(2026, 5, 7, 9))
    corrected = (await decided(world)).shipment
    assert corrected is not None
    assert corrected.target is not None
    assert (corrected.part, corrected.target.due_on) == ("psu", date(2026, 5, 8))
    await world.classified(asset_serial=None)
    assert (await decided(world)).shipment == corrected
    await world.register(replace(UNIT, serial="NAS-2"))
    await world.classified(asset_serial="NAS-2")
    other = await decided(world)
    assert (other.service, other.shipment) == ("advance_send_back", None), "of this unit no fault was isolated"


async def buy(world: World) -> None:
    await world.quote_accepted("Q-first", "technical-tickets-5")
    await world.invoice_paid("O-first", world.today)


async def ask(world: World, number: int, **facts: Any) -> CoverageDecided:
    ticket_no = f"KP-0000-000{number}"
    await world.opened(ticket_no, **{"category": "question", "topic": "smb", "asset_serial": None, **facts})
    return await decided(world, ticket_no)


@pytest.mark.clause("QNP-12", "QNP-16")
async def test_a_question_takes_one_of_five_at_once_and_the_sixth_gets_an_offer(world: World) -> None:
    await buy(world)
    for number in range(1, 7):
        decision = await ask(world, number)
        assert (decision.outcome, decision.quantity, decision.deciding_clause) == ("covered_by_debit", 1, "QNP-12")
    assert [each.balance for each in await world.on_wallet(TicketDebited)] == [4, 3, 2, 1, 0]
    (short,) = await world.on_case(DebitShortfall, "KP-0000-0006")
    assert (short.offer_product, short.offer_quantity, short.offer.currency) == ("technical-tickets-5", 1, "JPY")
    assert short.offer.lines[0].unit_price == 60_000


@pytest.mark.clause("QNP-12")
async def test_isolation_under_a_contract_costs_nothing_and_without_one_a_ticket(world: World) -> None:
    await buy(world)
    await world.register(replace(UNIT, serial="NAS-2", contracts=()))
    free = await ask(world, 1, category="isolation", topic=None, asset_serial="NAS-1")
    assert (free.outcome, free.quantity) == ("covered", None)
    assert await world.on_wallet(TicketDebited) == []
    paid = await ask(world, 2, category="isolation", topic=None, asset_serial="NAS-2")
    assert (paid.outcome, paid.quantity) == ("covered_by_debit", 1)
    assert len(await world.on_wallet(TicketDebited)) == 1


@pytest.mark.clause("QNP-12")
async def test_a_question_that_turns_out_to_be_free_or_is_declined_gets_its_ticket_back(world: World) -> None:
    await buy(world)
    before = await world.wallet()
    await ask(world, 1)
    await world.classified("KP-0000-0001", category="isolation", asset_serial="NAS-1")
    assert (await decided(world)).outcome == "covered"
    assert await world.wallet() == before
    await ask(world, 2)
    await world.declined("KP-0000-0002", clause="QNP-12")
    assert await world.wallet() == before
    assert [each.ticket_no for each in await world.on_wallet(TicketDebitReversed)] == ["KP-0000-0001", "KP-0000-0002"]
    await world.classified("KP-0000-0001", category="question", topic="nfs", asset_serial="NAS-1")
    assert [each.debit_id for each in await world.on_wallet(TicketDebited)][-1] == "KP-0000-0001.2"


@pytest.mark.clause("QNP-13")
async def test_what_is_out_of_scope_is_refused_and_costs_nothing(world: World) -> None:
    await buy(world)
    refused = await ask(world, 1, topic="cooking")
    assert (refused.outcome, refused.deciding_clause) == ("refused", "QNP-13")
    assert await world.on_wallet(TicketDebited) == []


@pytest.mark.clause("QNP-14")
async def test_a_question_is_answered_from_the_next_business_day_on_if_it_comes_after_hours(
    world: World, tokyo: Local
) -> None:
    world.clock.move_to(tokyo(2026, 5, 1, 17, 30))
    decision = await ask(world, 1)
    (target,) = decision.targets
    assert (target.kind, target.bound, target.due_at) == ("answer", "from", tokyo(2026, 5, 7, 9))
    assert decision.counts_from == tokyo(2026, 5, 7, 9)


@pytest.mark.clause("QNP-12")
@pytest.mark.parametrize("callers", [2, 32])
async def test_of_many_questions_at_the_same_moment_for_the_last_ticket_one_gets_it(world: World, callers: int) -> None:
    await world.credit("O-1", 1, days=100)
    numbers = [f"KP-0000-{number:04d}" for number in range(callers)]
    facts = {"category": "question", "topic": "smb", "asset_serial": None}
    await asyncio.gather(*(world.opened(ticket_no, **facts) for ticket_no in numbers))
    (debit,) = await world.on_wallet(TicketDebited)
    shorts = [each for ticket_no in numbers for each in await world.on_case(DebitShortfall, ticket_no)]
    assert {each.ticket_no for each in shorts} == set(numbers) - {debit.ticket_no}
    assert (await world.wallet()).balance_at(world.clock.now() + timedelta(seconds=1)) == 0
