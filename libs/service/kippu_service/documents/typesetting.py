"""From a document's content to its PDF: the template, set by Typst in fonts with Japanese and Thai glyphs."""

from datetime import datetime
from pathlib import Path

import pylopdf_fonts_jp
import pylopdf_fonts_th
import typst

_HERE = Path(__file__).parent
_FONTS = [font.parent for font in (pylopdf_fonts_jp.sans_path(), pylopdf_fonts_th.sans_path())]


def pdf(content: str, made_at: datetime) -> bytes:
    """`content` is what the template reads, as JSON. The same content and instant give the same bytes."""
    made = typst.compile(
        _HERE / "document.typ",
        root=_HERE,
        font_paths=[*_FONTS],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"content": content},
        timestamp=int(made_at.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError("a document is made of one file")
    return made
