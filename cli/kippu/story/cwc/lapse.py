"""Maintenance ends at the local midnight (CWC-04); after 18 months it is rejoined for 30 % of the price (CWC-05).

Half a year later a licence is added, and all of them run a year from that day (CWC-08)."""

from typing import Any

from kippu.story.cwc.cast import BUYER, LICENCE, on
from kippu.story.cwc.members import checked, mailed_id
from kippu.story.orders import order, pay, refused
from kippu.story.people import Answer
from kippu.story.requests import ask, decided
from kippu.story.stage import Stage
from kippu.story.telling import Telling, text_of, yen

TITLE = "Maintenance lapses at midnight, is joined again, and a licence is added"


async def play(stage: Stage, telling: Telling) -> None:
    await _noticed(stage, telling)
    await _lapsed(stage, telling)
    await _rejoined(stage, telling)
    await _added(stage, telling)


async def _noticed(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(11, 2, "23:59", 2027))
    stage.post.arrived()
    await stage.move_to(on(11, 3, "00:00", 2027))
    telling.step(stage.now, "The clock", "is a month before the end of the maintenance: the buyer gets a notice")
    notice = stage.letter("maintenance of your licences ends")
    telling.mail(notice)
    telling.check("the notice names the fee", "JPY 80,000" in text_of(notice), True)
    shown = await _preview(stage, "2027-12-03")
    telling.check("a renewal on the last day", _told(shown), "continuing by CWC-06: 80,000 JPY, until 2028-12-03")
    telling.outcome(f"asked on the last day: {_told(shown)}", clause="CWC-06")


async def _lapsed(stage: Stage, telling: Telling) -> None:
    member_id = stage.answers["member"]
    await stage.move_to(on(12, 3, "23:59", 2027))
    telling.step(stage.now, "The clock", "is a minute before midnight in Tokyo, and nobody has renewed")
    await checked(stage, telling, "a minute before midnight", member_id, "valid by CWC-03")
    await stage.move_to(on(12, 4, "00:00", 2027))
    telling.step(stage.now, "The clock", "strikes midnight")
    await checked(stage, telling, "at midnight", member_id, "void by CWC-04")
    telling.step(stage.now, "The partner's portal", "asks for mail support, and orders a continuing renewal")
    await ask(stage, "lapsed", "The screen is black again", "mail_support", None, topic="display")
    await decided(stage, telling, "lapsed", "refused", "CWC-04")
    await refused(stage, telling, "a renewal after the end", ["CWC-10"], "maintenance-renewal", contact_id=BUYER)


async def _rejoined(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(6, 5, "10:00", 2028))
    stage.post.arrived()
    telling.step(stage.now, "The partner's portal", "asks what the licences are worth, and what it costs to rejoin")
    held = (await stage.partner.get("entitlement", f"/v1/licences/{LICENCE}"))["maintenance"]
    worth = f"{held['worth']['percent_left']} %, maintained: {held['maintained']}"
    telling.check("worth after 18 months", worth, "70 %, maintained: False")
    telling.outcome("70 %: no maintenance below 80 %; the software may still be used", clause="CWC-07")
    shown = await _preview(stage, "2028-06-05")
    telling.check("rejoining after 18 months", _told(shown), "rejoining by CWC-05: 120,000 JPY, until 2029-06-04")
    telling.outcome(f"{_told(shown)}: 30 % of 400,000 JPY", clause="CWC-05")
    telling.step(stage.now, "The partner's portal", "orders it")
    rejoined = await order(stage, "maintenance-rejoining", contact_id=BUYER)
    await pay(stage, telling, rejoined["order_id"], "rejoining", 132_000)
    member_id = mailed_id(stage, telling)
    await checked(stage, telling, "that is new", member_id, "valid by CWC-03")
    await checked(stage, telling, "that was before", stage.answers["member"], "void by CWC-12")


async def _added(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(12, 5, "10:00", 2028))
    said: dict[str, Any] = {"contact_id": BUYER, "quantity": 1}
    telling.step(stage.now, "The partner's portal", "orders a third licence, 6 months later, with its maintenance")
    year = {"product": "annual-maintenance", "quantity": 1}
    await refused(stage, telling, "a licence alone, added", ["CWC-08"], "licence", together=[year], **said)
    telling.step(stage.now, "The partner's portal", "orders with it what brings the two others back to 100 %")
    aligned = {"product": "maintenance-alignment", "quantity": 1}
    added = await order(stage, "licence", together=[year, aligned], **said)
    net = " + ".join(yen(line["quantity"] * line["unit_price"]) for line in added["price"]["lines"])
    telling.check("a licence, added after 6 months", net, "200,000 JPY + 0 JPY + 40,000 JPY")
    telling.outcome(f"{net}: 10 % of 400,000 JPY for the others", clause="CWC-08")
    await pay(stage, telling, added["order_id"], "a third licence", 264_000)
    held = await stage.partner.get("entitlement", f"/v1/licences/{LICENCE}")
    all_of_them = f"{held['quantity']} licences until {held['maintenance']['maintained_until']}"
    telling.check("all licences run a year from that day", all_of_them, "3 licences until 2029-12-04")
    telling.outcome(f"{all_of_them}, a year from this day", clause="CWC-08")


async def _preview(stage: Stage, day: str) -> Answer:
    """What renewing the licences, as they are on record, would come to on a day."""
    held = await stage.partner.get("entitlement", f"/v1/licences/{LICENCE}")
    licence = {name: held[name] for name in ("licence_id", "quantity", "price_paid", "full_on")}
    licence["maintained_until"] = held["maintenance"]["maintained_until"]
    wish = {"plan_family": stage.family, "ordered_on": day, "channel": "portal", "licence": licence}
    return await stage.partner.post("entitlement", "/v1/renewals/preview", wish, expect=200)


def _told(shown: Answer) -> str:
    net = yen(shown["totals"]["net"])
    return f"{shown['kind']} by {shown['deciding_clause']['id']}: {net}, until {shown['period']['valid_until']}"
