"""What other services tell, and a service that hears it at once, where a test does not keep its consumers running."""

import asyncio
import random
from collections.abc import Mapping

from kippu_events.bus.embedded import EmbeddedBus
from kippu_events.consumer import Projector, Reactor
from kippu_events.consumer.projector import ProjectorRunner
from kippu_events.consumer.reactor import ReactorRunner
from kippu_events.envelope import SLOTS
from kippu_events.event import Event
from kippu_events.log import Log
from kippu_events.ports import SystemIds
from kippu_events.work import Cause, Fold, Work, Worker

from kippu_service.runtime import Runtime
from kippu_service.service import Service

_COUNTED = Fold(int, lambda: 0, lambda count, event: count + 1, version=1)
"""How another service's stream is loaded here: by its length."""


async def tell(runtime: Runtime, log: Log, stream: str, *events: Event, provider: str = "iij") -> None:
    """Appends another service's events to that service's log; they are sealed under the keys of `runtime`."""
    worker = Worker(log, runtime.clock, SystemIds(), runtime.vault)

    async def record(work: Work) -> None:
        work.record(await work.load(_COUNTED, provider, stream), *events)

    await worker.run(Cause(f"test:{SystemIds().event_id()}", "test"), record)


async def catch_up(service: Service, runtime: Runtime, heard: Mapping[str, Log]) -> None:
    """Runs every reactor, then every projector, by the real runners, to the end of the service's own log and of those
    that it hears. Slots arrive shuffled against each other, as from partitions."""
    logs = {**heard, runtime.log.name: runtime.log}
    bus = EmbeddedBus(logs, random.Random(1))  # noqa: S311  a test's order, not a secret

    async def react(reactor: Reactor) -> None:
        runner = ReactorRunner(service.name, reactor, runtime.worker, bus, runtime.connect_writer)
        await runner.run(await _ends(logs, reactor.logs))

    async def project(projector: Projector) -> None:
        runner = ProjectorRunner(service.name, projector, bus, runtime.connect_writer)
        await runner.run(await _ends(logs, projector.logs))

    await asyncio.gather(*map(react, service.reactors))
    await asyncio.gather(*map(project, service.projectors))


async def _ends(logs: Mapping[str, Log], names: tuple[str, ...]) -> dict[tuple[str, int], int]:
    """Where each slot of these logs ends by now."""
    heads = {name: await logs[name].head() for name in names}
    return {(name, slot): head.slot_seqs[slot] for name, head in heads.items() for slot in range(SLOTS)}
