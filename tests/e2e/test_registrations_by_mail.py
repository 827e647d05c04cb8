"""A filled sheet that is mailed is registered from: through intake into entitlement, and answered (SVT-08)."""

from typing import Any

import pytest
from kippu_entitlement.registration.contract_rows import COLUMNS
from kippu_entitlement.testing.workbooks import filled, saved, with_member, workbook
from kippu_events.catalogue.contracts import ContractRegistered, SheetImported, SheetRefused
from kippu_events.catalogue.intake import MailRequested, MailUnmatched, SheetMailed, TicketOpened
from kippu_intake.mail.sheets import MAX_SHEET

SUBJECT = "[Registration] two switches"


def row(contract_id: str, serial: str = "12345678901", **changes: Any) -> dict[str, Any]:
    usual = {"consent": "yes", "model": "M24ePWR", "contact_id": "contact-1", "address": "1 Example Street"}
    return {"contract_id": contract_id, "serial": serial, **usual, **changes}


def sheet(*rows: dict[str, Any], name: str = "contract-registration-en.xlsx", **options: Any) -> tuple[str, bytes]:
    return name, filled(*rows, known=COLUMNS, **options)


async def two_tickets(desk: Any) -> list[str]:
    return [(await desk.order("advance-1y"))["contracts"][0] for _ in range(2)]


@pytest.mark.clause("SVT-08", "SVT-10")
async def test_every_row_is_registered_once_however_often_it_is_sent(counter: Any) -> None:
    desk = await counter("svt")
    one, two = await two_tickets(desk)
    file = sheet(row(one), row(two, "12345678902"))
    mail_id = await desk.mail("contact-1", SUBJECT, files=[file])
    assert await desk.mail("contact-1", SUBJECT, files=[file]) == mail_id  # the same bytes: the same mail
    assert [each.contract_id for each in await desk.said("entitlement", ContractRegistered)] == [one, two]
    for contract_id in (one, two):
        shown = await desk.get("entitlement", f"/v1/contracts/{contract_id}")
        assert (shown["status"], shown["site"]["address"]) == ("active", "1 Example Street")
    [letter] = await desk.letters("sheet_imported")
    assert (letter.recipient, letter.subject) == ("one@customer-1.example", f"Re: {SUBJECT}")
    assert "contract-registration-en.xlsx" in letter.text and "Registered now:       2" in letter.text
    assert len(await desk.letters("document_registration_notice")) == 2

    await desk.mail("contact-1", SUBJECT, "Once more.", files=[file])  # another mail, with the same rows
    assert len(await desk.said("entitlement", ContractRegistered)) == 2
    assert [(each.registered, each.already_registered) for each in await desk.said("entitlement", SheetImported)] == [
        (2, 0), (0, 2)
    ]  # fmt: skip
    assert await desk.said("intake", TicketOpened, MailUnmatched) == []


@pytest.mark.clause("SVT-06", "SVT-08")
async def test_with_any_fault_nothing_is_and_the_report_is_in_the_contacts_language(counter: Any) -> None:
    desk = await counter("svt")
    one, two = await two_tickets(desk)
    rows = row(one), row(two, "123", consent=None), row("O-9", "12345678903")
    await desk.mail("contact-2", "【登録】 お願いします", files=[sheet(*rows, language="ja", name="登録.xlsx")])
    assert await desk.said("entitlement", ContractRegistered) == []
    [refused] = await desk.said("entitlement", SheetRefused)
    assert (refused.faults, refused.codes) == (3, ("malformed", "missing", "not_found"))
    places = [(each.row, each.column, each.code, each.clause) for each in refused.found]
    assert sorted(places[:2]) == [(3, "consent", "missing", "SVT-06"), (3, "serial", "malformed", "SVT-06")]
    assert places[2][:3] == (4, "contract_id", "not_found")
    [letter] = await desk.letters("sheet_refused")
    assert (letter.recipient, letter.subject) == ("two@customer-1.example", "Re: 【登録】 お願いします")
    assert "登録.xlsx は 1 行も登録されていません（SVT-08）" in letter.text
    assert "- 3 行目、「シリアル番号」列：形式または桁数が正しくありません (SVT-06)" in letter.text
    assert "- 3 行目、「約款への同意」列：記入がありません (SVT-06)" in letter.text
    assert "- 4 行目、「契約番号」列：お客様の契約にこの番号はありません" in letter.text

    right = sheet(row(one), row(two, "12345678902"), language="ja")
    await desk.mail("contact-2", f"RE: {letter.subject}", files=[right])
    assert len(await desk.said("entitlement", ContractRegistered)) == 2


