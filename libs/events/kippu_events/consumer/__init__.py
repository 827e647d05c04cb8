"""The two kinds of consumer, and no third.

A **projector** writes read models and its mark in one transaction; it never appends. A **reactor** has no tables: it
hears an event, loads its own service's streams, decides, and appends with its mark. Both are described here as plain
classes that a service subclasses; the runners in this package feed them.

The mark of (consumer, log, slot) is in PostgreSQL, with what it guards. mark + 1 is applied, at or below is skipped,
above means that something is missing: the runner stops and rewinds.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from asyncpg import Connection

from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.work import Work

Reaction = Callable[[Envelope, Any, Work], Awaitable[Any]]
"""`async def react(envelope, event, work) -> None`: load own streams and record events through `work`."""


class Projector(ABC):
    """Writes read models. Subclass it, name it, say what it subscribes to and which tables it owns."""

    name: ClassVar[str]
    """Unique in the service, such as `tickets`."""
    version: ClassVar[int] = 1
    """Raised when its tables or its code change: it is then rebuilt from position 0."""
    logs: ClassVar[tuple[str, ...]]
    """Whose logs it reads, such as `("intake", "entitlement")`."""
    subscribes: ClassVar[tuple[type[Event], ...]]
    tables: ClassVar[tuple[str, ...]]
    """The tables that it alone writes, all in the schema `read`; a rebuild empties them."""

    @abstractmethod
    async def apply(self, connection: Connection[Any], batch: Sequence[Envelope]) -> None:
        """Writes one batch of subscribed events, in sets, inside the caller's transaction.

        The batch keeps each slot's order; between slots the order is arbitrary, and so must not matter: each column
        is fed by one stream, or by an operation that commutes.
        """


@dataclass(frozen=True, slots=True)
class On:
    """One thing that a reactor reacts to."""

    event: type[Event]
    react: Reaction


class Reactor(ABC):
    """Decides, when it hears another's event (or its own service's), what this service makes of it."""

    name: ClassVar[str]
    """Unique in the service, such as `decide-coverage`; part of the command id, so never renamed."""
    logs: ClassVar[tuple[str, ...]]

    @abstractmethod
    def reactions(self) -> Sequence[On]:
        """What it reacts to, one entry an event type."""
