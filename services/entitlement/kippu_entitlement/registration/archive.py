"""Whether a file may be opened at all: an .xlsx is a zip of XML, and either can be made to do harm.

Nothing is unpacked to disk, nothing is trusted that the file says of itself, and no member is parsed before all of them
were looked at. Sizes are bounded first, so that looking is cheap whatever the file is.
"""

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.sax import parseString
from kippu_terms.refusal import Fault, Refused

MAX_ROWS = 500
"""Rows with content that a file may have, so that it is registered in one append."""
MAX_FILE = 2 * 1024 * 1024
"""Bytes of the file as it is sent."""
MAX_UNPACKED = 8 * 1024 * 1024
"""Bytes of all members together; a sheet with every row that is taken has a tenth of it."""
MAX_RATIO = 200
"""How much smaller than its content a member may be. XML shrinks to a tenth, a repetitive one to a fiftieth."""
RATIO_COUNTS_FROM = 256 * 1024
MAX_MEMBERS = 100
MAX_ELEMENTS = 300_000
"""XML elements of all members together: each costs memory, however short it is."""
CHUNK = 64 * 1024

WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
FORBIDDEN = {
    "vbaproject": ("macros", "the file holds macros; save it as a workbook without macros (.xlsx)"),
    "macrosheets": ("macros", "the file holds a sheet of macros; save it as a workbook without macros (.xlsx)"),
    "externallinks": ("external_link", "the file links to other workbooks; write values in place of the links"),
    "connections.xml": ("external_link", "the file fetches data from elsewhere; write values in place of it"),
    "querytables": ("external_link", "the file fetches data from elsewhere; write values in place of it"),
    "embeddings": ("embedded_object", "the file has other files in it; take them out"),
    "activex": ("embedded_object", "the file has controls in it; take them out"),
}


@dataclass(frozen=True)
class Archive:
    """A workbook whose members were all looked at."""

    first_sheet: str
    """The member that the workbook's first sheet is in."""
    merged: tuple[str, ...]
    """Ranges of merged cells on the first sheet."""


def inspect(content: bytes) -> Archive:
    """Raises Refused for what is no plain workbook of a sensible size."""
    if len(content) > MAX_FILE:
        raise _refused("too_large", f"the file has more than {MAX_FILE // 1024} KB")
    if not content.startswith(b"PK\x03\x04"):
        raise _refused("not_a_workbook", "the file is no workbook (.xlsx); an older .xls has to be saved as .xlsx")
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            _check_members(packed.infolist())
            return _Looked(packed).archive()
    except Refused:
        raise
    except Exception as error:  # zipfile raises whatever a broken directory makes it run into
        raise _refused("damaged", f"the file is damaged: {type(error).__name__}") from error


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise _refused("too_many_members", f"the file has more than {MAX_MEMBERS} parts; a sheet has a dozen")
    if len({member.filename.lower() for member in members}) != len(members):
        raise _refused("damaged", "two parts of the file have the same name")
    for member in members:
        if member.flag_bits & 0x1:
            raise _refused("encrypted", "the file is protected by a password; save it without one")
        name = member.filename.lower()
        for part, (code, message) in FORBIDDEN.items():
            if part in name:
                raise _refused(code, message)
        if member.file_size > RATIO_COUNTS_FROM and member.file_size > MAX_RATIO * max(member.compress_size, 1):
            raise _refused("zip_bomb", f"{member.filename!r} unpacks to more than {MAX_RATIO} times its size")
    if sum(member.file_size for member in members) > MAX_UNPACKED:
        raise _unpacked_too_large()


