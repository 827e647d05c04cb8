"""Named steps of what must survive a crash between any two of them. Tests stop there, or kill the process.

While nobody watches, saying that a step is reached calls a function that does nothing. The names say what has just
been done:

- `append.batched`, `append.committed`: the log's writer, before it sends a batch, and before it answers for one;
- `command.appended`: an API, before it answers;
- `mail.appended`: the SMTP listener, before it says 250;
- `react.decided`, `react.appended`: a reactor, before and after its append;
- `project.applied`, `project.committed`: a projector, before and after the commit of a batch;
- `relay.sending`: the relay, after each event of a batch that it handed to Kafka, and before any is confirmed;
- `relay.published`, `relay.moved`: the relay, before and after its mark moves;
- `deadline.appended`: a deadline that fired, before it is noted as fired;
- `outbox.sent`, `outbox.recorded`: the outbox, before the outcome is recorded, and before the row is closed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


def _nothing(name: str) -> None:
    """What is called as long as nobody watches."""


reached: Callable[[str], None] = _nothing
"""Says that a step is reached. To be called as `steps.reached(…)`: it is another function once somebody watches."""

_watched: dict[str, Callable[[], None]] = {}


def _tell(name: str) -> None:
    if action := _watched.get(name):
        action()


def watch(name: str, action: Callable[[], None]) -> None:
    """Runs `action` (raise, or kill the process) whenever the step is reached, from now on."""
    global reached  # noqa: PLW0603  the one switch of the process
    _watched[name] = action
    reached = _tell


@contextmanager
def at_step(name: str, action: Callable[[], None]) -> Iterator[None]:
    """Watches for as long as the context is open."""
    global reached  # noqa: PLW0603  see watch
    watch(name, action)
    try:
        yield
    finally:
        del _watched[name]
        if not _watched:
            reached = _nothing
