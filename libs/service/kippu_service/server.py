"""Serves several applications from one process, each on its port, and stops them together, gracefully."""

import asyncio
import gc
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import uvicorn
from starlette.types import ASGIApp

DRAIN_SECONDS = 10
"""How long requests in progress may take to finish after the stop."""


COLLECT_AFTER = 10_000


def stay_up() -> None:
    """For a process that stays, once it has started: the collector of cycles no longer looks at what was made until
    here, and looks for new ones after 10,000 objects instead of 700. Requests in progress hold many objects and leave
    next to no cycles: looking among them took 4 to 8 % of a write."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 10, 10)


class Servers:
    """`async with Servers({"intake": (app, 8101)}, host) as servers:` — the applications answer inside the block.

    Port 0 asks the operating system for a free one; `servers.addresses` says which. Signals are the caller's: leaving
    the block stops accepting, lets requests in progress end, and returns.
    """

    def __init__(self, applications: Mapping[str, tuple[ASGIApp, int]], host: str = "127.0.0.1") -> None:
        self._applications = applications
        self._host = host
        self._servers: list[uvicorn.Server] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.addresses: dict[str, str] = {}
        """Each application's address, such as `http://127.0.0.1:8101`."""

    async def __aenter__(self) -> "Servers":
        with ExitStack() as on_failure:
            bound = []
            # All ports first: one that is taken is found before anything runs.
            for name, (app, port) in self._applications.items():
                listener = on_failure.enter_context(_listen(self._host, port, name))
                bound.append((name, app, listener))
            on_failure.pop_all()
        for name, app, listener in bound:
            host, port = listener.getsockname()[:2]
            self.addresses[name] = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            config = uvicorn.Config(
                app,
                lifespan="on",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=DRAIN_SECONDS,
                server_header=False,
                h11_max_incomplete_event_size=64 * 1024,
            )
            server = _Server(config)
            self._servers.append(server)
            self._tasks.append(asyncio.create_task(server.serve([listener]), name=f"http {name}"))
        await self._started()
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.should_exit = True
        await asyncio.gather(*self._tasks)

    async def _started(self) -> None:
        while not all(server.started for server in self._servers):
            finished = [task for task in self._tasks if task.done()]
            if finished:
                for server in self._servers:
                    server.should_exit = True
                await asyncio.gather(*self._tasks, return_exceptions=True)
                raise RuntimeError(f"{finished[0].get_name()} did not start") from finished[0].exception()
            await asyncio.sleep(0.01)


class _Server(uvicorn.Server):
    """uvicorn as a part of a process: it leaves signals and the exit to the process, which has one stop for all."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            raise RuntimeError("the application's start failed; the log says why") from None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(host: str, port: int, name: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"{name} cannot listen on {host}:{port}: {error.strerror}") from None
    listener.setblocking(False)
    return listener
