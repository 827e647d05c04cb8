"""What every command begins with: the console, the settings, the stop."""

import asyncio
import os
import shlex
import signal
from collections.abc import Coroutine
from pathlib import Path
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


def for_the_story(settings: Settings) -> Settings:
    """The same in a folder of its own, on databases and by a clock of its own; as they are, if they are that."""
    if _are_of_the_story(settings):
        return settings
    data_dir = settings.data_dir / "story"
    changes = {"data_dir": data_dir, "prefix": f"{settings.prefix[:14]}_story", "clock_file": data_dir / "clock"}
    return settings.model_copy(update=changes)


def _are_of_the_story(settings: Settings) -> bool:
    """Whether these come from a shell that has the `variables` of the stories: there they would nest. All three have to
    say so, for the stories wipe what they find."""
    named = settings.data_dir.name == "story" and settings.prefix.endswith("_story")
    clock_file = settings.clock_file
    return named and clock_file is not None and clock_file.resolve() == (settings.data_dir / "clock").resolve()


def variables(settings: Settings) -> str:
    """What another command needs in its environment to work on the same data, by the same clock."""
    told = f"KIPPU_DATA_DIR={_for_a_shell(settings.data_dir)} KIPPU_PREFIX={settings.prefix}"
    return told + (f" KIPPU_CLOCK_FILE={_for_a_shell(settings.clock_file)}" if settings.clock_file else "")


def _for_a_shell(path: Path) -> str:
    return shlex.quote(os.path.relpath(path))


def run_to_the_end(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Runs what has an end. Raises Trouble if the process is told to stop before that."""
    if run(coroutine):
        raise Trouble("Stopped before it was done.")


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
