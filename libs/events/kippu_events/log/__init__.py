"""The log: what every adapter guarantees. `tests/contract` proves it for each of them.

1. An append is atomic over all its streams, conditional on their versions, and moves a reactor's mark with it.
2. Positions have no gaps and equal commit order: a reader at position p has seen everything up to p, for ever.
3. Each event has a slot (of 16) and a number within it without gaps.
4. A command id has one effect. Repeated, it answers the first result.
5. What is stored is never changed; what cannot be is never skipped (`LogCorrupt`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Protocol
from uuid import UUID

from kippu_events.envelope import Envelope, NewEvent


class Expected(IntEnum):
    """What a stream's version must be for an append to happen; any number above 0 means exactly that version."""

    ANY = -1
    NO_STREAM = 0


class LogError(Exception):
    """The base of what a log refuses."""


class Conflict(LogError):
    """A stream is not at the version that the append expects: load again and decide again."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"stream {stream} is at version {actual}, not at {expected}")
        self.stream, self.expected, self.actual = stream, expected, actual


class CommandReused(LogError):
    """The command id was used before with other content (another hash). HTTP answers 422."""


class MarkMoved(LogError):
    """Another instance of this consumer has moved the mark: seek to it and go on from there."""


class EventTooLarge(LogError):
    """An event is larger than MAX_EVENT_BYTES."""


class LogCorrupt(LogError):
    """A position, version, sum or slot number that cannot be. The process must stop; nothing is skipped."""


class LogUnavailable(LogError):
    """The log could not be reached for a while. What became of an append is unknown: ask again with its command id."""


@dataclass(frozen=True, slots=True)
class SavedState:
    """A fold's result for a stream, so that loading does not grow with it. It may be thrown away at any time."""

    fold_version: int
    state: bytes


@dataclass(frozen=True, slots=True)
class StreamAppend:
    """The part of an append that goes to one stream. `state` is the fold after `events`; it needs an exact version."""

    stream: str
    expected: int
    events: tuple[NewEvent, ...]
    state: SavedState | None = None


@dataclass(frozen=True, slots=True)
class MarkMove:
    """Moves the mark of (consumer, log, slot) to `slot_seq` if it stands at `expected`; else the append fails."""

    consumer: str
    log: str
    slot: int
    expected: int
    slot_seq: int


@dataclass(frozen=True, slots=True)
class Append:
    """One atomic append. `streams` may be empty for a reactor that only moves its mark.

    `result` is the answer to give whenever the command is repeated; it must hold no personal data.
    `now` is business time; the log records an event at this instant or at the last one's, whichever is later.
    """

    command_id: str
    command_hash: bytes
    streams: tuple[StreamAppend, ...]
    now: datetime
    result: bytes = b""
    mark: MarkMove | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where one event of an append came to stand."""

    stream: str
    version: int
    position: int
    slot: int
    slot_seq: int


@dataclass(frozen=True, slots=True)
class Appended:
    """The outcome of an append. `repeated` is true if the command id had been recorded before: then `result` is the
    first one's, and nothing was written now. `recorded` names the last event of each stream, first time or repeated."""

    repeated: bool
    result: bytes
    recorded: tuple[Recorded, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log has come. `slot_seqs[s]` is the last number of slot s."""

    epoch: UUID
    position: int
    slot_seqs: tuple[int, ...]
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class StreamSlice:
    """A stream as loaded: the saved state, if there is one of the wanted fold version, and the events after it."""

    stream: str
    version: int
    saved: SavedState | None
    tail: tuple[Envelope, ...]


class Log(Protocol):
    """One service's log."""

    name: str

    async def append(self, append: Append) -> Appended:
        """Appends, or raises Conflict, CommandReused, MarkMoved or EventTooLarge and changes nothing.

        In one append a stream occurs at most once. A repeated command with the same hash answers the first result.
        """

    async def find_command(self, command_id: str) -> tuple[bytes, Appended] | None:
        """The hash and outcome of a recorded command; how one finds out after an answer was lost."""

    async def load(self, streams: Sequence[tuple[str, int]]) -> list[StreamSlice]:
        """Loads several (stream, fold version) in one round trip, each from its saved state where there is one."""

    async def read_stream(self, stream: str, after_version: int = 0, limit: int = 1000) -> list[Envelope]:
        """A stream's events in order."""

    async def read(self, after: int, limit: int = 1000) -> list[Envelope]:
        """The whole log's events after a position, in order, without gaps."""

    async def read_slot(self, slot: int, after: int, limit: int = 1000) -> list[Envelope]:
        """A slot's events after a slot number, in order, without gaps."""

    async def head(self) -> Head:
        """The last committed head."""

    async def wait(self, after: int, seconds: float) -> bool:
        """Waits (at most so many seconds) until the head is beyond `after`; true if it is."""
