"""Serial numbers as people type them."""

import unicodedata
from typing import Annotated

from kippu_service.http import Line
from pydantic import AfterValidator


def normalised(serial: str) -> str:
    """As the register compares them, too: full-width letters and digits made plain (NFKC), in capitals, no blanks."""
    return "".join(unicodedata.normalize("NFKC", serial).upper().split())


Serial = Annotated[Line, AfterValidator(normalised)]
