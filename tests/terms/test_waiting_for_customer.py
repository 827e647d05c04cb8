"""SVT-15 and CWC-15 from the question to what follows from the answer: shipped later, and debited only then."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import reduce

import pytest
from kippu_dispatch.domain import planning
from kippu_dispatch.domain.shipment import Shipments, evolve
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.testing import CUSTOMER, World
from kippu_events.catalogue.entitlement import AssetContract, CoverageDecided, TicketDebited
from kippu_events.catalogue.shipments import ShipmentPlanned, ShipmentWithdrawn
from kippu_events.ports import VirtualClock
from kippu_terms.plan import Plan

Local = Callable[..., datetime]
FIRMWARE_RULE = """
[[coverage.rules]]
kind = "firmware_update"
clause = "QNP-12"
remedy.action = "update_firmware"
remedy.text.en = "Update the firmware."

[[coverage.rules]]
kind = "service_given"
clause = "QNP-09"
"""
UNIT = Asset(
    customer_id=CUSTOMER,
    serial="NAS-1",
    model="NAS 4-bay",
    plan_family="qnp",
    bought_from_provider=True,
    disks_from="provider",
    area="tokyo",
    contracts=(
        AssetContract(
            contract_id="C-1",
            product="advance-send-back",
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
        ),
    ),
)


@pytest.fixture
async def world(qnp_with: Callable[..., Plan], tokyo: Local) -> World:
    """QNP's terms with a rule of SVT's beside them, as SVT's aim at no time. Monday 11 May 2026 at 10:00 in Tokyo."""
    plan = qnp_with('\n[[coverage.rules]]\nkind = "service_given"\nclause = "QNP-09"\n', FIRMWARE_RULE)
    return await World(plan.source, VirtualClock(tokyo(2026, 5, 11, 10))).begin(UNIT)


async def decisions(world: World) -> list[CoverageDecided]:
    return await world.on_case(CoverageDecided)


@pytest.mark.clause("SVT-15")
async def test_no_unit_leaves_before_the_answer_and_the_target_moves_by_what_was_waited(
    world: World, tokyo: Local
) -> None:
    await world.opened(asset_serial="NAS-1")
    world.clock.advance(timedelta(hours=1))
    await world.isolated(asset_serial="NAS-1", part="disk")
    world.clock.advance(timedelta(hours=1))
    await world.said(firmware="asked")
    world.clock.move_to(tokyo(2026, 5, 13, 16))
    await world.said(firmware="done", answered_at=tokyo(2026, 5, 13, 9))
    _, isolated, asked, done = await decisions(world)
    assert [(each.outcome, each.waiting_for, each.shipment is None) for each in (isolated, asked, done)] == [
        ("covered", None, False),
        ("waiting", "customer", True),
        ("covered", None, False),
    ]
    assert done.shipment is not None
    assert done.shipment.target is not None
    paused = [(each.from_at, each.to_at) for each in done.shipment.target.stretches if each.state == "paused"]
    assert paused == [(tokyo(2026, 5, 11, 12), tokyo(2026, 5, 13, 9))]

    shipments, planned = Shipments(), []
    for decision in (isolated, asked, done):
        events = planning.plan(shipments, decision, decision.occurred_at)
        shipments = reduce(evolve, events, shipments)
        planned.append([type(event) for event in events])
    assert planned == [[ShipmentPlanned], [ShipmentWithdrawn], [ShipmentPlanned]]
    [waiting] = [each for each in shipments.all if each.is_waiting]
    assert waiting.need.target is not None
    assert waiting.need.target.due_on == date(2026, 5, 14)
    assert isolated.shipment is not None
    assert isolated.shipment.target is not None
    assert isolated.shipment.target.due_on == date(2026, 5, 12)


@pytest.fixture
async def agreeing(reworded: Callable[..., Plan], bangkok: Local) -> World:
    """IIJ-SE's terms, but work is debited after an agreement only, as CWC's paid support is."""
    plan = reworded('kind = "metered_debit"', 'kind = "paid_after_agreement"', version="2025-04-01")
    return await World(plan.source, VirtualClock(bangkok(2026, 6, 1, 10))).begin()


@pytest.mark.clause("CWC-15")
async def test_nothing_is_debited_before_the_customers_agreement_is_on_record(agreeing: World) -> None:
    await agreeing.credit("O-1", 5, days=300)
    await agreeing.opened()
    await agreeing.said(agreement="asked")
    await agreeing.worked(90)
    assert (await decisions(agreeing))[-1].waiting_for == "customer"
    assert await agreeing.on_wallet(TicketDebited) == []
    await agreeing.said(agreement="given")
    assert (await decisions(agreeing))[-1].outcome == "covered_by_debit"
    assert [each.quantity for each in await agreeing.on_wallet(TicketDebited)] == [2]


@pytest.mark.clause("CWC-15")
async def test_work_that_the_customer_does_not_agree_to_is_refused_and_costs_nothing(agreeing: World) -> None:
    await agreeing.credit("O-1", 5, days=300)
    await agreeing.opened()
    await agreeing.said(agreement="asked")
    await agreeing.worked(90)
    await agreeing.said(agreement="refused")
    assert (await decisions(agreeing))[-1].outcome == "refused"
    assert await agreeing.on_wallet(TicketDebited) == []
