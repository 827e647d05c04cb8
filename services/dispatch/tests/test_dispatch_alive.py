"""Dispatch as a whole: what it hears becomes visits, the dispatcher settles them, everybody sees only their own."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kippu_dispatch.testing import coverage
from kippu_dispatch.testing.alive import alive, read_back
from kippu_events.catalogue.dispatch import VisitBooked, VisitHeld, VisitRequested, VisitWithdrawn
from kippu_events.catalogue.entitlement import RequestClosed, RequestDeclined, RequestReopened, VisitNeed
from kippu_events.testing.plugin import MakeDatabase
from kippu_service.testing import Caller
from kippu_service.testing.living import Living

SATURDAY = datetime(2026, 6, 6, 3, 0, tzinfo=UTC)
NOW = datetime(2026, 6, 3, 3, 0, tzinfo=UTC)
"""Wednesday 10:00 in Bangkok."""


@pytest.fixture
async def dispatch(service_database: MakeDatabase) -> AsyncIterator[Living]:
    async with alive(service_database, NOW) as dispatch:
        yield dispatch


async def decide(
    dispatch: Living,
    number: int = 1,
    *,
    decision: int = 1,
    wanted_at: datetime | None = SATURDAY,
    held: bool = True,
    provider: str = "iij",
    customer: str = "customer-1",
    serial: str | None = None,
) -> str:
    """Entitlement decides on a request; answers the visit's id, should it need one."""
    ticket_no = f"KP-0000-{number:04}"
    usual: dict[str, Any] = {"minutes": 60, "notice_days": 3, "clause": "IIJ-09", "serial": serial}
    need = VisitNeed(wanted_at=wanted_at, held=held, **usual) if wanted_at else None
    now = dispatch.clock.now()
    decided = coverage(ticket_no, decision, occurred_at=now, customer_id=customer, visit=need)
    await dispatch.hear("entitlement", f"case-{provider}-{ticket_no}", decided, provider=provider)
    await dispatch.settle()
    return f"{ticket_no}.V{decision}"


async def test_a_held_visit_is_postponed_and_completed(dispatch: Living) -> None:
    visit = await decide(dispatch, held=True)
    async with Caller(dispatch.app, client_id="dispatcher-1") as dispatcher:
        held = await dispatcher.get(f"/v1/visits/{visit}")
        assert (held.json()["status"], held.json()["clause"], held.headers["etag"]) == ("held", "IIJ-09", '"2"')

        monday = SATURDAY + timedelta(days=2)
        postponed = await dispatcher.post(
            f"/v1/visits/{visit}/postpone",
            json={"to_at": monday.isoformat(), "reason": "nobody free on Saturday"},
            headers={"If-Match": held.headers["etag"]},
        )
        assert postponed.status_code == 200, postponed.text
        assert postponed.json() == {
            "visit_id": visit, "status": "postponed", "starts_at": monday.isoformat(), "minutes": 60,
            "engineer_id": None, "late": False,
        }  # fmt: skip
        shown = await read_back(dispatcher, f"/v1/visits/{visit}", postponed)
        assert shown["reason"] == "nobody free on Saturday"
        assert shown["settled_by"] == "dispatcher-1"
        assert datetime.fromisoformat(shown["starts_at"]) == monday
        assert datetime.fromisoformat(shown["wanted_at"]) == SATURDAY

        dispatch.clock.move_to(monday + timedelta(hours=2))
        ended = (monday + timedelta(hours=1)).isoformat()
        completed = await dispatcher.post(f"/v1/visits/{visit}/complete", json={"completed_at": ended})
        assert (await read_back(dispatcher, f"/v1/visits/{visit}", completed))["status"] == "completed"


async def test_what_was_exchanged_on_site_is_shown_with_the_visit_by_its_plain_serial(dispatch: Living) -> None:
    visit = await decide(dispatch, held=False, serial="UNIT-1")
    async with Caller(dispatch.app, client_id="dispatcher-1") as dispatcher:
        assert (await read_back(dispatcher, f"/v1/visits/{visit}"))["replacement"] is None
        dispatch.clock.move_to(SATURDAY + timedelta(hours=2))
        done = {"completed_at": (SATURDAY + timedelta(hours=1)).isoformat()}
        odd = await dispatcher.post(f"/v1/visits/{visit}/complete", json=done | {"serial": "no serial!"})
        assert (odd.status_code, odd.json()["errors"][0]["field"]) == (422, "serial")
        completed = await dispatcher.post(f"/v1/visits/{visit}/complete", json=done | {"serial": " ｕｎｉｔ-2"})
        assert completed.status_code == 200, completed.text
        shown = await read_back(dispatcher, f"/v1/visits/{visit}", completed)
        assert (shown["status"], shown["serial"], shown["replacement"]) == ("completed", "UNIT-1", "UNIT-2")


