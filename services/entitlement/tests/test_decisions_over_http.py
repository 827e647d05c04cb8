"""Requests heard on the bus, decided and debited, as HTTP shows them; statements that an auditor can rebuild."""

import asyncio
from datetime import timedelta
from typing import Any

import orjson
import pytest
from kippu_entitlement.app import MIGRATIONS
from kippu_entitlement.deadlines import DEADLINES
from kippu_entitlement.statement import statement
from kippu_entitlement.testing import FAMILY, PROVIDER, WALLET
from kippu_entitlement.testing.desk import Desk
from kippu_events.deadline_runner import DeadlineRunner
from kippu_events.testing.plugin import MakeDatabase
from kippu_service.testing import runtime_on


async def test_a_request_is_decided_and_its_work_debited_as_the_statement_shows(desk: Desk) -> None:
    early = await desk.buy("se-1")
    late = await desk.buy("se-10")
    await desk.world.tell(desk.world.opening())
    await desk.world.tell(desk.world.work(35))
    await desk.world.tell(desk.world.work(50))
    await desk.settle()
    async with desk.partner() as partner:
        decision = (await partner.get("/v1/decisions/KP-0000-0001")).json()
        assert decision["current"]["outcome"] == "covered_by_debit"
        assert decision["current"]["deciding_clause"]["id"] == "IIJ-07"
        assert set(decision["current"]["deciding_clause"]["text"]) >= {"en", "th"}
        assert decision["salesperson"] == {"id": "sales-1", "name": "Salesperson One"}
        answer = await partner.get(f"/v1/wallets/{WALLET}/statement")
    shown = answer.json()
    assert [(entry["kind"], entry["change"], entry["balance"]) for entry in shown["entries"]] == [
        ("credited", 1, 1),
        ("credited", 10, 11),
        ("debited", -1, 10),
        ("debited", -1, 9),
    ]
    assert [entry["allocations"] for entry in shown["entries"][2:]] == [
        [{"lot_id": early, "quantity": 1}],
        [{"lot_id": late, "quantity": 1}],
    ]
    assert [(lot["lot_id"], lot["remaining"]) for lot in shown["lots"]] == [(early, 0), (late, 9)]
    assert answer.content == orjson.dumps(shown, option=orjson.OPT_SORT_KEYS), "canonical bytes"


async def test_a_decision_says_that_the_wallet_had_too_little_and_what_was_offered(desk: Desk) -> None:
    await desk.buy("se-1")
    await desk.world.tell(desk.world.opening())
    await desk.world.tell(desk.world.work(85))
    await desk.settle()
    async with desk.partner() as partner:
        shown = (await partner.get("/v1/decisions/KP-0000-0001")).json()
        (short,) = shown["shortfalls"]
        assert shown["current"]["outcome"] == "covered_by_debit"
        assert (short["wanted"], short["missing"], short["owed"], short["offered_quantity"]) == (2, 1, 1, 1)
        assert short["quote_id"] == f"Q-{short['debit_id']}"
        await desk.world.tell(desk.world.declining(clause="IIJ-09"))
        await desk.settle()
        (forgiven,) = (await partner.get("/v1/decisions/KP-0000-0001")).json()["shortfalls"]
    assert (forgiven["missing"], forgiven["owed"]) == (1, 0)


async def test_a_statement_rebuilt_from_the_log_is_the_same_byte_for_byte(
    desk: Desk, service_database: MakeDatabase
) -> None:
    await desk.buy("se-1")
    await desk.buy("se-10")
    await desk.world.tell(desk.world.opening(wanted_at=desk.world.clock.now() + timedelta(days=3)))
    await desk.world.tell(desk.world.work(120))
    await desk.settle()
    await desk.world.tell(desk.world.declining(clause="IIJ-09"))
    desk.world.clock.advance(timedelta(days=200))
    deadlines = DeadlineRunner("entitlement", DEADLINES, desk.runtime.worker, desk.runtime.connect_writer)
    await deadlines.run_due()
    await deadlines.close()
    await desk.settle()
    async with desk.partner() as partner:
        live = (await partner.get(f"/v1/wallets/{WALLET}/statement")).content
    kinds = [entry["kind"] for entry in orjson.loads(live)["entries"]]
    assert kinds == ["credited", "credited", "debited", "reversed", "expired"]

    scratch = await service_database("replay", [MIGRATIONS])
    async with runtime_on(scratch, desk.runtime.log) as replay:
        connection = await replay.connect_writer()
        envelopes = await desk.runtime.log.read(0)
        try:
            for projector in desk.service.projectors:
                types = {event.type for event in projector.subscribes}
                batch = [envelope for envelope in envelopes if envelope.type in types]
                for envelope in batch:
                    await projector.apply(connection, [envelope])
            assert await statement(connection, PROVIDER, WALLET) == live
        finally:
            await connection.close()


