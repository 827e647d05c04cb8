"""The base of every value here: frozen, and strict about what it is made from."""

from datetime import date, time
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Strict, StringConstraints


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

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
"""ISO 639-1."""

Text = dict[Language, Annotated[str, StringConstraints(min_length=1, max_length=2000)]]
"""The same text by language."""


class Obeyed(Value):
    """A clause that the system obeys by how it is built, without a setting."""

    clause: ClauseId
