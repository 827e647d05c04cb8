"""Carries a browser's sign-in cookie to where the token is verified, and its refusals to the sign-in page."""

from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Literal

from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kippu_console.words import LANGUAGES

COOKIE = "kippu-token"

Fault = Literal["token", "scope"]
"""The token is none, or has ended; or it may not read the pages."""


class BrowserSignIn:
    """ASGI middleware. A GET with the cookie and no Authorization header is read as if it had the cookie's token.

    Only GETs: a page of another site could otherwise make a browser send a command. A browser that is refused (401 on
    a request that accepts HTML) is led to the sign-in page.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            return await self._app(scope, receive, send)
        headers = dict(scope["headers"])
        token = _cookie_token(headers.get(b"cookie", b""))
        if token and b"authorization" not in headers:
            scope = dict(scope) | {"headers": [*scope["headers"], (b"authorization", b"Bearer " + token)]}
        if b"text/html" not in headers.get(b"accept", b""):
            return await self._app(scope, receive, send)
        redirected = False

        async def lead(message: Message) -> None:
            nonlocal redirected
            if message["type"] == "http.response.start" and message["status"] in (
                HTTPStatus.UNAUTHORIZED,
                HTTPStatus.FORBIDDEN,
            ):
                redirected = True
                location = sign_in_page(_fault(message["status"]) if token else None, _language(scope)).encode()
                await send({"type": "http.response.start", "status": 303, "headers": [(b"location", location)]})
                await send({"type": "http.response.body", "body": b""})
            elif not redirected:
                await send(message)

        return await self._app(scope, receive, lead)


def sign_in_page(fault: Fault | None, language: str | None) -> str:
    """Where one signs in, and is told what was wrong, in the language that was asked for."""
    said = {None: "", "token": "fault", "scope": "fault=scope"}[fault]
    asked = f"lang={language}" if language in LANGUAGES else ""
    query = "&".join(part for part in (said, asked) if part)
    return f"/sign-in?{query}" if query else "/sign-in"


def _fault(status: int) -> Fault:
    return "scope" if status == HTTPStatus.FORBIDDEN else "token"


def _language(scope: Scope) -> str | None:
    return QueryParams(scope["query_string"]).get("lang")


def _cookie_token(header: bytes) -> bytes:
    try:
        morsel = SimpleCookie(header.decode("latin-1")).get(COOKIE)
    except CookieError:
        return b""
    return morsel.value.encode("latin-1", "ignore") if morsel else b""
