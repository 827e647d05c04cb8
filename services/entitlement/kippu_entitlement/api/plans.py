"""The terms: publishing a version of a plan family, and showing what is published."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Input, Query, command, not_found, query
from kippu_terms.loading import check, load
from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault, Refused
from pydantic import BaseModel, StringConstraints
from starlette.responses import Response

from kippu_entitlement import folds
from kippu_entitlement.domain import plan, streams

router = APIRouter(tags=["plans"])

MAX_SOURCE = 48 * 1024
"""Characters. A plan's text is one event, whole, so it has to fit into one."""


class PlanInput(Input):
    source: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=MAX_SOURCE)]
    """The plan file's text (TOML), exactly as it is to be published."""


class PlanRef(BaseModel):
    family: str
    version: str
    effective_from: date
    digest: str


class PlanShown(PlanRef):
    published_at: datetime


class PlanList(BaseModel):
    items: list[PlanShown]


class PlanText(PlanShown):
    source: str


@router.post("/v1/plans", status_code=201, response_model=PlanRef)
async def publish(body: PlanInput, command: Annotated[Command, command("plans:write", staff=True)]) -> Response:
    """Publishes a version of the terms. Every fault of the text is named with its line; the same text again is fine."""
    read = _read(body.source, command.provider)

    async def decide(work: Work) -> dict[str, Any]:
        stream = await work.load(folds.PLANS, command.provider, streams.plan(command.provider, read.family))
        command.expect(stream)
        events = plan.publish(
            stream.state,
            family=read.family,
            version=read.version,
            effective_from=read.effective_from,
            source=body.source,
            today=read.calendar.local_date(work.now),
            now=work.now,
        )
        work.record(stream, *events)
        return {
            "family": read.family,
            "version": read.version,
            "effective_from": read.effective_from.isoformat(),
            "digest": plan.digest_of(body.source),
        }

    return await command.run(body, decide, location="/v1/plans/{family}/{version}")


def _read(source: str, provider: str) -> Plan:
    if faults := check(source):
        raise Refused(*(Fault("plan_fault", str(fault), "source") for fault in faults))
    read = load(source)
    if read.provider != provider:
        raise Refused(Fault("foreign_plan", f"the plan is of provider {read.provider}, not of yours", "source"))
    return read


@router.get("/v1/plans", response_model=PlanList)
async def list_plans(query: Annotated[Query, query("plans:read")]) -> Response:
    """Every published version, by family and day of effect."""
    rows = await query.fetch('select * from read.plan order by family collate "C", effective_from')
    return query.answer(PlanList(items=[PlanShown(**row) for row in rows]))


@router.get("/v1/plans/{family}/{version}", response_model=PlanText)
async def show(family: Identifier, version: Identifier, query: Annotated[Query, query("plans:read")]) -> Response:
    """One version with its text."""
    found = await query.fetchrow("select * from read.plan where family = $1 and version = $2", family, version)
    if found is None:
        raise not_found()
    return query.answer(PlanText(**found), version=found["stream_version"])
