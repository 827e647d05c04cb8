"""Units and disks are registered by a filled spreadsheet: all of its rows, or none and a report."""

from typing import Any

from kippu.story.customers import CUSTOMER, customer_body
from kippu.story.qnp.cast import AROUND_THE_CLOCK, DISK, FAMILY, IN_ADVANCE, IN_WARRANTY, MODEL, ON_SITE
from kippu.story.sheets import XLSX, filled
from kippu.story.stage import Stage
from kippu.story.telling import Telling

TITLE = "Units and disks are registered by a spreadsheet"

IMPORT = "/v1/registrations/import"


def _row(serial: str, product: str | None = None, **cells: Any) -> dict[str, Any]:
    """A row by the template's titles; with a contract of a year where a product is named."""
    contract = {
        "Contract": f"CONTRACT-{serial}",
        "Contract product": product,
        "Contract from": "2026-04-01",
        "Contract until": "2027-03-31",
    }
    return {
        "Serial number": serial,
        "Customer": CUSTOMER,
        "Plan": FAMILY,
        "Model": MODEL,
        "Bought from us": "yes",
        "Bought on": "2026-01-15",
        "Delivered on": "2026-01-20",
        "Warranty until": "2029-01-19",
        "Area": "tokyo",
        **(contract if product else {}),
        **cells,
    }


RIGHT = (
    _row(IN_ADVANCE, "advance-send-back"),
    _row(IN_WARRANTY),
    _row(ON_SITE, "onsite-weekday", **{"Contract options": "non-return-disk"}),
    _row(AROUND_THE_CLOCK, "onsite-24h", Area="osaka"),
    _row(DISK, Model="HDD 8 TB", **{"Part of": IN_ADVANCE}),
)
WRONG = (
    RIGHT[0],
    _row(IN_WARRANTY, Model=None),
    _row(ON_SITE, "onsite", **{"Contract options": "non-return-disk"}),
    _row(AROUND_THE_CLOCK, "onsite-24h", **{"Contract until": "31 February"}),
    _row(DISK, Model="HDD 8 TB", **{"Part of": "NAS-9999"}),
)


async def play(stage: Stage, telling: Telling) -> None:
    customer = customer_body("qnp", "JP", ("contact-1", "Contact One", "ja"))
    await stage.desk.post("entitlement", "/v1/customers", customer)
    await stage.settled()
    telling.step(stage.now, "The desk", "downloads the template, and fills it in, with some slips")
    template = await stage.desk.get("entitlement", f"/v1/registrations/template?family={FAMILY}")
    refused = await stage.desk.upload("entitlement", IMPORT, filled(template.raw, WRONG), XLSX, expect=422)
    faults = refused["errors"]
    for fault in faults:
        telling.outcome(fault["message"])
    telling.check(
        "the report's rows and columns",
        [fault["field"].removeprefix("rows.") for fault in faults],
        ["3.Model", "5.Contract until", "4.Contract product", "6.Part of"],
    )
    await stage.settled()
    await stage.desk.get("entitlement", f"/v1/assets/{IN_ADVANCE}", expect=404)
    telling.outcome("nothing is registered, not even the row that is in order")

    telling.step(stage.now, "The desk", "sends the file again, put right")
    await _imported(stage, telling, template.raw, "the right file", registered=5, already_registered=0)
    telling.step(stage.now, "The desk", "sends the same file once more")
    await _imported(stage, telling, template.raw, "the same file again", registered=0, already_registered=5)
    telling.outcome("its partner sees the unit with its contract", clause="QNP-06")
    unit = await stage.partner.get("entitlement", f"/v1/assets/{ON_SITE}")
    telling.check("the contract with its option", unit["contracts"][0]["options"], ["non-return-disk"])


async def _imported(stage: Stage, telling: Telling, template: bytes, what: str, **expected: int) -> None:
    done = await stage.desk.upload("entitlement", IMPORT, filled(template, RIGHT), XLSX)
    await stage.settled()
    for name, number in expected.items():
        telling.check(f"{what}: {name.replace('_', ' ')}", done[name], number)
    telling.outcome(f"{done['registered']} registered, {done['already_registered']} registered before")
