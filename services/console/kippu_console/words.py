"""The words of the pages, per language, and how values are said in it."""

import re
import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kippu_terms.money import minor_digits

from kippu_console.views.facts import Known, Money, Named

LANGUAGES = ("en", "ja", "th")

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


@cache
def words(language: str) -> dict[str, Any]:
    """The words of a language of LANGUAGES; those that only some pages have are in tables of their own."""
    folder = Path(__file__).parent / "words"
    files = (folder / f"{language}.toml", *(folder / name / f"{language}.toml" for name in ("tables", "facts")))
    return {name: said for file in files for name, said in _read(file).items()}


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def choose_language(asked: str | None, accepted: str | None) -> str:
    """The language asked for, else the first that the browser accepts and we have, else English."""
    candidates = [asked or ""] + [part.split(";")[0].strip()[:2].lower() for part in (accepted or "").split(",")]
    return next((language for language in candidates if language in LANGUAGES), "en")


def local(instant: datetime | None, zone: ZoneInfo) -> str:
    """An instant as the provider's people read it."""
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M") if instant else ""


def money(amount: int, currency: str) -> str:
    """An amount of minor units, such as `12,840.00 THB`; as it stands where no currency is known."""
    digits = minor_digits(currency) if currency else 0
    whole, rest = divmod(abs(amount), 10**digits)
    fraction = f".{rest:0{digits}}" if digits else ""
    return f"{'-' if amount < 0 else ''}{whole:,}{fraction} {currency}".rstrip()


def looked_at(value: Any, name: str, language: str, zone: ZoneInfo) -> str:
    """What a rule looked at under a name, from its finding as JSON: instants in the provider's zone, known values in
    words, a list or an object without brackets."""
    match value:
        case list():
            return ", ".join(looked_at(each, name, language, zone) for each in value)
        case dict():
            parts = value.items()
            return " ".join(
                f"{input_name(part, language)} {looked_at(one, part, language, zone)}" for part, one in parts
            )
        case str():
            in_words = words(language)["value"].get(f"{name}.{value}") or known(value, language)
            return _instant(value, zone) or str(in_words)
    return fact(value, language, zone)


def _instant(text: str, zone: ZoneInfo) -> str | None:
    """The instant that a text is, in the zone. None for any other: what a customer calls a device may look like one."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return local(datetime.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        return None


def input_name(name: str, language: str) -> str:
    """The words for what a rule looked at; its own name where there are none."""
    spoken = words(language)
    tables = ("input", "details", "fact")
    return next((str(spoken[table][name]) for table in tables if name in spoken[table]), name.replace("_", " "))


def told(value: Any, language: str, zone: ZoneInfo) -> str:
    """A fact of a request, in the words of a language where it is a yes or no, or one of a few answers."""
    spoken = words(language)
    return str(spoken["answers"].get(value, value)) if isinstance(value, str) else fact(value, language, zone)


def fact(value: Any, language: str, zone: ZoneInfo) -> str:
    """A fact of an event: an instant in the provider's zone, money with its currency, the words of what has any."""
    match value:
        case bool():
            said = words(language)["yes" if value else "no"]
        case datetime():
            said = local(value, zone)
        case Money(amount, currency):
            said = money(amount, currency)
        case Known(name):
            said = known(name, language)
        case Named(name):
            said = fact_name("", name, language)
        case list():
            said = ", ".join(fact(each, language, zone) for each in value)
        case _:
            said = value
    return str(said)


def fact_name(event: str, name: str, language: str) -> str:
    """The words for a fact's name; those of one event first, where the name means something else there."""
    names = words(language)["fact"]
    return str(names.get(f"{event}.{name}") or names.get(name, name))


def known(value: str, language: str) -> str:
    """The words for one of a few known values, such as an outcome; the value itself where there are none."""
    spoken = words(language)
    return next((str(spoken[table][value]) for table in _TABLES_OF_VALUES if value in spoken[table]), value)


_TABLES_OF_VALUES = ("value", "states", "answers", "bought", "documents_of")


def said(text: dict[str, str] | None, language: str) -> str:
    """A text in the wanted language, else in English, else in any."""
    text = text or {}
    return text.get(language) or text.get("en") or next(iter(text.values()), "")
