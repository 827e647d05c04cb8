"""Writing in sets: one statement for a whole batch, over columns unnested."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import orjson
from asyncpg import Connection
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from pydantic import BaseModel

AnEvent = TypeVar("AnEvent", bound=Event)


def of_type(batch: Sequence[Envelope], event_type: type[AnEvent]) -> list[tuple[Envelope, AnEvent]]:
    """The envelopes of one type of event, with their events, in the batch's order."""
    return [(envelope, envelope.event) for envelope in batch if isinstance(envelope.event, event_type)]


def last_by_key(rows: Iterable[tuple[Any, ...]], key: int) -> list[tuple[Any, ...]]:
    """The last row of each key (the first `key` columns): a statement touches a row once."""
    return list({row[:key]: row for row in rows}.values())


async def write(connection: Connection[Any], statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Runs a statement over the rows' columns, $1 for the first column of all rows, and so on."""
    if rows:
        await connection.execute(statement, *map(list, zip(*rows, strict=True)))


def json_of(values: Sequence[BaseModel]) -> str:
    return orjson.dumps([value.model_dump(mode="json") for value in values]).decode()


def waves(batch: Iterable[Envelope]) -> Iterable[list[Envelope]]:
    """The batch in parts that hold at most one event of each stream, each stream's in its order."""
    found: defaultdict[int, list[Envelope]] = defaultdict(list)
    seen: Counter[str] = Counter()
    for envelope in batch:
        found[seen[envelope.stream]].append(envelope)
        seen[envelope.stream] += 1
    return [found[number] for number in sorted(found)]
