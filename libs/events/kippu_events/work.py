"""Work: load, decide, append, as one. What an API call, a reactor and a deadline all run in.

A unit of work loads streams, a pure decision yields events, and everything it recorded is appended at once under one
command id. On a conflict the whole function runs again on fresh state, so it must have no effect but through `Work`.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Generic, Protocol, TypeVar

import orjson
from kippu_privacy import Associated, Plain, Sealed
from pydantic import TypeAdapter

from kippu_events.envelope import MAX_EVENT_BYTES, Metadata, NewEvent, sum_of
from kippu_events.event import Event, encode, personal_values
from kippu_events.log import (
    Append,
    Appended,
    CommandReused,
    Conflict,
    EventTooLarge,
    Expected,
    Log,
    MarkMove,
    SavedState,
    StreamAppend,
)
from kippu_events.ports import Clock, Ids

State = TypeVar("State")
Result = TypeVar("Result")

ATTEMPTS = 20
"""How often a unit of work is decided anew after conflicts before the conflict is the answer."""


class Sealer(Protocol):
    """Seals personal values; the keyring behind it commits a key before its first use."""

    async def seal(self, values: Iterable[tuple[Plain, Associated]]) -> list[Sealed]: ...


class Fold(Generic[State]):
    """How a stream becomes state: the domain's pure `evolve`, and a version to raise whenever it changes."""

    def __init__(
        self,
        state_type: type[State],
        initial: Callable[[], State],
        evolve: Callable[[State, Event], State],
        version: int,
    ) -> None:
        self.initial = initial
        self.evolve = evolve
        self.version = version
        self._adapter = TypeAdapter(state_type)

    def save(self, state: State) -> SavedState:
        return SavedState(self.version, self._adapter.dump_json(state))

    def restore(self, saved: SavedState) -> State:
        return self._adapter.validate_json(saved.state)


@dataclass(slots=True)
class Stream(Generic[State]):
    """A loaded stream inside a unit of work. `state` includes what was recorded in this unit of work so far."""

    name: str
    provider: str
    version: int
    state: State
    fold: Fold[State]
    recorded: list[Event]

    @property
    def exists(self) -> bool:
        return self.version > 0


@dataclass(frozen=True, slots=True)
class Cause:
    """Who asks, under which command id, and why."""

    command_id: str
    actor: str
    command_hash: bytes = b""
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None
    mark: MarkMove | None = None

    @staticmethod
    def hash_of(*parts: bytes) -> bytes:
        return sha256(b"\0".join(parts)).digest()


class Work:
    """What a decision function is given: it loads and records through this, and nothing else."""

    def __init__(self, log: Log, now: datetime, ids: Ids, cause: Cause) -> None:
        self._log = log
        self._streams: dict[str, Stream[Any]] = {}
        self.now = now
        """Business time, the same throughout the unit of work."""
        self.ids = ids
        self.cause = cause

    async def load(self, fold: Fold[State], provider: str, name: str) -> Stream[State]:
        """One stream with its state; loading it again gives the same object."""
        return (await self.load_all(provider, (fold, name)))[0]

    async def load_all(self, provider: str, *wanted: tuple[Fold[Any], str]) -> list[Stream[Any]]:
        """Several streams in one round trip."""
        missing = [(fold, name) for fold, name in wanted if name not in self._streams]
        if missing:
            slices = await self._log.load([(name, fold.version) for fold, name in missing])
            for (fold, name), slice_ in zip(missing, slices, strict=True):
                state = fold.restore(slice_.saved) if slice_.saved else fold.initial()
                for envelope in slice_.tail:
                    state = fold.evolve(state, envelope.event)
                self._streams[name] = Stream(name, provider, slice_.version, state, fold, [])
        return [self._streams[name] for _, name in wanted]

    def begin(self, fold: Fold[State], provider: str, name: str) -> Stream[State]:
        """A stream that is to be new, without a round trip to see whether it is.

        For a name made of chance: if it should be there already, the append conflicts, and everything is decided anew.
        """
        stream = Stream(name, provider, 0, fold.initial(), fold, [])
        self._streams[name] = stream
        return stream

    def record(self, stream: Stream[State], *events: Event) -> State:
        """Adds events to a stream, and returns its state after them."""
        for event in events:
            stream.state = stream.fold.evolve(stream.state, event)
            stream.recorded.append(event)
        return stream.state

    def discard(self) -> None:
        """Forgets what was loaded and recorded: what is decided from here on begins anew, and streams are to be loaded
        again. For a decision that was tried, was refused, and is to record that it was."""
        self._streams.clear()

    @property
    def changed(self) -> list[Stream[Any]]:
        return [stream for stream in self._streams.values() if stream.recorded]


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """What a unit of work came to. `appended` is None if nothing was to be written."""

    result: Result
    appended: Appended | None


