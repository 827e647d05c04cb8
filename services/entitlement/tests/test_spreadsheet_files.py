"""Files to take and files to refuse: what a workbook may be, and what is said of one that is not."""

import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from datetime import time as clock
from io import BytesIO
from typing import Any

import pytest
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.registration import archive
from kippu_entitlement.registration.archive import MAX_ROWS
from kippu_entitlement.registration.columns import COLUMNS
from kippu_entitlement.registration.rows import Reading
from kippu_entitlement.registration.sheet import read
from kippu_entitlement.registration.template import template
from kippu_entitlement.testing.workbooks import UNIT, changed, filled, saved, with_member, with_text, workbook
from kippu_terms.loading import load
from kippu_terms.refusal import Refused

NOON = datetime(2026, 3, 20, 12)  # noqa: DTZ001  a sheet knows no zones
SHEET = "xl/worksheets/sheet1.xml"


def codes_of(content: bytes) -> set[str]:
    """The codes of a file's faults, wherever they are noticed."""
    try:
        reading = Reading(read(content))
    except Refused as refused:
        return {fault.code for fault in refused.faults}
    return {fault.code for fault in reading.faults}


def zip_bomb() -> bytes:
    return with_member("xl/media/image1.xml", b"<a>" + b" " * 6_000_000 + b"</a>")


def lying_about_its_size() -> bytes:
    """The directory says 10 bytes, where there are 20 million."""
    content = bytearray(with_member("xl/media/image1.bin", b"\0" * 20_000_000))
    for at in range(len(content) - 4):
        if content[at : at + 4] == b"PK\x01\x02" and b"image1.bin" in content[at : at + 80]:
            struct.pack_into("<I", content, at + 24, 10)
    return bytes(content)


def many_parts() -> bytes:
    return changed(filled(UNIT), lambda members: members.update({f"xl/part{n}.xml": b"<a/>" for n in range(120)}))


def many_short_elements() -> bytes:
    return with_member("xl/extra.xml", b"<a>" + b"".join(b"<b/>%d" % (n * n) for n in range(400_000)) + b"</a>")


def a_hundred_thousand_rows() -> bytes:
    """As short as rows can be, so that the size alone does not refuse it."""
    rows = b"".join(b'<row r="%d"><c t="n"><v>1</v></c></row>' % number for number in range(2, 70_000))
    return with_text(SHEET, b"</sheetData>", rows + b"</sheetData>")


def a_hundred_thousand_full_rows() -> bytes:
    cell = '<c t="inlineStr"><is><t>NAS-%d</t></is></c>'
    rows = "".join(f"<row>{cell % number * 3}</row>" for number in range(100_000))
    return with_text(SHEET, b"</sheetData>", rows.encode() + b"</sheetData>")


def far_below() -> bytes:
    return with_text(SHEET, b"</sheetData>", b'<row r="1048576"><c t="n"><v>1</v></c></row></sheetData>')


def billion_laughs() -> bytes:
    entities = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    return changed(filled(UNIT), lambda members: members.update({SHEET: entities + members[SHEET]}))


def encrypted() -> bytes:
    content = bytearray(filled(UNIT))
    for signature, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        content[content.index(signature) + at] |= 1
    return bytes(content)


def merged() -> bytes:
    made = workbook(UNIT, UNIT | {"serial": "NAS-2"})
    sheet: Any = made.active
    sheet.merge_cells("C2:C3")
    return saved(made)