class _Looked:
    """Every member read once, with its real size counted and its XML free of declarations."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._left = MAX_UNPACKED
        self._elements = MAX_ELEMENTS
        self._xml: dict[str, _Content] = {}
        for member in packed.infolist():
            content = self._read(packed, member)
            if member.filename.endswith((".xml", ".rels")):
                self._xml[member.filename] = self._parse(member.filename, content)

    def _read(self, packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
        chunks = []
        with packed.open(member) as opened:
            while chunk := opened.read(CHUNK):
                self._left -= len(chunk)
                if self._left < 0:
                    raise _unpacked_too_large()
                chunks.append(chunk)
        return b"".join(chunks)

    def _parse(self, name: str, content: bytes) -> "_Content":
        seen = _Content(self._elements)
        try:
            parseString(content, seen, forbid_dtd=True)
        except DefusedXmlException as error:
            raise _refused("unsafe_xml", f"{name!r} declares a document type or entities") from error
        except SAXParseException as error:
            raise _refused("damaged", f"{name!r} is no XML: line {error.getLineNumber()}") from error
        self._elements = seen.left
        return seen

    def archive(self) -> Archive:
        types = self._of("[Content_Types].xml").overrides
        if WORKBOOK_TYPE not in types.values():
            raise _refused("not_a_workbook", "the file is no plain workbook (.xlsx)")
        for name, content in self._xml.items():
            for relation in content.relations:
                if relation.external and not relation.type.endswith("/hyperlink"):
                    raise _refused("external_link", f"{name!r} refers to something outside the file")
        sheet = self._first_sheet(next(name for name, type_ in types.items() if type_ == WORKBOOK_TYPE))
        return Archive(sheet, tuple(self._of(sheet).merged))

    def _first_sheet(self, workbook: str) -> str:
        place = workbook.lstrip("/")
        sheets = self._of(place).sheets
        if not sheets:
            raise _refused("not_a_workbook", "the workbook has no sheet")
        folder, file = posixpath.split(place)
        relations = {each.id: each for each in self._of(f"{folder}/_rels/{file}.rels").relations}
        relation = relations.get(sheets[0])
        if relation is None:
            raise _refused("damaged", "the workbook's first sheet is missing")
        return posixpath.normpath(posixpath.join("/", folder, relation.target)).lstrip("/")

    def _of(self, name: str) -> "_Content":
        if name not in self._xml:
            raise _refused("not_a_workbook", f"the file has no {name!r}")
        return self._xml[name]


@dataclass(frozen=True)
class _Relation:
    id: str
    type: str
    target: str
    external: bool


class _Content(ContentHandler):
    """What is remembered of a member: relations, sheets, merged ranges, and the content types by part."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left
        self.relations: list[_Relation] = []
        self.sheets: list[str] = []
        self.merged: list[str] = []
        self.overrides: dict[str, str] = {}

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802  the parser's name for it
        self.left -= 1
        if self.left < 0:
            raise _unpacked_too_large()
        values: Mapping[str, str] = dict(attrs.items())
        match name.rpartition(":")[2]:
            case "Relationship":
                self.relations.append(_relation(values))
            case "sheet":
                self.sheets += [value for key, value in values.items() if key.endswith(":id")]
            case "mergeCell":
                self.merged.append(values.get("ref", "?"))
            case "Override":
                self.overrides[values.get("PartName", "")] = values.get("ContentType", "")


def _relation(values: Mapping[str, str]) -> _Relation:
    return _Relation(
        id=values.get("Id", ""),
        type=values.get("Type", ""),
        target=values.get("Target", ""),
        external=values.get("TargetMode", "").lower() == "external",
    )


def _unpacked_too_large() -> Refused:
    message = f"the file holds more than any {MAX_ROWS} rows take; divide it into files of at most {MAX_ROWS} rows"
    return _refused("too_large", message)


def _refused(code: str, message: str) -> Refused:
    return Refused(Fault(code, message, "file"))


def faults_of_merges(archive: Archive) -> Iterator[Fault]:
    for merged in archive.merged[:20]:
        message = f"cells {merged} are merged; undo that, and write the value into every row that it is for"
        yield Fault("merged_cells", message, f"cells.{merged}")
