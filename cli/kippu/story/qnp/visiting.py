"""What the chapters on visits share: the agreed time, and the end."""

from datetime import datetime
from typing import Any

from kippu.story.stage import Stage
from kippu.story.telling import Telling, subject_of
from kippu.story.visits import settle


async def agree(stage: Stage, telling: Telling, visit: dict[str, Any], at: datetime, reason: str) -> None:
    """The dispatcher and the customer agree on a time."""
    telling.step(stage.now, "The dispatcher", f"agrees on {at:%a %d %b %H:%M}: {reason}")
    await settle(stage, visit["visit_id"], "book", starts_at=at.isoformat())
    letter = stage.letter(visit["ticket_no"], "に決まりました")
    telling.outcome(f"Contact One is told by mail: “{subject_of(letter)}”")


async def complete(stage: Stage, telling: Telling, visit: dict[str, Any]) -> None:
    """The engineer is done, now."""
    telling.step(stage.now, "The engineer", "has exchanged the parts")
    await settle(stage, visit["visit_id"], "complete", completed_at=stage.now.isoformat())
