"""What every request passes: who it is, and one plain ASGI middleware for metrics and the last exception."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import OAuth2, OAuthFlowClientCredentials, OAuthFlows
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security.base import SecurityBase
from kippu_terms.refusal import Fault, Refused
from prometheus_client import CollectorRegistry, Histogram
from starlette.datastructures import Headers
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kippu_service.principal import Principal
from kippu_service.problems import MEDIA_TYPE, problem_of, too_large, unauthorised, unavailable
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.tokens import TokenRefused, TokensUnavailable


class Routes:
    """What is known of each route by its application: a route by itself does not know its prefix."""

    def __init__(self) -> None:
        self._templates: dict[int, str] = {}
        self._parameters: dict[int, frozenset[str]] = {}

    def learn(self, routes: Sequence[BaseRoute]) -> None:
        for context in iter_route_contexts(routes):
            route = context.original_route
            self._templates[id(route)] = str(getattr(context, "path_format", "none"))
            if isinstance(route, APIRoute) and route.include_in_schema:
                self._parameters[id(route)] = frozenset(_query_parameters(route.dependant))

    def template(self, scope: Mapping[str, Any]) -> str:
        """The template of the route that a request came to, `none` if it came to none."""
        return self._templates.get(id(scope.get("route")), "none")

    def require_known_parameters(self, request: Request) -> None:
        """Raises Refused for query parameters that the route does not have: `known_a` instead of `known_at` would be
        answered as of today, and nobody would notice. A page, which OpenAPI does not tell of, reads its own."""
        known = self._parameters.get(id(request.scope.get("route")))
        if known is None or not request.scope.get("query_string"):
            return
        takes = f"This route takes {', '.join(sorted(known))}." if known else "This route takes no query parameters."
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            raise Refused(*[Fault("unknown_parameter", takes, f"query.{name}") for name in unknown])


def _query_parameters(dependant: Dependant) -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _query_parameters(inner)


@dataclass(frozen=True, slots=True)
class Edge:
    """What the dependencies of one service's application need; it stands in `app.state.edge`."""

    service: Service
    runtime: Runtime
    routes: Routes


class Secured(SecurityBase):
    """A dependency that checks the token for a scope; also the security scheme of its routes in OpenAPI.

    It reads the headers it needs by itself: a dependency of its own for the scheme, and a parameter for each header,
    made a third of what FastAPI costs a write. What stands in `HEADERS` of a kind is shown in OpenAPI nevertheless.
    """

    def __init__(self, scope: str, *, staff: bool) -> None:
        flow = OAuthFlowClientCredentials(tokenUrl="/oauth/token", scopes={})
        self.model = OAuth2(flows=OAuthFlows(clientCredentials=flow))
        self.scheme_name = "client_credentials"
        self._scope, self._staff = scope, staff

    async def principal(self, request: Request) -> Principal:
        """Who asks. Raises a 401 or 403 problem for somebody who may not, and Refused for parameters that are none."""
        principal = await authenticate(request, request.headers.get("authorization"))
        principal.require(self._scope, staff=self._staff)
        edge: Edge = request.app.state.edge
        edge.routes.require_known_parameters(request)
        return principal


def header(name: str, description: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    """A header as OpenAPI tells of it; `schema` is what else is to be said than that it is a text."""
    told = {"name": name, "in": "header", "description": description, "required": required}
    return told | {"schema": {"type": "string", **schema}}


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
        raise unavailable("tokens cannot be checked at the moment", retry_after=5) from error


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
    """The one middleware: it times the answer, and turns what nobody caught into a 500."""

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: Routes) -> None:
        self._app = app
        self._metrics = metrics
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status, plain_413 = 0, False

        async def sending(message: Message) -> None:
            nonlocal status, plain_413
            if message["type"] == "http.response.start":
                # Starlette's limit on bodies answers in plain text: that is held back, and a problem sent for it.
                plain_413 = message["status"] == 413 and Headers(raw=message["headers"])["content-type"] != MEDIA_TYPE
            if plain_413:
                return
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-content-type-options", b"nosniff")]
            await send(message)

        try:
            await self._app(scope, receive, sending)
            if plain_413:
                raise too_large(scope)
        except Exception as error:
            plain_413 = False
            if status:  # the answer had begun: nothing better can be said any more, the connection must break off
                raise
            await problem_of(Request(scope), error).response()(scope, receive, sending)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = self._routes.template(scope)
            self._metrics.requests.labels(method, route, str(status)).observe(time.perf_counter() - started)
