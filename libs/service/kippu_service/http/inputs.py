"""What a request body is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

MAX_TEXT = 20_000


class Input(BaseModel):
    """The base of every request body: unknown fields are refused, blanks around a text go, and no text is endless."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, str_max_length=MAX_TEXT, allow_inf_nan=False
    )


Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""An id that a client chooses or sends back, safe in a stream's name, in a URL and in a setting."""
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""One line of text without control characters."""
