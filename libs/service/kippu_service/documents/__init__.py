"""Documents as PDF, in Japanese, English and Thai: what an event pinned, set in type.

A document is made of nothing but its event's content, so that making it again gives the same bytes: a mail that is sent
again carries the same file, and whoever asks for it later gets what was mailed. It holds no personal data.
"""

import json
import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("ja", "en", "th")
DEFAULT_LANGUAGE = "en"
MEDIA_TYPE = "application/pdf"
_HERE = Path(__file__).parent


class UnknownDocument(LookupError):
    """No such kind of document: an event of a newer build, perhaps."""


def pdf(kind: str, language: str, content: Mapping[str, str], issued_at: datetime) -> bytes:
    """The document of that kind with what `content` states of it, by the names of rows and paragraphs.

    What a language has no words for is in English. Raises UnknownDocument, and KeyError for content that no document
    states.
    """
    words = _words(language)
    if kind not in words["titles"]:
        raise UnknownDocument(f"there is no document {kind!r}")
    stated = {name: value for name, value in content.items() if value and name != "issuer"}
    unknown = sorted(stated.keys() - words["rows"].keys() - words["paragraphs"].keys())
    if unknown:
        raise KeyError(f"no document states {', '.join(unknown)}")
    data = {
        "kind": kind,
        "language": language if language in LANGUAGES else DEFAULT_LANGUAGE,
        "title": words["titles"][kind],
        "issuer": content.get("issuer", ""),
        "rows": [[label, stated[name]] for name, label in words["rows"].items() if name in stated],
        "paragraphs": [[label, stated[name]] for name, label in words["paragraphs"].items() if name in stated],
    }
    # 84 MB of machine code, which no process needs before its first document:
    from kippu_service.documents import typesetting  # noqa: PLC0415

    return typesetting.pdf(json.dumps(data), issued_at)


@cache
def _words(language: str) -> Mapping[str, Mapping[str, str]]:
    known = language if language in LANGUAGES else DEFAULT_LANGUAGE
    fields: dict[str, Any] = tomllib.loads((_HERE / f"{known}.toml").read_text("utf-8"))
    return fields
