"""The columns of a registration sheet: their titles, what they take, and how a cell is read.

Full-width letters and digits are made plain (NFKC) before anything is looked at. A cell is read for what it means, or
refused: nothing is guessed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from kippu_entitlement.domain.asset import normalised

MAX_TEXT = 200
"""Characters of a cell."""
LARGEST_EXACT = 10**15
"""Sheets keep 15 digits of a number; a longer one has lost some."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Unreadable(ValueError):
    """What is wrong with a cell."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that is not empty. `kind` is the sheet's: s text, n number, d date, b yes or no, f formula, e error."""

    value: Any
    kind: str


def text(cell: Cell) -> str:
    """Text, or a whole number as its digits."""
    value = cell.value
    if isinstance(value, (bool, date, time, timedelta)):
        raise Unreadable("not_text", "is not text; format the cell as text")
    if isinstance(value, (int, float)):
        if not abs(value) < LARGEST_EXACT or value != int(value):  # in this order: 1e400 is no integer at all
            raise Unreadable("not_text", "is a number that would lose digits; format the cell as text")
        return str(int(value))
    plain = unicodedata.normalize("NFKC", str(value)).strip()
    if _CONTROL.search(plain):
        raise Unreadable("control_characters", "has line breaks or control characters")
    if len(plain) > MAX_TEXT:
        raise Unreadable("too_long", f"has more than {MAX_TEXT} characters")
    return plain


def day(cell: Cell) -> date:
    """A date, or text such as 2026-05-01 (ISO 8601)."""
    value = cell.value
    if isinstance(value, datetime):
        if value.time() != time(0):
            raise Unreadable("not_a_date", "has a time of day; write the date alone")
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        plain = text(cell)
        if _ISO_DATE.fullmatch(plain):
            try:
                return date.fromisoformat(plain)
            except ValueError:
                raise Unreadable("not_a_date", f"is no day of the calendar: {plain}") from None
    raise Unreadable("not_a_date", "is no date; write one, or text such as 2026-05-01")


YES, NO = frozenset({"yes", "true", "はい"}), frozenset({"no", "false", "いいえ"})


def yes_or_no(cell: Cell) -> bool:
    if isinstance(cell.value, bool):
        return cell.value
    plain = text(cell).lower()
    if plain in YES or plain in NO:
        return plain in YES
    raise Unreadable("not_yes_or_no", "is neither yes nor no")


def whole_number(cell: Cell) -> int:
    plain = text(cell)
    if not plain.isascii() or not plain.isdecimal():
        raise Unreadable("not_a_number", "is no whole number")
    return int(plain)


def one_of(*choices: str) -> Callable[[Cell], str]:
    def read(cell: Cell) -> str:
        plain = text(cell).lower()
        if plain not in choices:
            raise Unreadable("unknown_choice", f"is none of {', '.join(choices)}")
        return plain

    return read


def name(cell: Cell) -> str:
    """A name that the plan uses: in small letters."""
    return text(cell).lower()


def names(cell: Cell) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in re.split(r"[,;、\s]+", name(cell)) if part))


def serial(cell: Cell) -> str:
    return normalised(text(cell))


@dataclass(frozen=True, slots=True)
class Column:
    """`key` is the field of the asset, or of its contract; `without` what an empty cell means."""

    key: str
    en: str
    ja: str
    read: Callable[[Cell], Any]
    note_en: str
    note_ja: str
    required: bool = False
    without: Any = None
    of_contract: bool = False

    def title(self, language: str) -> str:
        return self.ja if language == "ja" else self.en


_DATE_EN, _DATE_JA = "A date, or text such as 2026-05-01", "日付、または 2026-05-01 の形の文字列"
_YES_EN, _YES_JA = "yes or no; empty means no", "はい または いいえ。空欄は いいえ"

