"""HTTP, as every service speaks it. A service's `api.py` imports from here, and nothing from below.

Writes are `Command`s, reads are `Query`s; errors are problem documents. Nothing of another provider or customer is
ever visible: what is somebody else's is a 404, as if it did not exist.
"""

from kippu_service.http.commands import CATCHES_UP, Command, command
from kippu_service.http.etags import etag
from kippu_service.http.inputs import Identifier, Input, Line
from kippu_service.http.pages import Page, PageOf, paged
from kippu_service.http.positions import Position, read_positions
from kippu_service.http.queries import Query, Snapshot, query
from kippu_service.principal import Principal
from kippu_service.problems import FieldError, Problem, ProblemDocument, not_found

__all__ = [
    "CATCHES_UP",
    "Command",
    "FieldError",
    "Identifier",
    "Input",
    "Line",
    "Page",
    "PageOf",
    "Position",
    "Principal",
    "Problem",
    "ProblemDocument",
    "Query",
    "Snapshot",
    "command",
    "etag",
    "not_found",
    "paged",
    "query",
    "read_positions",
]
