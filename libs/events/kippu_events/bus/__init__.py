"""The bus: how events get from one service's log to every consumer. Two adapters, one contract suite.

A bus may deliver an event twice, or again after a rewind, and slots in any order against each other. Within a slot it
delivers in order. What makes that safe is not here but at the consumer: its mark per (consumer, log, slot).
It must never lose an event, and never deliver bytes that are not those which were recorded.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kippu_events.envelope import Envelope

Slot = tuple[str, int]
"""A slot of a log: the log's name and the slot's number, 0 to 15."""


COMMIT_EVERY_SECONDS = 5.0
"""Others are told at most so often how far a consumer has come."""


class BusUnavailable(ConnectionError):
    """The bus does not answer, or gave up a subscription: subscribe again after a while. Nothing is lost."""


@dataclass(frozen=True, slots=True)
class Record:
    """An event as the bus delivered it."""

    envelope: Envelope
    offset: int | None = None
    """Where the bus keeps it, if it has places of its own (Kafka)."""

    @property
    def slot(self) -> Slot:
        return (self.envelope.log, self.envelope.slot)


@dataclass(frozen=True, slots=True)
class Start:
    """Where to read a slot from: the first event delivered is number `slot_seq` + 1 or an earlier one.

    `offset` is where reading may begin, as the bus understands it; None is the beginning, which is always right.
    """

    slot_seq: int
    offset: int | None = None


class Assignee(Protocol):
    """Whoever subscribes. It is told which slots are its own, and says where it stands in each."""

    async def assigned(self, slots: Collection[Slot]) -> Mapping[Slot, Start]:
        """These slots are now delivered to this subscription; answers where each is to be read from."""

    async def revoked(self, slots: Collection[Slot]) -> None:
        """These slots go to somebody else: returns when nothing of them is in hand any more (drained)."""


class Subscription(Protocol):
    """One consumer's stream of events."""

    async def batch(self, limit: int, seconds: float) -> list[Record]:
        """The next records, at most `limit`, in order within each slot; empty after so many seconds without any.

        Raises BusUnavailable; LogCorrupt for bytes that are not what was recorded; what `Assignee.assigned` raised.
        """

    async def seek(self, slot: Slot, start: Start) -> None:
        """Delivers the slot again from `start`. Other slots may be delivered again with it."""

    def pause(self) -> None:
        """Delivers nothing until `resume`, and keeps the slots. `batch` must still be called to stay alive."""

    def resume(self) -> None: ...

    async def commit(self, done: Mapping[Slot, int] | None = None) -> None:
        """Lets others see how far this consumer has come (its lag): all that was delivered, or as far as these offsets.

        Nothing is ever read from it.
        """

    async def close(self) -> None:
        """Gives the slots back."""


class Bus(Protocol):
    """Where consumers subscribe."""

    async def subscribe(self, group: str, logs: Sequence[str], assignee: Assignee) -> Subscription:
        """Subscriptions of one group share the slots of the logs. Raises BusUnavailable."""

    async def follow(self, starts: Mapping[Slot, Start]) -> Subscription:
        """Delivers these slots from there on, beside every group. Raises BusUnavailable.

        They are slots that one subscription was given: where the bus keeps several together, all of them.
        """


class Publisher(Protocol):
    """Where a relay publishes."""

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Publishes in order, and returns when the bus has them for good. Raises BusUnavailable.

        After an error some may have been published: publish again from the first that was not confirmed.
        """

    async def close(self) -> None: ...
