"""What a decision under SVT's terms asks of dispatch, pinned so that dispatch needs no plan; and what comes of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from kippu_entitlement.domain import needs
from kippu_entitlement.domain.asset import Asset, Replacement
from kippu_entitlement.testing import CUSTOMER, World
from kippu_events.catalogue.dispatch import UnitExchanged
from kippu_events.catalogue.entitlement import AssetContract, CoverageDecided
from kippu_events.catalogue.values import RequestDetails
from kippu_events.ports import VirtualClock
from kippu_terms.plan import Plan

Local = Callable[..., datetime]


@pytest.mark.clause("SVT-12", "SVT-22", "SVT-23")
def test_a_replacement_ships_with_its_return_and_what_shipping_it_again_costs(report: Any, svt: Plan) -> None:
    need = needs.shipment(svt, report())
    assert need is not None
    assert (need.mode, need.clause, need.serial, need.target) == ("advance", "SVT-12", "10000000001", None)
    assert need.returns is not None
    assert (need.returns.clause, need.returns.days, need.returns.kept_parts) == ("SVT-22", 7, ())
    assert need.reship_charge is not None
    assert (need.reship_clause, need.reship_charge.lines[0].unit_price) == ("SVT-23", 1_500)


@pytest.mark.clause("SVT-20")
@pytest.mark.parametrize(
    ("said", "kind", "place_id"),
    [
        ({}, "registered_site", None),
        ({"ship_to": "named_place", "ship_to_island": False, "place_id": "P1"}, "named_place", "P1"),
        ({"ship_to": "registered_site", "ship_to_island": False, "place_id": "P1"}, "registered_site", None),
    ],
)
def test_a_replacement_goes_to_the_named_place_or_to_the_registered_site(
    report: Any, svt: Plan, said: dict[str, Any], kind: str, place_id: str | None
) -> None:
    need = needs.shipment(svt, report(**said))
    assert need is not None
    assert need.destination is not None
    assert (need.destination.kind, need.destination.place_id, need.destination.clause) == (kind, place_id, "SVT-20")
    assert need.destination.contract_id == report(**said).contract_id is not None


@pytest.mark.clause("SVT-20")
def test_of_another_place_it_is_not_known_whether_it_is_on_an_island() -> None:
    first = RequestDetails(ship_to="named_place", place_id="P1", ship_to_island=False, keep_part=True)
    another = first.updated(RequestDetails(ship_to="named_place", place_id="P2"))
    assert (another.ship_to_island, another.keep_part) == (None, True)
    assert first.updated(RequestDetails(ship_to="registered_site")).ship_to_island is False


@pytest.mark.clause("SVT-14", "SVT-15", "SVT-19")
@pytest.mark.parametrize(
    "change", [{"isolated_at": None}, {"firmware": "asked"}, {"cause": "natural_disaster"}, {"remote_island": True}]
)
@pytest.mark.parametrize("product", ["advance-1y", "onsite-basic-1y"])
def test_nothing_is_asked_of_dispatch_before_everything_is_in_order(
    report: Any, svt: Plan, change: dict[str, Any], product: str
) -> None:
    decision = report(product=product, **change)
    assert (needs.shipment(svt, decision), needs.visit(svt, decision)) == (None, None)
    assert all(remedy.clause != "SVT-12" for remedy in needs.remedies(svt, decision))


@pytest.mark.clause("SVT-25")
@pytest.mark.parametrize(
    ("isolated", "product", "earliest"),
    [
        ((2026, 6, 1, 16, 59, 59), "onsite-basic-1y", (2026, 6, 1, 16, 59, 59)),
        ((2026, 6, 1, 17, 0, 0), "onsite-basic-1y", (2026, 6, 2, 9, 0, 0)),
        ((2026, 6, 6, 3, 0, 0), "onsite-basic-1y", (2026, 6, 8, 9, 0, 0)),
        ((2026, 6, 6, 3, 0, 0), "onsite-extended-1y", (2026, 6, 6, 3, 0, 0)),
    ],
)
def test_a_visit_is_asked_for_within_the_hours_of_its_service(
    report: Any, svt: Plan, tokyo: Local, isolated: tuple[int, ...], product: str, earliest: tuple[int, ...]
) -> None:
    need = needs.visit(svt, report(product=product, isolated_at=tokyo(*isolated)))
    assert need is not None
    assert (need.wanted_at, need.clause, need.held) == (tokyo(*earliest), "SVT-13", True)
    assert (need.failed_part, need.failed_part_clause) == ("taken_away", "SVT-13")


@pytest.mark.clause("SVT-13")
def test_a_visit_says_where_it_is_and_what_the_engineer_has_to_know(report: Any, svt: Plan) -> None:
    need = needs.visit(svt, report(product="onsite-basic-1y", area="nagoya"))
    assert need is not None
    assert (need.area, need.skill) == ("nagoya", "switch")


@pytest.mark.clause("SVT-13", "SVT-21")
async def test_a_unit_that_was_exchanged_on_site_is_covered_in_place_of_the_old_one(svt: Plan, tokyo: Local) -> None:
    contract = AssetContract(
        contract_id="C-1",
        product="onsite-extended-1y",
        valid_from=date(2026, 1, 10),
        valid_until=date(2027, 1, 9),
        registered_at=tokyo(2026, 2, 1),
        status="active",
    )
    switch = Asset(
        customer_id=CUSTOMER,
        serial="SWITCH-1",
        model="M24ePWR",
        plan_family="svt",
        bought_from_provider=True,
        height_cm=120,
        contracts=(contract,),
    )
    world = await World(svt.source, VirtualClock(tokyo(2026, 6, 1, 22))).begin(switch)
    await world.opened(asset_serial="SWITCH-1")
    await world.isolated(asset_serial="SWITCH-1")
    world.clock.move_to(tokyo(2026, 6, 2, 0, 30))  # still the 1st in UTC
    exchanged = UnitExchanged(
        occurred_at=world.clock.now(),
        visit_id="KP-0000-0001.V2",
        ticket_no="KP-0000-0001",
        customer_id=CUSTOMER,
        serial="switch-2",
        defective_serial="SWITCH-1",
        exchanged_at=world.clock.now(),
        owner="provider",
        clause="SVT-13",
    )
    await world.hear(exchanged)
    old, new = await world.asset("SWITCH-1"), await world.asset("SWITCH-2")
    assert old.replaced_by == Replacement("SWITCH-2", date(2026, 6, 2), "KP-0000-0001.V2")
    assert new.registered == replace(switch, serial="SWITCH-2")
    for number, serial, outcome in ((2, "SWITCH-1", "refused"), (3, "SWITCH-2", "waiting")):
        await world.opened(f"KP-0000-000{number}", asset_serial=serial)
        assert (await world.on_case(CoverageDecided, f"KP-0000-000{number}"))[-1].outcome == outcome
    await world.said(cause="hardware_fault")
    assert (await world.on_case(CoverageDecided))[-1].outcome == "covered", "it is still about the unit that failed"
