"""Wallets of prepaid tickets: what is in them, and the statement of how it came there."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from kippu_service.http import Identifier, Query, etag, not_found, query
from pydantic import BaseModel
from starlette.responses import Response

from kippu_entitlement.as_of import TwoDates
from kippu_entitlement.statement import LOTS, WALLET, statement
from kippu_entitlement.wallet_as_of import lots as lots_as_of

router = APIRouter(tags=["wallets"])


class LotShown(BaseModel):
    """Usable from `valid_from` until before `expires_at`.

    credited − debited + reversed − expired − revoked = remaining; what was `revoked` was given back with its order.
    """

    lot_id: str
    order_id: str
    valid_from: datetime
    expires_at: datetime
    credited: int
    debited: int
    reversed: int
    expired: int
    revoked: int
    remaining: int


class WalletShown(BaseModel):
    wallet_id: str
    customer_id: str
    plan_family: str
    balance: int
    lots: list[LotShown]


class AllocationShown(BaseModel):
    lot_id: str
    quantity: int


class EntryShown(BaseModel):
    """One event: `change` is what it did, `balance` what was left after it; `reference` is an order, debit or lot."""

    version: int
    event_id: str
    kind: str
    change: int
    balance: int
    allocations: list[AllocationShown]
    reference: str
    ticket_no: str | None
    note: str | None
    occurred_at: datetime
    recorded_at: datetime
    counts_at: datetime | None


class StatementShown(WalletShown):
    provider: str
    version: int
    entries: list[EntryShown]


@router.get("/v1/wallets/{wallet_id}", response_model=WalletShown)
async def show(wallet_id: Identifier, query: Annotated[Query, query("wallets:read")], dates: TwoDates) -> Response:
    """What is in it; with `valid_at` or `known_at`, what was in it then, in lots that had begun, as then known."""
    valid_at, known_at = dates.at(query.runtime.clock.now())
    async with query.snapshot() as snapshot:
        wallet = await snapshot.fetchrow(WALLET, query.provider, wallet_id)
        if dates.asked:
            lots = [LotShown(**lot) for lot in await lots_as_of(snapshot, wallet_id, valid_at, known_at)]
        else:
            lots = [LotShown(**lot) for lot in await snapshot.fetch(LOTS, query.provider, wallet_id)]
    if wallet is None:
        raise not_found()
    shown = WalletShown(
        wallet_id=wallet_id,
        customer_id=wallet["customer_id"],
        plan_family=wallet["plan_family"],
        balance=sum(lot.remaining for lot in lots),
        lots=lots,
    )
    return query.answer(shown, version=None if dates.asked else wallet["version"])


@router.get("/v1/wallets/{wallet_id}/statement", response_model=StatementShown)
async def show_statement(wallet_id: Identifier, query: Annotated[Query, query("wallets:read")]) -> Response:
    """Canonical JSON: an auditor who replays the log gets the same bytes."""
    async with query.snapshot() as snapshot:
        wallet = await snapshot.fetchrow(WALLET, query.provider, wallet_id)
        body = await statement(snapshot.connection, query.provider, wallet_id)
    if wallet is None or body is None:
        raise not_found()
    headers = {"cache-control": "private, no-cache", **etag(wallet["version"])}
    return Response(body, headers=headers, media_type="application/json")
