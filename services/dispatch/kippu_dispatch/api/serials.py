"""Serial numbers as people type them."""

from typing import Annotated

from kippu_service.http import Line
from kippu_terms.registration import SERIAL, SERIAL_IN_WORDS, normalised
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def _as_registered(serial: str) -> str:
    if not SERIAL.fullmatch(serial):
        raise PydanticCustomError("serial_malformed", SERIAL_IN_WORDS)
    return serial


Serial = Annotated[Line, AfterValidator(normalised)]
"""Of whatever came in: anything can stand on it."""
OurSerial = Annotated[Serial, AfterValidator(_as_registered)]
"""Of what goes to a customer, and so into the register."""
