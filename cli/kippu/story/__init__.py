"""The stories, played on the running services as those who take part would, in the order of their dates.

Each is a provider's, with its own terms and its own month, and all are played on the same services. A partner's portal
and the provider's desk call the APIs with their tokens, customers write mail; each step asserts what came of it, so
that a wrong figure fails the demo. They never touch a database or a log to make something happen.
"""

from collections.abc import Collection, Mapping, Sequence

from kippu_events.ports import VirtualClock
from kippu_service.settings import Settings
from rich.console import Console

from kippu.compose import House
from kippu.story import cwc, iij, nec, qnp, svt
from kippu.story.customers import DEMO_CUSTOMERS
from kippu.story.script import Story
from kippu.story.stage import Stage
from kippu.story.telling import Telling
from kippu.trouble import WrongArgument

STORIES = (qnp.STORY, iij.STORY, svt.STORY, nec.STORY, cwc.STORY)
CLOCK_STARTS_AT = STORIES[0].starts_at

__all__ = ["CLOCK_STARTS_AT", "DEMO_CUSTOMERS", "STORIES", "chosen", "tell"]


def chosen(providers: Collection[str]) -> Sequence[Story]:
    """The stories of these providers, in the order of their dates; all, if none is named. Raises WrongArgument."""
    known = {story.provider for story in STORIES}
    unknown = sorted(set(providers) - known)
    if unknown:
        raise WrongArgument(
            f"There is no story of {', '.join(unknown)}.",
            where="--only",
            remedy=f"choose of {', '.join(story.provider for story in STORIES)}, or name none for all",
        )
    return [story for story in STORIES if story.provider in (providers or known)]


async def tell(
    stories: Sequence[Story],
    settings: Settings,
    addresses: Mapping[str, str],
    clock: VirtualClock,
    house: House,
    console: Console,
) -> dict[str, str]:
    """Plays the stories; answers their figures by name. Raises Unexpected at the first thing that is not so."""
    telling = Telling(console)
    for story in stories:
        stage = Stage(settings, addresses, clock, house, provider=story.provider, family=story.family, zone=story.zone)
        try:
            await _play(story, stage, telling)
        finally:
            await stage.close()
    telling.summary()
    return telling.figures


async def _play(story: Story, stage: Stage, telling: Telling) -> None:
    telling.story(story.title, story.zone, story.starts_at.year)
    await stage.begin(story.starts_at)
    for number, chapter in enumerate(story.chapters, 1):
        telling.chapter(f"{number}. {chapter.TITLE}")
        await chapter.play(stage, telling)
    telling.story_ends()
