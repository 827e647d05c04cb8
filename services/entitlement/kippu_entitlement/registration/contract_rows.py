"""Registrations of contracts by spreadsheet (SVT-08): the columns, the template, and what each row states."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault

from kippu_entitlement.domain.asset import HIGHEST_CM
from kippu_entitlement.registration.columns import (
    Cell,
    Column,
    Unreadable,
    name,
    serial,
    text,
    whole_number,
    yes_or_no,
)
from kippu_entitlement.registration.sheet import Row, Sheet
from kippu_entitlement.registration.template import notes_on, workbook_of

EXAMPLE = "EXAMPLE-1"
"""The contract of the template's example, which nobody means to register."""


def _height(cell: Cell) -> int:
    height = whole_number(cell)
    if height > HIGHEST_CM:
        raise Unreadable("not_a_number", f"is more than {HIGHEST_CM}")
    return height


_CHANGED_EN = "A renewal states it only where it changed"
_CHANGED_JA = "更新の場合は変更があるときのみ"
COLUMNS = (
    Column("contract_id", "Contract", "契約番号", text, "The contract's number", "契約番号", required=True),
    Column(
        "consent",
        "Consent",
        "約款への同意",
        yes_or_no,
        "yes: to the terms",
        "約款に同意する場合は はい",
        without=False,
    ),
    Column(
        "serial", "Serial number", "シリアル番号", serial, f"Of the device. {_CHANGED_EN}", f"機器のもの。{_CHANGED_JA}"
    ),
    Column("model", "Model", "型番", text, "With the serial number", "シリアル番号と併せて記入"),
    Column(
        "contact_id",
        "Maintenance contact",
        "保守連絡窓口",
        name,
        f"The contact's id. {_CHANGED_EN}",
        f"登録済みの連絡先 ID。{_CHANGED_JA}",
    ),
    Column("address", "Site", "機器設置先", text, f"The address. {_CHANGED_EN}", f"住所。{_CHANGED_JA}"),
    Column("area", "Area", "地域", name, "Of the site, such as tokyo", "設置先の地域。例：tokyo"),
    Column("remote_island", "Remote island", "離島", yes_or_no, "yes or no", "はい または いいえ", without=False),
    Column("height_cm", "Height in cm", "設置高さ cm", _height, "A whole number", "整数"),
)
_COLUMN_OF = {"site": "address"}
"""Facts of a registration that stand in a column of another name."""


@dataclass(frozen=True, slots=True)
class StatedRow:
    row: int
    contract_id: str
    values: dict[str, Any]
    """By the column's key."""


class ContractReading:
    """The registrations that a sheet states, one a row, and what is wrong with its cells."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self.faults = list(sheet.faults)
        self._bad = {fault.field for fault in sheet.faults}
        self.rows: list[StatedRow] = []
        for row in sheet.rows:
            self._take(row)

    def faults_at(self, stated: StatedRow, faults: Sequence[Fault]) -> list[Fault]:
        """The same faults, each at the row and column that it comes from."""
        return [
            self._sheet.fault(stated.row, self._column_of(fault), fault.code, fault.message, fault.clause)
            for fault in faults
        ]

    def _column_of(self, fault: Fault) -> str:
        key = _COLUMN_OF.get(fault.field or "", fault.field)
        return key if key in {column.key for column in COLUMNS} else "contract_id"

    def _take(self, row: Row) -> None:
        before, values = len(self.faults), {}
        for column in COLUMNS:
            cell = row.cells.get(column.key)
            values[column.key] = column.without
            if cell is None:
                if column.required:
                    self._fault(row, column.key, "missing", "is empty")
            elif f"rows.{row.number}.{self._sheet.titles.get(column.key)}" not in self._bad:
                try:
                    values[column.key] = column.read(cell)
                except Unreadable as error:
                    self._fault(row, column.key, error.code, str(error))
        contract_id = values["contract_id"]
        if contract_id == EXAMPLE:
            self._fault(row, "contract_id", "example_row", "this is the template's example; delete the row")
        if any(contract_id == known.contract_id for known in self.rows):
            self._fault(row, "contract_id", "contract_twice", "stands in another row too")
        if len(self.faults) == before and contract_id is not None:
            self.rows.append(StatedRow(row.number, contract_id, values))

    def _fault(self, row: Row, key: str, code: str, message: str) -> None:
        self.faults.append(self._sheet.fault(row.number, key, code, message))


def template(language: str, plan: Plan | None = None) -> bytes:
    """As bytes of an .xlsx. With a plan, its notes say how it is sent by mail, where that is taken."""
    example: dict[str, Any] = {
        "contract_id": EXAMPLE,
        "consent": "はい" if language == "ja" else "yes",
        "serial": "12345678901",
        "model": "M24ePWR",
        "contact_id": "contact-1",
        "address": "1 Example Street, Tokyo",
        "area": "tokyo",
        "height_cm": 120,
    }
    return workbook_of(language, COLUMNS, [example.get(column.key) for column in COLUMNS], _notes(plan))


def _notes(plan: Plan | None) -> Iterator[list[str]]:
    yield from notes_on(COLUMNS)
    registration = plan.contracts.registration if plan else None
    marks = registration.file.subject_marks if registration and registration.file else ()
    if marks:
        en = f"Upload it, or attach it to a mail from your address on record, with {' or '.join(marks)} in the subject."
        named = " または ".join(marks)
        ja = f"アップロードするか、件名に {named} を入れ、ご登録のアドレスからメールに添付してお送りください。"
        yield ["", "", "", en, ja]
