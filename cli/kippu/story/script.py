"""What a story is: whose, told in which time zone, from when on, chapter by chapter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from kippu.story.stage import Stage
from kippu.story.telling import Telling


class Chapter(Protocol):
    """A module that plays a part of a story."""

    TITLE: str

    async def play(self, stage: Stage, telling: Telling) -> None: ...


@dataclass(frozen=True, slots=True)
class Story:
    title: str
    provider: str
    family: str
    """Of the provider's terms."""
    zone: ZoneInfo
    starts_at: datetime
    chapters: Sequence[Chapter]