async def test_what_is_another_customers_is_not_there(counter: Any) -> None:
    desk = await counter("svt")
    one, _ = await two_tickets(desk)
    await desk.mail("contact-3", SUBJECT, files=[sheet(row(one, contact_id="contact-3"))])
    assert await desk.said("entitlement", ContractRegistered) == []
    [letter] = await desk.letters("sheet_refused")
    assert letter.recipient == "three@customer-2.example"
    assert "- row 2, column 'Contract': there is no such contract" in letter.text


async def test_hostile_files_are_refused_one_by_one_and_told_why(counter: Any) -> None:
    desk = await counter("svt")
    one, _ = await two_tickets(desk)
    macros = "with-macros.xlsm", with_member("xl/vbaProject.bin")
    old = "old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an older format"
    await desk.mail("contact-1", SUBJECT, files=[macros, old, sheet(row(one))])
    assert [each.codes for each in await desk.said("entitlement", SheetRefused)] == [("macros",), ("not_a_workbook",)]
    assert [each.contract_id for each in await desk.said("entitlement", ContractRegistered)] == [one]
    texts = {letter.text for letter in await desk.letters("sheet_refused")}
    assert sum("save it as a workbook without macros" in text for text in texts) == 1
    assert sum("an older .xls has to be saved as .xlsx" in text for text in texts) == 1


async def test_the_largest_sheet_is_handed_over_and_a_larger_one_is_a_persons(counter: Any) -> None:
    desk = await counter("svt")
    subject, name = f"[registration] {'登' * 480}", f"{'登' * 115}.xlsx"
    padded = saved(workbook(row("O-9"), known=COLUMNS)).ljust(MAX_SHEET, b"\0")
    await desk.mail("contact-1", subject, files=[(name, padded)])
    assert len(await desk.said("intake", SheetMailed)) == len(await desk.said("entitlement", SheetRefused)) == 1

    await desk.mail("contact-1", SUBJECT, files=[("large.xlsx", padded + b"\0"), sheet(row("O-9"))])
    assert len(await desk.said("intake", SheetMailed)) == 1
    [kept] = (await desk.get("intake", "/v1/unmatched-mail"))["items"]
    assert (kept["reason"], kept["subject"]) == ("sheet_too_large", SUBJECT)
    [letter] = await desk.letters("sheet_too_large")
    assert "more than 32 KB" in letter.text and "SVT-08" in letter.text


@pytest.mark.parametrize(
    ("sender", "subject", "files", "becomes"),
    [
        ("contact-1", "the switches of our new office", 1, TicketOpened),  # a request with a file
        ("contact-1", SUBJECT, 0, TicketOpened),  # a question about registering
        ("stranger@elsewhere.example", SUBJECT, 1, MailUnmatched),
    ],
)
async def test_any_other_mail_goes_the_way_of_its_kind(
    counter: Any, sender: str, subject: str, files: int, becomes: Any
) -> None:
    desk = await counter("svt")
    one, _ = await two_tickets(desk)
    await desk.mail(sender, subject, files=[sheet(row(one))] * files)
    assert len(await desk.said("intake", becomes)) == 1
    assert await desk.said("intake", SheetMailed) == []
    assert await desk.said("entitlement", ContractRegistered) == []
    assert len(await desk.said("intake", MailRequested)) >= 1
