"""A mail's bytes as far as they can be read. Hostile until shown otherwise.

For any bytes there is an answer: a ParsedMail, unreadable perhaps (then `fault` says why, and the mail is kept as it
came for a person to look at), or MailRefused for one that goes past a limit.
"""

import re
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser

from kippu_intake.mail import text
from kippu_intake.mail.files import file_name, media_type_of
from kippu_intake.mail.limits import Limits, MailRefused, bounded_policy, check_bulk

MAX_SUBJECT = 500
MAX_BODY = 1_000_000
"""Characters of the body's text that are kept as the message; all of them are in the stored raw mail."""

_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
ADDRESS = re.compile(_ADDRESS)
_BARE = re.compile(rf"\s*({_ADDRESS})\s*(?:\([^()]*\)\s*)?")
_NAMED = re.compile(rf'((?:"(?:[^"\\]|\\.)*"|[^<>"])*)<\s*({_ADDRESS})\s*>\s*')
_MESSAGE_ID = re.compile(
    r"<([!-;=?-~]{1,250})>"
)  # what an id is written in; bytes beyond it could not be stored as text

MACHINE_SENDERS = frozenset({"mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply"})


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file that came with a mail. `media_type` is what the bytes look like, whatever the mail said."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ParsedMail:
    sender: str | None = None
    """The address of the one author that the mail names, lower-cased."""
    subject: str = ""
    message_id: str | None = None
    references: tuple[str, ...] = ()
    """The Message-IDs that it answers (In-Reply-To, References), without brackets."""
    body: str = ""
    files: tuple[ParsedFile, ...] = ()
    language: str = "en"
    is_automatic: bool = False
    """Sent by a machine (RFC 3834): never to be answered, or two machines would write to each other for ever."""
    fault: str | None = None
    """Why it cannot be read, if it cannot."""


def parse(raw: bytes, limits: Limits | None = None, *, return_path: str | None = None) -> ParsedMail:
    """Reads a mail. `return_path` is the envelope's sender; an empty one is a machine's.

    Raises MailRefused for a mail past a limit, and nothing else, whatever the bytes are.
    """
    limits = limits or Limits()
    check_bulk(raw, limits)
    try:
        message = BytesParser(policy=bounded_policy(limits)).parsebytes(raw)
        leaves = _leaves(message, limits)
        return _read(message, leaves, return_path)
    except MailRefused:
        raise
    except RecursionError:
        raise MailRefused("the mail is nested too deeply") from None
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError) as unexpected:
        # The email package lets all of these out for one input or another.
        return ParsedMail(fault=f"it cannot be read ({type(unexpected).__name__})", is_automatic=return_path == "")


def _leaves(message: "Message[str, str]", limits: Limits) -> "list[Message[str, str]]":
    """The parts that hold content, in order. A mail inside the mail is one part: it is kept, not looked into."""
    found: list[Message[str, str]] = []
    waiting: list[tuple[Message[str, str], int]] = [(message, 1)]
    while waiting:
        part, depth = waiting.pop()
        if depth > limits.depth:
            raise MailRefused(f"the mail is nested more than {limits.depth} deep")
        payload = part.get_payload()
        if isinstance(payload, list):
            waiting.extend((inner, depth + 1) for inner in reversed(payload) if isinstance(inner, Message))
        if not isinstance(payload, list) or part.get_content_maintype() == "message":
            found.append(part)
    return _outermost(found)


def _outermost(found: "list[Message[str, str]]") -> "list[Message[str, str]]":
    """Without what lies inside an attached mail."""
    inside: set[int] = set()
    for part in found:
        if part.get_content_maintype() == "message" and id(part) not in inside:
            inside |= {id(inner) for inner in part.walk() if inner is not part}
    return [part for part in found if id(part) not in inside]


