"""The token endpoint of the embedded mode: OAuth 2.0 client credentials (RFC 6749, 4.4), and the public keys."""

import base64
from binascii import Error as NotBase64
from typing import Annotated
from urllib.parse import unquote_plus

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse

from kippu_service.token_maker import TokenMaker, TokenNotGranted

_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


def token_router(maker: TokenMaker) -> APIRouter:
    """`POST /oauth/token` and `GET /.well-known/jwks.json`, for the composition root to mount on one service."""
    router = APIRouter(tags=["tokens"])

    @router.post("/oauth/token")
    async def token(
        request: Request,
        grant_type: Annotated[str, Form(max_length=100)],
        client_id: Annotated[str | None, Form(max_length=200)] = None,
        client_secret: Annotated[str | None, Form(max_length=200)] = None,
        scope: Annotated[str | None, Form(max_length=4000)] = None,
    ) -> JSONResponse:
        """A bearer token for a client that shows its secret, by HTTP Basic or in the form."""
        if grant_type != "client_credentials":
            return _refusal(TokenNotGranted("unsupported_grant_type", "only client_credentials"))
        basic = _basic(request.headers.get("authorization"))
        name, secret = basic if basic else (client_id or "", client_secret or "")
        try:
            made, granted = await maker.grant(name, secret, scope)
        except TokenNotGranted as error:
            return _refusal(error)
        answer = {"access_token": made, "token_type": "Bearer", "expires_in": maker.seconds}
        return JSONResponse(answer | {"scope": " ".join(sorted(granted))}, headers=_NO_STORE)

    @router.get("/.well-known/jwks.json")
    async def keys() -> dict[str, list[dict[str, str]]]:
        """The public keys that tokens are signed with (RFC 7517)."""
        return {"keys": [maker.key.public_jwk]}

    return router


def _basic(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (NotBase64, UnicodeDecodeError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)[:200]


def _refusal(error: TokenNotGranted) -> JSONResponse:
    status = 401 if error.error == "invalid_client" else 400
    challenge = {"www-authenticate": "Basic"} if status == 401 else {}
    return JSONResponse({"error": error.error, "error_description": str(error)}, status, headers=_NO_STORE | challenge)
