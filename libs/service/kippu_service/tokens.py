"""Bearer tokens: JWTs of OAuth2 client credentials, checked once and then remembered by their hash.

A token must be signed by a key of the issuer's set (JWKS), by an algorithm of the allow-list, and carry `iss`, `aud`,
`exp`, `iat`, `sub`, `scope` and `kippu_provider`. A partner's also carries `kippu_customers`, the customers it may act
for; without it the client belongs to the provider's own people. Token times are the system clock's, never business
time.
"""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from kippu_service.principal import Principal

ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA"})
MAX_TOKEN = 16 * 1024
LEEWAY_SECONDS = 30
"""How far the issuer's clock may be from ours."""
REMEMBER_SECONDS = 300
"""A checked token is checked anew after so long, so that a key which the issuer withdrew ends within that time."""
MIN_RSA_BITS = 2048

PROVIDER_ID = re.compile(r"[a-z][a-z0-9]{1,19}")
CUSTOMER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
SCOPE = re.compile(r"(?:\*|[a-z][a-z-]{0,39}):(?:read|write)")
_MAX_CUSTOMERS = 1000


class TokenRefused(Exception):
    """The token is not good. The text says why, without repeating any of it."""


class TokensUnavailable(Exception):
    """The issuer's keys cannot be had at the moment."""


class KeySet(Protocol):
    """Where the issuer's public keys come from."""

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """The key of that id, None if the issuer has no such key. Raises TokensUnavailable."""


class FixedKeys:
    """Keys that are known from the start: the embedded mode's own."""

    def __init__(self, keys: Mapping[str, jwt.PyJWK]) -> None:
        self._keys = keys

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        return self._keys.get(key_id)


class JwksKeys:
    """Keys from the issuer's JWKS address, fetched at most every `refresh_seconds` while a key is unknown.

    A key that was seen is used for `keep_seconds` before the set is fetched again; while the issuer does not answer,
    the keys that are known go on being used.
    """

    def __init__(self, url: str, *, keep_seconds: float = 300, refresh_seconds: float = 10, timeout: float = 5) -> None:
        self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=timeout)
        self._keep_seconds, self._refresh_seconds = keep_seconds, refresh_seconds
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        if key_id not in self._keys or time.monotonic() - self._fetched_at > self._keep_seconds:
            async with self._lock:
                if time.monotonic() - self._tried_at > self._refresh_seconds:
                    await self._fetch()
        if self._fetched_at == float("-inf"):
            raise TokensUnavailable("the issuer's keys (KIPPU_JWKS_URL) cannot be fetched")
        return self._keys.get(key_id)

    async def _fetch(self) -> None:
        self._tried_at = time.monotonic()
        try:
            fetched = await asyncio.to_thread(self._client.get_jwk_set)
        except jwt.PyJWTError:
            return  # the keys that are known go on
        self._keys = {key.key_id: key for key in fetched.keys if key.key_id}
        self._fetched_at = time.monotonic()


class TokenVerifier:
    """Checks tokens of one issuer for one audience."""

    def __init__(
        self,
        keys: KeySet,
        *,
        issuer: str,
        audience: str,
        capacity: int = 10_000,
        seconds: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._issuer, self._audience = issuer, audience
        self._capacity = capacity
        self._seconds = seconds
        self._checked: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """Who the token stands for. Raises TokenRefused or TokensUnavailable."""
        if len(token) > MAX_TOKEN or not token.isascii():
            raise TokenRefused("the token is not a JWT")
        digest = sha256(token.encode()).digest()
        remembered = self._checked.get(digest)
        if remembered is not None and self._seconds() < remembered[0]:
            self._checked.move_to_end(digest)
            return remembered[1]
        self._checked.pop(digest, None)
        claims = await self._claims(token)
        principal = _principal(claims)
        self._checked[digest] = (min(claims["exp"], self._seconds() + REMEMBER_SECONDS), principal)
        while len(self._checked) > self._capacity:
            self._checked.popitem(last=False)
        return principal

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError):  # a header is hostile until the signature is checked
            raise TokenRefused("the token is not a JWT") from None
        algorithm, key_id = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise TokenRefused(f"the token must be signed by one of {', '.join(sorted(ALGORITHMS))}")
        if not isinstance(key_id, str) or "crit" in header:
            raise TokenRefused("the token's header must name its key (kid), and no extension (crit)")
        if str(header.get("typ", "JWT")).lower() not in ("jwt", "at+jwt"):
            raise TokenRefused("the token is not an access token (typ)")
        key = await self._keys.key(key_id)
        # The key's own algorithm decides, so a public key can never be taken for the secret of another algorithm.
        if key is None or key.algorithm_name != algorithm or not _is_strong(key):
            raise TokenRefused("the issuer has no such key")
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=self._issuer,
                audience=self._audience,
                # The times are checked below, against the clock of this object.
                options={
                    "require": ["iss", "aud", "exp", "iat", "sub"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.PyJWTError as error:
            raise TokenRefused(f"the token is refused: {error}") from None
        self._check_times(claims)
        return claims

    def _check_times(self, claims: dict[str, Any]) -> None:
        now = self._seconds()
        if any(type(claims.get(name, 0)) not in (int, float) for name in ("exp", "iat", "nbf")):
            raise TokenRefused("the token's times (exp, iat, nbf) must be numbers")
        if not now < claims["exp"] + LEEWAY_SECONDS:
            raise TokenRefused("the token has expired")
        if not max(claims["iat"], claims.get("nbf", 0)) <= now + LEEWAY_SECONDS:
            raise TokenRefused("the token is not valid yet")


def _is_strong(key: jwt.PyJWK) -> bool:
    if key.public_key_use not in (None, "sig"):
        return False
    return not isinstance(key.key, RSAPublicKey) or key.key.key_size >= MIN_RSA_BITS


def _principal(claims: Mapping[str, Any]) -> Principal:
    client_id = _matching(CLIENT_ID, "sub or client_id", claims.get("client_id", claims["sub"]))
    provider = _matching(PROVIDER_ID, "kippu_provider", claims.get("kippu_provider"))
    scope = claims.get("scope", "")
    if not isinstance(scope, str):
        raise TokenRefused("the token's claim scope must be a text")
    customers = None
    if "kippu_customers" in claims:
        listed = claims["kippu_customers"]
        if not isinstance(listed, list) or len(listed) > _MAX_CUSTOMERS:
            raise TokenRefused(f"the token's claim kippu_customers must be a list of at most {_MAX_CUSTOMERS} ids")
        customers = frozenset(_matching(CUSTOMER_ID, "kippu_customers", customer) for customer in listed)
    return Principal(provider, client_id, customers, frozenset(scope.split()))


def _matching(pattern: re.Pattern[str], claim: str, value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise TokenRefused(f"the token's claim {claim} is missing or malformed")
    return value
