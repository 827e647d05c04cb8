"""Spreadsheets as people fill them in."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from openpyxl import load_workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def filled(template: bytes, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The template with rows by its titles: the example goes, the rows come."""
    workbook = load_workbook(BytesIO(template))
    sheet = workbook.worksheets[0]
    sheet.delete_rows(2)
    titles = [cell.value for cell in sheet[1]]
    for row in rows:
        sheet.append([row.get(title) for title in titles])
    written = BytesIO()
    workbook.save(written)
    return written.getvalue()
