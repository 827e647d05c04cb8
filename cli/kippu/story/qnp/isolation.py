"""A unit fails before the holidays: by when its replacement is to ship, and which days do not count (QNP-01)."""

from typing import Any

from kippu.story.qnp.cast import IN_ADVANCE, on
from kippu.story.requests import ask, decided, isolate, shipment_of
from kippu.story.stage import Stage
from kippu.story.telling import Telling

TITLE = "A unit fails on the Friday before the holidays"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(5, 1, "15:10"))
    telling.step(
        stage.now, "The partner's portal", f"opens a ticket for {IN_ADVANCE}, and sends it again: no answer came"
    )
    number = await ask(stage, "exchange", "NAS does not start", "fault", IN_ADVANCE, key="portal-request-1")
    again = await ask(stage, "exchange", "NAS does not start", "fault", IN_ADVANCE, key="portal-request-1")
    tickets = await stage.partner.get("intake", "/v1/tickets")
    telling.check("the request sent twice: tickets", len(tickets["items"]), 1)
    telling.check("the request sent twice: the same number", again == number, True)
    telling.outcome(f"the same Idempotency-Key: one ticket, {number}")
    telling.link(stage.ticket_page(number))
    current = await decided(stage, telling, "exchange", "covered", "QNP-01")
    telling.check("before isolation, to do", [each["action"] for each in current["remedies"]], ["record_isolation"])
    telling.outcome(f"{current['remedies'][0]['text']['en']}", clause="QNP-01")

    await stage.move_to(on(5, 1, "16:05"))
    await isolate(stage, telling, "exchange", IN_ADVANCE, on(5, 1, "16:00"))
    shipment = await shipment_of(stage, "exchange")
    target = shipment["target"]
    telling.check("to be shipped by", target["due_on"], "2026-05-07")
    telling.outcome(
        f"the replacement is to ship by {target['due_on']}; what the clock made of the days:", clause="QNP-01"
    )
    closed = [_told(stage, stretch) for stretch in target["stretches"] if stretch["state"] == "closed"]
    for line in closed:
        telling.quote(line)
    telling.check("closed days between isolation and target", "; ".join(closed), CLOSED)


CLOSED = (
    "Sat 02 May: weekend; Sun 03 May: Constitution Day; Mon 04 May: Greenery Day; "
    "Tue 05 May: Children's Day; Wed 06 May: Substitute Holiday"
)


def _told(stage: Stage, stretch: dict[str, Any]) -> str:
    """A day that did not count, and why."""
    return f"{stage.local(stretch['from_at']):%a %d %b}: {stretch['names'].get('en', stretch['reason'])}"
