"""On-site service: up to 1.99 m (SVT-24), within its hours (SVT-25), the configuration only by a file in the report."""

from base64 import b64encode
from typing import Any

from kippu.story.requests import ask, decided, isolate
from kippu.story.stage import Stage
from kippu.story.svt.cast import ABOVE, BELOW, on
from kippu.story.telling import Telling
from kippu.story.visits import visit_of

TITLE = "An engineer comes: one centimetre, and a configuration file in time"

FILE = {"file_name": "switch.cfg", "content": b64encode(b"hostname switch-2\nvlan 10\n").decode()}


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(7, 17, "17:00"))
    telling.step(stage.now, "The partner's portal", f"reports a fault of {ABOVE}, which is installed at 2.00 m")
    await ask(stage, "2.00 m", "Fan failed", "fault", ABOVE)
    current = await decided(stage, telling, "2.00 m", "refused", "SVT-24")
    telling.outcome(f"what would change the answer: {current['remedies'][0]['text']['en']}")

    telling.step(stage.now, "The partner's portal", f"reports one of {BELOW}, at 1.99 m, with its configuration file")
    await ask(stage, "1.99 m", "Fan failed", "fault", BELOW, config_file=FILE)
    await isolate(stage, telling, "1.99 m", BELOW, stage.now)
    current = await decided(stage, telling, "1.99 m", "covered", "SVT-13")
    counts = f"{stage.local(current['counts_from']):%a %d %b %H:%M}"
    telling.check("reported on Friday at 17:00:00, it counts from", counts, "Tue 21 Jul 09:00")
    telling.outcome(f"17:00:00 is outside the hours, Monday is Marine Day: it counts from {counts}", clause="SVT-25")
    _configuration(telling, "a file with the report", current, restored=True)
    visit = await visit_of(stage, "1.99 m")
    telling.check("the failed part is", visit["failed_part"], "taken_away")
    telling.outcome("an engineer comes, and takes the defective unit away, which is the provider's", clause="SVT-13")

    await stage.move_to(on(7, 21, "09:30"))
    telling.step(stage.now, "The partner's portal", f"reports another of {BELOW}, and sends the file an hour later")
    number = await ask(stage, "file later", "Console is silent", "fault", BELOW)
    await isolate(stage, telling, "file later", BELOW, stage.now)
    await stage.move_to(on(7, 21, "10:30"))
    await stage.partner.post("intake", f"/v1/tickets/{number}/attachments", {**FILE, "config_file": True})
    await stage.settled()
    current = await decided(stage, telling, "file later", "covered", "SVT-13")
    _configuration(telling, "a file an hour later", current, restored=False)


def _configuration(telling: Telling, what: str, current: dict[str, Any], *, restored: bool) -> None:
    [reply] = [each for each in current["replies"] if each["clause"] == "SVT-16"]
    telling.check(f"{what}: the configuration is", reply["answer"], "restored" if restored else "not_restored")
    telling.outcome(f"{what}: the configuration is {reply['answer'].replace('_', ' ')}", clause="SVT-16")
