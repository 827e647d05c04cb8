"""Who waits for the log to grow can always be stopped, and does not wait for what will never tell."""

import asyncio

import pytest
from kippu_events.log.signal import Signal, SignalEnded
from kippu_events.passing import passes
from kippu_events.testing.plugin import MakeDatabase
from structlog.testing import capture_logs


@pytest.mark.parametrize("turns", range(6))
async def test_a_stop_is_not_lost_when_the_log_grows_at_the_same_moment(turns: int) -> None:
    async def position() -> int:
        return 0

    # Given somebody who waits for the first event
    signal = Signal("postgresql://nobody.example", position)
    waiting = asyncio.create_task(signal.wait(0, 60))
    await asyncio.sleep(0.01)

    # When it comes, and some turns of the loop later the waiter is stopped
    signal.committed(1)
    for _ in range(turns):
        await asyncio.sleep(0)

    # Then it stops, unless it had come to its end before
    if waiting.cancel():
        with pytest.raises(asyncio.CancelledError):
            await waiting
    else:
        assert await waiting


async def test_whoever_waits_is_told_that_the_signal_has_ended(service_database: MakeDatabase) -> None:
    async def position() -> int:
        return 0

    # Given somebody who waits for a log whose signal meets what does not pass: a role that may do too much
    signal = Signal((await service_database("signal")).admin_url, position)
    waiting = asyncio.create_task(signal.wait(0, 60))
    await asyncio.sleep(0)
    with capture_logs() as said:
        # When it listens
        signal.open()
        # Then who waits is told so, and takes it for nothing that passes; and so is whoever comes later
        with pytest.raises(SignalEnded, match="row-level security") as told:
            await waiting
        assert not passes(told.value)
        with pytest.raises(SignalEnded):
            await signal.wait(0, 60)
    # And it is in the process's own log
    assert [(entry["event"], entry["log_level"]) for entry in said] == [("signal.ended", "error")]
    await signal.close()
