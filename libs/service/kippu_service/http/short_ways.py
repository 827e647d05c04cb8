"""The short way of a command: what FastAPI works out anew for each request is worked out once, for its route."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Annotated, Any, Self, get_args, get_origin

from fastapi import Request
from fastapi.params import Depends
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kippu_service.http.commands import Commands

_SENT_BACK = "kippu.sent_back"
"""In the scope of a request that was not in order for its short way."""


@dataclass(frozen=True, slots=True)
class ShortWay:
    """What a route's function is called with: the names of its two parameters, and what makes each."""

    route: BaseRoute
    answer: Callable[..., Awaitable[Response]]
    command: str
    commands: Commands
    body: str
    model: type[BaseModel]
    max_body_bytes: int

    @classmethod
    def of(cls, route: APIRoute, max_body_bytes: int) -> Self | None:
        """None for a function that asks for anything but a `Command` and a body of one model, and for a route that
        something else stands before: only FastAPI's own way would ask that."""
        shape = signature(route.endpoint, eval_str=True)
        hints = {name: parameter.annotation for name, parameter in shape.parameters.items()}
        commands = {name: asked for name, hint in hints.items() if (asked := _commands_of(hint))}
        bodies = {name: hint for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, BaseModel)}
        asks_for_both = len(commands) == len(bodies) == 1 and len(hints) == 2
        if route.dependencies or shape.return_annotation is not Response or not asks_for_both:
            return None
        limit = min(max_body_bytes, max_body_bytes if route.max_body_size is None else route.max_body_size)
        return cls(route, route.endpoint, *commands.popitem(), *bodies.popitem(), limit)

    def may_take(self, scope: Scope) -> bool:
        """Whether the headers are such that the body may be in order. One that comes in chunks is as long as it likes:
        what Content-Length says beside them counts for nothing (RFC 9112, 6.3)."""
        headers = dict(scope["headers"])
        if b"transfer-encoding" in headers:
            return False
        length = headers.get(b"content-length", b"")
        fits = length.isdigit() and len(length) < 20 and int(length) <= self.max_body_bytes
        return fits and headers.get(b"content-type") == b"application/json"

    async def arguments(self, request: Request) -> dict[str, Any] | None:
        """None if the body is not in order. Raises what the command's dependency raises of somebody who may not."""
        try:
            body = self.model.model_validate_json(await request.body())
        except ValidationError:
            return None
        return {self.command: await self.commands(request), self.body: body}


class ShortWays(BaseRoute):
    """The first route of an application: it answers commands that are in order, and lets all else pass.

    FastAPI still says what a route takes and refuses: what is not in order goes its way, from the start, so that every
    error is the same. Choosing among routers, solving dependencies and putting exit stacks around them were a third of
    a write's CPU between the server and the route's own function.
    """

    def __init__(self, router: ASGIApp, max_body_bytes: int) -> None:
        self._router = router
        self._max_body_bytes = max_body_bytes
        self._ways: dict[tuple[str, str], ShortWay] = {}

    def learn(self, routes: Sequence[BaseRoute]) -> None:
        """Takes up each route that has a short way and no parameters in its path."""
        for context in iter_route_contexts(routes):
            route, path = context.original_route, str(getattr(context, "path_format", "{}"))
            if isinstance(route, APIRoute) and "{" not in path and (way := ShortWay.of(route, self._max_body_bytes)):
                self._ways |= {(method, path): way for method in route.methods or ()}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and _SENT_BACK not in scope:
            way = self._ways.get((scope["method"], scope["path"]))
            if way is not None and way.may_take(scope):
                return Match.FULL, {"route": way.route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        way = self._ways[scope["method"], scope["path"]]
        request = Request(scope, receive)
        try:
            arguments = await way.arguments(request)
        except ClientDisconnect:
            raise HTTPException(400, "the connection broke off before the body's end") from None
        if arguments is not None:
            answer = await way.answer(**arguments)
            await answer(scope, receive, send)
        else:
            scope[_SENT_BACK] = True
            await self._router(scope, _again(await request.body(), receive), send)

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        raise NoMatchFound(name, path_params)


def _commands_of(hint: Any) -> Commands | None:
    """What makes the command of a parameter `Annotated[Command, command(…)]`."""
    if get_origin(hint) is not Annotated:
        return None
    asked = [each.dependency for each in get_args(hint)[1:] if isinstance(each, Depends)]
    return asked[0] if len(asked) == 1 and isinstance(asked[0], Commands) else None


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was received already once more, then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again
