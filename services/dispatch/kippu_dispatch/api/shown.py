"""What several resources show alike."""

from typing import Any

import orjson
from kippu_service.http import Query, etag
from pydantic import BaseModel
from starlette.responses import Response


def parsed(column: str | None) -> Any:
    """A JSON column's value; None stays None."""
    return None if column is None else orjson.loads(column)


def answered_now(query: Query, content: BaseModel, version: int) -> Response:
    """An answer with the ETag that a change expects, and never a 304: what is shown depends on the hour and on other
    things, too, so that it may be another at the same version."""
    answer = query.answer(content)
    answer.headers.update(etag(version))
    return answer
