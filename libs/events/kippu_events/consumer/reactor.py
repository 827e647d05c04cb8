"""Runs a reactor: one unit of work per event, appended with the mark that it moves."""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from asyncpg import Connection

from kippu_events import steps
from kippu_events.bus import Bus, Record, Subscription
from kippu_events.consumer import Reaction, Reactor, marks, parking
from kippu_events.consumer.interest import Interest
from kippu_events.consumer.marks import MarkMover
from kippu_events.consumer.retrying import final_error
from kippu_events.consumer.runner import STOPPING, Connect, Runner, Tuning
from kippu_events.envelope import Envelope
from kippu_events.event import newest_type
from kippu_events.log import MarkMove, MarkMoved
from kippu_events.passing import passes
from kippu_events.work import Cause, Done, Work, Worker


class Reactions:
    """What a reactor does about an event, as one unit of work with an id made from the event's: once, for ever."""

    def __init__(self, service: str, reactor: Reactor, worker: Worker) -> None:
        self._service = service
        self._name = reactor.name
        self._worker = worker
        reactions = list(reactor.reactions())
        self.interest = Interest(on.event for on in reactions)
        self._reactions: dict[str, Reaction] = {on.event.type: on.react for on in reactions}
        if len(self._reactions) < len(reactions):
            raise ValueError(f"{reactor.name} reacts to an event type in two ways")

    async def react(self, envelope: Envelope, mark: MarkMove | None = None) -> Done[Any]:
        react = self._reactions[newest_type(envelope.type)]
        cause = Cause(
            command_id=f"reactor:{self._service}:{self._name}:{envelope.id}",
            actor=f"reactor:{self._name}",
            correlation_id=envelope.metadata.correlation_id,
            causation_id=str(envelope.id),
            traceparent=envelope.metadata.traceparent,
            mark=mark,
        )

        async def decide(work: Work) -> None:
            await react(envelope, envelope.event, work)
            steps.reached("react.decided")

        return await self._worker.run(cause, decide)


class ReactorRunner(Runner):
    """Feeds one reactor. Slots are worked on side by side, each in its order, so that their appends are batched."""

    def __init__(
        self,
        service: str,
        reactor: Reactor,
        worker: Worker,
        bus: Bus,
        connect: Connect,
        tuning: Tuning | None = None,
        mover: MarkMover | None = None,
    ) -> None:
        self._reactions = Reactions(service, reactor, worker)
        super().__init__(
            marks.reactor_id(reactor.name),
            f"{service}.reactor.{reactor.name}",
            reactor.logs,
            self._reactions.interest,
            bus,
            connect,
            tuning or Tuning(),
            mover,
        )

    async def _prepare(self, connection: Connection[Any]) -> None:
        """A reactor has no tables, so there is nothing to prepare."""

    async def _handle(self, subscription: Subscription, records: Sequence[Record]) -> None:
        wanted = [record for record in records if self._interest.takes(record.envelope.type)]
        parked = await self._parked_among(wanted)
        in_slot = sorted(wanted, key=lambda record: record.slot)
        slots = [list(group) for _, group in groupby(in_slot, key=lambda record: record.slot)]
        # No slot is cancelled for another's sake: each comes to its own end, then the first failure is raised.
        outcomes = await asyncio.gather(*[self._work_through(slot, parked) for slot in slots], return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        for failure in sorted(failures, key=lambda failure: not isinstance(failure, STOPPING)):
            raise failure
        await self._pass_over(records)

    async def _parked_among(self, wanted: Sequence[Record]) -> set[parking.Key]:
        if not wanted:
            return set()
        async with self._connection_turn:
            return await parking.parked_among(self.connection, self.consumer, {_key(record) for record in wanted})

    async def _work_through(self, records: Sequence[Record], parked: set[parking.Key]) -> None:
        """One slot's interesting records, one after the other."""
        for record in records:
            if _key(record) in parked and await self._park_behind(record):
                continue
            try:
                await self._react(record)
            except (MarkMoved, *STOPPING):
                raise
            except Exception as error:
                if passes(error):
                    raise
                await self._retry_or_park(record, error)
                parked.add(_key(record))

    async def _react(self, record: Record) -> None:
        """Reacts, and moves the mark to this event with the same append (over what was of no interest before it)."""
        mark, envelope = self._marks[record.slot], record.envelope
        move = MarkMove(self.consumer, envelope.log, envelope.slot, mark.slot_seq, envelope.slot_seq)
        done = await self._reactions.react(envelope, move)
        steps.reached("react.appended")
        after = mark.after(record)
        if done.appended is None or done.appended.repeated:
            # Done before (a redelivery from before a restore, a replay from 0): nothing was written, the mark neither.
            async with self._connection_turn:
                await marks.move(self.connection, self.consumer, {record.slot: (mark, after)})
        self._marks[record.slot] = after

    async def _park_behind(self, record: Record) -> bool:
        """Parks the record and moves the mark; False, and nothing done, if a redrive has just freed its key."""
        mark = self._marks[record.slot]
        after = mark.after(record)
        async with self._connection_turn, self.connection.transaction():
            if not await parking.park_behind(self.connection, self.consumer, record.envelope):
                return False
            await marks.move(self.connection, self.consumer, {record.slot: (mark, after)})
        self._marks[record.slot] = after
        return True

    async def _retry_or_park(self, record: Record, error: Exception) -> None:
        last = await final_error(self.tuning, error, lambda: self._react(record))
        if last is None:
            return
        mark = self._marks[record.slot]
        after = mark.after(record)
        async with self._connection_turn, self.connection.transaction():
            await marks.move(self.connection, self.consumer, {record.slot: (mark, after)})
            await parking.park(self.connection, self.consumer, record.envelope, last, self.tuning.attempts)
        self._marks[record.slot] = after
        self._log.error("consumer.parked", key=record.envelope.stream, error=parking.describe(last))


def _key(record: Record) -> parking.Key:
    return (record.envelope.log, record.envelope.stream)


async def redrive(
    connection: Connection[Any], service: str, reactor: Reactor, worker: Worker, key: parking.Key | None = None
) -> list[parking.Redriven]:
    """Reacts to the parked events of a key, or of all, in order. One that was done just before a crash has no second
    effect: its command id is recorded."""
    reactions = Reactions(service, reactor, worker)

    async def handle(envelope: Envelope) -> None:
        await reactions.react(envelope)

    return await parking.redrive(connection, marks.reactor_id(reactor.name), key, handle)
