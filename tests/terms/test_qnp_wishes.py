"""QNP-11, QNP-14 and QNP-15 from a request's wishes to what is answered to them, and what an operator overrides."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.testing import CUSTOMER, World
from kippu_events.catalogue.entitlement import AssetContract, CoverageDecided, RequestNoted
from kippu_events.catalogue.values import RequestDetails
from kippu_events.ports import VirtualClock
from kippu_terms.plan import Plan

Local = Callable[..., datetime]
YEAR: dict[str, Any] = {"valid_from": date(2026, 1, 1), "valid_until": date(2026, 12, 31)}
UNIT = Asset(
    customer_id=CUSTOMER,
    serial="NAS-1",
    model="NAS 4-bay",
    plan_family="qnp",
    bought_from_provider=True,
    area="tokyo",
    disks_from="provider",
    contracts=(AssetContract(contract_id="C-1", product="advance-send-back", **YEAR),),
)


@pytest.fixture
async def world(qnp: Plan, tokyo: Local) -> World:
    """Friday 1 May 2026 at 10:00 in Tokyo."""
    return await World(qnp.source, VirtualClock(tokyo(2026, 5, 1, 10))).begin(UNIT)


async def decided(world: World) -> CoverageDecided:
    return (await world.on_case(CoverageDecided))[-1]


async def asked(world: World, **details: Any) -> CoverageDecided:
    await world.opened(asset_serial="NAS-1", part="disk", details=RequestDetails(**details))
    return await decided(world)


def replies(decision: CoverageDecided) -> list[tuple[str, str, str]]:
    return [(each.about, each.answer, each.clause) for each in decision.replies]


@pytest.mark.clause("QNP-11")
async def test_keeping_the_disk_is_refused_on_a_send_back_plan_until_the_wish_is_taken_back(world: World) -> None:
    first = await asked(world, keep_part=True)
    assert (first.outcome, first.deciding_clause) == ("refused", "QNP-11")
    await world.said(keep_part=False)
    second = await decided(world)
    assert (second.outcome, second.deciding_clause, second.decision) == ("covered", "QNP-01", 2)


@pytest.mark.clause("QNP-14")
async def test_an_answer_time_is_on_record_and_answered_as_not_binding(world: World, tokyo: Local) -> None:
    decision = await asked(world, answer_wanted_by=tokyo(2026, 5, 1, 12))
    assert (decision.outcome, replies(decision)) == ("covered", [("answer_wanted_by", "not_binding", "QNP-14")])
    assert datetime.fromisoformat(decision.facts["request"]["answer_wanted_by"]) == tokyo(2026, 5, 1, 12)


@pytest.mark.clause("QNP-15")
async def test_a_written_report_is_declined_unless_an_operator_grants_it(world: World) -> None:
    decision = await asked(world, written_report="asked")
    assert (decision.outcome, replies(decision)) == ("covered", [("written_report", "declined", "QNP-15")])
    await world.said(written_report="granted")
    assert replies(await decided(world)) == [("written_report", "granted", "QNP-15")]


@pytest.mark.clause("QNP-01")
async def test_the_contract_decides_and_not_the_service_that_is_wished_for(world: World) -> None:
    decision = await asked(world, wanted_service="onsite_24h")
    assert (decision.service, replies(decision)) == (
        "advance_send_back",
        [("wanted_service", "not_followed", "QNP-01")],
    )


async def test_what_was_said_stays_while_the_desk_says_what_it_is_about_and_isolates_it(world: World) -> None:
    await world.opened(category=None, asset_serial=None, details=RequestDetails(written_report="asked"))
    await world.classified(asset_serial="NAS-1", details=RequestDetails(cause="wear"))
    await world.said(internet=True)
    world.clock.advance(timedelta(hours=1))
    await world.isolated(asset_serial="NAS-1", part="disk")
    last = (await world.on_case(RequestNoted))[-1]
    assert last.details == RequestDetails(written_report="asked", cause="wear", internet=True)
    assert last.isolated_at == world.clock.now()
    facts = (await decided(world)).facts["request"]
    assert {name: facts[name] for name in ("cause", "written_report", "internet", "keep_part")} == {
        "cause": "wear",
        "written_report": "asked",
        "internet": True,
        "keep_part": False,
    }
