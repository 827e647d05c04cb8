"""Dispatch with a visit for each thing that the dispatcher may say, one of them over, and one that was postponed."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import kippu_dispatch
from fastapi import FastAPI
from kippu_dispatch.app import build
from kippu_events.catalogue.entitlement import CoverageDecided, VisitNeed
from kippu_events.catalogue.values import Outcome
from kippu_events.log.memory import MemoryLog
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.testing import Caller
from kippu_service.testing.hearing import catch_up, tell
from kippu_service.testing.tenancy import House

from houses.common import NOON

REASON = "the engineer is on the island"
ACTIONS = ("postpone", "book", "decline", "complete")
OVER = NOON - timedelta(hours=2)


async def fill(service: Service, runtime: Runtime, app: FastAPI) -> Mapping[str, str]:
    heard = {name: MemoryLog(name) for name in ("entitlement", "intake")}
    for number, action in enumerate(("read", *ACTIONS)):
        decided = _decided(f"KP-7777-000{number}", over=action == "complete")
        await tell(runtime, heard["entitlement"], f"case-iij-{decided.ticket_no}", decided)
    await catch_up(service, runtime, heard)
    async with Caller(app) as dispatcher:
        later = {"to_at": (NOON + timedelta(days=9)).isoformat(), "reason": REASON}
        (await dispatcher.post("/v1/visits/KP-7777-0000.V1/postpone", json=later)).raise_for_status()
    await catch_up(service, runtime, heard)
    own = {
        f"POST /v1/visits/{{visit_id}}/{action}:visit_id": f"KP-7777-000{number}.V1"
        for number, action in enumerate(ACTIONS, start=1)
    }
    return {"visit_id": "KP-7777-0000.V1", **own}


def _decided(ticket_no: str, *, over: bool) -> CoverageDecided:
    need = VisitNeed(
        wanted_at=OVER if over else NOON + timedelta(days=3), minutes=60, held=not over, notice_days=3, clause="IIJ-09"
    )
    return CoverageDecided(
        occurred_at=NOON - timedelta(days=1),
        ticket_no=ticket_no,
        customer_id="customer-1",
        contact_id="contact-1",
        decision=1,
        plan_family="iij-se",
        plan_version="2025-04-01",
        outcome=Outcome.COVERED_BY_DEBIT,
        metered=True,
        deciding_clause="IIJ-07",
        findings=(),
        remedies=(),
        facts={},
        visit=need,
    )


DISPATCH = House(
    log="dispatch",
    migrations=Path(kippu_dispatch.__file__).parent / "migrations",
    build=build,
    fill=fill,
    bodies={
        "POST /v1/visits/{visit_id}/book": {},
        "POST /v1/visits/{visit_id}/postpone": {"to_at": (NOON + timedelta(days=10)).isoformat(), "reason": "later"},
        "POST /v1/visits/{visit_id}/decline": {"reason": "nobody"},
        "POST /v1/visits/{visit_id}/complete": {"completed_at": (NOON - timedelta(hours=1)).isoformat()},
    },
    secrets=[REASON, "client-1", "IIJ-09"],
)
