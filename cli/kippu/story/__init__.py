"""The stories, played on the running services as those who take part would, in the order of their dates.

First that of QNP (clauses QNP-01 to QNP-16, May 2026), then that of IIJ-SE (IIJ-01 to IIJ-10, June 2026), each with its
own provider on the same services. A partner's portal and the provider's desk call the APIs with their tokens, customers
write mail; each step asserts what came of it, so that a wrong figure fails the demo. They never touch a database or a
log to make something happen.
"""

from collections.abc import Mapping

from kippu_events.ports import VirtualClock
from kippu_service.settings import Settings
from rich.console import Console

from kippu.compose import House
from kippu.story import audit, mails, purchases, qnp, refusals, register, shortage, visits, work
from kippu.story.cast import DEMO_CUSTOMERS, STARTS_AT
from kippu.story.script import Story
from kippu.story.stage import Stage
from kippu.story.telling import BANGKOK, Telling

IIJ = Story(
    title="IIJ-SE, prepaid engineer support: June 2026 in Bangkok",
    provider="iij",
    zone=BANGKOK,
    starts_at=STARTS_AT,
    chapters=(register, purchases, mails, work, refusals, visits, shortage, audit),
)
STORIES = (qnp.STORY, IIJ)
CLOCK_STARTS_AT = STORIES[0].starts_at

__all__ = ["CLOCK_STARTS_AT", "DEMO_CUSTOMERS", "STORIES", "tell"]


async def tell(
    settings: Settings, addresses: Mapping[str, str], clock: VirtualClock, house: House, console: Console
) -> dict[str, str]:
    """Plays the stories; answers their figures by name. Raises Unexpected at the first thing that is not so."""
    telling = Telling(console)
    for story in STORIES:
        stage = Stage(settings, addresses, clock, house, story.provider, story.zone)
        try:
            await _play(story, stage, telling)
        finally:
            await stage.close()
    telling.summary()
    return telling.figures


async def _play(story: Story, stage: Stage, telling: Telling) -> None:
    telling.story(story.title, story.zone)
    await stage.begin(story.starts_at)
    for number, chapter in enumerate(story.chapters, 1):
        telling.chapter(f"{number}. {chapter.TITLE}")
        await chapter.play(stage, telling)
