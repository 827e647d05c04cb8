"""A process that dies by SIGKILL at a named step, the n-th time that it comes there:

    python -m kippu_events.testing.crashing relay.published:3 kippu.main serve intake

It runs the module as `python -m` would, and says on standard error where it dies. Nothing of this is in the module, so
no setting can make a service do it in production.
"""

import os
import runpy
import signal
import sys

from kippu_events import steps


def kill_at(name: str, times: int) -> None:
    """Kills this process at the step; there is no clean-up, no flush, no goodbye to any connection."""
    left = times

    def die() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.write(sys.stderr.fileno(), f"killed at {name}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    steps.watch(name, die)


if __name__ == "__main__":
    point, module, *arguments = sys.argv[1:]
    step, _, count = point.partition(":")
    kill_at(step, int(count or 1))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
