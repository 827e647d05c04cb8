"""What the pure parts must not reach for themselves: the time, and ids."""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """Business time: virtual in tests and in the story. Tokens, leases and backoff use the system's own clock."""

    def now(self) -> datetime:
        """The instant, in UTC, to the microsecond."""


class Ids(Protocol):
    """New identifiers."""

    def event_id(self) -> UUID:
        """A UUIDv7 (RFC 9562)."""

    def code(self, length: int) -> str:
        """A random code of Crockford's base 32 alphabet, for numbers that people read to each other."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class VirtualClock:
    """Stands where it is put, and moves only when told to; never backwards."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self.move_to(self._now + by)

    def move_to(self, instant: datetime) -> None:
        if instant < self._now:
            raise ValueError(
                f"the clock stands at {self._now.isoformat()} and never goes back to {instant.isoformat()}"
            )
        self._now = instant.astimezone(UTC)


CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def uuid7(milliseconds: int, randomness: bytes) -> UUID:
    """A UUIDv7 (RFC 9562, section 5.7) from Unix milliseconds and 10 random bytes."""
    value = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(randomness, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


class SystemIds:
    def event_id(self) -> UUID:
        return uuid7(time.time_ns() // 1_000_000, os.urandom(10))

    def code(self, length: int) -> str:
        return "".join(CODE_ALPHABET[byte & 31] for byte in os.urandom(length))
