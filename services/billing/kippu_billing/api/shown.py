"""What is read from a table."""

from typing import Any, Self

import orjson
from pydantic import BaseModel, ConfigDict


class Row(BaseModel):
    """The base of what is read from a table: columns that are not shown are left out, JSON columns are parsed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def of(cls, row: Any) -> Self:
        columns = dict(row)
        return cls.model_validate(
            columns | {name: orjson.loads(columns[name]) for name in ("taxes", "lines") if name in columns}
        )
