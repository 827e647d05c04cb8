"""Mail support: for the contact who bought (CWC-13), from the second business day (CWC-14), else for a fee (CWC-15)."""

from typing import Any

from kippu.story.cwc.cast import BUYER, COLLEAGUE, SUPPORT, on
from kippu.story.people import Unexpected
from kippu.story.requests import decided
from kippu.story.stage import Stage
from kippu.story.telling import Telling

TITLE = "Mail support, for the contact who bought"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(12, 7, "14:00"))
    telling.step(stage.now, "Contact One", f"who bought the licences, writes to {SUPPORT}: the screen stays black")
    await _written(stage, "by the buyer", BUYER, "The screen stays black", "display")
    current = await decided(stage, telling, "by the buyer", "covered", "CWC-13")
    [target] = current["targets"]
    start = f"{target['bound']} {stage.local(target['next_at'] if 'next_at' in target else target['due_at']):%a %d %b}"
    telling.check("an answer starts", start, "from Wed 09 Dec")
    telling.outcome("an answer comes from Wed 09 Dec on, the second business day; later when busy", clause="CWC-14")
    telling.step(stage.now, "Contact Two", "of the same customer writes the same")
    await _written(stage, "by a colleague", COLLEAGUE, "Our screen stays black, too", "display")
    await decided(stage, telling, "by a colleague", "refused", "CWC-13")
    telling.step(stage.now, "Contact One", "asks for a change of the program itself")
    number = await _written(stage, "customising", BUYER, "Another colour for the buttons", "customising")
    await decided(stage, telling, "customising", "quote", "CWC-13")
    telling.mail(stage.letter(number, "A quote"))


async def _written(stage: Stage, name: str, contact: str, subject: str, topic: str) -> str:
    """A mail opens a ticket, and the desk says what it is about; answers its number."""
    stage.post.arrived()
    await stage.post.write(contact, SUPPORT, subject, f"{subject}. Please help.\n")
    await stage.settled()
    tickets = await stage.desk.get("intake", "/v1/tickets?waiting_for=classification")
    if len(tickets["items"]) != 1:
        raise Unexpected(f"one request should wait for triage, there are {tickets.body}")
    number = str(tickets["items"][0]["ticket_no"])
    stage.tickets[name] = number
    body: dict[str, Any] = {"category": "mail_support", "topic": topic}
    await stage.desk.post("intake", f"/v1/tickets/{number}/classification", body, expect=200)
    await stage.settled()
    return number
