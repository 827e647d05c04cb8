"""Deadlines: what falls due by itself (a lot expires, a quote lapses, a payment is overdue).

A deadline lives in the service that owns the fact which would stop it. Its id is its command id, so it has one effect
however often it is claimed, and a rebuilt read model never fires one again. Its event's `occurred_at` is the instant it
fell due, however late it ran.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kippu_events.envelope import Envelope
from kippu_events.work import Work


@dataclass(frozen=True, slots=True)
class Schedule:
    """Asks for a deadline. Scheduling the same id again moves it, unless it has fired."""

    id: str
    """Such as `lot-expiry:{provider}:{lot_id}`; unique in the service."""
    kind: str
    provider: str
    due_at: datetime
    payload: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cancel:
    """Takes a deadline back, if it has not fired."""

    id: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline that has fallen due."""

    id: str
    kind: str
    provider: str
    due_at: datetime
    payload: Mapping[str, str]


Plan = Callable[[Envelope], Sequence[Schedule | Cancel]]
"""Pure: which deadlines an event of the service's own log asks for or takes back."""

Fire = Callable[[Deadline, Work], Awaitable[None]]
"""Loads the streams, checks that the fact still holds, and records what follows. It may record nothing."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """A service's deadlines: how events plan them, and what happens as each kind falls due."""

    plan: Plan
    fire: Mapping[str, Fire]
