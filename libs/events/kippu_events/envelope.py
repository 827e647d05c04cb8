"""The envelope: CloudEvents 1.0 attributes and our extensions around an event's exact bytes."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from uuid import UUID
from zlib import crc32

import orjson
from kippu_privacy import Associated

from kippu_events.event import Event, decode

SLOTS = 16
"""A log has 16 slots, for ever: partitions are a divisor of it, and marks are kept per slot."""

MAX_EVENT_BYTES = 64 * 1024
"""The largest event (data and metadata) that a log takes; longer content goes into a blob."""


def slot_of(stream: str) -> int:
    """The slot of a stream. CRC-32 is the same on every machine and in every version; it must never change."""
    return crc32(stream.encode()) % SLOTS


@dataclass(frozen=True, slots=True)
class Metadata:
    """Who and why, beside the event's data. None of it is personal: `actor` is an id, not a name."""

    actor: str
    """Who caused it: `client:portal-1`, `operator:o7`, `reactor:debit-work`, `deadline:lot-expiry`."""
    correlation_id: str
    """The id of the first event or request of the whole story."""
    causation_id: str | None = None
    """The id of the event, or the command id, that caused this one directly."""
    traceparent: str | None = None

    def to_bytes(self) -> bytes:
        return orjson.dumps(
            {
                "actor": self.actor,
                "correlationid": self.correlation_id,
                **({"causationid": self.causation_id} if self.causation_id else {}),
                **({"traceparent": self.traceparent} if self.traceparent else {}),
            }
        )

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Metadata":
        fields = orjson.loads(raw)
        return cls(fields["actor"], fields["correlationid"], fields.get("causationid"), fields.get("traceparent"))


def sum_of(event_id: UUID, type_name: str, stream: str, provider: str, metadata: bytes, data: bytes) -> bytes:
    """SHA-256 (32 bytes) over everything the writer fixed; each part is preceded by its length in 4 bytes."""
    digest = sha256()
    for part in (event_id.bytes, type_name.encode(), stream.encode(), provider.encode(), metadata, data):
        digest.update(len(part).to_bytes(4, "big"))
        digest.update(part)
    return digest.digest()


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event ready to be appended: sealed, encoded, summed. The log adds version, position, slot and time."""

    id: UUID
    type: str
    provider: str
    metadata: bytes
    data: bytes
    sum: bytes


@dataclass(frozen=True)
class Envelope:
    """A recorded event: where it stands in its log, and the bytes exactly as they were summed."""

    log: str
    epoch: UUID
    position: int
    """From 1, without gaps, in commit order."""
    stream: str
    version: int
    """From 1, without gaps, within the stream."""
    slot: int
    slot_seq: int
    """From 1, without gaps, within the slot."""
    id: UUID
    type: str
    provider: str
    recorded_at: datetime
    """When we knew. Monotone with `position`."""
    metadata_bytes: bytes
    data: bytes
    sum: bytes

    @cached_property
    def metadata(self) -> Metadata:
        return Metadata.from_bytes(self.metadata_bytes)

    @cached_property
    def event(self) -> Event:
        """The decoded event. Raises what `kippu_events.event.decode` raises."""
        return decode(self.type, self.data)

    def is_intact(self) -> bool:
        """Whether the bytes are those that were summed when the event was made, in the slot its stream belongs to."""
        expected = sum_of(self.id, self.type, self.stream, self.provider, self.metadata_bytes, self.data)
        return expected == self.sum and self.slot == slot_of(self.stream)

    def associated(self, field: str) -> Associated:
        """What a personal field of this event was bound to when it was sealed."""
        return Associated(str(self.id), self.type, self.provider, field)
