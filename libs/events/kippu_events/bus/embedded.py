"""The embedded bus: the log itself is the topic. Read by position, woken by the log, nothing is copied."""

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence

from kippu_events.bus import Assignee, Record, Slot, Start
from kippu_events.envelope import SLOTS, Envelope
from kippu_events.log import Log, LogCorrupt


class EmbeddedBus:
    """Over the logs of all services, by name. Every subscription is given every slot, whatever its group: marks are
    moved by compare-and-set, so two instances of a consumer do no harm, but they share no work either.

    `shuffle` delivers slots in another order against each other than the log's, as partitions would: a consumer that
    only works in the log's order is then found out.
    """

    def __init__(self, logs: Mapping[str, Log], shuffle: random.Random | None = None) -> None:
        self._logs = logs
        self._shuffle = shuffle

    async def subscribe(self, group: str, logs: Sequence[str], assignee: Assignee) -> "EmbeddedSubscription":
        return await self.follow(await assignee.assigned([(name, number) for name in logs for number in range(SLOTS)]))

    async def follow(self, starts: Mapping[Slot, Start]) -> "EmbeddedSubscription":
        readers = [_Reader(self._logs[name]) for name in dict.fromkeys(name for name, _ in starts)]
        for reader in readers:
            await reader.start(starts)
        return EmbeddedSubscription(readers, _Shuffled(self._shuffle) if self._shuffle else None)


class EmbeddedSubscription:
    def __init__(self, readers: Sequence["_Reader"], shuffled: "_Shuffled | None") -> None:
        self._readers = deque(readers)
        self._shuffled = shuffled
        self._paused = False

    async def batch(self, limit: int, seconds: float) -> list[Record]:
        if self._paused:
            await asyncio.sleep(seconds)
            return []
        if records := await self._read(limit):
            return records
        if await self._grown(seconds):
            return await self._read(limit)
        return []

    async def _read(self, limit: int) -> list[Record]:
        if self._shuffled is None:
            return [Record(envelope) for envelope in await self._next_log(limit)]
        if not self._shuffled.waiting:
            for _ in range(len(self._readers)):
                self._shuffled.add(await self._next_log(limit))
        return [Record(envelope) for envelope in self._shuffled.take(limit)]

    async def _next_log(self, limit: int) -> list[Envelope]:
        """The next events of a log that has any. Another log comes first each time: none may hide the rest."""
        for _ in range(len(self._readers)):
            self._readers.rotate(-1)
            if envelopes := await self._readers[0].read(limit):
                return envelopes
        return []

    async def _grown(self, seconds: float) -> bool:
        waits = [asyncio.ensure_future(reader.wait(seconds)) for reader in self._readers]
        try:
            for first in asyncio.as_completed(waits):
                if await first:
                    return True
            return False
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def seek(self, slot: Slot, start: Start) -> None:
        reader = next(reader for reader in self._readers if reader.name == slot[0])
        if self._shuffled is not None:
            # What waits would be delivered after the events before it that now come again: read it again, too.
            for number, first in self._shuffled.drop(reader.name).items():
                await reader.back_to(number, first - 1)
        await reader.back_to(slot[1], start.slot_seq)

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    async def commit(self, done: Mapping[Slot, int] | None = None) -> None:
        """The marks say it all."""

    async def close(self) -> None:
        self._readers.clear()


class _Reader:
    """Reads one log from the first position that anybody still needs."""

    def __init__(self, log: Log) -> None:
        self.name = log.name
        self._log = log
        self._position = 0

    async def start(self, starts: Mapping[Slot, Start]) -> None:
        head = await self._log.head()
        self._position = head.position
        for number in range(SLOTS):
            after, last = starts[self.name, number].slot_seq, head.slot_seqs[number]
            if after > last:
                raise LogCorrupt(f"{self.name} has {last} events in slot {number}, a consumer has read {after}")
            if after < last:
                await self.back_to(number, after)

    async def back_to(self, number: int, slot_seq: int) -> None:
        """Makes sure that the slot's events after this number are still to come."""
        if following := await self._log.read_slot(number, slot_seq, 1):
            self._position = min(self._position, following[0].position - 1)

    async def read(self, limit: int) -> list[Envelope]:
        envelopes = await self._log.read(self._position, limit)
        if envelopes:
            self._position = envelopes[-1].position
        return envelopes

    async def wait(self, seconds: float) -> bool:
        return await self._log.wait(self._position, seconds)


class _Shuffled:
    """Delivers each slot in order, but slots as chance has it, and in small pieces."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._waiting: defaultdict[Slot, deque[Envelope]] = defaultdict(deque)

    @property
    def waiting(self) -> bool:
        return bool(self._waiting)

    def add(self, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            self._waiting[envelope.log, envelope.slot].append(envelope)

    def take(self, limit: int) -> list[Envelope]:
        taken: list[Envelope] = []
        wanted = self._chance.randint(1, limit)
        while self._waiting and len(taken) < wanted:
            slot = self._chance.choice(list(self._waiting))
            taken.append(self._waiting[slot].popleft())
            if not self._waiting[slot]:
                del self._waiting[slot]
        return taken

    def drop(self, log: str) -> dict[int, int]:
        first = {number: queue[0].slot_seq for (name, number), queue in self._waiting.items() if name == log}
        for number in first:
            del self._waiting[log, number]
        return first
