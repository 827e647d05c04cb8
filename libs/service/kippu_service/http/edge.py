"""What every request passes: who it is, and one plain ASGI middleware for size, metrics and the last exception."""

import time
from dataclasses import dataclass, field

from fastapi import Request
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2
from prometheus_client import CollectorRegistry, Histogram
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kippu_service.principal import Principal
from kippu_service.problems import Problem, problem_of, unauthorised
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.tokens import TokenRefused, TokensUnavailable

MAX_BODY_BYTES = 1024 * 1024
"""The largest request body, unless a route's path prefix is given another limit."""


@dataclass(frozen=True, slots=True)
class Edge:
    """What the dependencies of one service's application need; it stands in `app.state.edge`."""

    service: Service
    runtime: Runtime


class _Bearer(OAuth2):
    """The security scheme as OpenAPI shows it; reads the Authorization header."""

    def __init__(self) -> None:
        flow = OAuthFlowClientCredentials(tokenUrl="/oauth/token", scopes={})
        super().__init__(flows=OAuthFlows(clientCredentials=flow), scheme_name="client_credentials", auto_error=False)

    async def __call__(self, request: HTTPConnection) -> str | None:
        return request.headers.get("authorization")


bearer = _Bearer()


async def authenticate(request: Request, authorization: str | None) -> Principal:
    """The principal behind the bearer token. Raises a 401 problem, or 503 while the keys cannot be had."""
    if authorization is None:
        raise unauthorised("send a bearer token in the header Authorization", error=None)
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthorised("the header Authorization must be `Bearer <token>`")
    edge: Edge = request.app.state.edge
    try:
        return await edge.runtime.tokens.verify(token.strip())
    except TokenRefused as error:
        raise unauthorised(str(error)) from None
    except TokensUnavailable as error:
        raise Problem(
            503, "unavailable", "Try again", "tokens cannot be checked at the moment", headers={"retry-after": "5"}
        ) from error


class TooLarge(Problem):
    def __init__(self, limit: int) -> None:
        super().__init__(413, "too_large", "The body is too large", f"a body has at most {limit} bytes here")


@dataclass(slots=True)
class Metrics:
    """Requests by route template (never by path: that would be endless, and could be personal)."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Histogram = field(init=False)

    def __post_init__(self) -> None:
        self.requests = Histogram(
            "kippu_http_request_seconds",
            "Time to answer a request",
            ["method", "route", "status"],
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Gate:
    """The one middleware. It counts a body as it streams in, times the answer, and turns what nobody caught into 500.

    `body_limits` gives path prefixes a limit of their own, for uploads.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, body_limits: dict[str, int]) -> None:
        self._app = app
        self._metrics = metrics
        self._body_limits = body_limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-content-type-options", b"nosniff")]
            await send(message)

        try:
            limit = self._limit(scope["path"])
            declared = Headers(scope=scope).get("content-length", "0")
            if declared.isdigit() and int(declared[:20]) > limit:
                raise TooLarge(limit)
            await self._app(scope, self._counted(receive, limit), sending)
        except Exception as error:
            if status:  # the answer had begun: nothing better can be said any more, the connection must break off
                raise
            await problem_of(Request(scope), error).response()(scope, receive, sending)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.requests.labels(method, route, str(status)).observe(time.perf_counter() - started)

    def _limit(self, path: str) -> int:
        return next((limit for prefix, limit in self._body_limits.items() if path.startswith(prefix)), MAX_BODY_BYTES)

    @staticmethod
    def _counted(receive: Receive, limit: int) -> Receive:
        received = 0

        async def counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise TooLarge(limit)
            return message

        return counting
