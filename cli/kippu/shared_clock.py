"""Business time that several processes of a demo share: an instant in a file, which one of them moves.

Every reading reads the file, so the moment `move_to` returns, all of them see the new instant. It is for demos and
stories only; docs/decisions/a-demo-shares-its-clock-in-a-file.md says why it is a file.
"""

import secrets
from datetime import UTC, datetime
from pathlib import Path

from kippu_events.ports import VirtualClock

from kippu.trouble import Trouble


class SharedClock(VirtualClock):
    """A virtual clock whose hands are in a file. Raises Trouble where there is none, or it holds something else."""

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(self.now())

    @classmethod
    def set(cls, path: Path, instant: datetime) -> "SharedClock":
        """A new clock that stands at the instant; one that is there already stays where it is."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, instant)
        return cls(path)

    def now(self) -> datetime:
        try:
            self._now = datetime.fromisoformat(self._path.read_text("ascii")).astimezone(UTC)
        except (OSError, ValueError) as error:
            raise Trouble(f"The demo's clock cannot be read: {error}", where=str(self._path)) from error
        return self._now

    def move_to(self, instant: datetime) -> None:
        self.now()
        super().move_to(instant)
        _write(self._path, self._now)


def _write(path: Path, instant: datetime) -> None:
    """Whole or not at all: a reader sees the old instant or the new one."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    unfinished.write_text(instant.isoformat(), "ascii")
    unfinished.replace(path)
