"""Incidents: one a started half hour of each call (CWC-22); what is too hard for mail, after an agreement (CWC-15)."""

from datetime import timedelta

from kippu.story.cwc.cast import BUYER, LICENCE, on
from kippu.story.cwc.members import balance
from kippu.story.orders import order, pay
from kippu.story.requests import ask, decided, state
from kippu.story.stage import Stage
from kippu.story.telling import Telling, subject_of

TITLE = "Ten incidents, and calls of 30, 31 and 61 minutes"


async def play(stage: Stage, telling: Telling) -> None:
    await _bought(stage, telling)
    await _agreed(stage, telling)
    await stage.move_to(on(12, 10, "10:00"))
    for started, minutes, left in (("10:00", 30, 8), ("11:00", 31, 6), ("13:00", 61, 3)):
        await stage.move_to(on(12, 10, started))
        name = f"a call of {minutes} minutes"
        telling.step(stage.now, "The partner's portal", "asks for technical support")
        await ask(stage, name, "Guests cannot join", "technical_support", None)
        await decided(stage, telling, name, "covered_by_debit", "CWC-22")
        await _worked(stage, telling, name, minutes)
        await balance(stage, telling, f"after {name}", left)
    telling.step(stage.now, "The partner's portal", "asks for support of somebody whom the customer connects to")
    await ask(stage, "guests", "A guest's own server", "technical_support", None, details={"own_environment": False})
    await decided(stage, telling, "guests", "refused", "CWC-23")
    telling.link(f"{stage.addresses['console']}/wallets/{LICENCE}")


async def _bought(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(12, 8, "10:00"))
    stage.post.arrived()
    telling.step(stage.now, "The partner's portal", "orders two packs of 5 incidents")
    bought = await order(stage, "incidents-5", quantity=2, contact_id=BUYER)
    await pay(stage, telling, bought["order_id"], "ten incidents", 110_000)
    telling.outcome(f"mailed to the buyer: “{subject_of(stage.letter('incident member number'))}”", clause="CWC-21")
    wallet = await stage.partner.get("entitlement", f"/v1/wallets/{LICENCE}")
    [lot] = wallet["lots"]
    ends = f"{stage.local(lot['expires_at']):%Y-%m-%d %H:%M}"
    telling.check("the incidents end at", ends, "2027-12-08 00:00")
    telling.outcome(f"{wallet['balance']} incidents, valid for a year", clause="CWC-21")


async def _agreed(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(12, 9, "10:00"))
    telling.step(stage.now, "The desk", "finds the black screen too hard for mail, and proposes remote support")
    await state(stage, "by the buyer", by_desk=True, agreement="asked")
    await decided(stage, telling, "by the buyer", "waiting", "CWC-15")
    await balance(stage, telling, "before the agreement", 10)
    await stage.move_to(on(12, 9, "13:00"))
    telling.step(stage.now, "Contact One", "agrees")
    await state(stage, "by the buyer", agreement="given")
    await decided(stage, telling, "by the buyer", "covered_by_debit", "CWC-15")
    await _worked(stage, telling, "by the buyer", 25)
    await balance(stage, telling, "after the remote support", 9)


async def _worked(stage: Stage, telling: Telling, name: str, minutes: int) -> None:
    started = stage.now
    await stage.move_to(started + timedelta(minutes=minutes))
    telling.step(stage.now, "The engineer", f"records a call of {minutes} minutes")
    body = {"kind": "remote_work", "started_at": started.isoformat(), "minutes": minutes}
    await stage.desk.post("intake", f"/v1/tickets/{stage.tickets[name]}/work", body)
    await stage.settled()