async def test_preventive_maintenance_waits_until_an_operator_answers(desk: Desk) -> None:
    await desk.buy()
    await desk.world.tell(desk.world.opening(category="preventive_maintenance"))
    await desk.world.tell(desk.world.work(60))
    await desk.settle()
    async with desk.staff() as staff, desk.partner() as partner:
        (waiting,) = (await staff.get("/v1/approvals")).json()["items"]
        assert (waiting["approval_id"], waiting["clause"]) == ("KP-0000-0001.A1", "IIJ-06")
        assert (await partner.get("/v1/approvals")).status_code == 403
        answer = {"decision": "grant"}
        assert (await partner.post("/v1/approvals/KP-0000-0001.A1", json=answer)).status_code == 403
        assert (await staff.post("/v1/approvals/KP-9999-9999.A1", json=answer)).status_code == 404
        granted = await staff.post("/v1/approvals/KP-0000-0001.A1", json=answer)
        assert (granted.status_code, granted.json()["outcome"]) == (200, "covered_by_debit")
        assert (await staff.post("/v1/approvals/KP-0000-0001.A1", json=answer)).status_code == 409
        await desk.settle()
        assert (await staff.get("/v1/approvals")).json()["items"] == []
        (done,) = (await staff.get("/v1/approvals", params={"status": "granted"})).json()["items"]
        assert done["answered_by"] == "client:client-1"
        decisions = (await partner.get("/v1/decisions/KP-0000-0001")).json()
        assert (decisions["current"]["decision"], decisions["earlier"][0]["waiting_for"]) == (2, "approval")
        assert (await partner.get(f"/v1/wallets/{WALLET}")).json()["balance"] == 9


PREVIEW: dict[str, Any] = {
    "plan_family": FAMILY,
    "request": {"received_at": "2026-11-18T10:00:00+07:00", "channel": "portal", "category": "fault"},
    "asset": {
        "serial": "SN-1",
        "registered": True,
        "kind": "equipment",
        "bought_from_provider": True,
        "warranty_until": "2026-11-17",
        "installed_by": "provider",
    },
}


async def test_a_preview_explains_and_changes_nothing(desk: Desk) -> None:
    await desk.settle()
    before = (await desk.runtime.log.head()).position
    async with desk.partner() as partner:
        answer = await partner.post("/v1/decisions/preview", json=PREVIEW)
        assert answer.status_code == 200, answer.text
        shown = answer.json()
        assert (shown["outcome"], shown["deciding_clause"]["id"]) == ("refused", "IIJ-05")
        assert "out of warranty" in shown["deciding_clause"]["text"]["en"]
        assert [remedy["action"] for remedy in shown["remedies"]] == ["extend_warranty"]
        assert {finding["clause"] for finding in shown["findings"]} >= {"IIJ-04", "IIJ-05", "IIJ-09"}
        assert shown["plan"] == {"family": FAMILY, "version": "2025-04-01"}
        for change, field in (
            ({"surprise": 1}, "surprise"),
            ({"request": PREVIEW["request"] | {"mood": "bad"}}, "request.mood"),
            ({"request": {"received_at": "2026-02-30T10:00:00Z"}}, "request.received_at"),
            ({"plan_family": "other"}, "plan_family"),
            ({"plan_version": "1999-01-01"}, "plan_version"),
            ({"as_of": "2025-03-31T00:00:00Z"}, "plan_family"),
        ):
            refused = await partner.post("/v1/decisions/preview", json=PREVIEW | change)
            assert refused.status_code == 422, change
            assert [error["field"] for error in refused.json()["errors"]] == [field]
        example, *_ = desk.app.openapi()["components"]["schemas"]["PreviewInput"]["examples"]
        assert (await partner.post("/v1/decisions/preview", json=example)).json()["deciding_clause"]["id"] == "IIJ-05"
    assert (await desk.runtime.log.head()).position == before


@pytest.mark.parametrize("callers", [2, 32])
async def test_the_last_ticket_is_taken_once_whoever_asks_at_the_same_moment(desk: Desk, callers: int) -> None:
    await desk.buy("se-1")
    numbers = [f"KP-0000-{number:04d}" for number in range(callers)]
    for ticket_no in numbers:
        await desk.world.hear(desk.world.opening(ticket_no))
    await asyncio.gather(*(desk.world.hear(desk.world.work(60, ticket_no)) for ticket_no in numbers))
    await desk.settle()
    async with desk.staff() as staff:
        shown = (await staff.get(f"/v1/wallets/{WALLET}/statement")).json()
    assert [entry["kind"] for entry in shown["entries"]] == ["credited", "debited"]
    assert shown["balance"] == 0
    cases = [await desk.world.case(ticket_no) for ticket_no in numbers]
    assert sorted((len(each.debits), len(each.shortfalls)) for each in cases) == [(0, 1)] * (callers - 1) + [(1, 0)]