async def test_a_visit_with_enough_notice_is_booked_at_once(dispatch: Living) -> None:
    await decide(dispatch, held=False)
    assert [type(event) for event in await dispatch.events()] == [VisitRequested, VisitBooked]


async def test_a_later_decision_withdraws_and_so_does_the_end_of_the_request(dispatch: Living) -> None:
    await decide(dispatch, 1)
    await decide(dispatch, 1, decision=2, wanted_at=None)
    await decide(dispatch, 2)
    await decide(dispatch, 3)
    dispatch.clock.advance(timedelta(minutes=1))
    declined = RequestDeclined(
        occurred_at=dispatch.clock.now(),
        ticket_no="KP-0000-0002",
        customer_id="customer-1",
        clause="IIJ-05",
        reason="x",
    )
    await dispatch.hear("entitlement", "case-iij-KP-0000-0002", declined)
    closed = RequestClosed(occurred_at=dispatch.clock.now(), ticket_no="KP-0000-0003", customer_id="customer-1")
    await dispatch.hear("entitlement", "case-iij-KP-0000-0003", closed)
    await dispatch.settle()
    fallen = [f"KP-0000-000{number}.V1" for number in (1, 2, 3)]
    assert sorted(event.visit_id for event in await dispatch.events(VisitWithdrawn)) == fallen
    async with Caller(dispatch.app) as dispatcher:
        assert (await dispatcher.get("/v1/visits")).json()["items"] == []
        withdrawn = (await dispatcher.get("/v1/visits?status=withdrawn")).json()["items"]
        assert [visit["visit_id"] for visit in withdrawn] == fallen
        read = await dispatcher.get("/v1/visits/KP-0000-0003.V1")
    version = (await dispatch.runtime.log.load([("visits-iij-KP-0000-0003", 1)]))[0].version
    assert read.headers["etag"] == f'"{version}"'


async def test_a_request_that_was_closed_and_is_open_again_has_its_visit_again(dispatch: Living) -> None:
    """All of it is heard at once, by a service that was away: as entitlement recorded it, so in its order."""
    visit = await decide(dispatch, held=False)
    case, request = "case-iij-KP-0000-0001", {"ticket_no": "KP-0000-0001", "customer_id": "customer-1"}
    for event in (RequestClosed, RequestReopened):
        dispatch.clock.advance(timedelta(minutes=1))
        await dispatch.hear("entitlement", case, event(occurred_at=dispatch.clock.now(), **request))
    again = await decide(dispatch, decision=2, held=False)
    assert [event.visit_id for event in await dispatch.events(VisitWithdrawn)] == [visit]
    assert [event.visit_id for event in await dispatch.events(VisitBooked)] == [visit, again]


async def test_the_version_that_is_read_is_the_one_that_a_change_expects(dispatch: Living) -> None:
    """A decline that concerns an older decision touches the stream, and not the visit."""
    early = dispatch.clock.now()
    dispatch.clock.advance(timedelta(minutes=1))
    visit = await decide(dispatch)
    stale = RequestDeclined(
        occurred_at=early, ticket_no="KP-0000-0001", customer_id="customer-1", clause="IIJ-05", reason="x"
    )
    await dispatch.hear("entitlement", "case-iij-KP-0000-0001", stale)
    await dispatch.settle()
    async with Caller(dispatch.app) as dispatcher:
        read = await dispatcher.get(f"/v1/visits/{visit}")
        version = (await dispatch.runtime.log.load([("visits-iij-KP-0000-0001", 1)]))[0].version
        assert read.headers["etag"] == f'"{version}"'


async def test_the_next_visit_comes_first_page_by_page(dispatch: Living) -> None:
    for number, days in enumerate((5, 1, 3), start=1):
        await decide(dispatch, number, wanted_at=SATURDAY + timedelta(days=days))
    seen: list[str] = []
    async with Caller(dispatch.app) as dispatcher:
        path = "/v1/visits?limit=1"
        while path:
            page = (await dispatcher.get(path)).json()
            seen += [visit["ticket_no"] for visit in page["items"]]
            path = f"/v1/visits?limit=1&cursor={page['next']}" if page.get("next") else ""
    assert seen == ["KP-0000-0002", "KP-0000-0003", "KP-0000-0001"]


