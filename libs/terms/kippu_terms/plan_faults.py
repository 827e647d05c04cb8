"""What is wrong with a plan file: where, on which line, and what to do about it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

Path = tuple[str | int, ...]
Objection = tuple[Path, str, str]
"""Where, what is wrong, what to do."""


@dataclass(frozen=True)
class PlanFault:
    """`line` counts from 1; `path` is such as `coverage.rules[3].days`; `advice` says what to do."""

    line: int
    path: str
    message: str
    advice: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.path or 'file'}: {self.message} ({self.advice})"


class PlanInvalid(ValueError):
    """A plan file that is not in order; `faults` holds every fault found."""

    def __init__(self, faults: Sequence[PlanFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


_ADVICE = {
    "missing": "add it",
    "extra_forbidden": "remove it, or correct its spelling",
    "date_type": "write a date without quotes, such as 2026-11-16",
    "time_type": "write a time without quotes, such as 09:00:00",
    "string_type": "write text in quotes",
    "int_type": "write a whole number without quotes",
    "bool_type": "write true or false without quotes",
    "frozen_set_type": "write a list in brackets, even of one",
    "tuple_type": "write a list in brackets, even of one",
    "union_tag_invalid": "use one of the kinds named, or add the kind beside them",
    "union_tag_not_found": "give the rule a `kind`",
}
_IN_WORDS_OF_THE_FILE = {"frozen_set_type": "Input should be a list", "tuple_type": "Input should be a list"}
"""What the checks would call by names of Python's."""
_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_BYTE_ORDER_MARK = "\ufeff"
_SYNTAX_LINE = re.compile(r"line (\d+)")


def syntax_fault(error: Exception, text: str) -> PlanFault:
    """The fault of a text that is no TOML."""
    if text.startswith(_BYTE_ORDER_MARK):
        what = "begins with a byte-order mark (U+FEFF), which nobody sees and TOML does not take"
        return PlanFault(1, "", what, "save the file as UTF-8 without a BOM")
    match = _SYNTAX_LINE.search(str(error))
    line = int(match[1]) if match else max(1, text.count("\n"))
    return PlanFault(line, "", f"not valid TOML: {error}", "correct the syntax on this line")


def model_faults(error: ValidationError, fields: dict[str, Any], text: str) -> list[PlanFault]:
    """One fault for each thing that does not fit the plan model."""
    places = lines_of(text)
    return [
        fault_at(
            _path_in(fields, fault["loc"]),
            _IN_WORDS_OF_THE_FILE.get(fault["type"], fault["msg"]),
            _ADVICE.get(fault["type"], "correct the value"),
            places,
        )
        for fault in error.errors(include_url=False)
    ]


def fault_at(path: Path, message: str, advice: str, places: dict[Path, int]) -> PlanFault:
    """A fault on the line of `path`, or of the nearest table around it."""
    known = next((path[:length] for length in range(len(path), 0, -1) if path[:length] in places), ())
    return PlanFault(places.get(known, 1), shown(path), message, advice)


def shown(path: Path) -> str:
    """`coverage.rules[3].days`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _path_in(fields: Any, loc: tuple[str | int, ...]) -> Path:
    """A model's error location as a path in the file: without the names of union members, which the file lacks."""
    path: list[str | int] = []
    for place, part in enumerate(loc):
        inside = (isinstance(fields, dict) and part in fields) or (isinstance(fields, list) and isinstance(part, int))
        if inside:
            fields = fields[part]
        elif place < len(loc) - 1:
            continue
        path.append(part)
    return tuple(path)


def lines_of(text: str) -> dict[Path, int]:
    """The line on which each table and key of a valid TOML text begins."""
    places: dict[Path, int] = {}
    counters: dict[Path, int] = {}
    table: Path = ()
    inside = _Span()
    for number, line in enumerate(text.splitlines(), start=1):
        if inside.open:
            inside.read(line)
            continue
        if header := _HEADER.match(line):
            table = _table(header[2], array=header[1] == "[[", counters=counters)
            places.setdefault(table, number)
        elif key := _KEY.match(line):
            path = table
            for part in _parts(key[1]):
                path = (*path, part)
                places.setdefault(path, number)
            inside.read(line[key.end() :])
    return places


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]


def _table(dotted: str, *, array: bool, counters: dict[Path, int]) -> Path:
    """The path that a header opens; parts that are arrays of tables stand for their last table."""
    path: Path = ()
    parts = _parts(dotted)
    for place, part in enumerate(parts):
        path = (*path, part)
        if array and place == len(parts) - 1:
            counters[path] = counters.get(path, -1) + 1
        if path in counters:
            path = (*path, counters[path])
    return path


class _Span:
    """Follows a value over several lines: a long string, or an array."""

    def __init__(self) -> None:
        self._quote: str | None = None
        self._depth = 0

    @property
    def open(self) -> bool:
        return self._quote is not None or self._depth > 0

    def read(self, text: str) -> None:
        at = 0
        while at < len(text):
            if self._quote is not None:
                at = self._skip_string(text, at)
            elif text[at] == "#":
                return
            elif text[at] in "\"'":
                self._quote = text[at] * 3 if text.startswith(text[at] * 3, at) else text[at]
                at += len(self._quote)
            else:
                self._depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(text[at], 0)
                at += 1
        if self._quote is not None and len(self._quote) == 1:
            self._quote = None

    def _skip_string(self, text: str, at: int) -> int:
        quote = self._quote or ""
        if text[at] == "\\" and quote[0] == '"':
            return at + 2
        if text.startswith(quote, at):
            self._quote = None
            return at + len(quote)
        return at + 1
