"""Who waits for the log to grow can always be stopped."""

import asyncio

import pytest
from kippu_events.log.signal import Signal


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
