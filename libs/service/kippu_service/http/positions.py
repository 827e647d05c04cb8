"""Position tokens: what a write answers (`Kippu-Position`), and a read may wait for (`Kippu-Min-Position`).

Opaque to clients: base64url of `[log, [[slot, number], …]]`. As it comes back from outside, it is read as hostile.
"""

import base64
import re
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import dataclass

import orjson
from kippu_events.envelope import SLOTS
from kippu_events.log import Appended

from kippu_service.problems import Problem, bad_header

HEADER = "Kippu-Position"
MIN_HEADER = "Kippu-Min-Position"
MAX_HEADER = 2048
PATTERN = f"^[ ,0-9A-Za-z_-]{{1,{MAX_HEADER}}}$"
"""What one token, or several, look like in OpenAPI."""
_LOG = re.compile(r"[a-z]{1,20}")


@dataclass(frozen=True, slots=True)
class Position:
    """The last slot numbers that an append wrote in one log."""

    log: str
    slots: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, log: str, appended: Appended) -> "Position":
        last: dict[int, int] = {}
        for recorded in appended.recorded:
            last[recorded.slot] = max(recorded.slot_seq, last.get(recorded.slot, 0))
        return cls(log, tuple(sorted(last.items())))

    def token(self) -> str:
        return base64.urlsafe_b64encode(orjson.dumps([self.log, self.slots])).decode().rstrip("=")


def read_positions(header: str) -> list[Position]:
    """One token or several, separated by commas. Raises a 400 problem for anything that no write answered."""
    if len(header) > MAX_HEADER:
        raise _malformed()
    return [_read(token.strip()) for token in header.split(",")]


def _read(token: str) -> Position:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        match orjson.loads(raw):
            case [str(log), list(slots)] if _LOG.fullmatch(log) and 1 <= len(slots) <= SLOTS:
                return Position(log, tuple(_slots(slots)))
    except (NotBase64, ValueError):
        pass
    raise _malformed()


def _slots(slots: list[object]) -> Iterable[tuple[int, int]]:
    seen: set[int] = set()
    for entry in slots:
        match entry:
            # bool is an int to Python, not to us
            case [int(slot), int(number)] if type(slot) is type(number) is int and slot not in seen:
                if not (0 <= slot < SLOTS and 0 < number < 1 << 63):
                    raise _malformed()
                seen.add(slot)
                yield slot, number
            case _:
                raise _malformed()


def _malformed() -> Problem:
    return bad_header(MIN_HEADER, "position_invalid", f"send back a {HEADER} exactly as a write answered it")
