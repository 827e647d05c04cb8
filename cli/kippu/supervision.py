"""Runs what must not end: consumers, relays, deadlines, senders, listeners. One that ends takes the process with it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import structlog

from kippu.trouble import Trouble

Runner = Callable[[], Awaitable[object]]


class RunnerEnded(Trouble):
    """A part of the house stopped by itself. What it guards is intact; nothing went past what it could not do."""


@asynccontextmanager
async def supervised(runners: Mapping[str, Runner]) -> AsyncIterator[None]:
    """Runs all of them beside the block, and cancels them after it. If one ends first, the block is cancelled, the
    others are stopped, and RunnerEnded is raised: nobody may believe that a house with a dead part is alive."""
    body = asyncio.current_task()
    if body is None:
        raise RuntimeError("supervised() runs inside a task")
    ended: list[RunnerEnded] = []

    async def watch(name: str, run: Runner) -> None:
        error: BaseException | None = None
        try:
            await run()
        except asyncio.CancelledError:
            raise
        except Exception as raised:
            structlog.get_logger().exception("runner.crashed", runner=name)
            error = raised
        reason = f"{type(error).__name__}: {error}" if error else "it returned, which it never should"
        if not ended:
            body.cancel()
        ended.append(RunnerEnded(f"{name} stopped: {reason}", where=name, remedy="mend what it says, and start again"))
        ended[-1].__cause__ = error

    tasks = [asyncio.create_task(watch(name, run), name=name) for name, run in runners.items()]
    try:
        yield
    except asyncio.CancelledError:
        if not ended:
            raise
        body.uncancel()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if ended:
        raise ended[0]
