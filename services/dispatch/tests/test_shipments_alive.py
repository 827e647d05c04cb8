"""Shipments as a whole: decided, reported by the dispatcher, due by deadlines; everybody sees only their own."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any

import httpx
import pytest
from kippu_dispatch.testing import ISOLATED, TOKYO, coverage, needed, price
from kippu_dispatch.testing.alive import alive, read_back
from kippu_events.catalogue.entitlement import RequestClosed, RequestDeclined, VisitNeed
from kippu_events.catalogue.fulfilment import ShipmentNeed, Stretch, Target
from kippu_events.catalogue.shipments import (
    DeliveryUnreported,
    ReturnExpected,
    ReturnMismatched,
    ReturnOverdue,
    ReturnReminded,
    ShipmentPlanned,
    UnitAllotted,
    UnitDelivered,
    UnitReleased,
    UnitReserved,
    UnitReturned,
    UnitShipped,
)
from kippu_events.event import Event
from kippu_events.testing.plugin import MakeDatabase
from kippu_service.testing import Caller
from kippu_service.testing.living import Living


def at(day: int, hour: int = 10, month: int = 5) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=TOKYO)


def target(due_on: date = date(2026, 5, 7)) -> Target:
    closed = Stretch(from_at=at(2, 0), to_at=at(7, 9), state="closed", reason="憲法記念日")
    return Target(
        kind="ship",
        clause="QNP-01",
        started_at=ISOLATED,
        due_on=due_on,
        calendar_version="2026-1",
        stretches=(Stretch(from_at=ISOLATED, to_at=at(1, 18), state="open"), closed),
    )


def advance(**changes: Any) -> ShipmentNeed:
    return needed(**{"target": target()} | changes)


def after_repair() -> ShipmentNeed:
    return advance(mode="after_repair", clause="QNP-02", target=None, returns=None)


@pytest.fixture
async def dispatch(service_database: MakeDatabase) -> AsyncIterator[Living]:
    async with alive(service_database, ISOLATED) as dispatch:
        yield dispatch


async def decide(
    dispatch: Living,
    number: int = 1,
    need: ShipmentNeed | None = None,
    *,
    decision: int = 1,
    visit: VisitNeed | None = None,
) -> str:
    """Entitlement decides; answers the shipment's id, should it need one."""
    ticket_no = f"KP-0000-{number:04}"
    decided = coverage(ticket_no, decision, occurred_at=dispatch.clock.now(), shipment=need, visit=visit)
    await dispatch.hear("entitlement", f"case-qnp-{ticket_no}", decided, provider="qnp")
    await dispatch.settle()
    return f"{ticket_no}.S{decision}"


