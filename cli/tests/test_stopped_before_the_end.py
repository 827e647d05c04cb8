"""What has an end says so when it is told to stop before that; what stays up until it is told to has nothing to say."""

import asyncio
import os
import signal

import pytest
from kippu import common
from kippu.trouble import Trouble


async def told_to_stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.Event().wait()


async def done() -> None: ...


def test_what_has_an_end_is_not_done_when_it_is_told_to_stop() -> None:
    with pytest.raises(Trouble, match="before it was done"):
        common.run_to_the_end(told_to_stop())
    common.run_to_the_end(done())


def test_what_stays_up_is_told_to_stop_and_that_is_its_end() -> None:
    assert common.run(told_to_stop())
    assert not common.run(done())
