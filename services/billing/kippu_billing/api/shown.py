"""What is read from a table."""

from typing import Any, Self

import orjson
from pydantic import BaseModel, ConfigDict

_JSON = ("taxes", "lines", "refused_by", "refused_because")


class Row(BaseModel):
    """The base of what is read from a table: columns that are not shown are left out, JSON columns are parsed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def of(cls, row: Any) -> Self:
        columns = dict(row)
        return cls.model_validate(columns | {name: orjson.loads(columns[name]) for name in _JSON if name in columns})
