"""The report on a mailed sheet: every fault that can be met has words in each language, and none is lost."""

import inspect
import re
from pathlib import Path

import kippu_entitlement.registration
import pytest
from kippu_entitlement.domain import registering
from kippu_entitlement.registration.report import MAX_BYTES, MAX_LINES, WORDS, found, report
from kippu_terms.refusal import Fault

READERS = ("archive", "sheet", "contract_rows")
"""Where what is wrong with a file is found."""
_CODE = re.compile(r'(?:_refused|Unreadable|Fault|_fault)\(\s*(?:[\w.]+, )*"([a-z_]+)"')
_FORBIDDEN = re.compile(r'": \("([a-z_]+)", "the file')


def test_every_fault_of_a_file_has_words_in_every_language() -> None:
    folder = Path(kippu_entitlement.registration.__file__).parent
    text = "\n".join((folder / f"{name}.py").read_text("utf-8") for name in READERS)
    codes = {*_CODE.findall(text), *_FORBIDDEN.findall(text)} - {"contract_id", "file"}
    assert {"macros", "zip_bomb", "not_a_workbook", "no_rows", "not_a_number", "formula", "error_value"} <= codes
    for words in WORDS.values():
        assert codes <= words.keys()
    assert len({frozenset(words) for words in WORDS.values()}) == 1


def test_so_has_every_fault_of_a_contract_that_is_not_for_the_device() -> None:
    codes = {*_CODE.findall(inspect.getsource(registering.not_sold_for))}
    assert codes == {"under_other_terms", "sold_for_another", "bought_on_another_day"}
    for words in WORDS.values():
        assert codes <= words.keys()


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "- row 3, column 'Serial number': it has 11 digits (SVT-06)"),
        ("ja", "- 3 行目、「Serial number」列：形式または桁数が正しくありません (SVT-06)"),
        ("th", "- แถว 3 คอลัมน์ “Serial number”: รูปแบบหรือจำนวนหลักไม่ถูกต้อง (SVT-06)"),
        ("fr", "- row 3, column 'Serial number': it has 11 digits (SVT-06)"),
    ],
)
def test_a_line_names_row_column_fault_and_clause(language: str, line: str) -> None:
    fault = Fault("malformed", "row 3, column 'Serial number': it has 11 digits", "rows.3.Serial number", "SVT-06")
    assert report([fault], language) == line


def test_what_is_not_known_by_its_code_is_told_in_english_and_a_title_stays_on_its_line() -> None:
    assert report([Fault("new_code", "row 2: says\n\nwhat it is", "rows.2")], "ja") == "- row 2: says what it is"
    forged = Fault("unknown_column", "", "rows.1.A\n- 2 行目", None)
    assert report([forged], "ja").count("\n") == 0


def test_what_is_too_much_for_a_mail_is_counted() -> None:
    faults = [Fault("missing", f"row {row} is empty", f"rows.{row}.Site") for row in range(400, 0, -1)]
    lines = report(faults, "en").split("\n")
    assert lines[:2] == ["- row 1 is empty", "- row 2 is empty"]
    assert (len(lines), lines[-1]) == (MAX_LINES + 1, f"and {400 - MAX_LINES} more")
    long = report([Fault("missing", "", f"rows.{row}.{'登' * 60}") for row in range(100)], "ja")
    assert len(long.encode()) <= MAX_BYTES + 100
    assert re.fullmatch(r"ほか [0-9]+ 件", long.split("\n")[-1])


def test_the_faults_are_data_too_with_the_columns_key_and_nothing_that_a_stranger_wrote() -> None:
    faults = [
        Fault("malformed", "it has 11 digits", "rows.3.シリアル番号", "SVT-06"),
        Fault("unknown_column", "no column has this title", "rows.1.Phone of Contact One"),
        Fault("no_rows", "no row", "rows.2"),
        Fault("damaged", "the file cannot be read", "file"),
    ]
    assert [(each.row, each.column, each.code, each.clause) for each in found(faults)] == [
        (None, None, "damaged", None),
        (1, None, "unknown_column", None),
        (2, None, "no_rows", None),
        (3, "serial", "malformed", "SVT-06"),
    ]
    many = found([Fault("missing", "is empty", f"rows.{row}.Serial number") for row in range(400, 0, -1)])
    assert [each.row for each in many] == [*range(1, MAX_LINES + 1)]