async def test_the_same_key_has_one_effect_and_another_key_meets_the_new_state(dispatch: Living) -> None:
    visit = await decide(dispatch)
    async with Caller(dispatch.app) as dispatcher:
        key = {"Idempotency-Key": "book-1"}
        first = await dispatcher.post(f"/v1/visits/{visit}/book", json={}, headers=key)
        again = await dispatcher.post(f"/v1/visits/{visit}/book", json={}, headers=key)
        assert (first.status_code, again.json()) == (200, first.json())
        other = await dispatcher.post(f"/v1/visits/{visit}/book", json={})
        assert (other.status_code, other.json()["errors"][0]["code"]) == (409, "visit.booked")
    assert len(await dispatch.events(VisitBooked)) == 1


async def test_every_fault_is_answered_at_once_and_nothing_changes(dispatch: Living) -> None:
    visit = await decide(dispatch)
    async with Caller(dispatch.app) as dispatcher:
        refused = await dispatcher.post(
            f"/v1/visits/{visit}/postpone", json={"to_at": "2026-06-01T03:00:00Z", "minutes": 0, "reason": "full"}
        )
        assert refused.status_code == 422
        assert {error["code"] for error in refused.json()["errors"]} == {
            "visit.to_at.past", "visit.to_at.not_later", "visit.minutes.too_few"
        }  # fmt: skip
        malformed = await dispatcher.post(
            f"/v1/visits/{visit}/postpone", json={"to_at": "2026-02-30T03:00:00Z", "unknown": 1}
        )
        assert malformed.status_code == 422
        assert len(malformed.json()["errors"]) == 3
    assert [type(event) for event in await dispatch.events()] == [VisitRequested, VisitHeld]


@pytest.mark.parametrize("action", ["book", "postpone", "decline", "complete"])
async def test_nobody_settles_or_sees_anothers_visit(dispatch: Living, action: str) -> None:
    visit = await decide(dispatch)
    at = (SATURDAY + timedelta(days=1)).isoformat()
    body = {
        "book": {},
        "postpone": {"to_at": at, "reason": "full"},
        "decline": {"reason": "full"},
        "complete": {"completed_at": at},
    }[action]
    before = len(await dispatch.events())
    async with Caller(dispatch.app, "other") as stranger:
        assert (await stranger.get(f"/v1/visits/{visit}")).status_code == 404
        assert (await stranger.get("/v1/visits")).json()["items"] == []
        assert (await stranger.post(f"/v1/visits/{visit}/{action}", json=body)).status_code == 404
    async with Caller(dispatch.app, customers=["customer-2"]) as partner:
        assert (await partner.get(f"/v1/visits/{visit}")).status_code == 404
        assert (await partner.post(f"/v1/visits/{visit}/{action}", json=body)).status_code == 403
    async with Caller(dispatch.app, customers=["customer-1"]) as partner:
        assert (await partner.get(f"/v1/visits/{visit}")).status_code == 200
        assert (await partner.post(f"/v1/visits/{visit}/{action}", json=body)).status_code == 403
    async with Caller(dispatch.app) as dispatcher:
        assert (await dispatcher.post(f"/v1/visits/no-visit/{action}", json=body)).status_code == 404
    assert len(await dispatch.events()) == before


async def test_the_read_model_is_the_same_rebuilt_in_any_order_of_slots(dispatch: Living) -> None:
    async with Caller(dispatch.app) as dispatcher:
        for number in range(1, 9):
            visit = await decide(dispatch, number, held=number % 2 == 0)
            later = [(SATURDAY + timedelta(days=days)).isoformat() for days in range(1, number)]
            for to_at in later:
                moved = await dispatcher.post(f"/v1/visits/{visit}/postpone", json={"to_at": to_at, "reason": to_at})
                assert moved.status_code == 200
    await decide(dispatch, 3, decision=2, wanted_at=None)
    await dispatch.settle()
    live = await dispatch.dump()
    events = len(await dispatch.events())
    for _ in range(3):  # each time the bus shuffles on
        await dispatch.rebuild()
        assert await dispatch.dump() == live
    assert len(live["visit"]) == 8
    assert len(await dispatch.events()) == events
