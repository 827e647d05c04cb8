"""Sets of rows, as the tables' statements take them: an array for each column."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from asyncpg import Connection

Changes = dict[tuple[str, str], dict[str, Any]]
"""By provider and id: the columns that a batch changes, later events over earlier ones."""


async def write(connection: "Connection[Any]", statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """One statement for all rows."""
    if rows:
        await connection.execute(statement, *zip(*rows, strict=True))


def rows_of(changes: Mapping[tuple[str, str], Mapping[str, Any]], columns: Iterable[str]) -> list[tuple[Any, ...]]:
    """A row for each key: the key, then the columns, None where a column stays as it is."""
    names = tuple(columns)
    return [(*key, *[change.get(name) for name in names]) for key, change in changes.items()]
