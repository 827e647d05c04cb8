"""How rows are written, in sets: by columns, or a row a thing of which each event says a part."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import orjson
from asyncpg import Connection
from kippu_events.consumer import Projector
from kippu_events.envelope import Envelope

Key = tuple[str, str]
"""Provider and the thing's id."""


async def write(connection: Connection[Any], statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Runs a statement of `unnest($1, $2, …)` over the columns of the rows; nothing for no rows."""
    columns = list(zip(*rows, strict=True))
    if columns:
        await connection.execute(statement, *[list(column) for column in columns])


class RowEach(Projector):
    """One row a thing, in the first of its tables. An event sets the columns that it speaks of, None included, and
    leaves the others as they are.

    Each column is fed by the events of one stream, so its order is theirs; all columns are, or those that some of its
    events speak of. Every column beside the key's has a default.
    """

    key: ClassVar[str]
    """The field of its events, and the column, that holds the thing's id."""

    @abstractmethod
    def columns(self, envelope: Envelope, event: Any) -> dict[str, Any]:
        """What one event says of its thing, as JSON can hold it."""

    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        rows: dict[Key, dict[str, Any]] = {}
        customers: dict[Key, str] = {}
        for envelope in batch:
            event: Any = envelope.event
            key = (envelope.provider, getattr(event, self.key))
            customers[key] = event.customer_id
            rows[key] = rows.get(key, {}) | self.columns(envelope, event)
        # Rows are locked in one order, whoever writes them.
        await write(connection, _begun(self.tables[0], self.key), [(*key, customers[key]) for key in sorted(rows)])
        if said := sorted({column for row in rows.values() for column in row}):
            changes = [(*key, orjson.dumps(rows[key]).decode()) for key in sorted(rows)]
            await write(connection, _changed(self.tables[0], self.key, said), changes)


def _begun(table: str, key: str) -> str:
    return f"""
        insert into read.{table} (provider, {key}, customer_id)
        select * from unnest($1::text[], $2::text[], $3::text[]) on conflict (provider, {key}) do nothing
    """  # noqa: S608  names of our own tables and columns


def _changed(table: str, key: str, columns: Sequence[str]) -> str:
    """A column that a row's changes do not name is that of the row as it was."""
    names = ", ".join(columns)
    return f"""
        update read.{table} as held
        set ({names}) = (select {names} from jsonb_populate_record(held, new.columns))
        from unnest($1::text[], $2::text[], $3::jsonb[]) as new (provider, {key}, columns)
        where held.provider = new.provider and held.{key} = new.{key}
    """  # noqa: S608  names of our own tables and columns
