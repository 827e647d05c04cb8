"""Named steps of what must survive a crash between any two of them. Tests stop there; otherwise a step costs nothing.

The names say what has just been done: `project.applied`, `project.committed`, `relay.published`, `react.appended`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_watched: dict[str, Callable[[], None]] = {}


def step(name: str) -> None:
    """Says that a step is reached. Does nothing unless a test watches for it."""
    if _watched and (action := _watched.get(name)):
        action()


@contextmanager
def at_step(name: str, action: Callable[[], None]) -> Iterator[None]:
    """Runs `action` (raise, or kill the process) whenever the step is reached, as long as the context is open."""
    _watched[name] = action
    try:
        yield
    finally:
        del _watched[name]