def an_external_relation() -> bytes:
    relation = (
        b'<Relationship Id="rIdX" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/oleObject"'
        b' Target="file:///share/other.xlsx" TargetMode="External"/></Relationships>'
    )
    return with_text("xl/_rels/workbook.xml.rels", b"</Relationships>", relation)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip": (lambda: b"serial,customer\nNAS-1,customer-1", "not_a_workbook"),
    "an old xls": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not_a_workbook"),
    "an empty file": (lambda: b"", "not_a_workbook"),
    "half a file": (lambda: filled(UNIT)[:3000], "damaged"),
    "bytes in the middle gone": (lambda: filled(UNIT)[:800] + filled(UNIT)[900:], "damaged"),
    "a zip without a workbook": (lambda: changed(filled(UNIT), lambda members: members.clear()), "not_a_workbook"),
    "too many bytes": (lambda: b"PK\x03\x04" + bytes(archive.MAX_FILE), "too_large"),
    "zip bomb": (zip_bomb, "zip_bomb"),
    "a size that is not true": (lying_about_its_size, "damaged"),
    "too many parts": (many_parts, "too_many_members"),
    "too many elements": (many_short_elements, "too_large"),
    "100,000 rows": (a_hundred_thousand_full_rows, "too_large"),
    "70,000 short rows": (a_hundred_thousand_rows, "too_many_rows"),
    "a row far below": (far_below, "too_many_rows"),
    "entities": (billion_laughs, "unsafe_xml"),
    "a password": (encrypted, "encrypted"),
    "macros": (lambda: with_member("xl/vbaProject.bin"), "macros"),
    "a macro sheet": (lambda: with_member("xl/macrosheets/sheet1.xml", b"<a/>"), "macros"),
    "declared as a workbook with macros": (
        lambda: with_text(
            "[Content_Types].xml",
            b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
            b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        ),
        "not_a_workbook",
    ),
    "a link to another workbook": (lambda: with_member("xl/externalLinks/externalLink1.xml", b"<a/>"), "external_link"),
    "a relation to a file elsewhere": (an_external_relation, "external_link"),
    "another file in it": (lambda: with_member("xl/embeddings/oleObject1.bin"), "embedded_object"),
    "merged cells": (merged, "merged_cells"),
    "no XML": (lambda: with_text(SHEET, b"<sheetData>", b"<sheetData"), "damaged"),
    "a cell that is nowhere": (lambda: with_text(SHEET, b'r="A1"', b'r="1A"'), "damaged"),
    "a style that is no number": (lambda: with_text(SHEET, b'r="A1"', b'r="A1" s="x"'), "damaged"),
    "no sheet": (lambda: with_text("xl/workbook.xml", b"<sheet ", b"<nothing "), "not_a_workbook"),
    "a sheet that is not there": (
        lambda: with_text("xl/_rels/workbook.xml.rels", b"sheet1.xml", b"sheet9.xml"),
        "not_a_workbook",
    ),
    "no rows": (filled, "no_rows"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_a_clear_fault_in_bounded_time_and_memory(name: str) -> None:
    make, code = HOSTILE[name]
    content = make()
    tracemalloc.start()
    started = time.process_time()
    assert codes_of(content) == {code}
    took, (_, most) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 120 * 1024 * 1024, f"{most} bytes"
    assert took < 20, "seconds, traced, on a busy machine"


def test_every_fault_of_a_sheet_names_row_column_and_what_is_wrong() -> None:
    reading = Reading(
        read(
            filled(
                UNIT,
                {**UNIT, "serial": "=A2", "model": None, "bought_on": "20 March 2026"},
                {**UNIT, "serial": "NAS-3", "kind": "toaster", "bought_from_provider": "maybe"},
                {**UNIT, "serial": "NAS-4", "valid_until": None, "bought_on": NOON},
                {**UNIT, "serial": 12.5, "warranty_until": "2026-02-30", "remote_island": "yes\nno"},
                {**UNIT, "area": "osaka"},
                {**UNIT, "serial": "EXAMPLE-1"},
                {**UNIT, "serial": True, "bought_on": clock(12, 0), "delivered_on": 46000},
                {**UNIT, "serial": timedelta(days=1, hours=6)},
            )
        )
    )
    assert [(fault.field, fault.code) for fault in reading.faults] == [
        ("rows.3.Serial number", "formula"),
        ("rows.3.Model", "missing"),
        ("rows.3.Bought on", "not_a_date"),
        ("rows.4.Kind", "unknown_choice"),
        ("rows.4.Bought from us", "not_yes_or_no"),
        ("rows.5.Bought on", "not_a_date"),
        ("rows.6.Serial number", "not_text"),
        ("rows.6.Warranty until", "not_a_date"),
        ("rows.6.Remote island", "control_characters"),
        ("rows.7.Serial number", "serial_twice"),
        ("rows.8.Serial number", "example_row"),
        ("rows.9.Serial number", "not_text"),
        ("rows.9.Bought on", "not_a_date"),
        ("rows.9.Delivered on", "not_a_date"),
        ("rows.10.Serial number", "not_text"),
    ]
    assert reading.faults[2].message == ("row 3, column 'Bought on': is no date; write one, or text such as 2026-05-01")


@pytest.mark.parametrize("written", [b"1e400", b"-1e400", b"9007199254740993"])
def test_a_number_that_is_none_or_too_large_is_a_fault_of_its_cell(written: bytes) -> None:
    """A spreadsheet program writes none of these, but a file can hold them; the first ended the import without a
    word."""

    def numbered(members: dict[str, bytes]) -> None:
        members[SHEET] = members[SHEET].replace(b"<v>12345</v>", b"<v>" + written + b"</v>")
        assert written in members[SHEET]

    reading = Reading(read(changed(filled({**UNIT, "serial": 12345}), numbered)))
    assert [(fault.field, fault.code) for fault in reading.faults] == [("rows.2.Serial number", "not_text")]


def test_wrong_titles_are_all_named_and_no_row_is_looked_at() -> None:
    made = workbook({**UNIT, "serial": "="})
    sheet: Any = made.active
    sheet["A1"], sheet["B1"], sheet["C1"], sheet["E1"] = "Number", "Plan", "Plan", "=A1"
    with pytest.raises(Refused) as refused:
        read(saved(made))
    assert {(fault.field, fault.code) for fault in refused.value.faults} == {
        ("rows.1.Number", "unknown_column"),
        ("rows.1.Plan", "column_twice"),
        ("rows.1.=A1", "unknown_column"),
        ("rows.1.Serial number", "missing_column"),
        ("rows.1.Customer", "missing_column"),
        ("rows.1.Model", "missing_column"),
    }


def test_a_value_without_a_title_is_a_fault() -> None:
    made = workbook(UNIT)
    sheet: Any = made.active
    sheet.cell(2, len(COLUMNS) + 2).value = "a note"
    (fault,) = Reading(read(saved(made))).faults
    assert (fault.code, fault.field) == ("no_title", "rows.2.W")


def test_full_width_text_dates_as_text_numbers_and_japanese_titles_are_read_as_they_are_meant() -> None:
    row = {
        **UNIT,
        "serial": "ｎａｓ－１ ２",
        "plan_family": "ＱＮＰ",
        "bought_from_provider": "はい",
        "bought_on": "２０２６-０３-２０",
        "remote_island": False,
        "contract_id": 4711,
        "options": "non-return-disk、 other",
    }
    reading = Reading(read(filled(row, language="ja")))
    assert reading.faults == []
    (read_,) = reading.assets
    assert (read_.serial, read_.plan_family, read_.bought_on) == ("NAS-12", "qnp", date(2026, 3, 20))
    assert (read_.bought_from_provider, read_.kind, read_.installed_by) == (True, "equipment", "provider")
    (contract,) = read_.contracts
    assert (contract.contract_id, contract.options) == ("4711", ("non-return-disk", "other"))


def test_a_unit_with_several_contracts_has_a_row_for_each() -> None:
    second = {**UNIT, "contract_id": "C-2", "valid_from": date(2027, 4, 1), "valid_until": date(2028, 3, 31)}
    reading = Reading(read(filled(UNIT, {}, second)))
    assert reading.faults == []
    (unit,) = reading.assets
    assert [each.contract_id for each in unit.contracts] == ["C-1", "C-2"]
    assert [fault.field for fault in reading.faults_at("NAS-1", [])] == []


def test_blank_rows_are_passed_over_and_the_most_rows_are_taken() -> None:
    rows: list[dict[str, Any]] = [{**UNIT, "serial": f"NAS-{number}"} for number in range(MAX_ROWS)]
    assert len(Reading(read(filled(*rows[:3], {}, {}, *rows[3:]))).assets) == MAX_ROWS
    assert codes_of(filled(*rows, UNIT)) == {"too_many_rows"}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_template_is_read_back_and_only_its_example_is_in_the_way(language: str, qnp_text: str) -> None:
    content = template(language, load(qnp_text))
    assert codes_of(content) == {"example_row"}
    with zipfile.ZipFile(BytesIO(content)) as packed:
        text = b"".join(packed.read(name) for name in packed.namelist()).decode(errors="replace")
    for word in ("advance-send-back", "non-return-disk", "tokyo", "シリアル番号", "Serial number", str(MAX_ROWS)):
        assert word in text
    assert codes_of(template(language, None)) == {"example_row"}


def test_an_asset_without_contract_states_none() -> None:
    keys = ["serial", "customer_id", "plan_family", "model", "bought_from_provider"]
    (read_,) = Reading(read(filled(UNIT, keys=keys))).assets
    assert read_ == Asset(
        customer_id="customer-1", serial="NAS-1", model="NAS 4-bay", plan_family="qnp", bought_from_provider=True
    )
