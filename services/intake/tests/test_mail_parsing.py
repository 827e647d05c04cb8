"""Mails as they come. Every hostile one that was ever met is a file in `mail/accept` or `mail/reject`.

Accept: it is read, and reads as it says here. Reject: it is refused with a word, or kept as unreadable.
"""

from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kippu_intake.mail.files import MAX_NAME, file_name, media_type_of
from kippu_intake.mail.limits import MailRefused
from kippu_intake.mail.parse import ParsedMail, parse
from kippu_intake.mail.text import text_of_html

CORPUS = Path(__file__).parent / "mail"
ONE = "one@customer-1.example"
DOWN = {"subject": "[ticket] Router down", "body": "The router is down."}

ACCEPTED: dict[str, dict[str, Any]] = {
    "plain-ascii": {**DOWN, "message_id": "plain@customer-1.example", "language": "en"},
    "thai-and-english-with-pdf": {
        "subject": "[ticket] เราเตอร์ไม่ทำงาน / Router down",
        "body": "สวัสดีครับ เราเตอร์ที่สำนักงานไม่ทำงานตั้งแต่เช้า\nThe router at our office has been down since this morning.",
        "language": "th",
        "files": [("รายงาน.pdf", "application/pdf")],
    },
    "thai-tis-620": {"subject": "[ticket] ระบบล่ม", "body": "ระบบล่มครับ", "language": "th"},
    "thai-windows-874-undeclared": {"body": "ระบบล่มครับ", "language": "th"},
    "japanese-iso-2022-jp": {"subject": "[ticket] ルータ障害", "body": "ルータが動きません。", "language": "ja"},
    "japanese-shift-jis-named-utf-8": {"body": "ルータが動きません。"},
    "raw-utf-8-in-headers": {"subject": "[ticket] ระบบล่ม"},
    "html-only": {"body": "The router is down.\n\nPlease 1 < 2 help."},
    "nul-bytes": DOWN,
    "bare-newlines": {"body": "The router\nis down.\nReally."},
    "mislabelled-executable": {**DOWN, "files": [("gnp.exe", "application/vnd.microsoft.portable-executable")]},
    "broken-base64": DOWN,
    "boundary-never-closed": DOWN,
    "unknown-charsets": DOWN,
    "header-of-encoded-newlines": {"subject": "[ticket] Router Bcc: x@y.example"},
    "attached-mail": {"body": "See the attached mail.", "files": [("attachment-1", "message/rfc822")]},
    "automatic-vacation": {"is_automatic": True},
    "list-post": {"is_automatic": True},
    "message-ids-of-raw-bytes": {**DOWN, "message_id": None, "references": ("a@b.example",)},
    "reply-with-references": {
        "references": ("0198c0ffee0000000000000000000000@kippu.example", "a@b.example"),
        "is_automatic": False,
    },
}

REFUSED = {
    "no-sender": "names no sender",
    "two-from-headers": "more than one From",
    "two-addresses-in-from": "one address",
    "address-as-name-of-another": "one address",
    "address-behind-bracket": "one address",
    "group-as-sender": "one address",
    "empty": "names no sender",
    "binary": "names no sender",
    "nested-too-deep": "nested",
    "too-many-parts": "parts",
    "content-type-of-many-parameters": "header field",
    "header-too-long": "header field",
    "too-many-attachments": "attachments",
}


def test_every_file_of_the_corpora_has_its_expectation() -> None:
    assert {file.stem for file in (CORPUS / "accept").glob("*.eml")} == set(ACCEPTED)
    assert {file.stem for file in (CORPUS / "reject").glob("*.eml")} == set(REFUSED)


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_accepted_reads_as_it_was_written(name: str) -> None:
    mail = parse((CORPUS / "accept" / f"{name}.eml").read_bytes(), return_path=ONE)
    assert (mail.fault, mail.sender) == (None, ONE)
    for field, expected in ACCEPTED[name].items():
        found: Any = getattr(mail, field)
        assert ([(file.name, file.media_type) for file in found] if field == "files" else found) == expected


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_accepted_says_why(name: str) -> None:
    raw = (CORPUS / "reject" / f"{name}.eml").read_bytes()
    try:
        reason = parse(raw).fault
    except MailRefused as refused:
        reason = str(refused)
    assert reason is not None
    assert REFUSED[name] in reason


