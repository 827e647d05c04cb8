"""The template: a sheet with the titles and an example, and one that says in two languages what goes where."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from io import BytesIO
from typing import Any

from kippu_terms.plan import Plan
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from kippu_entitlement.registration.archive import MAX_ROWS
from kippu_entitlement.registration.columns import COLUMNS, Column
from kippu_entitlement.registration.rows import EXAMPLE_SERIAL

_BOLD = Font(bold=True)
_RULES = (
    (
        f"At most {MAX_ROWS} rows a file. Either every row is registered, or none and the report names row and column.",
        f"1 ファイル {MAX_ROWS} 行まで。すべての行が登録されるか、1 行も登録されず行と列を示す報告が返ります。",
    ),
    (
        "Rows that are registered with the same facts already are counted, and not registered again.",
        "同じ内容で登録済みの行は数えられるだけで、再登録されません。",
    ),
    (
        "No formulas, no merged cells. Titles may be English or Japanese, in any order. Delete the example row.",
        "数式と結合セルは使えません。見出しは英語でも日本語でもよく、順序は自由です。例の行は削除してください。",
    ),
)


def template(language: str, plan: Plan | None) -> bytes:
    """As bytes of an .xlsx. With a plan, its products, options and areas are named."""
    return workbook_of(language, COLUMNS, _example(plan), _notes(plan))


def workbook_of(
    language: str, columns: Sequence[Column], example: Sequence[Any], lines: Iterable[Sequence[str]]
) -> bytes:
    """A sheet with the columns' titles and an example, and one with notes on them, as bytes of an .xlsx."""
    workbook = Workbook()
    sheet: Any = workbook.active
    sheet.title = "登録" if language == "ja" else "Registrations"
    sheet.append([column.title(language) for column in columns])
    sheet.append([*example])
    sheet.freeze_panes = "A2"
    for place, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = max(14, 2 * len(column.title(language)) // 1.5)
        sheet.cell(1, place).font = _BOLD
    notes = workbook.create_sheet("記入方法" if language == "ja" else "Notes")
    for line in lines:
        notes.append([*line])
    for place, width in enumerate((24, 20, 10, 70, 70), start=1):
        notes.column_dimensions[get_column_letter(place)].width = width
    for cell in notes[1]:
        cell.font = _BOLD
    written = BytesIO()
    workbook.save(written)
    return written.getvalue()


def _example(plan: Plan | None) -> list[Any]:
    maintenance = _products(plan, "maintenance")
    contract = (
        {
            "contract_id": "CONTRACT-1",
            "product": maintenance[0],
            "valid_from": date(2026, 4, 1),
            "valid_until": date(2027, 3, 31),
        }
        if maintenance
        else {}
    )
    example: dict[str, Any] = {
        "serial": EXAMPLE_SERIAL,
        "customer_id": "customer-1",
        "plan_family": plan.family if plan else "plan",
        "model": "NAS 4-bay",
        "bought_from_provider": "yes",
        "bought_on": date(2026, 3, 20),
        "delivered_on": date(2026, 3, 25),
        "warranty_until": date(2029, 3, 24),
        "area": next(iter(_areas(plan)), None),
        "disks_from": "provider",
        **contract,
    }
    return [example.get(column.key) for column in COLUMNS]


def notes_on(columns: Iterable[Column]) -> Iterator[list[str]]:
    """What goes into each column, and what holds of every file."""
    yield ["Title", "見出し", "Required / 必須", "What goes there", "記入内容"]
    for column in columns:
        needed = "yes / はい" if column.required else ""
        yield [column.en, column.ja, needed, column.note_en, column.note_ja]
    yield []
    for en, ja in _RULES:
        yield ["", "", "", en, ja]


def _notes(plan: Plan | None) -> Iterator[list[str]]:
    yield from notes_on(COLUMNS)
    if plan is None:
        return
    for en, ja, words in (
        ("Contract product", "契約種別", _products(plan, "maintenance")),
        ("Contract options", "契約オプション", _products(plan, "option")),
        ("Area", "地域", _areas(plan)),
    ):
        yield [en, ja, "", ", ".join(words), ", ".join(words)]


def _products(plan: Plan | None, kind: str) -> list[str]:
    return [product.id for product in plan.commercial.products if product.kind == kind] if plan else []


def _areas(plan: Plan | None) -> list[str]:
    """Those that the plan names; a unit may stand elsewhere, too."""
    services = plan.fulfilment.services if plan else ()
    named = [areas for service in services for areas in (service.areas or (), service.consult_areas)]
    return sorted({area for areas in named for area in areas})
