"""The failed unit: reminded of, overdue, charged and invoiced; a wrong one comes back, then the right one, late."""

from kippu.story.qnp.cast import IN_ADVANCE, on
from kippu.story.stage import Stage
from kippu.story.telling import Telling, yen

TITLE = "A failed unit comes back late"


async def play(stage: Stage, telling: Telling) -> None:
    due = await stage.desk.get("dispatch", f"/v1/returns?ticket_no={stage.tickets['exchange']}")
    [expected] = due["items"]
    path = f"/v1/returns/{expected['shipment_id']}"
    await stage.move_to(on(5, 21, "23:59"))
    early = await stage.desk.get("dispatch", path)
    telling.check("reminded of on the 21st", early["reminded_at"], None)
    await stage.move_to(on(5, 22, "09:00"))
    reminded = await stage.desk.get("dispatch", path)
    when = f"{stage.local(reminded['reminded_at']):%a %d %b %H:%M}"
    telling.check("reminded of at", when, "Fri 22 May 00:00")
    telling.step(stage.now, "The clock", f"has reminded of {IN_ADVANCE}, three days before it is due")

    await stage.move_to(on(5, 25, "23:59"))
    telling.check("on the last day it is", (await stage.desk.get("dispatch", path))["status"], "expected")
    await stage.move_to(on(5, 26, "00:00"))
    telling.check("at midnight it is", (await stage.desk.get("dispatch", path))["status"], "overdue")
    telling.step(stage.now, "The clock", f"strikes midnight in Tokyo: {IN_ADVANCE} is overdue")
    charges = await stage.partner.get("billing", "/v1/charges")
    [charge] = charges["items"]
    invoice = await stage.partner.get("billing", f"/v1/invoices/{charge['invoice_no']}")
    [tax] = [each["tax"] for each in invoice["taxes"]]
    telling.check(
        "the charge, its tax and its invoice", f"{yen(charge['net'])} + {yen(tax)} = {yen(invoice['total'])}", CHARGED
    )
    telling.outcome(f"{charge['reason']}: charged {yen(charge['net'])}", clause=charge["clause"])
    telling.outcome(
        f"invoice {invoice['invoice_no']}: with {invoice['tax_name']}, rounded once, {yen(invoice['total'])}"
    )

    await stage.move_to(on(5, 27, "14:00"))
    telling.step(stage.now, "The warehouse", "receives NAS-9001 instead")
    wrong = await _received(stage, path, "NAS-9001", "2026-05-27")
    telling.check("the wrong unit is the one due", wrong["matched"], False)
    telling.outcome(f"not the one: recorded, and {IN_ADVANCE} is still due")

    await stage.move_to(on(5, 28, "11:00"))
    telling.step(stage.now, "The warehouse", f"receives {IN_ADVANCE}")
    right = await _received(stage, path, IN_ADVANCE, "2026-05-28")
    telling.check("the right unit came late", right["late"], True)
    shown = await stage.desk.get("dispatch", path)
    telling.check("came instead", [each["received_serial"] for each in shown["mismatches"]], ["NAS-9001"])
    charges = await stage.partner.get("billing", "/v1/charges")
    telling.check("the charge is then", charges["items"][0]["status"], "withdrawn")
    notes = await stage.partner.get("billing", "/v1/credit-notes")
    [note] = notes["items"]
    telling.check("the credit note", yen(note["total"]), "55,000 JPY")
    telling.outcome(f"late, and credited all the same by these terms: {note['credit_note_no']}", clause="QNP-01")


CHARGED = "50,000 JPY + 5,000 JPY = 55,000 JPY"


async def _received(stage: Stage, path: str, serial: str, day: str) -> dict[str, object]:
    body = {"serial": serial, "received_on": day}
    answer = await stage.desk.post("dispatch", f"{path}/received", body, expect=200)
    await stage.settled()
    return dict(answer.body)
