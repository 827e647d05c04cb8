"""The dependency of every route that reads: the reader role, row-level security, and one's own writes."""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
from fastapi import Request, Security
from kippu_events.consumer.marks import wait_until_reached
from kippu_terms.refusal import Fault, Refused
from pydantic import BaseModel
from starlette.responses import Response

from kippu_service.http.edge import Edge, Secured, header
from kippu_service.http.etags import etag, is_unchanged
from kippu_service.http.positions import MIN_HEADER, PATTERN, Position, read_positions
from kippu_service.principal import Principal
from kippu_service.problems import unavailable
from kippu_service.runtime import Runtime
from kippu_service.tokens import CUSTOMER_ID, PROVIDER_ID

HEADERS = (header(MIN_HEADER, "A Kippu-Position: read what you wrote.", pattern=PATTERN),)
"""What every query may be sent with, as OpenAPI tells of it."""

WAIT_SECONDS = 5.0
"""How long a read waits for `Kippu-Min-Position` before it is a 503 problem."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Several reads that see the same state."""

    connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        with _refusing_impossible_values():
            return await self.connection.fetch(sql, *arguments)

    async def fetchrow(self, sql: str, *arguments: Any) -> asyncpg.Record | None:
        with _refusing_impossible_values():
            return await self.connection.fetchrow(sql, *arguments)


@contextmanager
def _refusing_impossible_values() -> Iterator[None]:
    """A value that PostgreSQL cannot hold (a text with NUL, a date beyond the calendar) came from the client: whatever
    the path, the filter or the cursor, nothing that is stored has it. A 422 problem."""
    try:
        yield
    except asyncpg.DataError as error:
        theirs = isinstance(error, asyncpg.CharacterNotInRepertoireError) or isinstance(
            error.__cause__, OverflowError | UnicodeError
        )
        if not theirs:
            raise
        raise Refused(Fault("value_impossible", "a value of the request is one that nothing can have")) from None


class Query:
    """A request to read. Declare it as `Annotated[Query, query("tickets:read")]`.

    Row-level security shows only rows of the token's provider and, to a partner, of its customers: SQL needs no
    condition on either, and a row that is not there is a 404.
    """

    def __init__(self, request: Request, runtime: Runtime, principal: Principal) -> None:
        self._request = request
        self.runtime = runtime
        self.principal = principal

    @property
    def provider(self) -> str:
        return self.principal.provider

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """The rows that this caller may see."""
        async with self.snapshot() as snapshot:
            return await snapshot.fetch(sql, *arguments)

    async def fetchrow(self, sql: str, *arguments: Any) -> asyncpg.Record | None:
        """The first row that this caller may see, or None."""
        async with self.snapshot() as snapshot:
            return await snapshot.fetchrow(sql, *arguments)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """Reads in one transaction (repeatable read, read only)."""
        async with self.runtime.readers.acquire() as connection:
            # The settings are local to the transaction, so a pooled connection never carries them to another caller.
            # They travel with BEGIN in one message; it takes no arguments, hence the checked literals.
            await connection.execute(_begin(self.principal))
            try:
                yield Snapshot(connection)
            finally:
                await connection.execute("rollback")

    def answer(self, content: BaseModel | Any, *, version: int | None = None) -> Response:
        """The answer as JSON; with a version it has an ETag, and is a 304 for whoever has that version already."""
        headers = {"cache-control": "private, no-cache"} | (etag(version) if version is not None else {})
        if version is not None and is_unchanged(self._request.headers.get("if-none-match"), version):
            return Response(status_code=304, headers=headers)
        body = content.model_dump_json().encode() if isinstance(content, BaseModel) else orjson.dumps(content)
        return Response(body, headers=headers, media_type="application/json")


def _begin(principal: Principal) -> str:
    if principal.customers is None:
        customers = "*"
    else:
        customers = ",".join(_literal(CUSTOMER_ID, customer) for customer in sorted(principal.customers))
    return (
        "begin transaction isolation level repeatable read, read only; "
        f"select set_config('kippu.provider', '{_literal(PROVIDER_ID, principal.provider)}', true), "
        f"set_config('kippu.customers', '{customers}', true)"
    )


def _literal(pattern: re.Pattern[str], text: str) -> str:
    """The text, if it cannot end a literal. Tokens were checked for it; this is the second of the pair."""
    if not pattern.fullmatch(text):
        raise ValueError("a provider or customer id of a token has characters that it must not have")
    return text


async def wait_for(edge: Edge, positions: Sequence[Position]) -> None:
    """Waits until every projector of this service that reads the logs has come to these positions.

    A 503 problem if it takes too long.
    """
    wanted = [(position.log, *last) for position in positions for last in position.slots]
    if not await wait_until_reached(edge.runtime.writers, edge.service.projectors, wanted, WAIT_SECONDS):
        raise unavailable("what you wrote is recorded, but cannot be read yet")


class _Queries(Secured):
    async def __call__(self, request: Request) -> Query:
        principal = await self.principal(request)
        edge: Edge = request.app.state.edge
        min_position = request.headers.get(MIN_HEADER)
        if min_position is not None:
            await wait_for(edge, read_positions(min_position))
        return Query(request, edge.runtime, principal)


def query(scope: str, *, staff: bool = False) -> Any:
    """A dependency that checks the token for a scope such as `tickets:read`; `staff` keeps partners out."""
    return Security(_Queries(scope, staff=staff), scopes=[scope])