def _read(message: "Message[str, str]", leaves: "list[Message[str, str]]", return_path: str | None) -> ParsedMail:
    sender, fault = _sender(message)
    texts = [part for part in leaves if _is_text(part, "plain")] or [part for part in leaves if _is_text(part, "html")]
    body = "\n\n".join(filter(None, map(_text_of, texts)))[:MAX_BODY]
    subject = text.header_text(_header(message, "subject"), MAX_SUBJECT)
    return ParsedMail(
        sender=sender,
        subject=subject,
        message_id=next(iter(_message_ids(message, "message-id")), None),
        references=tuple(dict.fromkeys((*_message_ids(message, "in-reply-to"), *_message_ids(message, "references")))),
        body=body,
        files=tuple(_file(part, number) for number, part in enumerate(_files(leaves, texts), 1)),
        language=text.language_of(f"{subject}\n{body[:10_000]}"),
        is_automatic=return_path == "" or _is_automatic(message, sender),
        fault=fault,
    )


def _header(message: "Message[str, str]", name: str, length: int = 8_000) -> str:
    """A header's text as it came; undeclared bytes as surrogates, as the email package hands them over."""
    raw = next((value for key, value in message.raw_items() if key.lower() == name), "")
    return str(raw)[:length].replace("\r", "").replace("\n", "")


def _sender(message: "Message[str, str]") -> tuple[str | None, str | None]:
    """The author's address, or why there is none: two would let a mail show one face to us and another to a reader."""
    senders = [key for key, _ in message.raw_items() if key.lower() == "from"]
    if len(senders) != 1:
        return None, "it names no sender" if not senders else "it has more than one From header"
    value = _header(message, "from")
    if bare := _BARE.fullmatch(value):
        return bare[1].lower(), None
    if len(value) <= 2_000 and (named := _NAMED.fullmatch(value)):
        address = named[2].lower()
        outside_quotes = re.sub(r'"(?:[^"\\]|\\.)*"', "", named[1])
        if all(other.lower() == address for other in ADDRESS.findall(outside_quotes)):
            return address, None
    return None, "its From header does not name one address"


def _message_ids(message: "Message[str, str]", name: str) -> list[str]:
    return _MESSAGE_ID.findall(_header(message, name))[-100:]


def _is_automatic(message: "Message[str, str]", sender: str | None) -> bool:
    """RFC 3834, section 2, and the habits that are older than it."""
    submitted = _header(message, "auto-submitted").split(";")[0].strip().lower()
    return (
        submitted not in ("", "no")
        or _header(message, "precedence").strip().lower() in ("bulk", "junk", "list", "auto_reply")
        or bool(_header(message, "list-id"))
        or _header(message, "return-path").strip() == "<>"
        or message.get_content_type() == "multipart/report"
        or (sender or "").partition("@")[0] in MACHINE_SENDERS
    )


def _is_text(part: "Message[str, str]", subtype: str) -> bool:
    return (
        part.get_content_type() == f"text/{subtype}"
        and part.get_content_disposition() != "attachment"
        and not part.get_filename()
    )


def _content(part: "Message[str, str]") -> bytes:
    """A part's bytes, with its transfer encoding undone as far as it is right."""
    if part.is_multipart():
        return b"\r\n".join(inner.as_bytes() for inner in part.get_payload() if isinstance(inner, Message))
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text_of(part: "Message[str, str]") -> str:
    charset = part.get_param("charset")
    words = text.decoded(_content(part), charset if isinstance(charset, str) else None)
    return (text.text_of_html(words) if part.get_content_subtype() == "html" else words).strip()


def _files(leaves: "list[Message[str, str]]", texts: "list[Message[str, str]]") -> "list[Message[str, str]]":
    """Everything but the body: neither the parts that it was read from, nor the same again as HTML."""
    files = [part for part in leaves if part not in texts and not _is_text(part, "html")]
    if len(files) > Limits().attachments:
        raise MailRefused(f"the mail has more than {Limits().attachments} attachments")
    return files


def _file(part: "Message[str, str]", number: int) -> ParsedFile:
    content = _content(part)
    claimed = part.get_filename() or ""
    return ParsedFile(
        name=file_name(text.header_text(claimed, 1_000), number),
        media_type="message/rfc822" if part.get_content_maintype() == "message" else media_type_of(content),
        content=content,
    )
