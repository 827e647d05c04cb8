"""What is wrong with a mailed sheet: a line for each fault in its sender's language, and all of them as data."""

import re
from collections.abc import Sequence

from kippu_events.catalogue.contracts import SheetFault
from kippu_terms.refusal import Fault

from kippu_entitlement.registration.columns import by_title
from kippu_entitlement.registration.contract_rows import COLUMNS

MAX_LINES = 100
MAX_BYTES = 16_000
"""Of a report, in UTF-8: sealed, it goes through two events."""

_AT_COLUMN = re.compile(r"rows\.([0-9]+)\.(.+)", re.DOTALL)
_AT_ROW = re.compile(r"rows\.([0-9]+)")

WORDS: dict[str, dict[str, str]] = {
    "ja": {
        "asset_registered": "このシリアル番号はすでに登録されています",
        "asset_replaced": "このシリアル番号の機器は交換済みです",
        "bought_on_another_day": "この契約は、別の日に購入された機器のものです",
        "column_twice": "同じ見出しの列が 2 つあります",
        "contract_over": "この契約は終了しています",
        "contract_twice": "別の行にもあります",
        "control_characters": "使用できない制御文字が含まれています",
        "damaged": "ファイルが破損しており、読み取れません",
        "embedded_object": "ファイルに他のファイルやコントロールが埋め込まれています。取り除いてください",
        "encrypted": "ファイルがパスワードで保護されています。解除して保存してください",
        "error_value": "表計算ソフトのエラー値です",
        "example_row": "テンプレートの例の行です。削除してください",
        "external_link": "ファイルが外部を参照しています。値を直接入力してください",
        "formula": "数式です。値を直接入力してください",
        "height_out_of_range": "高さが範囲外です",
        "macros": "ファイルにマクロがあります。マクロのないブック（.xlsx）として保存してください",
        "malformed": "形式または桁数が正しくありません",
        "merged_cells": "結合セルがあります。結合を解除し、各行に値を入力してください",
        "missing": "記入がありません",
        "missing_column": "この見出しの列がありません",
        "no_registration": "この契約は登録の対象ではありません",
        "no_rows": "見出しの下に行がありません",
        "no_title": "見出しのない列に値があります",
        "not_a_number": "正しい整数ではありません",
        "not_a_workbook": "Excel ブック（.xlsx）ではありません。.xls は .xlsx として保存してください",
        "not_found": "お客様の契約にこの番号はありません",
        "not_text": "文字列として読み取れません",
        "not_yes_or_no": "はい または いいえ をご記入ください",
        "registered_already": "この契約は登録済みです。変更は変更届としてお知らせください",
        "sold_for_another": "この契約は別の機器のために販売されたものです",
        "too_large": "ファイルが大きすぎます。分割してください",
        "too_long": "長すぎます",
        "too_many_contracts": "1 台の機器の契約数が上限を超えています",
        "too_many_members": "ファイルの構成要素が多すぎます",
        "too_many_rows": "行が多すぎます。分割してください",
        "under_other_terms": "この機器は別の規約のもとで登録されています",
        "unknown_column": "この見出しの列はありません。テンプレートの見出しをご使用ください",
        "unknown_contact": "この連絡先は登録されていません",
        "unsafe_xml": "ファイルに安全でない宣言があります",
        "zip_bomb": "ファイルの内容が異常に大きく展開されます",
    },
    "th": {
        "asset_registered": "หมายเลขเครื่องนี้ลงทะเบียนแล้ว",
        "asset_replaced": "เครื่องหมายเลขนี้ถูกเปลี่ยนทดแทนแล้ว",
        "bought_on_another_day": "สัญญานี้เป็นของเครื่องที่ซื้อในวันอื่น",
        "column_twice": "มีสองคอลัมน์ที่ใช้หัวข้อเดียวกัน",
        "contract_over": "สัญญานี้สิ้นสุดแล้ว",
        "contract_twice": "มีอยู่ในแถวอื่นด้วย",
        "control_characters": "มีอักขระควบคุมที่ใช้ไม่ได้",
        "damaged": "ไฟล์เสียหาย อ่านไม่ได้",
        "embedded_object": "มีไฟล์หรือตัวควบคุมอื่นฝังอยู่ในไฟล์ โปรดนำออก",
        "encrypted": "ไฟล์มีรหัสผ่าน โปรดบันทึกโดยไม่ใช้รหัสผ่าน",
        "error_value": "เป็นค่าข้อผิดพลาดของตาราง",
        "example_row": "เป็นแถวตัวอย่างของแม่แบบ โปรดลบแถวนี้",
        "external_link": "ไฟล์อ้างถึงข้อมูลภายนอก โปรดใส่ค่าแทน",
        "formula": "เป็นสูตร โปรดใส่ค่าแทน",
        "height_out_of_range": "ความสูงอยู่นอกช่วงที่กำหนด",
        "macros": "ไฟล์มีแมโคร โปรดบันทึกเป็นสมุดงานที่ไม่มีแมโคร (.xlsx)",
        "malformed": "รูปแบบหรือจำนวนหลักไม่ถูกต้อง",
        "merged_cells": "มีเซลล์ที่ผสานกัน โปรดยกเลิกการผสานและใส่ค่าในทุกแถว",
        "missing": "ไม่ได้กรอก",
        "missing_column": "ไม่มีคอลัมน์ที่ใช้หัวข้อนี้",
        "no_registration": "สัญญานี้ไม่ต้องลงทะเบียน",
        "no_rows": "ไม่มีแถวใต้หัวข้อ",
        "no_title": "มีค่าในคอลัมน์ที่ไม่มีหัวข้อ",
        "not_a_number": "ไม่ใช่จำนวนเต็มที่ถูกต้อง",
        "not_a_workbook": "ไม่ใช่สมุดงาน Excel (.xlsx) โปรดบันทึกไฟล์ .xls เป็น .xlsx",
        "not_found": "ท่านไม่มีสัญญาหมายเลขนี้",
        "not_text": "อ่านเป็นข้อความไม่ได้",
        "not_yes_or_no": "โปรดกรอก yes หรือ no",
        "registered_already": "สัญญานี้ลงทะเบียนแล้ว โปรดแจ้งสิ่งที่เปลี่ยนเป็นการเปลี่ยนแปลง",
        "sold_for_another": "สัญญานี้ขายสำหรับเครื่องอื่น",
        "too_large": "ไฟล์ใหญ่เกินไป โปรดแบ่งไฟล์",
        "too_long": "ยาวเกินไป",
        "too_many_contracts": "เครื่องนี้มีสัญญาเกินจำนวนที่กำหนด",
        "too_many_members": "ไฟล์มีส่วนประกอบมากเกินไป",
        "too_many_rows": "มีแถวมากเกินไป โปรดแบ่งไฟล์",
        "under_other_terms": "เครื่องนี้ลงทะเบียนภายใต้เงื่อนไขอื่น",
        "unknown_column": "ไม่มีคอลัมน์ที่ใช้หัวข้อนี้ โปรดใช้หัวข้อของแม่แบบ",
        "unknown_contact": "ไม่มีผู้ติดต่อนี้ในทะเบียน",
        "unsafe_xml": "ไฟล์มีการประกาศที่ไม่ปลอดภัย",
        "zip_bomb": "เนื้อหาของไฟล์ขยายใหญ่ผิดปกติ",
    },
}
"""By language and the fault's code; in English a fault says itself what it is."""
_PLACES = {
    "ja": {"column": "{row} 行目、「{title}」列：", "row": "{row} 行目：", "more": "ほか {count} 件"},
    "th": {"column": "แถว {row} คอลัมน์ “{title}”: ", "row": "แถว {row}: ", "more": "และอีก {count} รายการ"},
    "en": {"column": "", "row": "", "more": "and {count} more"},
}


