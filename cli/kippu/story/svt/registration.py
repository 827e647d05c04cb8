"""Nothing is served before registration (SVT-06): by web form, or by a filled spreadsheet (SVT-08)."""

import re
from typing import Any

from kippu.story.orders import told
from kippu.story.requests import ask, decided
from kippu.story.sheets import XLSX, filled
from kippu.story.stage import Stage
from kippu.story.svt.cast import ABOVE, BELOW, MODEL, SENT_BACK, on
from kippu.story.telling import Telling, text_of

TITLE = "Registration: by web form, and by spreadsheet"

SUPPORT = "support@svt.example"
SUBJECT = "[Registration] two switches"
NOW = re.compile(r"Registered now: +(\d+)")
IMPORT = "/v1/contract-registrations/import"


async def play(stage: Stage, telling: Telling) -> None:
    await stage.move_to(on(7, 2, "09:30"))
    telling.step(stage.now, "The partner's portal", f"reports a fault of {SENT_BACK}, which nobody registered")
    await ask(stage, "unregistered", "Switch does not start", "fault", SENT_BACK)
    await decided(stage, telling, "unregistered", "refused", "SVT-06")
    await _by_form(stage, telling)
    await _by_spreadsheet(stage, telling)


async def _by_form(stage: Stage, telling: Telling) -> None:
    path = f"/v1/contracts/{stage.contracts['advance']}/registration"
    await stage.move_to(on(7, 2, "10:00"))
    telling.step(stage.now, "The customer", "sends the form half filled in, with a serial number of 5 digits")
    form: dict[str, Any] = {"serial": "12345", "model": MODEL}
    wrong = await stage.partner.post("entitlement", path, form, expect=422)
    told(telling, "the form half filled in", wrong, ["SVT-06"] * 4)
    site = {"address": "1 Example Street, Tokyo", "area": "tokyo"}
    form = {
        "consent": True,
        "serial": "１２３４５６７８９０１",
        "model": MODEL,
        "contact_id": "contact-1",
        "site": site,
    }
    telling.step(
        stage.now, "The customer", f"sends it again, whole, the serial number in full-width digits: {form['serial']}"
    )
    stage.post.arrived()
    done = await stage.partner.post("entitlement", path, form)
    await stage.settled()
    telling.check("registered by form", f"{done['serial']} {done['status']}", f"{SENT_BACK} active")
    telling.outcome(
        f"{done['serial']} is registered until {done['valid_until']}, however late that was", clause="SVT-05"
    )
    letter = stage.letter("is registered")
    telling.outcome("the notice is mailed to the maintenance contact, as a PDF:", clause="SVT-10")
    enclosed = [part.get_content_type() for part in letter.iter_attachments()]
    telling.check("with the notice comes", enclosed, ["application/pdf"])
    telling.mail(letter)


async def _by_spreadsheet(stage: Stage, telling: Telling) -> None:
    template = await stage.partner.get("entitlement", "/v1/contract-registrations/template")
    rows = [_row(stage.contracts["below"], BELOW, 199), _row(stage.contracts["above"], ABOVE, 200)]
    slips = [rows[0], {**rows[1], "Consent": None, "Serial number": "1234"}]
    telling.step(stage.now, "The customer", "fills in the spreadsheet for the other two, with two slips")
    wrong = await stage.partner.upload("entitlement", IMPORT, filled(template.raw, slips), XLSX, expect=422)
    found = [fault["field"].removeprefix("rows.") for fault in wrong["errors"]]
    telling.check("the slips of the spreadsheet", sorted(found), ["3.Consent", "3.Serial number"])
    for fault in wrong["errors"]:
        telling.outcome(fault["message"], clause=fault["clause"])
    telling.step(stage.now, "Contact One", f"puts it right, and mails it to {SUPPORT}")
    stage.post.arrived()
    sheet = filled(template.raw, rows)
    await stage.post.write("contact-1", SUPPORT, SUBJECT, "Two switches.", {"registration.xlsx": (sheet, XLSX)})
    await stage.settled()
    told_back = stage.letter(f"Re: {SUBJECT}")
    telling.mail(told_back)
    telling.check("the mailed spreadsheet: registered now", NOW.findall(text_of(told_back)), ["2"])
    telling.step(stage.now, "The partner's portal", "uploads the same file once more")
    again = await stage.partner.upload("entitlement", IMPORT, sheet, XLSX)
    came = f"{again['registered']} now, {again['already_registered']} before"
    telling.check("the same file, uploaded", came, "0 now, 2 before")
    telling.outcome(f"registered: {came}; nothing is registered twice", clause="SVT-08")


def _row(contract_id: str, serial: str, height_cm: int) -> dict[str, Any]:
    """By the template's titles."""
    return {
        "Contract": contract_id,
        "Consent": "yes",
        "Serial number": serial,
        "Model": MODEL,
        "Maintenance contact": "contact-1",
        "Site": "1 Example Street, Tokyo",
        "Area": "tokyo",
        "Height in cm": height_cm,
    }
