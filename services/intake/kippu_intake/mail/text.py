"""Text out of bytes that may lie about their encoding. Nothing here raises for any input."""

import re
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header
from html import unescape

CODECS = {
    "us-ascii": "ascii",
    "ascii": "ascii",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16",
    "iso-8859-1": "cp1252",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "cp1252",
    "tis-620": "cp874",
    "iso-8859-11": "cp874",
    "windows-874": "cp874",
    "cp874": "cp874",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-2022-jp-1": "iso2022_jp_ext",
    "iso-2022-jp-2": "iso2022_jp_2",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "cp932": "cp932",
    "euc-jp": "euc_jp",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5",
    "euc-kr": "euc_kr",
    "ks_c_5601-1987": "euc_kr",
}
"""The character sets that are read, by the names that mails use. A list, as some of Python's codecs are traps: they
take quadratic time or mean something else than text."""

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Control characters (not tab and newline), lone surrogates, and marks that turn the direction of writing."""

_TAG = re.compile(r"<(!--|[!?/]?[A-Za-z][A-Za-z0-9]*)")
_HIDDEN = frozenset({"script", "style", "head", "title", "template", "noscript"})
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "table", "ul", "ol", "blockquote", "h1", "h2", "h3", "h4", "hr"})


def decoded(raw: bytes, charset: str | None) -> str:
    """Text by the named character set; where that is unknown or wrong, by the first that fits the bytes."""
    named = CODECS.get((charset or "").strip().strip("\"'").lower())
    for codec in (named, *_guesses(raw)):
        if codec is None:
            continue
        try:
            return cleaned(raw.decode(codec))
        except UnicodeError:
            continue
    return cleaned(raw.decode(named or "utf-8", "replace"))


def _guesses(raw: bytes) -> tuple[str, ...]:
    """The encodings to try, strictest first. Thai goes first only where no byte speaks against it."""
    if b"\x1b$" in raw or b"\x1b(" in raw:
        return ("iso2022_jp_ext", "utf-8")
    if _looks_thai(raw):
        return ("utf-8", "cp874", "cp932")
    return ("utf-8", "cp932", "euc_jp", "cp874")


def _looks_thai(raw: bytes) -> bool:
    """True if all high bytes are Thai letters in TIS-620, and none is a lead byte that only Japanese text has."""
    high = [byte for byte in raw[:4096] if byte >= 0x80]
    return bool(high) and all(0xA1 <= byte <= 0xDA or 0xDF <= byte <= 0xFB for byte in high)


def cleaned(text: str) -> str:
    """NFC, newlines as `\\n`, without what no one can read."""
    return _FORBIDDEN.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))


def one_line(text: str, length: int) -> str:
    """The text on one line, at most so many characters."""
    return " ".join(cleaned(text).split())[:length]


def header_text(value: str, length: int) -> str:
    """A header's text: RFC 2047 words decoded, bytes that nobody declared guessed, on one line."""
    try:
        pieces = decode_header(value.replace("\r", "").replace("\n", ""))
    except (HeaderParseError, ValueError):
        pieces = [(value, None)]
    text = "".join(_piece(piece, charset) for piece, charset in pieces)
    return one_line(text, length)


def _piece(piece: str | bytes, charset: str | None) -> str:
    if isinstance(piece, str):
        try:
            return decoded(piece.encode("ascii", "surrogateescape"), charset)
        except UnicodeError:
            return piece
    if charset is None:  # outside of encoded words, where decode_header has turned text into these bytes
        piece = piece.decode("raw-unicode-escape", "replace").encode("utf-8", "surrogateescape")
    return decoded(piece, charset)


def text_of_html(source: str) -> str:
    """The readable text of HTML: no tags, scripts, styles or comments. Linear in its length, whatever it holds.

    Not by html.parser: 400 kB of nothing but `<!--` keep that one busy for minutes, as measured.
    """
    pieces: list[str] = []
    at = 0
    while (opens := source.find("<", at)) >= 0:
        pieces.append(source[at:opens])
        tag = _TAG.match(source, opens)
        if tag is None:  # a lone "<", as in "a < b"
            pieces.append("<")
            at = opens + 1
            continue
        name = tag[1].lower()
        until = "-->" if name == "!--" else f"</{name}" if name in _HIDDEN else ">"
        ends = _find(source, until, tag.end())
        if ends < 0:  # it never ends: what follows was never shown either
            at = len(source)
            break
        at = ends if name in _HIDDEN else ends + len(until)
        if name.lstrip("/") in _BLOCKS:
            pieces.append("\n")
    pieces.append(source[at:])
    lines = (" ".join(line.split()) for line in cleaned(unescape("".join(pieces))).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _find(source: str, what: str, at: int) -> int:
    """Where `what` comes next, in either case of letters."""
    if what in (">", "-->"):
        return source.find(what, at)
    found = re.compile(re.escape(what), re.IGNORECASE).search(source, at)
    return found.start() if found else -1


def language_of(text: str) -> str:
    """`th`, `ja` or `en`, by the script that at least a tenth of the letters are of."""
    letters = [character for character in text if character.isalpha()]
    thai = sum("\u0e00" <= letter <= "\u0e7f" for letter in letters)
    japanese = sum("\u3040" <= letter <= "\u30ff" or "\u4e00" <= letter <= "\u9fff" for letter in letters)
    if max(thai, japanese) * 10 < max(len(letters), 1):
        return "en"
    return "th" if thai >= japanese else "ja"
