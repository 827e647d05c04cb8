"""The story of IIJ-SE (clauses IIJ-01 to IIJ-10), played on the running services as those who take part would.

A partner's portal and the provider's desk call the APIs with their tokens, customers write mail; each step asserts what
came of it, so that a wrong figure fails the demo. It never touches a database or a log to make something happen.
"""

from rich.console import Console

from kippu.story import audit, mails, purchases, refusals, register, shortage, visits, work
from kippu.story.cast import DEMO_CUSTOMERS, STARTS_AT
from kippu.story.stage import Stage
from kippu.story.telling import Telling

__all__ = ["DEMO_CUSTOMERS", "STARTS_AT", "Stage", "tell"]

CHAPTERS = (register, purchases, mails, work, refusals, visits, shortage, audit)


async def tell(stage: Stage, console: Console) -> dict[str, str]:
    """Plays the story; answers its figures by name. Raises Unexpected at the first thing that is not so."""
    telling = Telling(console)
    try:
        await stage.desk.sign_in()
        await stage.partner.sign_in()
        for number, chapter in enumerate(CHAPTERS, 1):
            telling.chapter(f"{number}. {chapter.TITLE}")
            await chapter.play(stage, telling)
        telling.summary()
    finally:
        await stage.desk.close()
        await stage.partner.close()
    return telling.figures