async def post(caller: Caller, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    answer = await caller.post(path, json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer


async def stock(caller: Caller, *serials: str) -> None:
    for serial in serials:
        await post(caller, "/v1/units", {"serial": serial, "model": "nas-4"})


async def deliver(dispatch: Living, caller: Caller, shipment: str, serial: str, day: int = 8) -> httpx.Response:
    """Reserved, shipped and delivered on a day of May."""
    dispatch.clock.move_to(max(dispatch.clock.now(), at(day)))
    await post(caller, f"/v1/shipments/{shipment}/reserve", {"serial": serial})
    await post(caller, f"/v1/shipments/{shipment}/shipped", {"shipped_at": at(day, 9).isoformat()})
    return await post(caller, f"/v1/shipments/{shipment}/delivered", {"delivered_at": at(day).isoformat()})


async def test_the_story_of_a_unit_that_ships_twice_and_comes_back_late(dispatch: Living) -> None:
    shipment = await decide(dispatch, need=advance())
    path = f"/v1/shipments/{shipment}"
    async with Caller(dispatch.app, "qnp", client_id="dispatcher-1") as dispatcher:
        await stock(dispatcher, "SPARE-1")
        planned = await dispatcher.get(path)
        assert planned.headers["etag"] == '"1"'
        assert (planned.json()["status"], planned.json()["target"]["due_on"]) == ("planned", "2026-05-07")
        assert [each["reason"] for each in planned.json()["target"]["stretches"]] == [None, "憲法記念日"]

        dispatch.clock.move_to(at(7))
        reserved = await post(
            dispatcher, f"{path}/reserve", {"serial": "SPARE-1"}, **{"If-Match": planned.headers["etag"]}
        )
        assert reserved.headers["etag"] == '"2"', "the shipments' version, not the unit's"
        stale = await dispatcher.post(
            f"{path}/shipped", json={"shipped_at": at(7).isoformat()}, headers={"If-Match": planned.headers["etag"]}
        )
        assert stale.status_code == 412
        await post(dispatcher, f"{path}/shipped", {"shipped_at": at(7).isoformat(), "carrier_reference": "CARRIER-1"})

        dispatch.clock.move_to(at(8))
        failed = await post(dispatcher, f"{path}/failed", {"failed_at": at(8).isoformat(), "reason": "nobody there"})
        shown = await read_back(dispatcher, path, failed)
        assert (shown["status"], shown["reason"], shown["target_met"]) == ("failed", "nobody there", True)
        again = await post(dispatcher, f"{path}/shipped", {"shipped_at": at(8).isoformat()})
        assert again.json()["attempt"] == 2
        assert (await read_back(dispatcher, path, again))["carrier_reference"] is None

        dispatch.clock.move_to(at(10))
        delivered = await post(dispatcher, f"{path}/delivered", {"delivered_at": at(10).isoformat()})
        assert delivered.json()["due_on"] == "2026-05-24"
        await dispatch.settle()
        (due,) = (await dispatcher.get("/v1/returns")).json()["items"]
        assert (due["serial"], due["due_on"], due["status"]) == ("NAS-1", "2026-05-24", "expected")
        (unit,) = (await dispatcher.get("/v1/units?status=shipped")).json()["items"]
        assert (unit["serial"], unit["reserved_for"]) == ("SPARE-1", shipment)

        dispatch.clock.move_to(at(20, 23))
        assert await dispatch.run_due() == 0
        dispatch.clock.move_to(at(21, 0))
        assert await dispatch.run_due() == 1
        dispatch.clock.move_to(at(24, 23))
        assert await dispatch.run_due() == 0
        dispatch.clock.move_to(at(27))
        assert await dispatch.run_due() == 1
        assert (await dispatcher.get("/v1/returns?status=overdue")).json()["items"][0]["shipment_id"] == shipment

        back = f"/v1/returns/{shipment}/received"
        wrong = await post(dispatcher, back, {"serial": "NAS-9", "received_on": "2026-05-26"})
        assert wrong.json()["matched"] is False
        right = await post(dispatcher, back, {"serial": " ｎａｓ-1", "received_on": "2026-05-27"})
        assert right.json() == {
            "shipment_id": shipment, "matched": True, "due_on": "2026-05-24", "late": True, "credited": True
        }  # fmt: skip
        shown = await read_back(dispatcher, path, right)
        assert shown["due_back"]["status"] == "returned"
        assert [each["received_serial"] for each in shown["mismatches"]] == ["NAS-9"]
        assert (await dispatcher.get("/v1/returns")).json()["items"] == []
        assert (await dispatcher.get("/v1/shipments")).json()["items"] == []

    overdue, mismatch, returned = await dispatch.events(ReturnOverdue, ReturnMismatched, UnitReturned)
    assert isinstance(overdue, ReturnOverdue)
    assert overdue.occurred_at == at(25, 0), "the midnight in Tokyo, however late the deadline ran"
    assert isinstance(mismatch, ReturnMismatched)
    assert isinstance(returned, UnitReturned)
    (reminded,) = await dispatch.events(ReturnReminded)
    assert reminded.occurred_at == at(21, 0)
    carriage = [event.charge for event in await dispatch.events(UnitShipped)]
    assert carriage == [None, price(1_500)]
    assert await dispatch.run_due() == 0


async def test_a_unit_that_is_to_be_repaired_ships_only_after_receipt_and_repair(dispatch: Living) -> None:
    shipment = await decide(dispatch, need=after_repair())
    path = f"/v1/shipments/{shipment}"
    async with Caller(dispatch.app, "qnp") as dispatcher:
        await stock(dispatcher, "SPARE-1")
        dispatch.clock.move_to(at(29))
        shipping = {"shipped_at": at(29).isoformat()}
        for early in (
            await dispatcher.post(f"{path}/shipped", json=shipping),
            await dispatcher.post(f"{path}/repair-completed", json={"completed_on": "2026-05-20"}),
            await dispatcher.post(f"{path}/reserve", json={"serial": "SPARE-1"}),
        ):
            assert early.status_code == 409
            assert early.json()["errors"][0]["clause"] == "QNP-02"
        never = await dispatcher.post(f"{path}/repair-received", json={"serial": "NAS-1", "received_on": "0001-01-01"})
        assert never.status_code == 422
        await post(dispatcher, f"{path}/repair-received", {"serial": "NAS-1", "received_on": "2026-05-08"})
        early = await dispatcher.post(f"{path}/shipped", json=shipping)
        assert early.json()["errors"][0]["code"] == "shipment.in_repair"
        await post(dispatcher, f"{path}/repair-completed", {"completed_on": "2026-05-28"})
        for beyond in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
            refused = await dispatcher.post(f"{path}/shipped", json={"shipped_at": beyond})
            assert refused.status_code == 422, "no calendar knows that day"
        await post(dispatcher, f"{path}/shipped", shipping)
        delivered = await post(dispatcher, f"{path}/delivered", {"delivered_at": at(29).isoformat()})
        shown = await read_back(dispatcher, path, delivered)
        assert (shown["serial"], shown["repair_completed_on"], shown["due_back"]) == ("NAS-1", "2026-05-28", None)


async def test_one_unit_is_reserved_once_however_many_ask_at_the_same_moment(dispatch: Living) -> None:
    shipments = [await decide(dispatch, number, advance(serial=f"NAS-{number}")) for number in range(1, 6)]
    async with Caller(dispatch.app, "qnp") as dispatcher:
        await stock(dispatcher, "SPARE-1")
        answers = await asyncio.gather(
            *[dispatcher.post(f"/v1/shipments/{each}/reserve", json={"serial": "SPARE-1"}) for each in shipments]
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert len(await dispatch.events(UnitReserved)) == len(await dispatch.events(UnitAllotted)) == 1


async def test_the_same_report_at_the_same_moment_counts_once(dispatch: Living) -> None:
    shipment = await decide(dispatch, need=advance())
    async with Caller(dispatch.app, "qnp") as dispatcher:
        await stock(dispatcher, "SPARE-1")
        dispatch.clock.move_to(at(8))
        await post(dispatcher, f"/v1/shipments/{shipment}/reserve", {"serial": "SPARE-1"})
        for report, body in (
            ("shipped", {"shipped_at": at(8).isoformat()}),
            ("delivered", {"delivered_at": at(8).isoformat()}),
        ):
            answers = await asyncio.gather(
                *[dispatcher.post(f"/v1/shipments/{shipment}/{report}", json=body) for _ in range(4)]
            )
            assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await dispatch.events(UnitShipped, UnitDelivered, ReturnExpected)) == 3


async def test_a_decision_that_needs_no_unit_gives_the_reserved_one_back(dispatch: Living) -> None:
    shipment = await decide(dispatch, need=advance())
    async with Caller(dispatch.app, "qnp") as dispatcher:
        await stock(dispatcher, "SPARE-1", "SPARE-2")
        path = f"/v1/shipments/{shipment}"
        await post(dispatcher, f"{path}/reserve", {"serial": "SPARE-1"})
        await post(dispatcher, f"{path}/reserve", {"serial": "SPARE-2"})
        await dispatch.settle()
        assert [unit["serial"] for unit in (await dispatcher.get("/v1/units?status=reserved")).json()["items"]] == [
            "SPARE-2"
        ]
        await decide(dispatch, need=None, decision=2)
        await dispatch.settle()
        free = (await dispatcher.get("/v1/units?status=in_stock&model=nas-4")).json()["items"]
        assert [unit["serial"] for unit in free] == ["SPARE-1", "SPARE-2"]
        for report, body in (
            ("reserve", {"serial": "SPARE-1"}),
            ("shipped", {"shipped_at": ISOLATED.isoformat()}),
            ("failed", {"failed_at": ISOLATED.isoformat(), "reason": "x"}),
            ("delivered", {"delivered_at": ISOLATED.isoformat()}),
        ):
            refused = await dispatcher.post(f"{path}/{report}", json=body)
            assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "shipment.withdrawn")
    assert len(await dispatch.events(UnitReleased)) == 2


@pytest.mark.parametrize("ended", ["declined", "closed"])
async def test_what_waits_is_withdrawn_as_the_request_ends_and_what_has_left_goes_on(
    dispatch: Living, ended: str
) -> None:
    waiting = await decide(dispatch, 1, advance())
    left = await decide(dispatch, 2, advance(serial="NAS-2"))
    comes_back = await decide(dispatch, 3, advance(serial="NAS-3"))
    now = dispatch.clock.now().isoformat()
    async with Caller(dispatch.app, "qnp") as dispatcher:
        await stock(dispatcher, "SPARE-1", "SPARE-2", "SPARE-3")
        await post(dispatcher, f"/v1/shipments/{waiting}/reserve", {"serial": "SPARE-1"})
        await post(dispatcher, f"/v1/shipments/{comes_back}/reserve", {"serial": "SPARE-3"})
        await post(dispatcher, f"/v1/shipments/{comes_back}/shipped", {"shipped_at": now})
        await deliver(dispatch, dispatcher, left, "SPARE-2")
        for number in (1, 2, 3):
            ticket: dict[str, Any] = {
                "occurred_at": dispatch.clock.now(), "ticket_no": f"KP-0000-{number:04}", "customer_id": "customer-1"
            }  # fmt: skip
            event: Event = (
                RequestClosed(**ticket) if ended == "closed" else RequestDeclined(clause="QNP-13", reason="x", **ticket)
            )
            await dispatch.hear("entitlement", f"case-qnp-KP-0000-{number:04}", event, provider="qnp")
        await dispatch.settle()
        statuses = [(await dispatcher.get(f"/v1/shipments/{each}")).json()["status"] for each in (waiting, left)]
        assert statuses == ["withdrawn", "delivered"]
        read = await dispatcher.get(f"/v1/shipments/{left}")
        version = (await dispatch.runtime.log.load([("shipments-qnp-KP-0000-0002", 1)]))[0].version
        assert read.headers["etag"] == f'"{version}"'
        (unit,) = (await dispatcher.get("/v1/units?status=in_stock")).json()["items"]
        assert unit["serial"] == "SPARE-1"

        failed = {"failed_at": now, "reason": "nobody there"}
        back = await post(dispatcher, f"/v1/shipments/{comes_back}/failed", failed)
        assert (await read_back(dispatcher, f"/v1/shipments/{comes_back}", back))["status"] == "withdrawn"
        free = (await dispatcher.get("/v1/units?status=in_stock")).json()["items"]
        assert [unit["serial"] for unit in free] == ["SPARE-1", "SPARE-3"]


async def test_a_delivery_that_nobody_reports_is_shown_until_somebody_does(dispatch: Living) -> None:
    shipment = await decide(dispatch, need=advance())
    path = f"/v1/shipments/{shipment}"
    async with Caller(dispatch.app, "qnp") as dispatcher:
        await stock(dispatcher, "SPARE-1")
        dispatch.clock.move_to(at(7))
        await post(dispatcher, f"{path}/reserve", {"serial": "SPARE-1"})
        await post(dispatcher, f"{path}/shipped", {"shipped_at": at(7).isoformat()})
        dispatch.clock.move_to(at(14, 9))
        assert await dispatch.run_due() == 0
        dispatch.clock.move_to(at(14, 10))
        assert await dispatch.run_due() == 1
        assert (await dispatcher.get(path)).json()["unreported"] is True
        failed = await post(dispatcher, f"{path}/failed", {"failed_at": at(9).isoformat(), "reason": "lost and found"})
        assert (await read_back(dispatcher, path, failed))["unreported"] is False
        again = await post(dispatcher, f"{path}/shipped", {"shipped_at": at(14).isoformat()})
        assert (await read_back(dispatcher, path, again))["unreported"] is False
        await post(dispatcher, f"{path}/delivered", {"delivered_at": at(14).isoformat()})
        dispatch.clock.move_to(at(21, 12))
        assert await dispatch.run_due() == 0, "the second attempt was reported; its return is reminded on the 25th"
    (event,) = await dispatch.events(DeliveryUnreported)
    assert event.attempt == 1


async def test_the_next_target_comes_first_page_by_page_and_what_has_none_last(dispatch: Living) -> None:
    await decide(dispatch, 1, after_repair())
    for number, day in ((2, 12), (3, 7), (4, 9)):
        await decide(dispatch, number, advance(target=target(date(2026, 5, day))))
    seen: list[str] = []
    async with Caller(dispatch.app, "qnp") as dispatcher:
        path = "/v1/shipments?limit=1"
        while path:
            page = (await dispatcher.get(path)).json()
            seen += [shipment["ticket_no"] for shipment in page["items"]]
            path = f"/v1/shipments?limit=1&cursor={page['next']}" if page.get("next") else ""
        (one,) = (await dispatcher.get("/v1/shipments?ticket_no=KP-0000-0003&status=planned")).json()["items"]
        assert one["shipment_id"] == "KP-0000-0003.S1"
    assert seen == ["KP-0000-0003", "KP-0000-0004", "KP-0000-0002", "KP-0000-0001"]


async def test_every_fault_is_answered_at_once_and_nothing_changes(dispatch: Living) -> None:
    shipment = await decide(dispatch, need=advance())
    path = f"/v1/shipments/{shipment}"
    async with Caller(dispatch.app, "qnp") as dispatcher:
        await post(dispatcher, "/v1/units", {"serial": "SPARE-8", "model": "nas-8"})
        before = len(await dispatch.events())
        for serial, code in (("SPARE-8", "unit.model.differs"), ("SPARE-9", "unit.unknown")):
            wrong = await dispatcher.post(f"{path}/reserve", json={"serial": serial})
            assert (wrong.status_code, [each["code"] for each in wrong.json()["errors"]]) == (422, [code])
        invisible = await dispatcher.post("/v1/units", json={"serial": "SPARE\u200b8", "model": "nas-8"})
        assert (invisible.status_code, invisible.json()["errors"][0]["code"]) == (422, "serial_malformed")
        twice = await dispatcher.post("/v1/units", json={"serial": "SPARE-8", "model": "nas-4"})
        assert (twice.status_code, twice.json()["errors"][0]["code"]) == (409, "unit.stocked")
        early = await dispatcher.post(f"{path}/delivered", json={"delivered_at": at(9).isoformat()})
        assert (early.status_code, [each["code"] for each in early.json()["errors"]]) == (
            409, ["shipment.planned", "shipment.delivered_at.future"]
        )  # fmt: skip
        nothing = await dispatcher.post(
            f"/v1/returns/{shipment}/received", json={"serial": "NAS-1", "received_on": "2026-05-01"}
        )
        assert (nothing.status_code, nothing.json()["errors"][0]["code"]) == (409, "shipment.planned")
        malformed = await dispatcher.post(f"{path}/shipped", json={"shipped_at": "2026-02-30T03:00:00Z", "unknown": 1})
        assert (malformed.status_code, len(malformed.json()["errors"])) == (422, 2)
    assert len(await dispatch.events()) == before


async def test_a_visit_shows_its_target(dispatch: Living) -> None:
    need = VisitNeed(
        wanted_at=at(8), minutes=120, held=True, notice_days=1, clause="QNP-08",
        target=Target(kind="arrive", clause="QNP-08", started_at=ISOLATED, due_on=date(2026, 5, 7),
                      calendar_version="2026-1"),
    )  # fmt: skip
    await decide(dispatch, visit=need)
    async with Caller(dispatch.app, "qnp") as dispatcher:
        shown = (await dispatcher.get("/v1/visits/KP-0000-0001.V1")).json()
        assert (shown["target"]["kind"], shown["target"]["due_on"]) == ("arrive", "2026-05-07")


@pytest.mark.parametrize("stranger", [("iij", None), ("qnp", ["customer-2"]), ("qnp", [])])
async def test_nobody_sees_or_reports_anothers(dispatch: Living, stranger: tuple[str, list[str] | None]) -> None:
    shipment = await decide(dispatch, need=advance())
    provider, customers = stranger
    reports = {
        "reserve": {"serial": "SPARE-1"},
        "shipped": {"shipped_at": at(1).isoformat()},
        "failed": {"failed_at": at(1).isoformat(), "reason": "x"},
        "delivered": {"delivered_at": at(1).isoformat()},
        "repair-received": {"serial": "NAS-1", "received_on": "2026-05-01"},
        "repair-completed": {"completed_on": "2026-05-01"},
    }
    async with Caller(dispatch.app, "qnp") as dispatcher:
        await stock(dispatcher, "SPARE-1")
        await deliver(dispatch, dispatcher, shipment, "SPARE-1")
        await dispatch.settle()
        before = len(await dispatch.events())
    async with Caller(dispatch.app, provider, customers=customers) as caller:
        for path in ("/v1/shipments?status=delivered", "/v1/returns"):
            assert (await caller.get(path)).json()["items"] == []
            assert (await caller.get(f"{path.partition('?')[0]}/{shipment}")).status_code == 404
        refused = 404 if customers is None else 403
        paths = {f"/v1/shipments/{shipment}/{report}": body for report, body in reports.items()}
        paths[f"/v1/returns/{shipment}/received"] = {"serial": "NAS-1", "received_on": "2026-05-08"}
        for path, body in paths.items():
            assert (await caller.post(path, json=body)).status_code == refused
        units = await caller.get("/v1/units")
        assert units.json()["items"] == [] if customers is None else units.status_code == 403
    assert len(await dispatch.events()) == before


async def test_the_read_models_are_the_same_rebuilt_in_any_order_of_slots(dispatch: Living) -> None:
    shipments = [await decide(dispatch, number, advance(serial=f"NAS-{number}")) for number in range(1, 9)]
    await decide(dispatch, 9, after_repair())
    async with Caller(dispatch.app, "qnp") as dispatcher:
        await stock(dispatcher, *[f"SPARE-{number}" for number in range(1, 9)])
        dispatch.clock.move_to(at(8))
        for number, shipment in enumerate(shipments, start=1):
            path = f"/v1/shipments/{shipment}"
            await post(dispatcher, f"{path}/reserve", {"serial": f"SPARE-{number}"})
            if number > 2:
                for attempt in range(number % 3 + 1):
                    if attempt:
                        await post(dispatcher, f"{path}/failed", {"failed_at": at(8).isoformat(), "reason": "x"})
                    await post(dispatcher, f"{path}/shipped", {"shipped_at": at(8).isoformat()})
            if number > 4:
                await post(dispatcher, f"{path}/delivered", {"delivered_at": at(8).isoformat()})
        await decide(dispatch, 1, None, decision=2)
        dispatch.clock.move_to(at(31))
        fired = 4 + 4 + 2
        assert await dispatch.run_due() == fired, "4 reminders, 4 overdue, 2 unreported"
        for serial in ("NAS-9", "NAS-6"):
            body = {"serial": serial, "received_on": "2026-05-30"}
            await post(dispatcher, f"/v1/returns/{shipments[5]}/received", body)
        await stock(dispatcher, "SPARE-7")  # delivered, and back by now: it is there for another request
        again = await decide(dispatch, 1, advance(serial="NAS-1"), decision=3)
        await post(dispatcher, f"/v1/shipments/{again}/reserve", {"serial": "SPARE-7"})
    await dispatch.settle()
    live = await dispatch.dump()
    events = len(await dispatch.events())
    await dispatch.runtime.writers.execute("update work.deadline_mark set position = 0")
    for _ in range(3):  # each time the bus shuffles on
        await dispatch.rebuild()
        assert await dispatch.dump() == live
    assert await dispatch.run_due() == 0
    assert len(await dispatch.events()) == events
    assert [len(live[table]) for table in ("shipment", "due_back", "mismatch", "unit")] == [10, 4, 1, 8]
    assert len(await dispatch.events(ShipmentPlanned)) == 10
