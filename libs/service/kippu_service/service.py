"""What a service is made of, as its `app.py` hands it to the composition root."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from kippu_events.consumer import Projector, Reactor
from kippu_events.deadlines import Deadlines
from kippu_events.outbox import Carrier
from starlette.responses import Response
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
    handlers: Mapping[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = field(default_factory=dict)
    """How it answers an exception in another way than by a problem document."""
    tasks: Sequence[Callable[[], Awaitable[None]]] = field(default=())
