"""From a file to rows of cells: the first sheet, whose first row holds the titles.

The file was looked at before it is parsed (`archive`), and is read as a stream: only so many rows as are taken are ever
held. A formula is refused by name, for its value is whatever some program made of it last.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import openpyxl
from kippu_terms.refusal import Fault, Refused
from openpyxl.utils import get_column_letter

from kippu_entitlement.registration import archive
from kippu_entitlement.registration.archive import MAX_ROWS
from kippu_entitlement.registration.columns import COLUMNS, Cell, Column, by_title

LAST_ROW = 10_000
"""Of the sheet: blank rows count here."""
MAX_COLUMNS = 50


@dataclass(frozen=True, slots=True)
class Row:
    """`number` is the sheet's. Empty cells are left out."""

    number: int
    cells: Mapping[str, Cell]
    """By the column's key."""


@dataclass(frozen=True, slots=True)
class Sheet:
    titles: Mapping[str, str]
    """As they stand in the file, by the column's key."""
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    columns: tuple[Column, ...] = COLUMNS
    """Those that it may have."""

    def fault(self, row: int, key: str, code: str, message: str, clause: str | None = None) -> Fault:
        """A fault that names the sheet's row and the column's title."""
        title = self.titles.get(key) or next(column.en for column in self.columns if column.key == key)
        return _fault(row, title, code, message, clause)


def read(content: bytes, known: tuple[Column, ...] = COLUMNS) -> Sheet:
    """Raises Refused for a file that is no plain workbook, or whose titles are wrong."""
    looked_at = archive.inspect(content)
    merges = tuple(archive.faults_of_merges(looked_at))
    if merges:
        raise Refused(*merges)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what it does not know and leaves out; values are unaffected
            workbook = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
            try:
                return _read(workbook.worksheets[0], known)
            finally:
                workbook.close()
    except Refused:
        raise
    except Exception as error:  # openpyxl raises whatever a file that breaks the format makes it run into
        raise Refused(Fault("damaged", f"the file cannot be read: {type(error).__name__}", "file")) from error


def _read(worksheet: Any, known: tuple[Column, ...]) -> Sheet:
    worksheet.reset_dimensions()  # what the file says of its size is not to be trusted
    numbered = enumerate(worksheet.iter_rows(max_col=MAX_COLUMNS), start=1)
    _, first = next(numbered, (1, ()))
    columns = _columns(first, known)
    rows: list[Row] = []
    faults: list[Fault] = []
    for number, cells in numbered:
        filled = {place: Cell(cell.value, cell.data_type) for place, cell in enumerate(cells) if _is_filled(cell)}
        if number > LAST_ROW or (filled and len(rows) == MAX_ROWS):
            message = f"the sheet has more than {MAX_ROWS} rows; register them by several files"
            raise Refused(Fault("too_many_rows", message, f"rows.{number}"))
        if filled:
            faults += _faults_of(number, filled, columns)
            rows.append(Row(number, {columns[at][0].key: cell for at, cell in filled.items() if at in columns}))
    if not rows:
        raise Refused(Fault("no_rows", "the sheet has titles, and no row below them", "rows.2"))
    return Sheet({column.key: title for column, title in columns.values()}, tuple(rows), tuple(faults), known)


def _is_filled(cell: Any) -> bool:
    return cell.value is not None and str(cell.value).strip() != ""


def _columns(cells: Sequence[Any], known: tuple[Column, ...]) -> dict[int, tuple[Column, str]]:
    """The columns by their place, with their titles. Raises Refused with everything that is wrong with the titles."""
    found: dict[int, tuple[Column, str]] = {}
    faults: list[Fault] = []
    for place, cell in enumerate(cells):
        if not _is_filled(cell):
            continue
        title = str(cell.value).strip()[:60]
        column = by_title(title, known) if cell.data_type != "f" else None
        if column is None:
            message = "no column has this title; the template has the titles"
            faults.append(_fault(1, title, "unknown_column", message))
        elif column in (other for other, _ in found.values()):
            faults.append(_fault(1, title, "column_twice", "two columns have this title"))
        else:
            found[place] = (column, title)
    missing = [each for each in known if each.required and each not in (other for other, _ in found.values())]
    faults += [_fault(1, each.en, "missing_column", f"there is no column {each.en!r} ({each.ja})") for each in missing]
    if faults:
        raise Refused(*faults)
    return found


def _faults_of(number: int, filled: Mapping[int, Cell], columns: Mapping[int, tuple[Column, str]]) -> Iterator[Fault]:
    for place, cell in filled.items():
        title = columns[place][1] if place in columns else get_column_letter(place + 1)
        if place not in columns:
            yield _fault(number, title, "no_title", "there is a value in a column without a title")
        elif cell.kind == "f" or str(cell.value).startswith("="):
            yield _fault(number, title, "formula", "is a formula; write its value in its place")
        elif cell.kind == "e":
            yield _fault(number, title, "error_value", "is an error of the sheet's, and no value")


def _fault(row: int, title: str, code: str, message: str, clause: str | None = None) -> Fault:
    return Fault(code, f"row {row}, column {title!r}: {message}", f"rows.{row}.{title}", clause)