def report(faults: Sequence[Fault], language: str) -> str:
    """A line a fault, in the order of the sheet; what is too much for a mail is counted."""
    known = language if language in _PLACES else "en"
    lines: list[str] = []
    left = MAX_BYTES
    for fault in sorted(faults, key=_row_of)[:MAX_LINES]:
        line = f"- {_line(fault, known)}"
        left -= len(line.encode()) + 1
        if left < 0:
            break
        lines.append(line)
    if len(lines) < len(faults):
        lines.append(_PLACES[known]["more"].format(count=len(faults) - len(lines)))
    return "\n".join(lines)


def found(faults: Sequence[Fault]) -> tuple[SheetFault, ...]:
    """The same faults as data, in the same order, without a word that a stranger wrote."""
    return tuple(_found(fault) for fault in sorted(faults, key=_row_of)[:MAX_LINES])


def _found(fault: Fault) -> SheetFault:
    at = _AT_COLUMN.fullmatch(fault.field or "")
    column = by_title(at[2], COLUMNS) if at else None
    key = column.key if column else None
    return SheetFault(code=fault.code, row=_row_of(fault) or None, column=key, clause=fault.clause)


def _line(fault: Fault, language: str) -> str:
    clause = f" ({fault.clause})" if fault.clause else ""
    said = WORDS.get(language, {}).get(fault.code)
    return _on_one_line(f"{_place(fault, language)}{said}{clause}" if said else f"{fault.message}{clause}")


def _place(fault: Fault, language: str) -> str:
    places = _PLACES[language]
    if at := _AT_COLUMN.fullmatch(fault.field or ""):
        return places["column"].format(row=at[1], title=at[2])
    if at := _AT_ROW.fullmatch(fault.field or ""):
        return places["row"].format(row=at[1])
    return ""


def _row_of(fault: Fault) -> int:
    """What concerns the file as a whole comes first."""
    at = re.match(r"rows\.([0-9]+)", fault.field or "")
    return int(at[1]) if at else 0


def _on_one_line(text: str) -> str:
    """A title is whatever stands in the file."""
    return " ".join(text.split())
