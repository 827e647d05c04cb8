"""A part of the house that ends takes the process with it, loudly; nothing keeps running half."""

import asyncio

import pytest
from kippu.supervision import RunnerEnded, supervised


async def forever() -> None:
    await asyncio.Event().wait()


async def test_runners_run_beside_the_block_and_stop_after_it() -> None:
    stopped = asyncio.Event()

    async def run() -> None:
        try:
            await forever()
        finally:
            stopped.set()

    async with supervised({"consumer": run}):
        await asyncio.sleep(0)
        assert not stopped.is_set()
    assert stopped.is_set()


async def test_a_runner_that_crashes_stops_the_block_and_the_others() -> None:
    others_stopped = asyncio.Event()

    async def other() -> None:
        try:
            await forever()
        finally:
            others_stopped.set()

    async def crash() -> None:
        raise ValueError("poisoned")

    with pytest.raises(RunnerEnded, match="projector tickets stopped: ValueError: poisoned"):
        async with asyncio.timeout(60), supervised({"other": other, "projector tickets": crash}):
            await forever()
    assert others_stopped.is_set()


async def test_a_runner_that_returns_is_no_better_than_one_that_crashes() -> None:
    async def done() -> None:
        return

    with pytest.raises(RunnerEnded, match="returned"):
        async with asyncio.timeout(60), supervised({"relay": done}):
            await forever()


async def test_the_blocks_own_error_is_the_one_that_counts() -> None:
    with pytest.raises(KeyError):
        async with supervised({"other": forever}):
            raise KeyError


async def test_cancelling_from_outside_stays_a_cancellation() -> None:
    async def house() -> None:
        async with supervised({"other": forever}):
            await forever()

    task = asyncio.create_task(house())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
