"""What a service is made of, as its `app.py` hands it to the composition root."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter
from kippu_events.consumer import Projector, Reactor
from kippu_events.deadlines import Deadlines
from kippu_events.outbox import Carrier
from starlette.types import ASGIApp


@dataclass(frozen=True, slots=True)
class Service:
    """One service, wired. `tasks` run beside the API for as long as the service is up (an SMTP listener, say)."""

    name: str
    migrations: Path
    """The folder of the service's own SQL files, run after the log's, in the order of their names."""
    routers: Sequence[APIRouter] = ()
    projectors: Sequence[Projector] = ()
    reactors: Sequence[Reactor] = ()
    deadlines: Deadlines | None = None
    outbox: Carrier | None = None
    middleware: Sequence[Callable[[ASGIApp], ASGIApp]] = ()
    """ASGI middleware around the service's routes, the outermost first."""
    tasks: Sequence[Callable[[], Awaitable[None]]] = field(default=())
