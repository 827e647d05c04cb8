"""A service dies by SIGKILL in the middle of a batch, then at a named step, again and again, while clients go on."""

import signal

import pytest
from kippu.testing.proof import prove
from kippu.testing.town import Town
from kippu.testing.traffic import clients, flowing

TIMES = (1, 4)
"""The first time that the step is reached after the start, among what was left lying; and later, in full traffic."""


@pytest.mark.parametrize(
    ("service", "step"),
    [
        ("intake", "append.batched"),
        ("intake", "append.committed"),
        ("intake", "command.appended"),
        ("intake", "mail.appended"),
        ("intake", "relay.published"),
        ("intake", "relay.moved"),
        ("intake", "project.applied"),
        ("intake", "project.committed"),
        ("intake", "react.decided"),
        ("intake", "react.appended"),
        ("intake", "outbox.sent"),
        ("intake", "outbox.recorded"),
        ("entitlement", "relay.published"),
        ("entitlement", "project.applied"),
        ("entitlement", "react.decided"),
        ("entitlement", "react.appended"),
    ],
)
async def test_whoever_is_killed_loses_nothing_and_doubles_nothing(
    town: Town, all_tickets: dict[str, list[int]], service: str, step: str
) -> None:
    victim = town.services[service]
    # Given clients that ask, work and write, and ask again when they get no answer
    async with clients(town, f"{service} {step}".replace(" ", "-")) as traffic:
        async with flowing(traffic):
            # When the service is killed wherever it happens to be
            await victim.kill()
            # And killed at the step, each time that it is started
            for times in TIMES:
                victim.start(dies_at=f"{step}:{times}")
                assert await victim.ended() == -signal.SIGKILL, victim.said
                assert f"killed at {step}" in victim.said
            victim.start()
            await victim.ready()
        # Then all that was acknowledged is there, once, and the logs give what is live
        assert traffic.tickets, "nobody was served"
        await prove(town, traffic, all_tickets)
