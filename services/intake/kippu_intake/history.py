"""A request's history as bytes that anybody can make again from the log, and compare."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from kippu_events.envelope import Envelope, Metadata


class Entry(NamedTuple):
    """One event of a request, as the log holds it."""

    version: int
    event_id: UUID
    type: str
    recorded_at: datetime
    metadata: bytes
    data: bytes

    @classmethod
    def of(cls, envelope: Envelope) -> "Entry":
        return cls(
            envelope.version,
            envelope.id,
            envelope.type,
            envelope.recorded_at,
            envelope.metadata_bytes,
            envelope.data,
        )


def history(ticket_no: str, entries: Iterable[Entry]) -> bytes:
    """JSON, canonical: keys sorted, no blanks, instants in UTC. Personal values stay sealed, as they were recorded.

    The same events always give the same bytes, whether they come from the read model or from the log.
    """
    document = {"ticket_no": ticket_no, "events": [_shown(entry) for entry in entries]}
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def _shown(entry: Entry) -> dict[str, Any]:
    metadata = Metadata.from_bytes(entry.metadata)
    return {
        "version": entry.version,
        "id": str(entry.event_id),
        "type": entry.type,
        "recorded_at": entry.recorded_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": metadata.actor,
        "correlation_id": metadata.correlation_id,
        "causation_id": metadata.causation_id,
        "data": orjson.loads(entry.data),
    }
