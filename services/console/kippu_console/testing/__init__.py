"""For tests of the console: events into the services' logs, from there into the read models, and a reader of pages."""

from collections.abc import Iterable, Sequence
from typing import Any

from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.log.memory import MemoryLog
from kippu_events.ports import SystemIds
from kippu_events.work import Cause, Fold, Work, Worker
from kippu_service.application import create_app
from kippu_service.runtime import Runtime
from kippu_service.testing import Caller

from kippu_console import app as console

Said = tuple[str, str, Event]
"""Log, stream and event."""

COUNT = Fold(int, lambda: 0, lambda state, event: state + 1, version=1)


async def record(runtime: Runtime, story: Iterable[Said], provider: str = "iij") -> list[Envelope]:
    """Appends a story to the services' logs, and returns what they hold, log by log."""
    logs = {name: MemoryLog(name) for name in ("intake", "entitlement", "dispatch", "billing")}
    for number, (log, stream, event) in enumerate(story):

        async def decide(work: Work, stream: str = stream, event: Event = event) -> dict[str, Any]:
            work.record(await work.load(COUNT, provider, stream), event)
            return {}

        worker = Worker(logs[log], runtime.clock, SystemIds(), runtime.vault)
        await worker.run(Cause(command_id=f"c{number}", actor="operator:o1"), decide)
    return [envelope for log in logs.values() for envelope in await log.read(0)]


async def apply(runtime: Runtime, envelopes: Sequence[Envelope], batch_size: int = 100) -> None:
    """Through every projector, in batches of a size."""
    connection = await runtime.connect_writer()
    try:
        for projector in console.build(runtime).projectors:
            types = {event.type for event in projector.subscribes}
            wanted = [each for each in envelopes if each.type in types and each.log in projector.logs]
            for start in range(0, len(wanted), batch_size):
                async with connection.transaction():
                    await projector.apply(connection, wanted[start : start + batch_size])
    finally:
        await connection.close()


async def page(runtime: Runtime, path: str, **who: Any) -> tuple[int, str]:
    """Status and HTML of a page, as the provider's own people or as `who` sees it."""
    async with Caller(create_app(console.build(runtime), runtime), **who) as caller:
        answer = await caller.get(path)
    return answer.status_code, answer.text
