"""Workbooks for tests: filled templates, and files that were made to do harm."""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import Any

from openpyxl import Workbook

from kippu_entitlement.registration.columns import COLUMNS, Column

UNIT: dict[str, Any] = {
    "serial": "NAS-1",
    "customer_id": "customer-1",
    "plan_family": "qnp",
    "model": "NAS 4-bay",
    "bought_from_provider": "yes",
    "bought_on": date(2026, 3, 20),
    "warranty_until": "2029-03-24",
    "area": "tokyo",
    "contract_id": "C-1",
    "product": "advance-send-back",
    "valid_from": date(2026, 4, 1),
    "valid_until": date(2027, 3, 31),
}
"""A row in order, by the column's key."""


def workbook(
    *rows: Mapping[str, Any],
    keys: Sequence[str] | None = None,
    language: str = "en",
    known: Sequence[Column] = COLUMNS,
) -> Workbook:
    """A workbook with titles and these rows."""
    columns = [column for column in known if keys is None or column.key in keys]
    made = Workbook()
    sheet: Any = made.active
    sheet.append([column.title(language) for column in columns])
    for row in rows:
        sheet.append([row.get(column.key) for column in columns])
    return made


def saved(made: Workbook) -> bytes:
    written = BytesIO()
    made.save(written)
    return written.getvalue()


def filled(*rows: Mapping[str, Any], **options: Any) -> bytes:
    return saved(workbook(*rows, **options))


def changed(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The file with its members changed."""
    with zipfile.ZipFile(BytesIO(content)) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    change(members)
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as repacked:
        for name, member in members.items():
            repacked.writestr(name, member)
    return written.getvalue()


def with_member(name: str, member: bytes = b"") -> bytes:
    return changed(filled(UNIT), lambda members: members.update({name: member}))


def with_text(name: str, old: bytes, new: bytes) -> bytes:
    """A member with one text for another."""

    def change(members: dict[str, bytes]) -> None:
        if old not in members[name]:
            raise AssertionError(f"{old!r} is not in {name}")
        members[name] = members[name].replace(old, new, 1)

    return changed(filled(UNIT), change)
