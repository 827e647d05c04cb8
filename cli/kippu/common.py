"""What every command begins with: the console, the settings, the stop."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

import uvloop
from kippu_service.settings import Settings, SettingsWrong, load_settings
from rich.console import Console

from kippu.trouble import Trouble

console = Console(highlight=False)


def settings() -> Settings:
    """The settings of the environment. Raises Trouble."""
    try:
        return load_settings()
    except SettingsWrong as error:
        raise Trouble(str(error), where="the environment") from error


def run(coroutine: Coroutine[Any, Any, Any]) -> bool:
    """Runs until it is done or the process is told to stop (Ctrl-C, SIGTERM); True if it was told to stop."""

    async def stoppable() -> bool:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(coroutine)
        stopping = False

        def stop() -> None:
            nonlocal stopping
            stopping = True
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        try:
            await task
        except asyncio.CancelledError:
            if not stopping:
                raise
        return stopping

    return uvloop.run(stoppable())
