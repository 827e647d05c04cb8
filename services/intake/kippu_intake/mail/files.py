"""What a file that came with a mail is called, and what its bytes look like. It is never opened or executed."""

import re
from pathlib import PurePosixPath

from kippu_intake.mail.text import cleaned

MAX_NAME = 120

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-elf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OFFICE: tuple[tuple[bytes, str], ...] = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", WORKBOOK),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)

_PLAIN_OR_UNKNOWN = ("text/plain", "application/octet-stream")
_CONFIGURATION = re.compile(
    r"(?<![a-z])(configuration|config|conf|cfg)(?![a-z])|コンフィグ|設定ファイル", re.IGNORECASE
)


def media_type_of(content: bytes) -> str:
    """The media type by the first bytes, whatever the file claims to be."""
    if content.startswith(b"PK\x03\x04"):
        return next((name for mark, name in _OFFICE if mark in content), "application/zip")
    for signature, name in _SIGNATURES:
        if content.startswith(signature):
            return name
    head = content[:2048]
    if re.match(rb"\s*(<!doctype html|<html|<script|<svg|<\?xml)", head, re.IGNORECASE):
        return "text/html"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as cut:
        if cut.start < len(head) - 3:
            return "application/octet-stream"
    return "application/octet-stream" if b"\0" in head else "text/plain"


def is_configuration(name: str, media_type: str) -> bool:
    """Whether a file that came by mail is taken for the configuration of the device, by what it is called (SVT-16).

    A mail cannot say so in any other way. Where the name misleads, the desk records what it is.
    """
    return media_type in _PLAIN_OR_UNKNOWN and _CONFIGURATION.search(name) is not None


def file_name(claimed: str, number: int) -> str:
    """A name that is safe to store and to offer: no folders, no control or turning marks, not hidden, not too long."""
    name = PurePosixPath(cleaned(claimed).replace("\\", "/")).name
    name = re.sub(r'[<>:"|?*\n\t]', "_", name).strip(" .")
    if not name:
        return f"attachment-{number}"
    if len(name) <= MAX_NAME:
        return name
    suffix = PurePosixPath(name).suffix[:16]
    return name[: MAX_NAME - len(suffix)] + suffix
