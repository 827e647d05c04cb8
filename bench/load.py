"""The whole on Kafka: every service a process of its own, clients that ask and engineers who work.

Requests a second over the time given, each with its two pieces of work and all that follows from them; how long it
takes from a POST to where its ticket can be read; and the memory of each service, at rest and after the load.
"""

from __future__ import annotations

import asyncio
import time
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory

from figures import Figure, percentile, resident_megabytes, run, show
from kippu.services import PARTS
from kippu.testing.stock import stock
from kippu.testing.town import CUSTOMERS, Town
from kippu.testing.traffic import Traffic, clients
from kippu_events.local.kafka import LocalKafka
from kippu_events.local.postgres import LocalPostgres

CLIENTS = 8
PLANS = Path(__file__).parents[1] / "plans"


async def visible(traffic: Traffic, taken: list[float], until: float) -> None:
    """Opens tickets, and reads each as soon as the read model has it."""
    address = f"{traffic.town.addresses['intake']}/v1/tickets"
    while time.monotonic() < until:
        start = time.perf_counter()
        number = await traffic.open_ticket(CUSTOMERS[0], "contact-1")
        for pause in repeat(0.002):
            if (await traffic.http.get(f"{address}/{number}")).status_code == 200:
                break
            await asyncio.sleep(pause)
        taken.append((time.perf_counter() - start) * 1000)
        await asyncio.sleep(0.05)


async def busy(traffic: Traffic, customer: int, until: float) -> None:
    while time.monotonic() < until:
        await traffic.ask(CUSTOMERS[customer], f"contact-{customer + 1}")


async def under_load(town: Town, seconds: float) -> list[Figure]:
    await town.found()
    try:
        await town.open()
        idle = memory(town)
        await stock(town)
        taken: list[float] = []
        async with clients(town, "load") as traffic, town.house() as house:
            start = time.monotonic()
            until = start + seconds
            async with asyncio.TaskGroup() as group:
                for number in range(CLIENTS):
                    group.create_task(busy(traffic, number % len(CUSTOMERS), until))
                group.create_task(visible(traffic, taken, until))
            asked = len(traffic.tickets) + len(taken)
            sustained = asked / (time.monotonic() - start)
            # Only what has come to its end counts as sustained.
            await town.settled(house)
            settled = asked / (time.monotonic() - start)
        after = memory(town)
    finally:
        await town.close()
    return [
        Figure(
            f"requests on Kafka, all services, {CLIENTS} clients, {seconds:.0f} s",
            f"{sustained:.1f} a second accepted, {settled:.1f} with all that follows",
        ),
        Figure(
            "from POST to visible, under that load",
            f"p50 {percentile(taken, 0.5):.0f} ms, p99 {percentile(taken, 0.99):.0f} ms of {len(taken)}",
        ),
        *[
            Figure(f"memory of {name}", f"{idle[name]:.0f} MB idle, {after[name]:.0f} MB after the load")
            for name in town.names
        ],
    ]


def memory(town: Town) -> dict[str, float]:
    return {name: resident_megabytes(service.process.pid or 0) for name, service in town.services.items()}


def measure(seconds: float) -> list[Figure]:
    with (
        TemporaryDirectory(prefix="kippu-bench-") as folder,
        LocalPostgres(Path(folder) / "postgres") as postgres,
        LocalKafka(Path(folder) / "kafka") as kafka,
    ):
        return run(under_load(Town(Path(folder), tuple(PARTS), postgres, kafka, PLANS), seconds))


if __name__ == "__main__":
    show(measure(60))
