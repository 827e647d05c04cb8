"""The dependency of every route that changes something: one request, one command id, one effect."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import Request, Security
from kippu_events import steps
from kippu_events.work import Cause, Done, Stream, Work
from pydantic import BaseModel
from starlette.responses import Response

from kippu_service.http.edge import Edge, Secured, header
from kippu_service.http.etags import check_if_match, etag
from kippu_service.http.positions import HEADER, MIN_HEADER, PATTERN, Position, read_positions
from kippu_service.http.queries import wait_for
from kippu_service.principal import Principal
from kippu_service.problems import bad_header

_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

Decide = Callable[[Work], Awaitable[Any]]

HEADERS = (
    header(
        "Idempotency-Key",
        "One for each new request; repeat it on a retry.",
        required=True,
        pattern="^[!-~]{1,255}$",
    ),
    header("If-Match", "The ETag that was read.", pattern="^[ -~]{1,1024}$"),
)
"""What every command may be sent with, as OpenAPI tells of it."""

CATCHES_UP = {"parameters": [header(MIN_HEADER, "A Kippu-Position that must be known here first.", pattern=PATTERN)]}
"""What OpenAPI tells of a route whose command catches up."""


class Command:
    """A request to change something. Declare it as `Annotated[Command, command("tickets:write")]`."""

    def __init__(
        self,
        request: Request,
        edge: Edge,
        principal: Principal,
    ) -> None:
        self._request = request
        self._edge = edge
        self.runtime = edge.runtime
        self.principal = principal
        self._if_match = request.headers.get("if-match")
        self._expected: Stream[Any] | None = None

    @property
    def provider(self) -> str:
        return self.principal.provider

    async def catch_up(self) -> None:
        """Waits for the request's `Kippu-Min-Position`, if it has one: for a write that rests on what another service
        has just been told, such as a new contact. Its route says so with `openapi_extra=CATCHES_UP`."""
        min_position = self._request.headers.get(MIN_HEADER)
        if min_position is not None:
            await wait_for(self._edge, read_positions(min_position))

    def expect(self, stream: Stream[Any]) -> None:
        """Says which stream is the resource. Call it in `decide`: If-Match, if sent, is held against its version (a
        412 problem if it has moved), and the answer's ETag is its version afterwards."""
        self._expected = stream
        if self._if_match is not None:
            check_if_match(self._if_match, stream.version)

    async def run(
        self, body: BaseModel | bytes, decide: Decide, *, status: int = 201, location: str | None = None
    ) -> Response:
        """Runs `decide` as one unit of work and answers its result (a JSON object, without personal data).

        The answer carries `Kippu-Position` and `ETag`, and `Location`: `location` with the result's fields filled in,
        such as "/v1/tickets/{ticket_no}". The same Idempotency-Key answers the first result; with another body or path
        it is a 422 problem. Raises what `decide` raises.
        """
        done = await self.runtime.worker.run(self._cause(body), self._checked(decide))
        steps.reached("command.appended")
        headers = self._headers(done)
        if location is not None:
            headers["Location"] = location.format(**{name: quote(str(v), safe="") for name, v in done.result.items()})
        return Response(orjson.dumps(done.result), status, headers, media_type="application/json")

    def _checked(self, decide: Decide) -> Decide:
        async def decide_and_check(work: Work) -> Any:
            self._expected = None
            result = await decide(work)
            if self._if_match is not None and self._expected is None:
                raise bad_header("If-Match", "if_match_unsupported", "this route compares no version; leave it out")
            return result

        return decide_and_check

    def _cause(self, body: BaseModel | bytes) -> Cause:
        request, principal = self._request, self.principal
        key = request.headers.get("idempotency-key")
        if key is None:
            raise bad_header("Idempotency-Key", "idempotency_key_missing", "choose one for each request that is new")
        if not _IDEMPOTENCY_KEY.fullmatch(key):
            raise bad_header("Idempotency-Key", "idempotency_key_invalid", "1 to 255 visible ASCII characters")
        # Only what was sent is hashed, so that a default added later does not make an old request a different one.
        content = body if isinstance(body, bytes) else body.model_dump_json(exclude_unset=True).encode()
        route = f"{request.method} {self._edge.routes.template(request.scope)}"
        traceparent = request.headers.get("traceparent", "")
        return Cause(
            command_id=f"http:{principal.provider}:{principal.client_id}:{route}:{key}",
            actor=principal.actor,
            command_hash=Cause.hash_of(request.scope["path"].encode(), request.scope["query_string"], content),
            traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent) else None,
        )

    def _headers(self, done: Done[Any]) -> dict[str, str]:
        headers = {"cache-control": "no-store"}
        if done.appended is None or not done.appended.recorded:
            return headers
        recorded = done.appended.recorded
        headers[HEADER] = Position.of(self.runtime.log.name, done.appended).token()
        versions = {last.stream: last.version for last in recorded}
        resource = self._expected.name if self._expected is not None else recorded[-1].stream
        return headers | (etag(versions[resource]) if resource in versions else {})


class Commands(Secured):
    """What makes the `Command` of a request, or refuses who may not change anything."""

    async def __call__(self, request: Request) -> Command:
        principal = await self.principal(request)
        edge: Edge = request.app.state.edge
        return Command(request, edge, principal)


def command(scope: str, *, staff: bool = False) -> Any:
    """A dependency that checks the token for a scope such as `tickets:write`; `staff` keeps partners out."""
    return Security(Commands(scope, staff=staff), scopes=[scope])
