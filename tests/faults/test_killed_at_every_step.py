"""Services die by SIGKILL wherever they are, then at a named step, again and again, while clients go on.

Two at once, so that each step is also met while the other side of the bus is dead.
"""

import asyncio
import signal
from random import Random

import pytest
from kippu.testing.proof import prove
from kippu.testing.town import ServiceProcess, Town
from kippu.testing.traffic import Ledger, clients, flowing

REPEATED = 3
LATEST = 5
"""It dies the first to the fifth time that it comes to the step: among what was left lying, or in the middle of it."""


@pytest.mark.parametrize(
    ("intake", "entitlement"),
    [
        # The API, the log's writer, mail in and out; a reactor, a projector, the relay
        ("append.batched", "react.decided"),
        ("append.committed", "react.appended"),
        ("command.appended", "project.applied"),
        ("mail.appended", "project.committed"),
        ("outbox.sent", "relay.sending"),
        ("outbox.recorded", "relay.moved"),
        # And the other way round
        ("relay.published", "append.committed"),
    ],
    ids=str,
)
async def test_whoever_is_killed_loses_nothing_and_doubles_nothing(
    town: Town, ledger: Ledger, chance: Random, intake: str, entitlement: str
) -> None:
    # Given clients that ask, work and write, and ask again when they get no answer
    async with clients(town, f"{intake}-{entitlement}") as traffic:
        async with flowing(traffic):
            # When two services are killed wherever they are, and three times each at a step
            await asyncio.gather(
                _dies_again_and_again(town.services["intake"], *_fate(chance, intake)),
                _dies_again_and_again(town.services["entitlement"], *_fate(chance, entitlement)),
            )
        # Then all that was acknowledged is there, once, and the logs give what is live
        await prove(town, traffic, ledger)


def _fate(chance: Random, step: str) -> tuple[float, list[str]]:
    """After how many seconds it is killed wherever it is, and then at what."""
    return chance.uniform(0, 0.3), [f"{step}:{chance.randint(1, LATEST)}" for _ in range(REPEATED)]


async def _dies_again_and_again(service: ServiceProcess, seconds: float, steps: list[str]) -> None:
    await asyncio.sleep(seconds)
    await service.kill()
    for step in steps:
        service.start(dies_at=step)
        assert await service.ended() == -signal.SIGKILL, service.said
        assert f"killed at {step.partition(':')[0]}" in service.said
    service.start()
    await service.ready()
