"""Carries a browser's sign-in cookie to where the token is verified, and its refusals to the sign-in page."""

from http.cookies import CookieError, SimpleCookie

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kippu_console.pages import COOKIE


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
        had_token = bool(token)
        redirected = False

        async def lead(message: Message) -> None:
            nonlocal redirected
            if message["type"] == "http.response.start" and message["status"] in (401, 403):
                redirected = True
                location = b"/sign-in?fault" if had_token else b"/sign-in"
                await send({"type": "http.response.start", "status": 303, "headers": [(b"location", location)]})
                await send({"type": "http.response.body", "body": b""})
            elif not redirected:
                await send(message)

        return await self._app(scope, receive, lead)


def _cookie_token(header: bytes) -> bytes:
    try:
        morsel = SimpleCookie(header.decode("latin-1")).get(COOKIE)
    except CookieError:
        return b""
    return morsel.value.encode("latin-1", "ignore") if morsel else b""
