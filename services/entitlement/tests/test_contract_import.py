"""Contracts are registered by spreadsheet: all rows, or none and a report that names row, column and fault (SVT-08)."""

from io import BytesIO
from typing import Any

import openpyxl
import pytest
from kippu_entitlement.api.registrations import XLSX
from kippu_entitlement.registration.contract_rows import COLUMNS
from kippu_entitlement.testing.contracts import SERIAL, sell
from kippu_entitlement.testing.desk import Desk
from kippu_entitlement.testing.workbooks import filled
from kippu_service.testing import Caller

URL = "/v1/contract-registrations/import"
ROW: dict[str, Any] = {
    "contract_id": "O-1",
    "consent": "はい",
    "serial": "１２３４５６７８９０１",
    "model": "M24ePWR",
    "contact_id": "contact-1",
    "address": "1 Example Street",
    "area": "tokyo",
    "height_cm": 120,
}


async def send(caller: Caller, *rows: dict[str, Any], **options: Any) -> Any:
    file = filled(*rows, known=COLUMNS, **options)
    return await caller.post(URL, content=file, headers={"content-type": XLSX})


def notes(content: bytes) -> list[Any]:
    return [*openpyxl.load_workbook(BytesIO(content)).worksheets[1].values]


def told(answer: Any) -> set[tuple[str, str, str | None]]:
    assert answer.status_code == 422, answer.text
    return {(each["field"], each["code"], each.get("clause")) for each in answer.json()["errors"]}


@pytest.mark.clause("SVT-08")
@pytest.mark.parametrize("language", ["en", "ja"])
async def test_every_row_is_registered_and_none_twice(switch_desk: Desk, language: str) -> None:
    await sell(switch_desk.world, "O-2")
    second = ROW | {"contract_id": "O-2", "serial": 99999999999, "height_cm": None}
    async with switch_desk.partner() as partner:
        answer = await send(partner, ROW, second, language=language)
        assert answer.json() == {"registered": 2, "already_registered": 0}, answer.text
        again = await send(partner, ROW, second)
        await switch_desk.settle()
        shown = [(await partner.get(f"/v1/contracts/{each}")).json() for each in ("O-1", "O-2")]
    assert again.json() == {"registered": 0, "already_registered": 2}
    assert [(each["serial"], each["status"]) for each in shown] == [(SERIAL, "active"), ("99999999999", "active")]
    assert shown[0]["site"]["address"] == "1 Example Street"


@pytest.mark.clause("SVT-06", "SVT-08")
async def test_with_any_fault_nothing_is_registered_and_row_and_column_are_named(switch_desk: Desk) -> None:
    await sell(switch_desk.world, "O-2")
    rows = [
        ROW,
        ROW | {"contract_id": "O-2", "serial": "123", "consent": None, "address": None},
        ROW | {"contract_id": "O-9"},
        ROW | {"contract_id": "O-1", "height_cm": "high"},
        ROW | {"contract_id": None},
    ]
    async with switch_desk.partner() as partner:
        answer = await send(partner, *rows)
        assert told(answer) == {
            ("rows.3.Serial number", "malformed", "SVT-06"),
            ("rows.3.Consent", "missing", "SVT-06"),
            ("rows.3.Site", "missing", "SVT-06"),
            ("rows.4.Contract", "not_found", None),
            ("rows.5.Contract", "contract_twice", None),
            ("rows.5.Height in cm", "not_a_number", None),
            ("rows.6.Contract", "missing", None),
        }
        await switch_desk.settle()
        shown = (await partner.get("/v1/contracts/O-1")).json()
    assert (shown["status"], shown["site"]) == ("sold", None)


@pytest.mark.clause("SVT-07", "SVT-08")
async def test_a_row_of_a_renewal_states_consent_alone(switch_desk: Desk) -> None:
    await sell(switch_desk.world, "O-2", product="advance-u1", renews="O-1")
    async with switch_desk.partner() as partner:
        answer = await send(partner, ROW, {"contract_id": "O-2", "consent": True})
    assert answer.json() == {"registered": 2, "already_registered": 0}, answer.text


async def test_another_customers_contract_is_not_there(switch_desk: Desk) -> None:
    async with switch_desk.partner("customer-2") as stranger:
        assert told(await send(stranger, ROW)) == {("rows.2.Contract", "not_found", None)}


@pytest.mark.clause("SVT-08")
@pytest.mark.parametrize("language", ["en", "ja"])
async def test_the_template_is_downloaded_and_its_example_is_not_registered(switch_desk: Desk, language: str) -> None:
    async with switch_desk.partner() as partner:
        template = await partner.get(f"/v1/contract-registrations/template?language={language}")
        book = openpyxl.load_workbook(BytesIO(template.content))
        titles = [cell.value for cell in book.worksheets[0][1]]
        assert titles == [column.title(language) for column in COLUMNS]
        answer = await partner.post(URL, content=template.content, headers={"content-type": XLSX})
        await switch_desk.settle()
        by_mail = await partner.get(f"/v1/contract-registrations/template?language={language}&family=svt")
        unknown = await partner.get("/v1/contract-registrations/template?family=nobody")
    assert "[registration]" not in str(notes(template.content))
    assert "[registration]" in str(notes(by_mail.content))
    assert unknown.status_code == 404
    assert [code for _, code, _ in told(answer)] == ["example_row"]
