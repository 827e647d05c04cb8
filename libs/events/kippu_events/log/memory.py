"""A log in memory: for tests of domains and reactors, which need its behaviour but not its durability."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from kippu_events.envelope import SLOTS, Envelope, slot_of
from kippu_events.log import (
    Append,
    Appended,
    CommandReused,
    Conflict,
    Expected,
    Head,
    MarkMoved,
    Recorded,
    SavedState,
    StreamAppend,
    StreamSlice,
)
from kippu_events.log.rules import check


class MemoryLog:
    """Keeps the contract of `kippu_events.log.Log`, marks included, as long as the process lives."""

    def __init__(self, name: str, epoch: UUID | None = None) -> None:
        self.name = name
        self._head = Head(epoch or uuid4(), 0, (0,) * SLOTS, datetime.min.replace(tzinfo=UTC))
        self._events: list[Envelope] = []
        self._streams: defaultdict[str, list[Envelope]] = defaultdict(list)
        self._slots: defaultdict[int, list[Envelope]] = defaultdict(list)
        self._ids: set[UUID] = set()
        self._commands: dict[str, tuple[bytes, Appended]] = {}
        self._states: dict[str, tuple[int, SavedState]] = {}
        self._marks: dict[tuple[str, str, int], int] = {}
        self._grown = asyncio.Condition()

    async def append(self, append: Append) -> Appended:
        check(append)
        # Gives way once, as a database would: what was loaded before may be old by now. What follows does not.
        await asyncio.sleep(0)
        first = self._commands.get(append.command_id)
        if first is not None:
            return _repeated(append, *first)
        self._check_versions(append)
        self._check_mark(append)
        self._check_ids(append)
        recorded = tuple([self._record(part, append.now) for part in append.streams])
        if append.mark is not None:
            self._marks[append.mark.consumer, append.mark.log, append.mark.slot] = append.mark.slot_seq
        appended = Appended(False, append.result, recorded)
        self._commands[append.command_id] = (append.command_hash, Appended(True, append.result, recorded))
        async with self._grown:
            self._grown.notify_all()
        return appended

    def _check_versions(self, append: Append) -> None:
        for part in append.streams:
            version = self._version(part.stream)
            if part.expected not in (Expected.ANY, version):
                raise Conflict(part.stream, part.expected, version)

    def _check_mark(self, append: Append) -> None:
        move = append.mark
        if move is not None and self.mark(move.consumer, move.log, move.slot) != move.expected:
            raise MarkMoved(f"{move.consumer} is no longer at {move.expected} of slot {move.slot} of {move.log}")

    def _check_ids(self, append: Append) -> None:
        ids = [event.id for part in append.streams for event in part.events]
        if len(set(ids)) != len(ids) or not self._ids.isdisjoint(ids):
            raise ValueError(f"command {append.command_id}: an event id was used before")
        self._ids.update(ids)

    def _record(self, part: StreamAppend, now: datetime) -> Recorded:
        slot = slot_of(part.stream)
        recorded_at = max(self._head.recorded_at, now.astimezone(UTC))
        for new in part.events:
            envelope = Envelope(
                log=self.name,
                epoch=self._head.epoch,
                position=len(self._events) + 1,
                stream=part.stream,
                version=len(self._streams[part.stream]) + 1,
                slot=slot,
                slot_seq=len(self._slots[slot]) + 1,
                id=new.id,
                type=new.type,
                provider=new.provider,
                recorded_at=recorded_at,
                metadata_bytes=new.metadata,
                data=new.data,
                sum=new.sum,
            )
            self._events.append(envelope)
            self._streams[part.stream].append(envelope)
            self._slots[slot].append(envelope)
        slot_seqs = tuple(len(self._slots[number]) for number in range(SLOTS))
        self._head = Head(self._head.epoch, len(self._events), slot_seqs, recorded_at)
        if part.state is not None:
            self._states[part.stream] = (self._version(part.stream), part.state)
        return Recorded(part.stream, envelope.version, envelope.position, slot, envelope.slot_seq)

    def _version(self, stream: str) -> int:
        return len(self._streams[stream]) if stream in self._streams else 0

    def mark(self, consumer: str, log: str, slot: int) -> int:
        """Where a consumer's mark stands: the last slot number it has done, 0 before the first."""
        return self._marks.get((consumer, log, slot), 0)

    async def find_command(self, command_id: str) -> tuple[bytes, Appended] | None:
        return self._commands.get(command_id)

    async def load(self, streams: Sequence[tuple[str, int]]) -> list[StreamSlice]:
        return [self._load(stream, fold_version) for stream, fold_version in streams]

    def _load(self, stream: str, fold_version: int) -> StreamSlice:
        version, saved = self._states.get(stream, (0, None))
        if saved is None or saved.fold_version != fold_version:
            version, saved = 0, None
        return StreamSlice(stream, self._version(stream), saved, tuple(self._streams.get(stream, [])[version:]))

    async def read_stream(self, stream: str, after_version: int = 0, limit: int = 1000) -> list[Envelope]:
        return self._streams.get(stream, [])[after_version : after_version + limit]

    async def read(self, after: int, limit: int = 1000) -> list[Envelope]:
        return self._events[after : after + limit]

    async def read_slot(self, slot: int, after: int, limit: int = 1000) -> list[Envelope]:
        return self._slots.get(slot, [])[after : after + limit]

    async def head(self) -> Head:
        return self._head

    async def wait(self, after: int, seconds: float) -> bool:
        async with self._grown:
            try:
                async with asyncio.timeout(seconds):
                    await self._grown.wait_for(lambda: self._head.position > after)
            except TimeoutError:
                return False
        return True


def _repeated(append: Append, first_hash: bytes, first: Appended) -> Appended:
    if append.command_hash != first_hash:
        raise CommandReused(f"command {append.command_id} was used before with other content")
    return first
