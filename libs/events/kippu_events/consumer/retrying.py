"""Trying an event again, for as long as it may be the moment's fault and not the event's."""

import asyncio
from collections.abc import Awaitable, Callable

from kippu_events.consumer.runner import STOPPING, Tuning
from kippu_events.log import MarkMoved
from kippu_events.passing import passes


async def final_error(tuning: Tuning, first: Exception, attempt: Callable[[], Awaitable[object]]) -> Exception | None:
    """Attempts again after a first failure, with growing pauses; None once it went well, else the last error.

    Raises what is not the event's fault: an error that passes, one that stops the consumer, a moved mark.
    """
    error = first
    for tried in range(1, tuning.attempts):
        await asyncio.sleep(tuning.backoff(tried))
        try:
            await attempt()
        except (MarkMoved, *STOPPING):
            raise
        except Exception as again:
            if passes(again):
                raise
            error = again
        else:
            return None
    return error
