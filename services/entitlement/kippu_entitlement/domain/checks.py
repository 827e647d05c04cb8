"""Collects what is wrong with a command, so that every fault is named at once."""

import re

from kippu_terms.refusal import Fault, Refused

IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
"""Of customers, contacts, salespeople and plan families: lower case, so that two ids never differ by case alone."""
LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
COUNTRY = re.compile(r"[A-Z]{2}")
MAIL = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[^@\s<>,;:\"()\[\]\\.]+(\.[^@\s<>,;:\"()\[\]\\.]+)+")


class Checks:
    """Each check adds a fault; `done` raises them all."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def that(self, holds: bool, code: str, field: str, message: str, clause: str | None = None) -> None:
        if not holds:
            self._faults.append(Fault(code, message, field, clause))

    def matches(self, pattern: re.Pattern[str], value: str, field: str, what: str) -> None:
        self.that(pattern.fullmatch(value) is not None, "malformed", field, f"{field} is not {what}: {value!r}")

    def identifier(self, value: str, field: str) -> None:
        self.matches(IDENTIFIER, value, field, "an id of 1 to 40 lower-case letters, digits, - and _")

    def language(self, value: str, field: str) -> None:
        self.matches(LANGUAGE, value, field, "a language such as th, en or pt-BR")

    def country(self, value: str, field: str) -> None:
        self.matches(COUNTRY, value, field, "a country of two capital letters such as TH")

    def text(self, value: str, field: str) -> None:
        self.that(bool(value.strip()), "empty", field, f"{field} is empty")

    def mail(self, value: str, field: str) -> None:
        holds = MAIL.fullmatch(value) is not None
        # The address is personal data: the message never repeats it.
        self.that(holds, "malformed", field, f"{field} is not a mail address")

    @property
    def faults(self) -> tuple[Fault, ...]:
        return tuple(self._faults)

    def done(self) -> None:
        if self._faults:
            raise Refused(*self._faults)


def conflict(code: str, message: str, field: str | None = None) -> Refused:
    return Refused(Fault(code, message, field), kind="conflict")


def not_found(what: str) -> Refused:
    return Refused(Fault("not_found", f"there is no {what}"), kind="not_found")
