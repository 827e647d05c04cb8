"""What the chapters share about members: the ID that is mailed with a payment, and what it gives."""

import re

from kippu.story.cwc.cast import LICENCE
from kippu.story.people import Answer, Unexpected
from kippu.story.stage import Stage
from kippu.story.telling import Telling, subject_of, text_of

MEMBER_ID = re.compile(r"^ *Member ID: +(\S+)\s*$", re.MULTILINE)


def mailed_id(stage: Stage, telling: Telling) -> str:
    """The member ID from the mail that the buyer gets; the story shows no more of it than its beginning."""
    letter = stage.letter("licence key and member ID")
    found = MEMBER_ID.search(text_of(letter))
    if found is None:
        raise Unexpected(f"no member ID in what was mailed: {text_of(letter)}")
    telling.outcome(f"mailed to the buyer: “{subject_of(letter)}”, {found[1][:4]}-…", clause="CWC-12")
    return found[1]


async def checked(stage: Stage, telling: Telling, when: str, member_id: str, expected: str) -> Answer:
    """What the ID gives now."""
    shown = await stage.partner.post("entitlement", "/v1/members/check", {"member_id": member_id}, expect=200)
    telling.check(f"the member ID {when}", f"{shown['status']} by {shown['clause']}", expected)
    gives = ", ".join(shown["benefits"]) or "nothing"
    telling.outcome(f"the member ID is {shown['status']}: it gives {gives}", clause=shown["clause"])
    return shown


async def balance(stage: Stage, telling: Telling, when: str, expected: int) -> None:
    wallet = await stage.partner.get("entitlement", f"/v1/wallets/{LICENCE}")
    telling.check(f"incidents {when}", wallet["balance"], expected)
    telling.outcome(f"incidents left: {wallet['balance']}")
