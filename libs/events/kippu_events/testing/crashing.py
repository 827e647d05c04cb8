"""A process that dies by SIGKILL at a named step: a service never does, there is no setting for it."""

import os
import signal
import sys

from kippu_events import steps


def kill_at(name: str, times: int) -> None:
    """Kills this process when the step is reached for the n-th time: no clean-up, no flush, no goodbye to anybody.

    Says so on standard error, as its last words.
    """
    left = times

    def die() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.write(sys.stderr.fileno(), f"killed at {name}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    steps.watch(name, die)
