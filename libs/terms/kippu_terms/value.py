"""The base of every value here: frozen, and strict about what it is made from."""

import re
from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Strict, StringConstraints
from pydantic_core import PydanticCustomError


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
"""A name that other things refer to: a product, a category, a window of hours."""

ClauseId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,5}-[A-Z]?[0-9]{1,3}$")]
"""A clause of the terms, such as `IIJ-05` or `NEC-Q3`."""

Integer = Annotated[int, Strict()]
"""A whole number as it was written: neither 18000.0, nor "18000", nor true."""

Flag = Annotated[bool, Strict()]
"""true or false, and no other word or number for them."""

LocalDate = Annotated[date, Strict()]
"""A date on the provider's wall; TOML writes it without quotes."""

LocalTime = Annotated[time, Strict()]
"""A time on the provider's wall; TOML writes it without quotes."""

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?([Zz]|[+-]\d{2}:?\d{2})", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _written_as_an_instant(stated: Any) -> Any:
    """A bare number would be taken for seconds since 1970, or for milliseconds where it is large."""
    if isinstance(stated, datetime) or (isinstance(stated, str) and _INSTANT.fullmatch(stated.strip())):
        return stated
    message = "an instant is written as in RFC 3339, with its offset: 2026-11-16T09:30:00+07:00"
    raise PydanticCustomError("instant_form", message)


def _written_as_a_date(stated: Any) -> Any:
    """A bare number would be taken for a Unix time here, too."""
    if isinstance(stated, date) or (isinstance(stated, str) and _DATE.fullmatch(stated.strip())):
        return stated
    raise PydanticCustomError("date_form", "a date is written as in RFC 3339: 2026-11-16")


AS_AN_INSTANT, AS_A_DATE = BeforeValidator(_written_as_an_instant), BeforeValidator(_written_as_a_date)
"""Stand after all bounds of a type."""

StatedInstant = Annotated[AwareDatetime, AS_AN_INSTANT]
"""An instant as somebody outside states it: in words that say it (RFC 3339), never as a bare number."""

StatedDate = Annotated[date, AS_A_DATE]
"""A date as somebody outside states it, likewise."""

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
"""ISO 639-1."""

Text = dict[Language, Annotated[str, StringConstraints(min_length=1, max_length=2000)]]
"""The same text by language."""


class Obeyed(Value):
    """A clause that the system obeys by how it is built, without a setting."""

    clause: ClauseId
