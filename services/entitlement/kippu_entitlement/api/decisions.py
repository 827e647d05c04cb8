"""What was decided on a request, and why; and what would be decided on facts that are only supposed."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import orjson
from asyncpg import Record
from fastapi import APIRouter
from kippu_events.catalogue.entitlement import VisitNeed
from kippu_events.catalogue.fulfilment import ShipmentNeed
from kippu_service.http import Identifier, Query, not_found, query
from pydantic import BaseModel
from starlette.responses import Response

from kippu_entitlement import terms
from kippu_entitlement.api.references import unknown_plan
from kippu_entitlement.as_of import TwoDates
from kippu_entitlement.domain import streams
from kippu_entitlement.domain.plan import Plans, PlanVersion
from kippu_entitlement.preview import ClauseText, Explained, PlanUsed, PreviewInput, PreviewShown, preview

router = APIRouter(tags=["decisions"])

PLANS = "select version, effective_from, digest, source from read.plan where family = $1 order by effective_from"
DECISIONS = """
    select * from read.decision
    where ticket_no = $1
        and ($2::timestamptz is null or decided_at <= $2) and ($3::timestamptz is null or recorded_at <= $3)
    order by decision desc
"""
AFTERWARDS = """
    select * from read.request_end
    where ticket_no = $1 and version > $4
        and ($2::timestamptz is null or happened_at <= $2) and ($3::timestamptz is null or recorded_at <= $3)
    order by version desc limit 1
"""
SHORTFALLS = """
    select short.debit_id, short.wanted, short.missing, short.owed, short.offered_product, short.offered_quantity,
           short.valid_until, short.noted_at,
           refused.order_id as refused_order, refused.clauses as refused_by, refused.reasons as refused_because
    from read.shortfall as short
    left join read.ticket_order as refused
        on (refused.provider, refused.order_id) = (short.provider, 'O-' || short.debit_id)
            and refused.status = 'refused'
    where short.ticket_no = $1 order by short.version
"""
SALESPERSON = "select salesperson_id, salesperson_name from read.customer where customer_id = $1"


class DecisionShown(Explained):
    decision: int
    """Counts the decisions on this request from 1; the last one stands."""
    decided_at: datetime
    facts: dict[str, Any]
    """What was decided on."""
    shipment: ShipmentNeed | None
    visit: VisitNeed | None


class Afterwards(BaseModel):
    """What became of a request after the decision on it: by that it is served no more, or not yet again."""

    status: Literal["declined", "closed", "reopened"]
    at: datetime
    declined_by: Literal["terms", "dispatcher", "operator"] | None
    """Who declined it, if it was: the decision itself, who found nobody for the visit, or an operator by hand."""
    clause: ClauseText | None
    """By which it was declined, or would only be refused again."""
    reason: str | None
    """In the words of whoever declined it."""
    waiting_for: Literal["classification"] | None
    """Reopened, it would only be refused again: what has to be known before it is decided anew."""


class ShortfallShown(BaseModel):
    """The wallet had too little when it was to be debited: what is missing was offered, and is owed until then."""

    debit_id: str
    wanted: int
    """Prepaid tickets that were to be debited."""
    missing: int
    """Of these, what the wallet did not have."""
    owed: int
    """Of what was missing, what was neither debited since nor forgiven."""
    offered_product: str
    offered_quantity: int
    quote_id: str
    valid_until: date
    """The last day of the offer, a local date of the provider's."""
    noted_at: datetime
    refused_order: str | None
    """The order that the accepted quote was to be, as long as the terms refuse it: settle what they name, and place it
    again."""
    refused_by: list[str]
    """The clauses by which it is refused."""
    refused_because: list[str]


class Salesperson(BaseModel):
    """Whom to ask about sales (IIJ-10). The name is null once the person was erased."""

    id: str
    name: str | None


class DecisionsShown(BaseModel):
    ticket_no: str
    customer_id: str
    current: DecisionShown
    afterwards: Afterwards | None
    """None as long as the request goes on by the current decision."""
    earlier: list[DecisionShown]
    """The ones that no longer stand, the latest first."""
    salesperson: Salesperson | None
    shortfalls: list[ShortfallShown]
    """Empty as long as the wallet had what the request costs."""


