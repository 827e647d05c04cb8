"""IIJ-04 to IIJ-10 as entitlement carries them out: what it decides on its own streams, and what it debits."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from kippu_entitlement.testing import DEVICE, World
from kippu_events.catalogue.entitlement import (
    ApprovalRequested,
    CoverageDecided,
    DebitShortfall,
    TicketDebited,
    TicketDebitReversed,
    WorkNoted,
)
from kippu_events.catalogue.values import WorkKind
from kippu_events.ports import VirtualClock
from kippu_terms.plan import Plan


@pytest.fixture
async def world(iij_se: Plan, bangkok: Callable[..., datetime]) -> World:
    """Wednesday 18 November 2026 at 10:00 in Bangkok; two lots of prepaid tickets, the smaller of which ends first."""
    made = await World(iij_se.source, VirtualClock(bangkok(2026, 11, 18, 10))).begin()
    await made.credit("O-late", 10, days=300)
    await made.credit("O-early", 1, days=90)
    return made


async def decided(world: World) -> CoverageDecided:
    return (await world.on_case(CoverageDecided))[-1]


@pytest.mark.clause("IIJ-04")
async def test_the_register_as_it_stood_at_receipt_decides(world: World, bangkok: Callable[..., datetime]) -> None:
    await world.register(replace(DEVICE, warranty_until=date(2026, 11, 17)))
    await world.opened(received_at=bangkok(2026, 11, 17, 23, 59))
    assert (await decided(world)).outcome == "covered_by_debit"
    await world.opened("KP-0000-0002", received_at=bangkok(2026, 11, 18, 0, 0))
    (late,) = await world.on_case(CoverageDecided, "KP-0000-0002")
    assert (late.outcome, late.deciding_clause) == ("refused", "IIJ-05")


@pytest.mark.clause("IIJ-04")
async def test_a_device_that_is_registered_after_the_refusal_is_covered_when_classified_anew(world: World) -> None:
    await world.opened(asset_serial="DEVICE-2")
    assert ((await decided(world)).outcome, (await decided(world)).deciding_clause) == ("refused", "IIJ-04")
    await world.register(replace(DEVICE, serial="DEVICE-2"))
    await world.classified(asset_serial="device-2")
    assert ((await decided(world)).outcome, (await decided(world)).decision) == ("covered_by_debit", 2)


@pytest.mark.clause("IIJ-05")
@pytest.mark.parametrize("change", [{"installed_by": "customer"}, {"warranty_until": date(2026, 11, 17)}])
async def test_what_the_customer_installed_or_is_out_of_warranty_is_refused_and_never_debited(
    world: World, change: dict[str, object]
) -> None:
    await world.register(replace(DEVICE, **change))  # type: ignore[arg-type]  # fields of several types
    await world.opened()
    await world.worked(60)
    assert ((await decided(world)).outcome, (await decided(world)).deciding_clause) == ("refused", "IIJ-05")
    assert await world.on_wallet(TicketDebited) == []


@pytest.mark.clause("IIJ-06")
async def test_preventive_maintenance_waits_for_an_approval_and_so_do_its_debits(world: World) -> None:
    await world.opened(category="preventive_maintenance")
    await world.worked(60, kind=WorkKind.PREVENTIVE_MAINTENANCE)
    (asked,) = await world.on_case(ApprovalRequested)
    assert ((await decided(world)).waiting_for, asked.clause) == ("approval", "IIJ-06")
    assert [each.units_due for each in await world.on_case(WorkNoted)] == [1]
    assert await world.on_wallet(TicketDebited) == []


@pytest.mark.clause("IIJ-07")
async def test_35_and_50_minutes_cost_two_from_the_lot_that_ends_first_on(world: World) -> None:
    await world.opened(category=None, asset_serial=None)
    await world.worked(35)
    await world.worked(50, kind=WorkKind.VENDOR_COORDINATION)
    await world.classified()
    debits = await world.on_wallet(TicketDebited)
    assert [(each.lot_id, each.quantity) for debit in debits for each in debit.allocations] == [
        ("O-early", 1),
        ("O-late", 1),
    ]
    assert {debit.clause for debit in debits} == {"IIJ-07"}


@pytest.mark.clause("IIJ-07")
async def test_work_from_receipt_on_counts_before_triage_and_waiting_does_not(world: World) -> None:
    received = world.clock.now()
    world.clock.advance(timedelta(hours=4))
    await world.opened(received_at=received)
    await world.worked(30, started_at=received)
    await world.worked(30, started_at=received - timedelta(minutes=30))
    await world.worked(240, started_at=received, kind=WorkKind.WAITING)
    assert [each.counted for each in await world.on_case(WorkNoted)] == [True, False, False]
    assert sum(each.quantity for each in await world.on_wallet(TicketDebited)) == 1


@pytest.mark.clause("IIJ-07")
async def test_an_empty_wallet_becomes_an_offer_and_never_goes_below_nothing(world: World) -> None:
    await world.opened()
    await world.worked(12 * 60)
    (debit,) = await world.on_wallet(TicketDebited)
    (short,) = await world.on_case(DebitShortfall)
    assert (debit.quantity, debit.balance, short.missing) == (11, 0, 1)
    assert (short.offer_product, short.offer.currency) == ("se-10", "THB")


@pytest.mark.clause("IIJ-08")
async def test_help_under_a_maintenance_agreement_is_debited_all_the_same(world: World) -> None:
    await world.register(replace(DEVICE, maintenance_agreement="agreement-1"))
    await world.opened(category="maintenance_assistance")
    await world.worked(60, kind=WorkKind.ONSITE_WORK)
    (debit,) = await world.on_wallet(TicketDebited)
    assert ((await decided(world)).deciding_clause, debit.clause, debit.quantity) == ("IIJ-08", "IIJ-08", 1)


@pytest.mark.clause("IIJ-09")
@pytest.mark.parametrize(("days", "held"), [(3, True), (10, False)])
async def test_work_on_a_saturday_is_held_at_short_notice(world: World, days: int, held: bool) -> None:
    await world.opened(wanted_at=world.clock.now() + timedelta(days=days), wanted_minutes=120)
    visit = (await decided(world)).visit
    assert visit is not None
    assert (visit.held, visit.notice_days, visit.clause) == (held, days, "IIJ-09")


@pytest.mark.clause("IIJ-09")
async def test_what_is_declined_at_short_notice_costs_nothing(world: World) -> None:
    before = await world.wallet()
    await world.opened(wanted_at=world.clock.now() + timedelta(days=3), wanted_minutes=120)
    await world.worked(85)
    await world.declined(clause="IIJ-09")
    (back,) = await world.on_wallet(TicketDebitReversed)
    assert [(each.lot_id, each.quantity) for each in back.allocations] == [("O-early", 1), ("O-late", 1)]
    assert await world.wallet() == before


@pytest.mark.clause("IIJ-10")
async def test_a_request_is_decided_by_the_version_in_force_at_receipt_also_when_it_is_decided_anew(
    world: World, iij_se: Plan, bangkok: Callable[..., datetime]
) -> None:
    text = iij_se.source.replace('version = "2025-04-01"', 'version = "2026-12-01"')
    await world.publish(text.replace("effective_from = 2025-04-01", "effective_from = 2026-12-01"))
    await world.opened()
    world.clock.move_to(bangkok(2026, 12, 1, 9))
    await world.classified(category="question")
    await world.opened("KP-0000-0002")
    assert [each.plan_version for each in await world.on_case(CoverageDecided)] == ["2025-04-01", "2025-04-01"]
    (later,) = await world.on_case(CoverageDecided, "KP-0000-0002")
    assert later.plan_version == "2026-12-01"
