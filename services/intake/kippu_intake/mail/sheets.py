"""Which mails bring sheets of registrations (SVT-08). What the sheets hold is not looked at here."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import PurePosixPath

from kippu_privacy import Plain
from kippu_terms.plan import Plan

from kippu_intake.domain.mail import MailedSheet
from kippu_intake.mail.files import WORKBOOK
from kippu_intake.mail.parse import ParsedFile, ParsedMail

MAX_SHEET = 32 * 1024
"""Bytes of a sheet that is handed over: sealed and in base64 twice it still fits into an event. A filled template with
450 rows does."""
_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls"})
"""Of files that are meant as a sheet, whatever they are: who sent one that cannot be read is told so."""


@dataclass(frozen=True, slots=True)
class Sheets:
    """The sheets that a mail brings, by the clause that takes them."""

    clause: str
    files: tuple[ParsedFile, ...]

    @property
    def are_too_large(self) -> bool:
        return any(len(file.content) > MAX_SHEET for file in self.files)

    def sealed_for(self, subject: str) -> list[MailedSheet]:
        return [
            MailedSheet(Plain(subject, file.name), Plain(subject, b64encode(file.content).decode()))
            for file in self.files
        ]


def sheets_in(parsed: ParsedMail, plan: Plan) -> Sheets | None:
    """Those of a mail that says in its subject that it brings registrations; None for any other mail."""
    registration = plan.contracts.registration
    terms = registration.file if registration else None
    if terms is None or parsed.fault or parsed.is_automatic or not terms.is_named_in(parsed.subject):
        return None
    files = tuple(filter(_is_sheet, parsed.files))
    return Sheets(terms.clause, files) if files else None


def _is_sheet(file: ParsedFile) -> bool:
    return file.media_type == WORKBOOK or PurePosixPath(file.name).suffix.lower() in _SUFFIXES
