"""What several resources show alike."""

from typing import Any

import orjson


def parsed(column: str | None) -> Any:
    """A JSON column's value; None stays None."""
    return None if column is None else orjson.loads(column)
