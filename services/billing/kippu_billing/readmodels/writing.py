"""Events of a batch by type, and sets of rows as the tables' statements take them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import orjson
from asyncpg import Connection
from kippu_events.envelope import Envelope
from kippu_events.event import Event, Value

AnEvent = TypeVar("AnEvent", bound=Event)


def of_type(batch: Sequence[Envelope], event_class: type[AnEvent]) -> Iterator[tuple[Envelope, AnEvent]]:
    for envelope in batch:
        event = envelope.event
        if isinstance(event, event_class):
            yield envelope, event


async def write(connection: "Connection[Any]", statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """One statement for all rows: an array for each column."""
    if rows:
        await connection.execute(statement, *zip(*rows, strict=True))


def as_json(values: Iterable[Value]) -> str:
    return orjson.dumps([value.model_dump(mode="json") for value in values]).decode()
