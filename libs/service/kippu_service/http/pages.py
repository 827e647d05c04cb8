"""Pages of a list by key, not by number: a cursor is the sort key of the last row seen, opaque to clients.

    @router.get("/v1/tickets")
    async def tickets(query: ..., page: Annotated[Page, paged(received_at=datetime, ticket_no=str)]) -> PageOf[Ticket]:
        rows = await query.fetch(SQL, *page.after, page.fetch_limit)   # after: one value a key column, None at first
        return page.of(rows, Ticket.from_row)

with SQL such as `where $1::timestamptz is null or (received_at, ticket_no) > ($1, $2) order by … limit $3`.
"""

import base64
from binascii import Error as NotBase64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Protocol, TypeVar

import orjson
from fastapi import Depends
from fastapi import Query as QueryParameter
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from kippu_service.problems import FieldError, Problem

Item = TypeVar("Item")


class Row(Protocol):
    """A row of a result, by column name: asyncpg's Record, or a mapping."""

    def __getitem__(self, column: str, /) -> Any: ...


ARow = TypeVar("ARow", bound=Row)

MAX_LIMIT = 200
DEFAULT_LIMIT = 50


class PageOf(BaseModel, Generic[Item]):
    """One page; `next` is the cursor of the following one, absent on the last."""

    model_config = ConfigDict(frozen=True)

    items: list[Item]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The page that a client asks for. `after` has one value for each key column, all None on the first page."""

    key: tuple[str, ...]
    after: tuple[Any, ...]
    limit: int

    @property
    def fetch_limit(self) -> int:
        """One row more than is shown, to know whether there is another page."""
        return self.limit + 1

    def of(self, rows: Sequence[ARow], item: Callable[[ARow], Item]) -> PageOf[Item]:
        """The page from the rows, which must have the key's columns."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        cursor = _encode([shown[-1][column] for column in self.key]) if more else None
        return PageOf[Any](items=[item(row) for row in shown], next=cursor)


def paged(**key: type) -> Any:
    """A dependency that reads `cursor` and `limit` for a list sorted by these columns, of these types."""
    adapters: tuple[TypeAdapter[Any], ...] = tuple(TypeAdapter(kind) for kind in key.values())
    columns = tuple(key)

    def read(
        cursor: Annotated[str | None, QueryParameter(max_length=1024, description="`next` of the page before")] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    ) -> Page:
        return Page(columns, _decode(cursor, adapters) if cursor else (None,) * len(columns), limit)

    return Depends(read)


def _encode(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def _decode(cursor: str, adapters: Sequence[TypeAdapter[Any]]) -> tuple[Any, ...]:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values = orjson.loads(raw)
        # JSON has no dates: each value is read from its JSON again, by the rules for its column's type.
        return tuple(
            adapter.validate_json(orjson.dumps(value)) for adapter, value in zip(adapters, values, strict=True)
        )
    except (NotBase64, ValidationError, ValueError, TypeError):
        error = FieldError(field="query.cursor", code="cursor_invalid", message="send back `next` exactly as it came")
        raise Problem(400, "cursor_invalid", "The cursor is not one of this list", errors=[error]) from None