HEADERS = st.sampled_from([
    "From: a@b.example", "From: =?utf-8?b?////?= <a@b.example>", "Subject: =?x?q?=ff?=",
    "Content-Type: multipart/mixed",
    "Content-Type: multipart/mixed; boundary=b", "Content-Type: message/rfc822", "Content-Type: text/html; charset=hex",
    "Content-Type: text/plain; charset*=x'y'%ff", "Content-Transfer-Encoding: base64", "MIME-Version: 1.0",
    "Content-Transfer-Encoding: x-uuencode", "Content-Transfer-Encoding: quoted-printable", "Content-Type: ;;;",
    "Content-Disposition: attachment; filename*0*=utf-16''%; filename*1=x", "Content-Type: message/external-body",
    "Content-Type: multipart/report; boundary=b", "Content-Type: message/delivery-status", "References: <>", " folded",
    "Message-ID: <ระบบ@b.example>", "In-Reply-To: <\0@b.example>",
])  # fmt: skip
LINES = st.one_of(HEADERS, st.sampled_from(["", "--b", "--b--", "begin 666 x", "=", "=?"]), st.text(max_size=30))


@settings(max_examples=400)
@given(st.binary(max_size=2000))
@example(b"\xff\xfe")
def test_any_bytes_have_an_answer(raw: bytes) -> None:
    answer(raw)


@settings(max_examples=600)
@given(st.lists(LINES, max_size=40), st.sampled_from(["utf-8", "utf-16", "cp874"]))
def test_anything_like_a_mail_has_an_answer(lines: list[str], codec: str) -> None:
    mail = answer("\r\n".join(lines).encode(codec, "replace"))
    if mail is not None:
        ids = [mail.message_id or "", *mail.references]
        texts = [mail.subject, mail.body, *ids, *(file.name for file in mail.files)]
        assert not any(character in text for text in texts for character in "\0\r\u202e")
        assert "\n" not in mail.subject
        "".join(texts).encode()  # no lone surrogates: it can be stored


def answer(raw: bytes) -> ParsedMail | None:
    try:
        return parse(raw)
    except MailRefused:
        return None


@pytest.mark.parametrize("piece", ["<", "<!--", "<a ", "<![CDATA[", "&", "<script>", "<p>", "<!"])
def test_html_takes_time_in_proportion_to_its_length(piece: str) -> None:
    """The library's parser takes minutes for 400 kB of some of these."""
    began = process_time()
    text_of_html(piece * (400_000 // len(piece)))
    assert process_time() - began < 5


@pytest.mark.parametrize(
    ("claimed", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\report.pdf", "report.pdf"),
        (".htaccess", "htaccess"),
        ("a\x00b\r\nc.txt", "ab_c.txt"),
        ("", "attachment-3"),
        ("..", "attachment-3"),
        ("รายงาน.pdf", "รายงาน.pdf"),
        ("x" * 300 + ".pdf", "x" * (MAX_NAME - 4) + ".pdf"),
    ],
)
def test_a_name_is_safe_to_store_and_to_offer(claimed: str, safe: str) -> None:
    assert file_name(claimed, 3) == safe


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"MZ\x90", "application/vnd.microsoft.portable-executable"),
        (b"  <HTML>", "text/html"),
        (b"<svg onload=x>", "text/html"),
        ("ระบบ".encode() * 300, "text/plain"),
        (b"PK\x03\x04 xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (b"\x00\x01", "application/octet-stream"),
        (b"\xff\xfe\xfd" * 10, "application/octet-stream"),
        (b"", "text/plain"),
    ],
)
def test_what_a_file_is_its_bytes_say(content: bytes, media_type: str) -> None:
    assert media_type_of(content) == media_type
