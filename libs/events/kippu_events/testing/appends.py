"""Appends made of anything, for tests of logs and buses that do not care what an event says."""

from datetime import UTC, datetime
from itertools import count

from kippu_events.envelope import Metadata, NewEvent, sum_of
from kippu_events.log import Append, Expected, MarkMove, SavedState, StreamAppend
from kippu_events.ports import SystemIds

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)

_ids = SystemIds()
_numbers = count(1)
_metadata = Metadata("test", "test").to_bytes()


def an_event(stream: str, data: bytes = b"{}", type_name: str = "kippu.testing.Happened.v1") -> NewEvent:
    """An event of a stream, with whatever bytes as its data."""
    event_id = _ids.event_id()
    digest = sum_of(event_id, type_name, stream, "iij", _metadata, data)
    return NewEvent(event_id, type_name, "iij", _metadata, data, digest)


def a_part(stream: str, expected: int = Expected.ANY, events: int = 1, state: SavedState | None = None) -> StreamAppend:
    """The part of an append that goes to one stream, with so many events."""
    return StreamAppend(stream, expected, tuple(an_event(stream) for _ in range(events)), state)


def an_append(
    *parts: StreamAppend | str,
    command_id: str | None = None,
    command_hash: bytes = b"hash",
    now: datetime = NOON,
    result: bytes = b"null",
    mark: MarkMove | None = None,
) -> Append:
    """An append of the parts, or of one event to any version of each stream named; with a command id of its own."""
    return Append(
        command_id=command_id or f"command-{next(_numbers)}",
        command_hash=command_hash,
        streams=tuple(a_part(part) if isinstance(part, str) else part for part in parts),
        now=now,
        result=result,
        mark=mark,
    )
