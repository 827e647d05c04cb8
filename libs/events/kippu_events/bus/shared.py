"""One subscription for all consumers of a service, over any bus: an event is fetched, checked and decoded once.

What was read last is kept. A consumer that keeps up takes everything from there. One that is further behind (it is
rebuilt, slower than the others, or misses something) reads alone until it has come to what is kept, so that nobody
waits for it. Consumers stay as they are: what keeps them from harm is their marks, and nothing here.
"""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from uuid import UUID

from kippu_events.bus import COMMIT_EVERY_SECONDS, Assignee, Bus, BusUnavailable, Record, Slot, Start, Subscription
from kippu_events.envelope import SLOTS

KEPT = 1024
"""So many events are kept, if they are not too large, and at most twice as many."""
KEPT_BYTES = 16 * 1024 * 1024
ARRIVAL_SECONDS = 5.0
"""How long the first consumers wait for the others at a start."""
IDLE_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
"""The bus is asked at least so often, also if no consumer has taken anything: it would take the slots away."""


class SharedBus:
    """Every consumer of one service subscribes here; instances of the service share the slots as one group."""

    def __init__(self, bus: Bus, group: str, logs: Collection[str], consumers: int, kept: int = KEPT) -> None:
        """So many consumers will subscribe, which read these logs between them."""
        self._bus = bus
        self._kept = kept
        self._group = group
        self._logs = sorted(logs)
        self._expected = consumers
        self._arrivals: set[str] = set()
        self._all_here = asyncio.Event()
        self._joining: list[_Member] = []
        self._turn = asyncio.Lock()
        self._feed: _Feed | None = None

    async def subscribe(self, group: str, logs: Sequence[str], assignee: Assignee) -> Subscription:
        member = _Member(logs, assignee)
        self._joining.append(member)
        try:
            await self._arrived(group)
            async with self._turn:
                if member in self._joining:
                    await self._join()
        except BaseException:
            await self._forget(member)
            raise
        return member

    async def follow(self, starts: Mapping[Slot, Start]) -> Subscription:
        return await self._bus.follow(starts)

    async def _forget(self, member: "_Member") -> None:
        if member in self._joining:
            self._joining.remove(member)
        else:
            await member.close()

    async def _arrived(self, group: str) -> None:
        """At a start all join at once, so that what is kept begins where the last of them stands."""
        self._arrivals.add(group)
        if len(self._arrivals) >= self._expected:
            self._all_here.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(ARRIVAL_SECONDS):
                await self._all_here.wait()
        self._all_here.set()

    async def _join(self) -> None:
        """Takes in all who wait for it, into a new feed if the last one has ended."""
        joining, self._joining = self._joining, []
        if self._feed is None or self._feed.ended:
            self._feed = _Feed(self._bus, self._kept)
            await self._feed.open(joining, self._group, self._logs)
        else:
            await self._feed.add(joining)