@router.post("/v1/decisions/preview", response_model=PreviewShown)
async def preview_decision(body: PreviewInput, query: Annotated[Query, query("decisions:read")]) -> Response:
    """Decides on the facts in the body, by the terms alone. Changes nothing, and looks up nothing."""
    rows = await query.fetch(PLANS, body.plan_family)
    published = Plans(tuple(PlanVersion(**row) for row in rows))
    try:
        return query.answer(preview(published, query.provider, body))
    except terms.NoTerms as error:
        field = "plan_family" if body.plan_version is None or not published.exists else "plan_version"
        raise unknown_plan(str(error), field) from None


@router.get("/v1/decisions/{ticket_no}", response_model=DecisionsShown)
async def show(ticket_no: Identifier, query: Annotated[Query, query("decisions:read")], dates: TwoDates) -> Response:
    """The last decision on a request, what became of it afterwards, and the decisions before it, each with its
    explanation; with `valid_at` or `known_at`, as it stood then, as that was known then."""
    then = min(dates.at(query.runtime.clock.now()))
    async with query.snapshot() as snapshot:
        rows = await snapshot.fetch(DECISIONS, ticket_no, dates.valid_at, dates.known_at)
        if not rows:
            raise not_found()
        sales = await snapshot.fetchrow(SALESPERSON, rows[0]["customer_id"])
        shortfalls = await snapshot.fetch(SHORTFALLS, ticket_no)
        asked = (ticket_no, dates.valid_at, dates.known_at, rows[0]["version"])
        ended = await snapshot.fetchrow(AFTERWARDS, *asked)
        published = await snapshot.fetch(PLANS, rows[0]["plan_family"]) if ended and ended["clause"] else []
    current, *earlier = [_shown(row) for row in rows]
    shown = DecisionsShown(
        ticket_no=ticket_no,
        customer_id=rows[0]["customer_id"],
        current=current,
        afterwards=_afterwards(ended, current, published) if ended else None,
        earlier=earlier,
        salesperson=await _salesperson(query, sales) if sales else None,
        shortfalls=[
            ShortfallShown(**{**row, **_refusal(row)}, quote_id=streams.quote_of_debit(row["debit_id"]))
            for row in shortfalls
            if not dates.asked or row["noted_at"] <= then
        ],
    )
    version = max(row["version"] for row in (rows[0], ended) if row)
    return query.answer(shown, version=None if dates.asked else version)


def _afterwards(row: Record, current: DecisionShown, published: list[Record]) -> Afterwards:
    """The clause of a decline by hand may be any of the terms that were decided by."""
    said = {name: row[name] for name in ("status", "declined_by", "reason", "waiting_for")}
    clause = None
    if row["clause"]:
        plans = Plans(tuple(PlanVersion(**each) for each in published))
        texts = terms.pinned(plans, current.plan.family, current.plan.version).clauses
        clause = ClauseText(id=row["clause"], text=dict(texts.get(row["clause"], {})))
    return Afterwards(at=row["happened_at"], clause=clause, **said)


def _refusal(row: Record) -> dict[str, Any]:
    return {name: orjson.loads(row[name]) if row[name] else [] for name in ("refused_by", "refused_because")}


async def _salesperson(query: Query, row: Record) -> Salesperson:
    (name,) = await query.runtime.vault.open_carried([row["salesperson_name"]])
    return Salesperson(id=row["salesperson_id"], name=name)


def _shown(row: Record) -> DecisionShown:
    findings, remedies, facts = (orjson.loads(row[name]) for name in ("findings", "remedies", "facts"))
    deciding = row["deciding_clause"]
    text: dict[str, str] = next((finding["text"] for finding in findings if finding["clause"] == deciding), {})
    return DecisionShown(
        decision=row["decision"],
        decided_at=row["decided_at"],
        outcome=row["outcome"],
        metered=row["metered"],
        quantity=row["quantity"],
        waiting_for=row["waiting_for"],
        deciding_clause=ClauseText(id=deciding, text=text),
        findings=findings,
        remedies=remedies,
        visit=orjson.loads(row["visit"]) if row["visit"] else None,
        shipment=orjson.loads(row["shipment"]) if row["shipment"] else None,
        targets=orjson.loads(row["targets"]),
        replies=orjson.loads(row["replies"]),
        **{name: row[name] for name in ("service", "way", "contract_id", "counts_from")},
        **{name: row[name] for name in ("failed_part", "carriage_paid_by")},
        plan=PlanUsed(family=row["plan_family"], version=row["plan_version"]),
        facts=facts,
    )
