"""QNP-01, QNP-09 and QNP-12 at intake: an isolation is a fact with its instant, and a topic is asked for."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from kippu_events.catalogue.intake import FaultIsolated, TicketClassified, TicketOpened
from kippu_events.testing.plugin import MakeDatabase
from kippu_intake.testing import NOW, House, house
from kippu_service.testing import Caller
from kippu_terms.plan import Plan

REQUEST = {
    "customer_id": "customer-1",
    "contact_id": "contact-1",
    "plan_family": "qnp",
    "subject": "NAS beeps",
    "text": "It beeps.",
    "category": "fault",
    "asset_serial": "NAS-1",
}


@pytest.fixture
async def intake(service_database: MakeDatabase, qnp: Plan) -> AsyncIterator[House]:
    async with house(service_database, qnp.source) as alive:
        yield alive


@pytest.mark.clause("QNP-01", "QNP-09")
async def test_an_isolation_is_recorded_with_its_instant_and_corrected_by_another(intake: House) -> None:
    async with Caller(intake.living.app, client_id="engineer-1") as desk:
        number = (await desk.post("/v1/tickets", json=REQUEST)).json()["ticket_no"]
        path = f"/v1/tickets/{number}/isolation"
        intake.living.clock.advance(timedelta(hours=3))
        found = {"asset_serial": "NAS-1", "part": "disk", "isolated_at": (NOW + timedelta(hours=1)).isoformat()}
        key = {"Idempotency-Key": "isolated"}
        for _ in range(2):
            assert (await desk.post(path, json=found, headers=key)).status_code == 200
        await desk.post(path, json=found | {"part": "psu"})
        too_soon = await desk.post(path, json=found | {"isolated_at": (NOW - timedelta(seconds=1)).isoformat()})
        assert (too_soon.status_code, too_soon.json()["errors"][0]["code"]) == (422, "before_receipt")
    isolations = await intake.said(FaultIsolated)
    assert [(each.isolated_at, each.part, each.isolated_by) for each in isolations] == [
        (NOW + timedelta(hours=1), "disk", "engineer-1"),
        (NOW + timedelta(hours=1), "psu", "engineer-1"),
    ]


@pytest.mark.clause("QNP-12", "QNP-13")
async def test_what_a_question_is_about_is_asked_for_and_corrected(intake: House) -> None:
    question = REQUEST | {"category": "question", "topic": "smb"}
    async with Caller(intake.living.app) as desk:
        number = (await desk.post("/v1/tickets", json=question)).json()["ticket_no"]
        changed = {"category": "question", "topic": "nfs", "part": "disk"}
        assert (await desk.post(f"/v1/tickets/{number}/classification", json=changed)).status_code == 200
        shouted = await desk.post(f"/v1/tickets/{number}/classification", json=changed | {"topic": "No topic!"})
        assert shouted.status_code == 422
    [opened] = await intake.said(TicketOpened)
    [classified] = await intake.said(TicketClassified)
    assert (opened.topic, classified.topic, classified.part) == ("smb", "nfs", "disk")
