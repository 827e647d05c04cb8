"""Approvals that decisions wait for, answered by an operator of the provider (IIJ-06)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Input, Page, PageOf, Query, command, paged, query
from pydantic import BaseModel
from starlette.responses import Response

from kippu_entitlement import requests
from kippu_entitlement.domain import case, streams

router = APIRouter(tags=["approvals"])

Status = Literal["open", "granted", "refused", "superseded"]

APPROVALS = """
    select * from read.approval
    where status = $1 and ($2::timestamptz is null or (requested_at, approval_id) > ($2, $3))
    order by requested_at, approval_id limit $4
"""


class AnswerInput(Input):
    decision: Literal["grant", "refuse"]


class ApprovalShown(BaseModel):
    approval_id: str
    ticket_no: str
    customer_id: str
    clause: str
    status: Status
    requested_at: datetime
    answered_at: datetime | None
    answered_by: str | None


class Answered(BaseModel):
    approval_id: str
    ticket_no: str
    decision: int
    outcome: str


@router.get("/v1/approvals", response_model=PageOf[ApprovalShown])
async def list_approvals(
    query: Annotated[Query, query("approvals:read", staff=True)],
    page: Annotated[Page, paged(requested_at=datetime, approval_id=str)],
    status: Status = "open",
) -> Response:
    """The approvals of one status, the longest waiting first."""
    rows = [dict(row) for row in await query.fetch(APPROVALS, status, *page.after, page.fetch_limit)]
    return query.answer(page.of(rows, ApprovalShown.model_validate))


@router.post("/v1/approvals/{approval_id}", response_model=Answered)
async def answer(
    approval_id: Identifier, body: AnswerInput, command: Annotated[Command, command("approvals:write", staff=True)]
) -> Response:
    """Grants or refuses an approval, once; the request is decided anew, and what it then owes is debited."""

    async def decide(work: Work) -> dict[str, Any]:
        stream = await requests.load_case(work, command.provider, streams.ticket_of(approval_id))
        command.expect(stream)
        event = case.answer_approval(
            stream.state,
            approval_id=approval_id,
            granted=body.decision == "grant",
            actor=command.principal.actor,
            now=work.now,
        )
        work.record(stream, event)
        decided = await requests.decide(work, stream)
        return {
            "approval_id": approval_id,
            "ticket_no": event.ticket_no,
            "decision": decided.number,
            "outcome": decided.outcome,
        }

    return await command.run(body, decide, status=200)
