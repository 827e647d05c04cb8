"""A visit that needs somebody says who is on the roster for it, and what they are engaged for on that day."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kippu_console import app as console
from kippu_console.readmodels.roster import Roster
from kippu_console.testing import Said, apply, page, record, sold
from kippu_console.testing.story import NOON
from kippu_console.views.roster import ENGAGED
from kippu_events.catalogue import capacity, dispatch
from kippu_events.log.memory import MemoryLog
from kippu_events.ports import VirtualClock
from kippu_privacy import Plain
from kippu_service.runtime import Runtime
from kippu_service.testing import runtime_on

MIGRATIONS = Path(console.__file__).parent / "migrations"
SVT = (Path(__file__).parents[3] / "plans" / "svt.toml").read_text("utf-8")
HOUR = timedelta(hours=1)
NOW: dict[str, Any] = {"occurred_at": NOON}


@pytest.fixture
async def runtime(service_database: Any) -> AsyncIterator[Runtime]:
    database = await service_database("console", [MIGRATIONS])
    async with runtime_on(database, MemoryLog("console"), clock=VirtualClock(NOON)) as made:
        yield made


def roster(**areas: str) -> list[Said]:
    """Engineers by id, each for one area, with the skill `switches`."""
    rostered = [
        capacity.EngineerRostered(
            **NOW,
            engineer_id=engineer,
            name=Plain(engineer, "Engineer"),
            areas=(area,),
            skills=("switches",),
            weekly=(),
        )
        for engineer, area in areas.items()
    ]
    events = [capacity.CapacitySet(**NOW, time_zone="Asia/Tokyo", engineers=tuple(areas), set_by="o"), *rostered]
    return [("dispatch", "capacity-iij", event) for event in events]


def engaged(engineer: str, visit_id: str, hours: int) -> Said:
    at = NOON + hours * HOUR
    about: dict[str, Any] = {"engineer_id": engineer, "visit_id": visit_id, "customer_id": "customer-1"}
    return "dispatch", "capacity-iij", capacity.EngineerEngaged(**NOW, **about, starts_at=at, ends_at=at + HOUR)


def held(ticket_no: str, **asks: Any) -> list[Said]:
    visit: dict[str, Any] = {"visit_id": f"{ticket_no}.V1", "ticket_no": ticket_no, "customer_id": "customer-1"}
    events = [
        dispatch.VisitRequested(**NOW, **visit, wanted_at=NOON, minutes=60, notice_days=0, clause="SVT-13", **asks),
        dispatch.VisitHeld(**NOW, **visit, clause="SVT-13"),
    ]
    return [("dispatch", f"visits-iij-{ticket_no}", event) for event in events]


async def suited(runtime: Runtime, *said: Said) -> list[str]:
    """What the list of visits says of each engineer."""
    await apply(runtime, await record(runtime, [sold.published(SVT), *said]))
    status, html = await page(runtime, "/visits?lang=en")
    assert status == 200
    told = html.partition("</summary><small>")[2].partition("Working hours")[0]
    return [line.strip() for line in told.split("<br>") if line.strip()]


async def test_who_is_for_the_area_and_skill_is_named_with_what_they_do_that_day(runtime: Runtime) -> None:
    assert await suited(
        runtime,
        *roster(one="tokyo", two="tokyo", three="osaka"),
        engaged("two", "V-9", 1),
        engaged("two", "V-10", 24),
        *held("KP-0000-0001", area="tokyo", skill="switches"),
    ) == ["one – not engaged that day", "two – engaged that day: 15:00–16:00"]


async def test_where_no_area_is_known_everybody_with_the_skill_is(runtime: Runtime) -> None:
    said = roster(one="tokyo", three="osaka")
    assert len(await suited(runtime, *said, *held("KP-0000-0001", skill="switches"))) == 2


async def test_nobody_is_where_nobody_has_the_skill_or_there_is_no_roster(runtime: Runtime) -> None:
    await suited(runtime, *roster(one="tokyo"), *held("KP-0000-0001", skill="servers"))
    assert "On the roster for its area and skill: 0" in (await page(runtime, "/visits?lang=en"))[1]


async def test_without_a_roster_nothing_is_said_of_it(runtime: Runtime) -> None:
    await suited(runtime, *held("KP-0000-0001"))
    assert "On the roster" not in (await page(runtime, "/visits?lang=en"))[1]


@pytest.mark.parametrize("size", [1, 100])
async def test_the_last_roster_stands_and_who_is_released_is_engaged_no_more(runtime: Runtime, size: int) -> None:
    released = capacity.EngineerReleased(**NOW, engineer_id="two", visit_id="V-9", customer_id="customer-1")
    envelopes = await record(
        runtime,
        [
            *roster(one="tokyo", two="tokyo"),
            engaged("two", "V-9", 1),
            ("dispatch", "capacity-iij", released),
            engaged("two", "V-8", 2),
            *roster(two="osaka"),
        ],
    )
    await apply(runtime, envelopes, size)
    [engineer] = await runtime.writers.fetch("select engineer_id, areas from read.engineer")
    assert tuple(engineer) == ("two", '["osaka"]')
    assert [row["visit_id"] for row in await runtime.writers.fetch("select visit_id from read.engagement")] == ["V-8"]
    assert {event.type for event in Roster.subscribes} == {each.type for each in envelopes}


async def test_visits_that_are_over_are_not_read_again(runtime: Runtime) -> None:
    # Given years of visits, and one of today
    await runtime.writers.execute(
        "insert into read.engagement (provider, engineer_id, visit_id, customer_id, starts_at, ends_at)"
        " select 'iij', 'one', 'V-' || n, 'customer-1', day, day + interval '1 hour'"
        "   from (select n, $1::timestamptz - n * interval '1 day' from generate_series(0, 5000) n) visit (n, day)",
        NOON,
    )
    async with runtime.readers.acquire() as reader, reader.transaction():
        await reader.execute("set local kippu.provider = 'iij'; set local kippu.customers = '*'")
        await reader.execute("set local enable_seqscan = off")  # whatever is known of the table by now
        # When one asks who is engaged today
        day = (NOON - HOUR, NOON + 2 * HOUR)
        assert [row["visit_id"] for row in await reader.fetch(ENGAGED, *day)] == ["V-0"]
        plan = [row[0] for row in await reader.fetch(f"explain (analyze, costs off, timing off) {ENGAGED}", *day)]
    # Then nothing that is over was looked at
    assert not [line for line in plan if "Rows Removed by Filter" in line], plan
    assert [line for line in plan if "Index Cond" in line], plan
