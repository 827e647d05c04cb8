"""HTTP: quotes, and their acceptance."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from kippu_events.catalogue.billing import TaxAmount
from kippu_events.catalogue.values import PriceLine
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Page, PageOf, Query, command, not_found, paged, query
from pydantic import BaseModel
from starlette.responses import Response

from kippu_billing.api.shown import Row
from kippu_billing.domain import quote
from kippu_billing.readmodels import quotes as readmodels
from kippu_billing.streams import quote_of

router = APIRouter(prefix="/v1")

QuoteStatus = Literal["offered", "accepted", "lapsed", "withdrawn", "refused", "undone"]


class Quote(Row):
    """`valid_until` is the last day on which it can be accepted, a local date of the provider's.

    One that was accepted is `refused` while the terms refuse its order, until a person has settled that; and `undone`
    once its request was declined: its invoice is taken back then, and what was paid is due back.
    """

    quote_id: str
    customer_id: str
    ticket_no: str | None
    status: QuoteStatus
    plan_family: str
    product: str
    quantity: int
    currency: str
    net: int
    tax_name: str
    taxes: tuple[TaxAmount, ...]
    total: int
    lines: tuple[PriceLine, ...]
    offered_at: datetime
    valid_until: date
    reason: str
    clause: str
    accepted_at: datetime | None
    accepted_by: str | None
    lapsed_at: datetime | None
    withdrawn_at: datetime | None
    """When it turned out that nothing is owed any more."""
    order_id: str | None
    """The order that it led to."""
    ordered_at: datetime | None
    refused_at: datetime | None
    refused_by: tuple[str, ...]
    """The clauses by which the terms refused its order, whether or not it was placed again since; and why, in words."""
    refused_because: tuple[str, ...]
    undone_at: datetime | None


class Accepted(BaseModel):
    quote_id: str
    status: Literal["accepted"]


@router.get("/quotes", tags=["quotes"])
async def quotes(
    query: Annotated[Query, query("quotes:read")],
    page: Annotated[Page, paged(offered_at=datetime, quote_id=str)],
    status: QuoteStatus | None = None,
) -> PageOf[Quote]:
    """The latest first."""
    return page.of(await query.fetch(readmodels.QUOTES, status, *page.after, page.fetch_limit), Quote.of)


@router.get("/quotes/{quote_id}", tags=["quotes"], response_model=Quote)
async def one_quote(query: Annotated[Query, query("quotes:read")], quote_id: Identifier) -> Response:
    row = await query.fetchrow(readmodels.QUOTE, quote_id)
    if row is None:
        raise not_found()
    return query.answer(Quote.of(row), version=row["version"])


@router.post("/quotes/{quote_id}/accept", tags=["quotes"], response_model=Accepted)
async def accept_quote(command: Annotated[Command, command("quotes:write")], quote_id: Identifier) -> Response:
    """By the customer's own partner or the provider's people. An order, its invoice and the tickets follow."""
    principal = command.principal

    async def accept(work: Work) -> dict[str, Any]:
        stream = await quote_of(work, command.provider, quote_id)
        if stream.state.offer is None:
            raise not_found()  # in the same words as for one that is somebody else's
        principal.require_customer(stream.state.offer.customer_id)
        command.expect(stream)
        work.record(stream, quote.accept(stream.state, quote_id, principal.client_id, work.now))
        return {"quote_id": quote_id, "status": quote.Status.ACCEPTED}

    return await command.run(b"", accept, status=200)
