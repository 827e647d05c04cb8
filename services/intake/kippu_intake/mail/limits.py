"""How much of a mail is read. What goes past a limit is refused with a clear word, and stores nothing."""

import re
from dataclasses import dataclass
from email.message import Message
from email.policy import Compat32
from typing import Any


class MailRefused(ValueError):
    """The mail goes past a limit. The text says which; the sender is told it by SMTP."""


@dataclass(frozen=True, slots=True)
class Limits:
    size: int = 25_000_000
    """Bytes of the whole mail."""
    lines: int = 600_000
    parts: int = 100
    depth: int = 10
    attachments: int = 50


MAX_HEADER = 64_000
"""Bytes of one header field."""
MAX_CONTENT_HEADER = 4_000
"""Bytes of a header field that says what a part is: the email package takes quadratic time for its parameters."""
MAX_HEADERS = 256_000
"""Bytes of all header fields of a mail."""


def check_bulk(raw: bytes, limits: Limits) -> None:
    """What can be seen without parsing. It bounds the parser's work, which is lines times open multiparts."""
    if len(raw) > limits.size:
        raise MailRefused(f"the mail has {len(raw)} bytes; {limits.size} are taken")
    lines = raw.count(b"\n") + raw.count(b"\r")
    if lines > 2 * limits.lines:
        raise MailRefused(f"the mail has more than {limits.lines} lines")
    end_of_headers = re.search(rb"\r?\n\r?\n", raw)
    if (end_of_headers.start() if end_of_headers else len(raw)) > MAX_HEADERS:
        raise MailRefused(f"the mail's headers are longer than {MAX_HEADERS} bytes")
    nested = len(re.findall(rb"multipart/|message/", raw, re.IGNORECASE))
    if nested > 2 * limits.parts or lines * nested > 20_000_000:
        raise MailRefused("the mail is nested too deeply")


def bounded_policy(limits: Limits) -> "BoundedPolicy":
    return BoundedPolicy(message_factory=_counting(limits.parts))


class BoundedPolicy(Compat32):
    """The email package's policy that takes headers as they are. The one for structured headers raises on some hostile
    ones, and takes quadratic time on long ones; this one refuses a field that is too long before it is looked at.
    """

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        allowed = MAX_CONTENT_HEADER if sourcelines[0][:8].lower() == "content-" else MAX_HEADER
        if sum(map(len, sourcelines)) > allowed:
            raise MailRefused(f"a header field is longer than {allowed} bytes")
        return super().header_source_parse(sourcelines)

    def header_fetch_parse(self, name: str, value: str) -> str:
        """As it came, undeclared bytes as surrogates, for us to guess: the default would make them unreadable."""
        return value


def _counting(most: int) -> Any:
    made = 0

    def make(policy: Any) -> "Message[str, str]":
        nonlocal made
        made += 1
        if made > most + 1:
            raise MailRefused(f"the mail has more than {most} parts")
        return Message(policy=policy)

    return make
