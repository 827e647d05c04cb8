"""Problem documents (RFC 9457): how every route says no, with all faults at once and nothing of our insides."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import uuid4

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from kippu_events import passing
from kippu_events.log import CommandReused, Conflict, EventTooLarge
from kippu_privacy.blobs import BlobTooLarge
from kippu_privacy.keyring import KeyErased
from kippu_terms.refusal import Fault, Refused
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
MAX_BODY_BYTES = 1024 * 1024
"""The largest request body; a route that takes uploads says `max_body_size=` itself."""
MAX_ERRORS = 100
"""A document names at most so many faults; hostile input could have a million."""


class FieldError(BaseModel):
    """One fault: where (`lines.0.quantity`, `query.limit`, `header.If-Match`), what, and by which clause."""

    field: str | None = None
    code: str
    message: str
    clause: str | None = None


class ProblemDocument(BaseModel):
    """RFC 9457. `type` is stable (`urn:kippu:problem:<code>`); `instance` names this occurrence in our logs."""

    type: str
    title: str
    status: int
    detail: str | None = None
    instance: str
    errors: list[FieldError] = Field(default_factory=list)


class Problem(Exception):
    """An answer that is a problem. Raise it anywhere under a route."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str | None = None,
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status, self.code, self.title, self.detail = status, code, title, detail
        self.errors = list(errors)[:MAX_ERRORS]
        self.headers = dict(headers or {})

    def response(self) -> Response:
        document = ProblemDocument(
            type=f"urn:kippu:problem:{self.code}",
            title=self.title,
            status=self.status,
            detail=self.detail,
            instance=f"urn:uuid:{uuid4()}",
            errors=self.errors,
        )
        if self.status >= 500:
            self._tell(document.instance)
        return Response(
            document.model_dump_json(exclude_none=True),
            self.status,
            media_type=MEDIA_TYPE,
            headers={"cache-control": "no-store", **self.headers},
        )

    def _tell(self, instance: str) -> None:
        """For the operator. What passes by itself is a line, of which an outage makes many; the rest shows where."""
        cause = self.__cause__ or self
        if self.status == 503:
            logger.error("%s %s: %r", instance, self.code, cause)
        else:
            logger.error("%s %s", instance, self.code, exc_info=cause)


def unauthorised(detail: str, *, error: str | None = "invalid_token") -> Problem:
    """401, with the challenge of RFC 6750."""
    challenge = "Bearer" + (f' error="{error}"' if error else "")
    return Problem(401, "unauthorised", "A valid token is needed", detail, headers={"www-authenticate": challenge})


def not_found(detail: str = "there is no such thing, or it is not yours to see") -> Refused:
    """404 for what does not exist and for what is somebody else's, so that nobody can tell which."""
    return Refused(Fault("not_found", detail), kind="not_found")


def bad_header(name: str, code: str, message: str) -> Problem:
    """400 for a header that is missing or malformed."""
    return Problem(
        400,
        code,
        f"The header {name} is missing or malformed",
        message,
        errors=[FieldError(field=f"header.{name}", code=code, message=message)],
    )


def too_large(scope: Scope) -> Problem:
    """413: the body is larger than the route takes that the request came to."""
    stated: int | None = getattr(scope.get("route"), "max_body_size", None)
    most = MAX_BODY_BYTES if stated is None else stated
    return Problem(413, "too_large", "The body is larger than this route takes", f"It takes {most:,} bytes at most.")


def unavailable(detail: str, retry_after: int = 1) -> Problem:
    """503: nothing is wrong with the request; the same one may be sent again, with the same Idempotency-Key."""
    return Problem(503, "unavailable", "Try again", detail, headers={"retry-after": str(retry_after)})


_REFUSED = {
    "invalid": (422, "invalid", "The request breaks a rule"),
    "conflict": (409, "conflict", "The request does not fit the state of things"),
    "not_found": (404, "not_found", "Not found"),
}


def _refused(refused: Refused) -> Problem:
    status, code, title = _REFUSED[refused.kind]
    errors = [FieldError(field=f.field, code=f.code, message=f.message, clause=f.clause) for f in refused.faults]
    return Problem(status, code, title, errors=errors)


def _invalid(request: Request, error: RequestValidationError) -> Problem:
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return Problem(400, "malformed_body", "The body is not JSON")
    if _has_other_content(request) and any(tuple(fault["loc"]) == ("body",) for fault in faults):
        return Problem(415, "unsupported_media_type", "The body must be application/json")
    return Problem(422, "invalid", "The request breaks a rule", errors=[_field_error(fault) for fault in faults])


def _has_other_content(request: Request) -> bool:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    return has_body and content_type != "application/json" and not content_type.endswith("+json")


def _field_error(fault: Mapping[str, Any]) -> FieldError:
    """Pydantic's error, without the input: what a client sent may be personal, and is not ours to repeat."""
    where = [str(part) for part in fault["loc"]]
    if where[:1] == ["body"]:
        where = where[1:]
    return FieldError(
        field=".".join(where) or None, code=fault["type"], message=fault["msg"].removeprefix("Value error, ")
    )


_STATUS_CODES = {
    400: "malformed_body",
    401: "unauthorised",
    404: "not_found",
    405: "method_not_allowed",
}

_ANSWERS: tuple[tuple[Any, Callable[[], Problem]], ...] = (
    (
        Conflict,
        lambda: Problem(409, "busy", "Others change the same thing all the time", headers={"retry-after": "1"}),
    ),
    (
        CommandReused,
        lambda: Problem(422, "idempotency_key_reused", "This Idempotency-Key was used with another request"),
    ),
    ((EventTooLarge, BlobTooLarge), lambda: Problem(413, "too_large", "The request holds more than can be recorded")),
    (KeyErased, lambda: Problem(409, "person_erased", "The person was erased; nothing can be recorded about them")),
)


def _internal() -> Problem:
    return Problem(500, "internal", "Something went wrong on our side")


def problem_of(request: Request, error: Exception) -> Problem:
    """What an exception is to a client. What we do not know is a 500 that says nothing but where to look it up."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, RequestValidationError):
        return _invalid(request, error)
    if isinstance(error, HTTPException) and error.status_code == 413:
        return too_large(request.scope)
    if isinstance(error, HTTPException):
        code = _STATUS_CODES.get(error.status_code, "refused")
        return Problem(error.status_code, code, error.detail, headers=error.headers)
    if passing.passes(error):
        problem = unavailable("the database does not answer at the moment")
    else:
        problem = next((make() for kinds, make in _ANSWERS if isinstance(error, kinds)), _internal())
    problem.__cause__ = error
    return problem


HANDLED = (
    Problem,
    Refused,
    RequestValidationError,
    HTTPException,
    Conflict,
    CommandReused,
    EventTooLarge,
    BlobTooLarge,
    KeyErased,
    *passing.KINDS,
)
"""What FastAPI hands to `handle`; anything else reaches the outermost middleware (`kippu_service.http.edge`)."""


async def handle(request: Request, error: Exception) -> Response:
    return problem_of(request, error).response()
