"""Work is recorded, and debited by what it comes to (IIJ-07), also under a maintenance agreement (IIJ-08)."""

from datetime import datetime
from typing import Any

from kippu.story.iij.cast import LAPTOP, ROUTER, WALLET, on
from kippu.story.people import Unexpected
from kippu.story.requests import ask, decided
from kippu.story.stage import Stage
from kippu.story.telling import Telling, allocations

TITLE = "Work is recorded, and prepaid tickets are debited from the lot that ends first"


async def play(stage: Stage, telling: Telling) -> None:
    number = stage.tickets["mail"]
    await stage.move_to(on(6, 16, "14:20"))
    telling.step(stage.now, "The desk", f"classifies {number}: a fault of the router {ROUTER}")
    await stage.desk.post(
        "intake", f"/v1/tickets/{number}/classification", {"category": "fault", "asset_serial": ROUTER}, expect=200
    )
    await stage.settled()
    await decided(stage, telling, "mail", "covered_by_debit", "IIJ-07")

    await record(stage, telling, "mail", "isolation", on(6, 16, "10:15"), 35, "it counts, though before the triage")
    await balance(stage, telling, "after 35 minutes", 7)
    await stage.move_to(on(6, 16, "17:30"))
    await record(stage, telling, "mail", "vendor_coordination", on(6, 16, "15:00"), 50, "85 minutes in all")
    await balance(stage, telling, "after 35 + 50 minutes", 6)
    debits = await debits_of(stage, number)
    for debit in debits:
        telling.outcome(
            f"debit {debit['reference'].rpartition('.')[2]}: {allocations(debit, stage.lots)}", clause="IIJ-07"
        )
    telling.check("35 + 50 minutes are debited as", -sum(debit["change"] for debit in debits), 2)
    telling.check("and come from", {stage.lots[p["lot_id"]] for d in debits for p in d["allocations"]}, {"B"})

    await stage.move_to(on(6, 17, "09:10"))
    telling.step(
        stage.now, "The partner's portal", f"asks for help with {LAPTOP}, which is under a maintenance agreement"
    )
    await ask(stage, "agreement", "Office PC does not start", "maintenance_assistance", LAPTOP)
    await decided(stage, telling, "agreement", "covered_by_debit", "IIJ-08")
    telling.outcome("parts follow the agreement; the engineer's help is debited all the same", clause="IIJ-08")
    await stage.move_to(on(6, 17, "11:00"))
    await record(stage, telling, "agreement", "onsite_work", on(6, 17, "09:30"), 90, "two started hours")
    [crossing] = await debits_of(stage, stage.tickets["agreement"])
    telling.outcome(f"one debit, from two lots: {allocations(crossing, stage.lots)}", clause="IIJ-08")
    telling.check("the debit that crosses lots", allocations(crossing, stage.lots), "1 of lot B + 1 of lot A")
    await balance(stage, telling, "after the agreement's 90 minutes", 4)
    telling.link(f"{stage.addresses['console']}/wallets/{WALLET}")


async def record(
    stage: Stage, telling: Telling, name: str, kind: str, started: datetime, minutes: int, remark: str
) -> None:
    telling.step(stage.now, "The engineer", f"records {minutes} min of {kind.replace('_', ' ')}: {remark}")
    body = {"kind": kind, "started_at": started.isoformat(), "minutes": minutes}
    await stage.desk.post("intake", f"/v1/tickets/{stage.tickets[name]}/work", body)
    await stage.settled()


async def balance(stage: Stage, telling: Telling, when: str, expected: int) -> None:
    wallet = await stage.partner.get("entitlement", f"/v1/wallets/{WALLET}")
    telling.check(f"balance {when}", wallet["balance"], expected)
    left = ", ".join(f"lot {stage.lots[lot['lot_id']]}: {lot['remaining']}" for lot in wallet["lots"])
    telling.outcome(f"balance {wallet['balance']} ({left})")


async def debits_of(stage: Stage, number: str) -> list[dict[str, Any]]:
    """The statement's debits for one request."""
    statement = await stage.partner.get("entitlement", f"/v1/wallets/{WALLET}/statement")
    found = [entry for entry in statement["entries"] if entry["ticket_no"] == number and entry["change"] < 0]
    if not found:
        raise Unexpected(f"nothing is debited for {number}: {statement['entries']}")
    return found