COLUMNS = (
    Column(
        "serial",
        "Serial number",
        "シリアル番号",
        serial,
        "Of the unit or disk. A unit with several contracts takes a row for each, the same but for the contract",
        "筐体またはディスクのもの。契約が複数ある場合は契約ごとに 1 行（契約以外は同じ内容）",
        required=True,
    ),
    Column("customer_id", "Customer", "お客様 ID", name, "The customer's id", "登録済みのお客様 ID", required=True),
    Column("plan_family", "Plan", "プラン", name, "The family of the terms", "規約の名称", required=True),
    Column(
        "kind",
        "Kind",
        "種別",
        one_of("equipment", "service"),
        "equipment or service; empty means equipment",
        "equipment または service。空欄は equipment",
        without="equipment",
    ),
    Column("model", "Model", "型番", text, "The model", "型番", required=True),
    Column(
        "bought_from_provider",
        "Bought from us",
        "当社で購入",
        yes_or_no,
        "yes or no",
        "はい または いいえ",
        required=True,
    ),
    Column("bought_on", "Bought on", "購入日", day, _DATE_EN, _DATE_JA),
    Column("delivered_on", "Delivered on", "納品日", day, _DATE_EN, _DATE_JA),
    Column(
        "warranty_until",
        "Warranty until",
        "保証終了日",
        day,
        f"The last day of the maker's warranty. {_DATE_EN}",
        f"メーカー保証の最終日。{_DATE_JA}",
    ),
    Column(
        "installed_by",
        "Installed by",
        "設置者",
        one_of("provider", "customer", "third_party"),
        "provider, customer or third_party; empty means provider",
        "provider、customer または third_party。空欄は provider",
        without="provider",
    ),
    Column(
        "maintenance_agreement",
        "Maintenance agreement",
        "保守契約書番号",
        text,
        "The id of a maintenance agreement, if any",
        "保守契約書がある場合はその番号",
    ),
    Column("area", "Area", "地域", name, "Where it stands, such as tokyo", "設置地域。例：tokyo"),
    Column("remote_island", "Remote island", "離島", yes_or_no, _YES_EN, _YES_JA, without=False),
    Column(
        "disks_from",
        "Disks from",
        "ディスクの購入元",
        one_of("provider", "elsewhere"),
        "elsewhere if any disk in it was bought from somebody else, else provider",
        "他社で購入したディスクがある場合は elsewhere、ない場合は provider",
    ),
    Column(
        "part_of",
        "Part of",
        "搭載先",
        serial,
        "Of a disk: the serial number of the unit that it is in",
        "ディスクの場合：搭載している筐体のシリアル番号",
    ),
    Column(
        "contract_id",
        "Contract",
        "契約番号",
        text,
        "The contract's number; with it, product, first and last day are needed",
        "契約番号。記入する場合は契約種別、開始日、終了日も必要です",
        of_contract=True,
    ),
    Column(
        "product",
        "Contract product",
        "契約種別",
        name,
        "A maintenance product of the plan",
        "プランの保守商品",
        of_contract=True,
    ),
    Column(
        "valid_from",
        "Contract from",
        "契約開始日",
        day,
        f"Its first day. {_DATE_EN}",
        f"初日。{_DATE_JA}",
        of_contract=True,
    ),
    Column(
        "valid_until",
        "Contract until",
        "契約終了日",
        day,
        f"Its last day. {_DATE_EN}",
        f"最終日。{_DATE_JA}",
        of_contract=True,
    ),
    Column(
        "options",
        "Contract options",
        "契約オプション",
        names,
        "Options of the plan, several with commas",
        "プランのオプション。複数はカンマ区切り",
        without=(),
        of_contract=True,
    ),
    Column(
        "area_agreed",
        "Area agreed",
        "地域合意済み",
        yes_or_no,
        f"Sold for this area after consultation: {_YES_EN}",
        f"相談のうえでこの地域に販売：{_YES_JA}",
        without=False,
        of_contract=True,
    ),
)
CONTRACT_NEEDS = ("contract_id", "product", "valid_from", "valid_until")


def by_title(title: str, columns: Iterable[Column]) -> Column | None:
    """The column of a title in either language, however wide its letters are."""
    plain = " ".join(unicodedata.normalize("NFKC", title).split()).casefold()
    return next((column for column in columns if plain in (column.en.casefold(), column.ja.casefold())), None)
