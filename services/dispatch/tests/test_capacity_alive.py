"""Capacity as a whole: a roster is set, engineers are engaged with the visits, at the same moment, in any order."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from kippu_dispatch.api.capacity import MOST_BODY
from kippu_dispatch.testing import coverage
from kippu_dispatch.testing.alive import alive, read_back
from kippu_events.catalogue.capacity import CapacitySet, EngineerEngaged, EngineerReleased, EngineerRostered
from kippu_events.catalogue.dispatch import VisitBooked, VisitPostponed
from kippu_events.catalogue.entitlement import VisitNeed
from kippu_events.catalogue.fulfilment import Target
from kippu_events.testing.plugin import MakeDatabase
from kippu_service.problems import MAX_BODY_BYTES
from kippu_service.testing import Caller
from kippu_service.testing.living import Living
from kippu_terms.calendar import public_holidays

NOW = datetime(2026, 6, 3, 3, 0, tzinfo=UTC)
"""Wednesday 10:00 in Bangkok."""
SATURDAY = datetime(2026, 6, 6, 3, 0, tzinfo=UTC)
"""10:00 in Bangkok."""
FRIDAY = SATURDAY - timedelta(days=1)
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]
OFFICE = [{"weekdays": WEEKDAYS, "starts": "09:00", "ends": "18:00"}]


@pytest.fixture
async def dispatch(service_database: MakeDatabase) -> AsyncIterator[Living]:
    async with alive(service_database, NOW) as dispatch:
        yield dispatch


def engineer(number: int, **changes: Any) -> dict[str, Any]:
    usual = {"engineer_id": f"engineer-{number}", "name": f"Engineer {number}", "weekly": OFFICE}
    return usual | changes


async def roster(caller: Caller, *engineers: dict[str, Any], **headers: str) -> httpx.Response:
    body = {"time_zone": "Asia/Bangkok", "engineers": engineers}
    return await caller.put("/v1/capacity", json=body, headers=headers)


async def decide(
    dispatch: Living, number: int, wanted_at: datetime, *, held: bool = True, provider: str = "iij", **need: Any
) -> str:
    ticket_no = f"KP-0000-{number:04}"
    usual: dict[str, Any] = {"minutes": 60, "notice_days": 3, "clause": "IIJ-09"}
    visit = VisitNeed(wanted_at=wanted_at, held=held, **usual | need)
    decided = coverage(ticket_no, occurred_at=dispatch.clock.now(), visit=visit)
    await dispatch.hear("entitlement", f"case-{provider}-{ticket_no}", decided, provider=provider)
    await dispatch.settle()
    return f"{ticket_no}.V1"


async def test_a_roster_may_be_larger_than_other_requests_and_not_endless(dispatch: Living) -> None:
    said = b'{"time_zone": "Asia/Bangkok", "engineers": []}'
    async with Caller(dispatch.app) as dispatcher:
        for size, status in ((MAX_BODY_BYTES + 1, 200), (MOST_BODY, 200), (MOST_BODY + 1, 413)):
            headers = {"content-type": "application/json"}
            answer = await dispatcher.put("/v1/capacity", content=said.ljust(size), headers=headers)
            assert answer.status_code == status, answer.text


async def test_a_roster_is_set_shown_and_changed_only_by_whoever_read_the_last_one(dispatch: Living) -> None:
    async with Caller(dispatch.app, client_id="dispatcher-1") as dispatcher:
        assert (await read_back(dispatcher, "/v1/capacity"))["engineers"] == []
        night = {"weekdays": ["saturday"], "starts": "22:00", "ends": "06:00", "on_holidays": True}
        exceptions = [{"on": "2026-06-05", "off": True}, {"on": "2026-06-06", "starts": "09:00", "ends": "13:00"}]
        first = await roster(dispatcher, engineer(2, weekly=[*OFFICE, night], exceptions=exceptions), engineer(1))
        assert (first.status_code, first.json()) == (200, {"engineers": 2, "unassigned": []}), first.text
        shown = await read_back(dispatcher, "/v1/capacity", first)
        assert (shown["time_zone"], shown["set_by"]) == ("Asia/Bangkok", "dispatcher-1")
        assert [(each["engineer_id"], each["name"]) for each in shown["engineers"]] == [
            ("engineer-1", "Engineer 1"),
            ("engineer-2", "Engineer 2"),
        ]
        assert (shown["country"], shown["calendar_version"]) == (None, None)
        assert [each["on_holidays"] for each in shown["engineers"][1]["weekly"]] == [False] * 5 + [True]
        assert shown["engineers"][1]["weekly"][-1] == {
            "weekday": "saturday", "starts": "22:00:00", "ends": "06:00:00", "on_holidays": True
        }  # fmt: skip
        assert shown["engineers"][1]["exceptions"] == [
            {"on": "2026-06-05", "starts": None, "ends": None},
            {"on": "2026-06-06", "starts": "09:00:00", "ends": "13:00:00"},
        ]
        tag = first.headers["etag"]
        second = await roster(dispatcher, engineer(3), **{"If-Match": tag})
        assert second.status_code == 200, second.text
        assert (await roster(dispatcher, engineer(4), **{"If-Match": tag})).status_code == 412
        only = (await read_back(dispatcher, "/v1/capacity", second))["engineers"]
        assert [each["engineer_id"] for each in only] == ["engineer-3"]


async def test_every_fault_of_a_roster_is_named_at_once_and_nothing_changes(dispatch: Living) -> None:
    wrong = [
        {"weekdays": ["monday", "moonday"], "starts": "09:00", "ends": "25:00"},
        {"weekdays": ["sunday"], "starts": "22:00", "ends": "06:00"},
        {"weekdays": ["monday"], "starts": "05:59", "ends": "08:00"},
    ]
    exceptions = [
        {"on": "2026-02-30", "off": True},
        {"on": "2026-06-05", "off": True, "starts": "09:00", "ends": "10:00"},
        {"on": "2026-06-05", "off": True},
        {"on": "2026-06-07", "starts": "09:00"},
    ]
    async with Caller(dispatch.app) as dispatcher:
        body = {
            "time_zone": "Asia/Bankok",
            "country": "THA",
            "engineers": [
                engineer(1, areas=["Tokyo"], skills=["a b"], weekly=wrong, exceptions=exceptions),
                engineer(1),
                engineer(2, engineer_id="no id"),
            ],
        }
        refused = await dispatcher.put("/v1/capacity", json=body)
        assert refused.status_code == 422
        assert sorted((each["field"], each["code"]) for each in refused.json()["errors"]) == [
            ("country", "roster.country.unknown"),
            ("engineers.0.areas.0", "roster.name.malformed"),
            ("engineers.0.exceptions.0.on", "roster.date.impossible"),
            ("engineers.0.exceptions.1", "roster.exception.unclear"),
            ("engineers.0.exceptions.2.on", "roster.exception.twice"),
            ("engineers.0.exceptions.3", "roster.exception.unclear"),
            ("engineers.0.skills.0", "roster.name.malformed"),
            ("engineers.0.weekly", "roster.weekly.overlap"),
            ("engineers.0.weekly.0.ends", "roster.time.malformed"),
            ("engineers.0.weekly.0.weekdays", "roster.weekday.unknown"),
            ("engineers.1.engineer_id", "roster.engineer_id.twice"),
            ("engineers.2.engineer_id", "roster.engineer_id.malformed"),
            ("time_zone", "roster.time_zone.unknown"),
        ]
    assert await dispatch.events() == []


async def test_names_are_sealed_wherever_they_are_kept_and_go_with_their_key(dispatch: Living) -> None:
    async with Caller(dispatch.app) as dispatcher:
        await roster(dispatcher, engineer(1, name="Engineer Namely"))
        await dispatch.settle()
        stored = b"".join(envelope.data for envelope in await dispatch.runtime.log.read(0, 100))
        assert b"Namely" not in stored
        assert "Namely" not in str(await dispatch.dump())
        await dispatch.runtime.vault.erase("iij", "engineer-iij-engineer-1")
        assert [each["name"] for each in (await read_back(dispatcher, "/v1/capacity"))["engineers"]] == [None]
        assert (await roster(dispatcher, engineer(1))).status_code == 409, "nothing is recorded about them again"


async def test_visits_that_are_booked_at_the_same_moment_never_get_the_same_engineer(dispatch: Living) -> None:
    async with Caller(dispatch.app) as dispatcher:
        await roster(dispatcher, *[engineer(number) for number in (1, 2, 3)])
        visits = [await decide(dispatch, number, FRIDAY) for number in range(1, 6)]
        answers = await asyncio.gather(*[dispatcher.post(f"/v1/visits/{each}/book", json={}) for each in visits])
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409, 409]
        gone = [answer.json()["engineer_id"] for answer in answers if answer.is_success]
        assert sorted(gone) == ["engineer-1", "engineer-2", "engineer-3"]
        for refused in (answer for answer in answers if not answer.is_success):
            first, *reasons = refused.json()["errors"]
            assert first["code"] == "capacity.none"
            assert "2026-06-05T04:00:00+00:00" in first["message"], "an hour later everybody is free again"
            assert [each["code"] for each in reasons] == ["capacity.engaged"] * 3
        assert len(await dispatch.events(EngineerEngaged)) == len(await dispatch.events(VisitBooked)) == 3
        await dispatch.settle()
        held = (await read_back(dispatcher, "/v1/visits?status=held"))["items"]
        assert len(held) == 2, "what was refused changed nothing"
        shown = await read_back(dispatcher, "/v1/capacity")
        assert len({each["engineer_id"] for each in shown["engagements"]}) == 3


async def test_what_the_terms_accept_gets_an_engineer_by_itself_or_is_a_task_for_the_dispatcher(
    dispatch: Living,
) -> None:
    async with Caller(dispatch.app) as dispatcher:
        await roster(
            dispatcher, engineer(1), engineer(2, exceptions=[{"on": "2026-06-06", "starts": "09:00", "ends": "18:00"}])
        )
        await dispatch.settle()
        first, second = [await decide(dispatch, number, SATURDAY, held=False) for number in (1, 2)]
        assert (await read_back(dispatcher, f"/v1/visits/{first}"))["engineer_id"] == "engineer-2"
        alone = await read_back(dispatcher, f"/v1/visits/{second}")
        assert (alone["status"], alone["engineer_id"], alone["capacity"]["suggests"]) == ("booked", None, "postpone")
        tasks = (await read_back(dispatcher, "/v1/visits?unassigned=true"))["items"]
        assert [each["visit_id"] for each in tasks] == [second]
        assert [each["visit_id"] for each in (await read_back(dispatcher, "/v1/visits?unassigned=false"))["items"]] == [
            first
        ]

        refused = await dispatcher.post(f"/v1/visits/{second}/assign", json={"engineer_id": "engineer-1"})
        assert (refused.status_code, refused.json()["errors"][1]["code"]) == (409, "capacity.hours")
        both = [{"on": "2026-06-06", "starts": "09:00", "ends": "18:00"}]
        await roster(dispatcher, engineer(1, exceptions=both), engineer(2, exceptions=both))
        assigned = await dispatcher.post(f"/v1/visits/{second}/assign", json={"engineer_id": "engineer-1"})
        assert (assigned.status_code, assigned.json()["engineer_id"]) == (200, "engineer-1"), assigned.text
        assert (await read_back(dispatcher, "/v1/visits?unassigned=true", assigned))["items"] == []
        shown = await read_back(dispatcher, f"/v1/visits/{second}")
        assert (shown["engineer_id"], shown["capacity"]) == ("engineer-1", None)


async def test_a_held_visit_shows_whether_somebody_can_go_and_is_settled_by_that(dispatch: Living) -> None:
    async with Caller(dispatch.app) as dispatcher:
        visit = await decide(dispatch, 1, SATURDAY)
        assert (await read_back(dispatcher, f"/v1/visits/{visit}"))["capacity"] is None, "no roster, nothing to say"
        only_office = await roster(dispatcher, engineer(1))
        shown = (await read_back(dispatcher, f"/v1/visits/{visit}", only_office))["capacity"]
        assert (shown["engineer_ids"], shown["suggests"]) == ([], "postpone")
        assert [each["starts_at"] for each in shown["free"]] == [
            "2026-06-08T02:00:00Z", "2026-06-09T02:00:00Z", "2026-06-10T02:00:00Z"
        ]  # fmt: skip
        nobody = await roster(dispatcher, engineer(1, weekly=[]))
        shown = (await read_back(dispatcher, f"/v1/visits/{visit}", nobody))["capacity"]
        assert (shown["suggests"], shown["free"]) == ("decline", [])
        saturday = [{"on": "2026-06-06", "starts": "09:00", "ends": "13:00"}]
        duty = await roster(dispatcher, engineer(1, exceptions=saturday))
        shown = (await read_back(dispatcher, f"/v1/visits/{visit}", duty))["capacity"]
        assert (shown["engineer_ids"], shown["suggests"]) == (["engineer-1"], "accept")
        booked = await dispatcher.post(f"/v1/visits/{visit}/book", json={})
        assert booked.json()["engineer_id"] == "engineer-1"
    async with Caller(dispatch.app, customers=["customer-1"]) as partner:
        shown = await read_back(partner, f"/v1/visits/{visit}", booked)
        assert (shown["status"], shown["engineer_id"], shown["capacity"]) == ("booked", "engineer-1", None)
        assert (await partner.get(f"/v1/visits/{visit}/candidates")).status_code == 403
        assert (await partner.get("/v1/capacity")).status_code == 403


async def test_on_a_public_holiday_nobody_is_free_unless_the_roster_says_that_they_work_then(
    dispatch: Living,
) -> None:
    """Wednesday 3 June 2026 is one in Thailand."""
    at = NOW + timedelta(hours=1)
    async with Caller(dispatch.app) as dispatcher:
        visit = await decide(dispatch, 1, at)
        body: dict[str, Any] = {"time_zone": "Asia/Bangkok", "country": "TH", "engineers": [engineer(1)]}
        closed = await dispatcher.put("/v1/capacity", json=body)
        shown = await read_back(dispatcher, "/v1/capacity", closed)
        assert (shown["country"], shown["calendar_version"]) == ("TH", public_holidays("TH").version)
        available = (await read_back(dispatcher, f"/v1/visits/{visit}"))["capacity"]
        assert (available["engineer_ids"], available["free"][0]["starts_at"]) == ([], "2026-06-04T02:00:00Z")
        (why,) = (await read_back(dispatcher, f"/v1/visits/{visit}/candidates"))["cannot_go"]
        assert why["reasons"] == ["holiday"]
        refused = await dispatcher.post(f"/v1/visits/{visit}/book", json={})
        assert (refused.status_code, refused.json()["errors"][1]["code"]) == (409, "capacity.holiday")
        on_duty = engineer(1, weekly=[{**OFFICE[0], "on_holidays": True}])
        assert (await dispatcher.put("/v1/capacity", json=body | {"engineers": [on_duty]})).is_success
        assert (await dispatcher.post(f"/v1/visits/{visit}/book", json={})).json()["engineer_id"] == "engineer-1"
        (engaged,) = await dispatch.events(EngineerEngaged)
        assert engaged.calendar_version == public_holidays("TH").version
        off_again = await dispatcher.put("/v1/capacity", json=body)
        assert off_again.json()["unassigned"] == [visit]


async def test_a_person_may_overrule_and_it_is_on_record(dispatch: Living) -> None:
    async with Caller(dispatch.app) as dispatcher:
        await roster(dispatcher, engineer(1))
        visit = await decide(dispatch, 1, SATURDAY)
        refused = await dispatcher.post(f"/v1/visits/{visit}/book", json={})
        assert (refused.status_code, refused.json()["errors"][1]["code"]) == (409, "capacity.hours")
        booked = await dispatcher.post(f"/v1/visits/{visit}/book", json={"without_engineer": True})
        assert (booked.status_code, booked.json()["engineer_id"]) == (200, None)
        shown = await read_back(dispatcher, f"/v1/visits/{visit}", booked)
        assert (shown["without_engineer"], shown["capacity"]) == (True, None)
        assert (await read_back(dispatcher, "/v1/visits?unassigned=true"))["items"] == []


async def test_candidates_say_who_why_not_and_when_within_the_target(dispatch: Living) -> None:
    target = Target(
        kind="arrive", clause="QNP-09", started_at=NOW, due_at=NOW + timedelta(hours=4), calendar_version="1",
        time_zone="Asia/Bangkok",
    )  # fmt: skip
    async with Caller(dispatch.app) as dispatcher:
        fits = {"areas": ["north"], "skills": ["nas"]}
        await roster(dispatcher, engineer(1, **fits), engineer(2, areas=["north"]), engineer(3))
        need: dict[str, Any] = {"area": "north", "skill": "nas", "target": target, "to_agree": True}
        first, second = [await decide(dispatch, number, NOW, **need) for number in (1, 2)]
        at = (NOW + timedelta(minutes=30)).isoformat()
        booked = await dispatcher.post(f"/v1/visits/{first}/book", json={"starts_at": at, "minutes": 120})
        assert booked.json()["late"] is False
        params = {"starts_at": at, "minutes": "180"}
        answer = await dispatcher.get(
            f"/v1/visits/{second}/candidates", params=params,
            headers={"Kippu-Min-Position": booked.headers["kippu-position"]},
        )  # fmt: skip
        found = answer.json()
        assert found["can_go"] == []
        assert [(each["engineer_id"], each["reasons"], each["engaged_that_day"]) for each in found["cannot_go"]] == [
            ("engineer-2", ["skill"], 0),
            ("engineer-3", ["area", "skill"], 0),
            ("engineer-1", ["engaged"], 1),
        ]
        assert found["cannot_go"][2]["name"] == "Engineer 1"
        assert found["free"][0] == {
            "starts_at": "2026-06-03T05:30:00Z", "engineer_id": "engineer-1", "late": False
        }  # fmt: skip
        assert found["free"][1]["late"], "tomorrow is beyond the 4 hours"
        tomorrow = {"starts_at": found["free"][1]["starts_at"], "engineer_id": "engineer-1"}
        late = await dispatcher.post(f"/v1/visits/{second}/book", json=tomorrow)
        assert (late.status_code, late.json()["late"]) == (200, True)
        shown = await read_back(dispatcher, f"/v1/visits/{second}", late)
        assert (shown["late"], shown["area"], shown["skill"]) == (True, "north", "nas")


async def test_a_roster_change_turns_the_visits_of_who_cannot_go_into_tasks(dispatch: Living) -> None:
    async with Caller(dispatch.app) as dispatcher:
        await roster(dispatcher, engineer(1), engineer(2))
        first, second = [await decide(dispatch, number, FRIDAY, held=False) for number in (1, 2)]
        ill = await roster(dispatcher, engineer(1, exceptions=[{"on": "2026-06-05", "off": True}]), engineer(2))
        assert ill.json() == {"engineers": 2, "unassigned": [first]}
        tasks = (await read_back(dispatcher, "/v1/visits?unassigned=true", ill))["items"]
        assert [each["visit_id"] for each in tasks] == [first]
        shown = await read_back(dispatcher, "/v1/capacity")
        assert [(each["visit_id"], each["engineer_id"]) for each in shown["engagements"]] == [(second, "engineer-2")]
        gone = await roster(dispatcher)
        assert gone.json() == {"engineers": 0, "unassigned": [second]}
        moved = await dispatcher.post(
            f"/v1/visits/{first}/postpone", json={"to_at": SATURDAY.isoformat(), "reason": "nobody"}
        )
        assert (moved.status_code, moved.json()["engineer_id"]) == (200, None), "without a roster all is as before"


async def test_the_read_models_are_the_same_rebuilt_in_any_order_of_slots(dispatch: Living) -> None:
    async with Caller(dispatch.app) as dispatcher, Caller(dispatch.app, "other") as other:
        for caller, provider in ((dispatcher, "iij"), (other, "other")):
            await roster(caller, engineer(1), engineer(2))
            for number in range(1, 6):
                at = FRIDAY + timedelta(minutes=30 * number)
                visit = await decide(dispatch, number, at, held=number % 2 == 0, provider=provider)
                later = {"to_at": (at + timedelta(days=3)).isoformat(), "reason": "full"}
                assert (await caller.post(f"/v1/visits/{visit}/postpone", json=later)).is_success
            await roster(caller, engineer(2), engineer(3))
    assert len(await dispatch.events(VisitPostponed)) == 10
    assert await dispatch.events(EngineerReleased)
    assert len(await dispatch.events(CapacitySet)) == len(await dispatch.events(EngineerRostered)) / 2 == 4
    await dispatch.settle()
    live = await dispatch.dump()
    assert live["engagement"]
    for _ in range(3):
        await dispatch.rebuild()
        assert await dispatch.dump() == live