class Worker:
    """Runs units of work against one service's log."""

    def __init__(self, log: Log, clock: Clock, ids: Ids, sealer: Sealer) -> None:
        self.log = log
        self.clock = clock
        self._ids = ids
        self._sealer = sealer

    async def run(self, cause: Cause, decide: Callable[[Work], Awaitable[Any]]) -> Done[Any]:
        """Runs `decide` and appends what it recorded, under the cause's command id.

        The result must be JSON (it is stored with the command, so no personal data). A command that was done before
        answers its first result, also if deciding again would now be refused. Raises what `decide` raises, Conflict
        after too many attempts, CommandReused, MarkMoved, EventTooLarge.
        """
        for attempt in range(1, ATTEMPTS + 1):
            work = Work(self.log, self.clock.now(), self._ids, cause)
            try:
                result = await decide(work)
            except Exception:
                first = await self._first_result(cause)
                if first is None:
                    raise
                return first
            if not work.changed and cause.mark is None:
                return await self._first_result(cause) or Done(result, None)
            try:
                appended = await self.log.append(await self._prepare(work, result))
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
                continue
            return Done(orjson.loads(appended.result), appended)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _first_result(self, cause: Cause) -> Done[Any] | None:
        found = await self.log.find_command(cause.command_id)
        if found is None:
            return None
        command_hash, appended = found
        if command_hash != cause.command_hash:
            raise CommandReused(f"command {cause.command_id} was used before with other content")
        return Done(orjson.loads(appended.result), appended)

    async def _prepare(self, work: Work, result: Any) -> Append:
        return Append(
            command_id=work.cause.command_id,
            command_hash=work.cause.command_hash,
            streams=tuple([await self._stream_append(work, stream) for stream in work.changed]),
            now=work.now,
            result=orjson.dumps(result),
            mark=work.cause.mark,
        )

    async def _stream_append(self, work: Work, stream: Stream[Any]) -> StreamAppend:
        events = tuple([await self._new_event(work, stream, event) for event in stream.recorded])
        # A state never holds personal data; one that did would still hold it in the clear here, and save() refuses.
        return StreamAppend(stream.name, stream.version or Expected.NO_STREAM, events, stream.fold.save(stream.state))

    async def _new_event(self, work: Work, stream: Stream[Any], event: Event) -> NewEvent:
        event_id = work.ids.event_id()
        plain = personal_values(event)
        if plain:
            bound = [
                (value, Associated(str(event_id), event.type, stream.provider, name)) for name, value in plain.items()
            ]
            event = event.model_copy(update=dict(zip(plain, await self._sealer.seal(bound), strict=True)))
        cause = work.cause
        metadata = Metadata(
            cause.actor, cause.correlation_id or str(event_id), cause.causation_id, cause.traceparent
        ).to_bytes()
        data = encode(event)
        if len(data) + len(metadata) > MAX_EVENT_BYTES:
            raise EventTooLarge(f"{event.type} on {stream.name}: {len(data) + len(metadata)} bytes")
        digest = sum_of(event_id, event.type, stream.name, stream.provider, metadata, data)
        return NewEvent(event_id, event.type, stream.provider, metadata, data, digest)