class _Feed:
    """Reads the bus for its members, and keeps what it read last."""

    def __init__(self, bus: Bus, kept: int) -> None:
        self.bus = bus
        self._size = kept
        self.first = 0
        """How many events were read and are no longer kept."""
        self.kept: list[Record] = []
        self.floors: dict[Slot, int] = {}
        """For each slot that is this instance's: every event after this number is kept, or still to come."""
        self.failure: Exception | None = None
        self._members: list[_Member] = []
        self._placing = asyncio.Lock()
        self._at: dict[Slot, tuple[UUID | None, int]] = {}
        """The epoch and number of the last event read of each slot."""
        self._holed: set[Slot] = set()
        """Slots of which the bus left something out: it may still come, and what follows it once more."""
        self._bytes = 0
        self._grown = asyncio.Event()
        self._taken = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def ended(self) -> bool:
        return self._closed or self.failure is not None

    @property
    def end(self) -> int:
        """How many events were read."""
        return self.first + len(self.kept)

    async def open(self, members: Sequence["_Member"], group: str, logs: Sequence[str]) -> None:
        self._members += members
        for member in members:
            member.feed = self
        try:
            inner = await self.bus.subscribe(group, logs, self)
        except BaseException as error:
            self._fail(error if isinstance(error, Exception) else BusUnavailable("the subscription was given up"))
            raise
        self._pump = asyncio.create_task(self._read(inner), name=f"feed of {group}")

    async def add(self, members: Sequence["_Member"]) -> None:
        self._members += members
        for member in members:
            member.feed = self
        async with self._placing:
            for member in members:
                member.place(await member.ask(self.floors))

    async def remove(self, member: "_Member") -> None:
        with suppress(ValueError):
            self._members.remove(member)
        if not self._members:
            await self._close()

    async def _close(self) -> None:
        self._closed = True
        if self._pump is not None:
            self._pump.cancel()
            with suppress(asyncio.CancelledError):
                await self._pump

    async def grown(self, end: int, seconds: float) -> None:
        """Returns once more was read than `end`, or anything else has changed, or after so many seconds."""
        if self.end > end or self.ended:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._grown.wait()

    def wake(self) -> None:
        """Tells everybody who waits to look again."""
        self._grown.set()
        self._grown = asyncio.Event()

    def taken(self) -> None:
        """A member has taken something."""
        self._taken.set()

    async def _read(self, inner: Subscription) -> None:
        committed = time.monotonic()
        try:
            while True:
                self._keep(await inner.batch(self._size // 2, IDLE_SECONDS))
                await self._wait_for_the_foremost()
                if time.monotonic() - committed > COMMIT_EVERY_SECONDS:
                    committed = time.monotonic()
                    await inner.commit(self._done_by_all())
        except Exception as error:
            self._fail(error)
        finally:
            await inner.close()

    def _fail(self, error: Exception) -> None:
        """Every member raises it, and subscribes again if it passes."""
        self.failure = error
        self.wake()

    async def _wait_for_the_foremost(self) -> None:
        """Nothing is read that nobody needs yet: what is kept would be lost for all."""
        until = time.monotonic() + LONGEST_WAIT_SECONDS
        while (remaining := until - time.monotonic()) > 0:
            cursors = [member.cursor for member in self._members if member.cursor is not None]
            if not cursors or self.end - max(cursors) < self._size // 2:
                return
            self._taken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(remaining):
                    await self._taken.wait()

    def _keep(self, records: Sequence[Record]) -> None:
        for record in records:
            slot, envelope = record.slot, record.envelope
            known = self._at.get(slot)
            if known is None:
                continue  # no longer ours
            epoch, number = known
            if envelope.epoch == epoch and envelope.slot_seq <= number and slot not in self._holed:
                continue  # delivered again
            if envelope.slot_seq > number + 1:
                self._holed.add(slot)
                self.floors[slot] = envelope.slot_seq - 1
            self._at[slot] = (envelope.epoch, max(number, envelope.slot_seq))
            self.kept.append(record)
            self._bytes += len(envelope.data)
        self._drop_the_oldest()
        if records:
            self.wake()

    def _drop_the_oldest(self) -> None:
        if len(self.kept) <= 2 * self._size and self._bytes <= 2 * KEPT_BYTES:
            return
        number = 0
        while len(self.kept) - number > self._size or self._bytes > KEPT_BYTES:
            record = self.kept[number]
            self.floors[record.slot] = max(self.floors[record.slot], record.envelope.slot_seq)
            self._bytes -= len(record.envelope.data)
            number += 1
        del self.kept[:number]
        self.first += number

    def _done_by_all(self) -> dict[Slot, int]:
        """What everybody who reads it has done of each slot: the offset of the next."""
        done: dict[Slot, int] = {}
        for slot in self.floors:
            offsets = [member.done.get(slot) for member in self._members if slot in member.positions]
            known = [offset for offset in offsets if offset is not None]
            if known and len(known) == len(offsets):
                done[slot] = min(known)
        return done

    async def assigned(self, slots: Collection[Slot]) -> Mapping[Slot, Start]:
        async with self._placing:
            members = list(self._members)
            standing = await asyncio.gather(*[member.ask(slots) for member in members])
            starts = {slot: _start(slot, standing, self._size // SLOTS) for slot in slots}
            self.first, self.kept, self._bytes = self.end, [], 0
            self.floors = {slot: start.slot_seq for slot, start in starts.items()}
            self._at = {slot: (None, start.slot_seq) for slot, start in starts.items()}
            self._holed.clear()
            for member, own in zip(members, standing, strict=True):
                member.place(own)
        self.wake()
        return starts

    async def revoked(self, slots: Collection[Slot]) -> None:
        self.floors.clear()
        self._at.clear()
        await asyncio.gather(*[member.leave(slots) for member in self._members])


def _start(slot: Slot, standing: Sequence[Mapping[Slot, Start]], near: int) -> Start:
    """Where a slot is read from: where the last of those stands who are so near the foremost. Others read alone."""
    positions = [starts[slot] for starts in standing if slot in starts]
    if not positions:
        return Start(0)
    foremost = max(position.slot_seq for position in positions)
    close_by = [position for position in positions if foremost - position.slot_seq <= near]
    return min(close_by, key=lambda position: position.slot_seq)


class _Member:
    """One consumer's subscription."""

    def __init__(self, logs: Sequence[str], assignee: Assignee) -> None:
        self.feed: _Feed
        self.positions: dict[Slot, Start] = {}
        """Where it reads on, in each slot that is its own."""
        self.done: dict[Slot, int] = {}
        """The offset of the next event after what it has done."""
        self.cursor: int | None = None
        """Where it reads on in what is kept; None while it stands before that."""
        self._logs = frozenset(logs)
        self._assignee = assignee
        self._alone: Subscription | None = None
        self._placed = 0
        """How often it was given or lost its slots."""
        self._alone_since = 0
        """`_placed` when it began to read alone: afterwards what comes from there is no longer its own."""
        self._paused = False
        self._failure: Exception | None = None

    # What the feed tells it

    async def ask(self, slots: Collection[Slot]) -> Mapping[Slot, Start]:
        """Asks the consumer where it stands. If it cannot say, that is its own trouble and nobody else's."""
        own = [slot for slot in slots if slot[0] in self._logs]
        try:
            return await self._assignee.assigned(own) if own else {}
        except Exception as error:
            self._failure = error
            return {}

    def place(self, starts: Mapping[Slot, Start]) -> None:
        """It reads on from what is kept, if nothing that it needs was dropped."""
        self._placed += 1
        self.positions = dict(starts)
        self.done = {slot: start.offset for slot, start in starts.items() if start.offset is not None}
        self.cursor = self.feed.first if self._reaches() else None

    async def leave(self, slots: Collection[Slot]) -> None:
        self._placed += 1
        self.positions, self.cursor = {}, None
        await self._assignee.revoked([slot for slot in slots if slot[0] in self._logs])

    def _reaches(self) -> bool:
        floors = self.feed.floors
        return all(start.slot_seq >= floors.get(slot, 0) for slot, start in self.positions.items())

    # What the consumer asks for

    async def batch(self, limit: int, seconds: float) -> list[Record]:
        until = time.monotonic() + seconds
        while True:
            self._raise_failure()
            if self._alone is not None and self._alone_since != self._placed:
                await self._stop_alone()
            end = self.feed.end
            if self.positions and not self._paused:
                if self.cursor is None or self.cursor < self.feed.first:
                    return await self._read_alone(limit, max(until - time.monotonic(), 0))
                if records := self._take(self.cursor, limit):
                    return records
            remaining = until - time.monotonic()
            if remaining <= 0:
                return []
            if self._paused:
                await asyncio.sleep(remaining)
            else:
                await self.feed.grown(end, remaining)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise BusUnavailable(f"taking over slots failed: {self._failure!r}") from self._failure
        if self.feed.failure is not None:
            raise self.feed.failure

    def _take(self, cursor: int, limit: int) -> list[Record]:
        """What comes next of what is kept, if anything there is of its logs."""
        taken: list[Record] = []
        while not taken and cursor < self.feed.end:
            begin = cursor - self.feed.first
            part = self.feed.kept[begin : begin + limit]
            cursor += len(part)
            taken = [record for record in part if record.envelope.log in self._logs]
        self.cursor = cursor
        self.feed.taken()
        self._note(taken)
        return taken

    async def _read_alone(self, limit: int, seconds: float) -> list[Record]:
        self.cursor = None
        self.feed.taken()
        if self._alone is None:
            self._alone_since = self._placed
            self._alone = await self.feed.bus.follow(self.positions)
        records = await self._alone.batch(limit, seconds)
        if self._alone_since != self._placed:
            return []
        self._note(records)
        if self._reaches():
            await self._stop_alone()
            self.cursor = self.feed.first
        return records

    async def _stop_alone(self) -> None:
        alone, self._alone = self._alone, None
        if alone is not None:
            await alone.close()

    def _note(self, records: Sequence[Record]) -> None:
        for slot, record in {record.slot: record for record in records}.items():
            if slot in self.positions and record.envelope.slot_seq > self.positions[slot].slot_seq:
                offset = None if record.offset is None else record.offset + 1
                self.positions[slot] = Start(record.envelope.slot_seq, offset)

    async def seek(self, slot: Slot, start: Start) -> None:
        if slot not in self.positions:
            return
        self.positions[slot] = start
        if self._alone is not None:
            await self._alone.seek(slot, start)
        else:
            self.cursor = self.feed.first if self._reaches() else None

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    async def commit(self, done: Mapping[Slot, int] | None = None) -> None:
        self.done = {slot: start.offset for slot, start in self.positions.items() if start.offset is not None}

    async def close(self) -> None:
        await self._stop_alone()
        await self.feed.remove(self)
