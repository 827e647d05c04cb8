"""Makes tokens where there is no other issuer: the embedded mode, tests, one's own machine.

Keys are Ed25519 (RFC 8037). Clients stand in a TOML file with their secrets hashed (scrypt, RFC 7914); the secrets of
the demo clients, which are random, stand in a file of their own that only the owner reads.
"""

import asyncio
import base64
import hmac
import json
import os
import secrets
import time
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import scrypt, sha256
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from kippu_privacy.files import write_private

from kippu_service.tokens import CLIENT_ID, CUSTOMER_ID, PROVIDER_ID, SCOPE, FixedKeys

ALL_SCOPES = frozenset({"*:read", "*:write"})


class ClientsWrong(Exception):
    """The clients file cannot be used; the text says why."""


class TokenNotGranted(Exception):
    """The token endpoint's no: `error` is the code of RFC 6749, section 5.2."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


class SigningKey:
    """An Ed25519 key pair. `key_id` is the public key's thumbprint (RFC 7638)."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        members = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
        thumbprint = sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).digest()
        self.key_id = _base64url(thumbprint)
        self.public_jwk = {**members, "kid": self.key_id, "use": "sig", "alg": "EdDSA"}

    @classmethod
    def generate(cls) -> "SigningKey":
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load_or_make(cls, path: Path, *, make: bool = True) -> "SigningKey":
        """The key in the file; with `make`, a missing one is made, mode 0600. Raises OSError, and ValueError for
        another kind of file."""
        if make and not path.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            write_private(path, pem.decode())
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(private, Ed25519PrivateKey):
            raise ValueError(f"{path} holds another kind of key; remove it, and a new one is made")
        return cls(private)

    def sign(self, claims: Mapping[str, Any]) -> str:
        return jwt.encode(dict(claims), self._private, "EdDSA", headers={"kid": self.key_id, "typ": "at+jwt"})

    def public_keys(self) -> FixedKeys:
        return FixedKeys({self.key_id: jwt.PyJWK(self.public_jwk)})


@dataclass(frozen=True, slots=True)
class Client:
    """A client of the clients file. `customers` is None for the provider's own people."""

    id: str
    provider: str
    scopes: frozenset[str]
    customers: frozenset[str] | None
    secret_hash: str


class TokenMaker:
    """Grants tokens to clients (OAuth 2.0, client credentials)."""

    def __init__(
        self, key: SigningKey, *, issuer: str, audience: str, seconds: int, clients: Iterable[Client] = ()
    ) -> None:
        self.key = key
        self.seconds = seconds
        self._issuer, self._audience = issuer, audience
        self._clients = {client.id: client for client in clients}
        # scrypt is slow on purpose: however many ask at once, two at a time keep the process alive.
        self._hashing = asyncio.Semaphore(2)
        self._nobody = hash_secret(secrets.token_urlsafe())

    def mint(
        self,
        *,
        client_id: str,
        provider: str,
        scopes: Iterable[str] = ALL_SCOPES,
        customers: Iterable[str] | None = None,
        seconds: int | None = None,
    ) -> str:
        """A token, without asking for a secret: for whoever holds the signing key (`kippu token`, tests)."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": client_id,
            "client_id": client_id,
            "iat": now,
            "exp": now + (seconds or self.seconds),
            "jti": secrets.token_urlsafe(12),
            "scope": " ".join(sorted(scopes)),
            "kippu_provider": provider,
        }
        if customers is not None:
            claims["kippu_customers"] = sorted(customers)
        return self.key.sign(claims)

    async def grant(self, client_id: str, secret: str, scope: str | None) -> tuple[str, frozenset[str]]:
        """A token for a client that knows its secret, and the scopes in it. Raises TokenNotGranted."""
        client = self._clients.get(client_id)
        # An unknown client costs as long as a wrong secret, so that nobody can find out which clients there are.
        async with self._hashing:
            genuine = await asyncio.to_thread(matches, secret, client.secret_hash if client else self._nobody)
        if client is None or not genuine:
            raise TokenNotGranted("invalid_client", "no such client, or another secret")
        wanted = frozenset(scope.split()) if scope else client.scopes
        beyond = sorted(one for one in wanted if not _covers(client.scopes, one))
        if beyond:
            raise TokenNotGranted("invalid_scope", f"not this client's: {' '.join(beyond)[:200]}")
        token = self.mint(client_id=client.id, provider=client.provider, scopes=wanted, customers=client.customers)
        return token, wanted


def _covers(held: frozenset[str], wanted: str) -> bool:
    return SCOPE.fullmatch(wanted) is not None and (wanted in held or "*:" + wanted.partition(":")[2] in held)


_SCRYPT = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}


def hash_secret(secret: str) -> str:
    """`scrypt$<salt>$<hash>`, both base64url."""
    salt = os.urandom(16)
    return f"scrypt${_base64url(salt)}${_base64url(scrypt(secret.encode(), salt=salt, **_SCRYPT))}"


def matches(secret: str, secret_hash: str) -> bool:
    """Whether the hash is this secret's."""
    _, salt, expected = secret_hash.split("$")
    actual = scrypt(secret.encode(), salt=base64.urlsafe_b64decode(salt + "=="), **_SCRYPT)
    return hmac.compare_digest(_base64url(actual), expected)


def load_clients(path: Path) -> list[Client]:
    """The clients of a TOML file. Raises ClientsWrong, which names the entry."""
    try:
        entries = tomllib.loads(path.read_text()).get("client", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ClientsWrong(f"{path}: {error}") from None
    clients = [_client(path, number, entry) for number, entry in enumerate(entries, 1)]
    if len({client.id for client in clients}) != len(clients):
        raise ClientsWrong(f"{path}: two clients have the same id")
    return clients


def _client(path: Path, number: int, entry: dict[str, Any]) -> Client:
    def fail(what: str) -> ClientsWrong:
        return ClientsWrong(f"{path}, client {number}: {what}")

    unknown = entry.keys() - {"id", "provider", "scopes", "customers", "secret_hash"}
    if unknown:
        raise fail(f"unknown: {', '.join(sorted(unknown))}")
    customers = entry.get("customers")
    for name, pattern, values in (
        ("id", CLIENT_ID, [entry.get("id")]),
        ("provider", PROVIDER_ID, [entry.get("provider")]),
        ("scopes", SCOPE, entry.get("scopes")),
        ("customers", CUSTOMER_ID, customers if customers is not None else []),
    ):
        good = isinstance(values, list) and all(isinstance(v, str) and pattern.fullmatch(v) for v in values)
        if not good:
            raise fail(f"{name} is missing or malformed")
    if not str(entry.get("secret_hash", "")).startswith("scrypt$"):
        raise fail("secret_hash is missing; make one with `kippu token hash`")
    return Client(
        id=entry["id"],
        provider=entry["provider"],
        scopes=frozenset(entry["scopes"]),
        customers=None if customers is None else frozenset(customers),
        secret_hash=entry["secret_hash"],
    )


def make_demo_clients(path: Path, clients: Iterable[Client]) -> None:
    """Writes a clients file, and their random secrets beside it (`<name>.secrets`, mode 0600), if there is none yet."""
    if path.exists():
        return
    made = [(replace(client, secret_hash=""), secrets.token_urlsafe(24)) for client in clients]
    write_private(path.with_suffix(".secrets"), "".join(f"{client.id} {secret}\n" for client, secret in made))
    write_private(path, "\n".join(_entry(client, hash_secret(secret)) for client, secret in made))


def demo_secrets(path: Path) -> dict[str, str]:
    """The demo clients' secrets by client id."""
    return dict(line.split(" ", 1) for line in path.with_suffix(".secrets").read_text().splitlines())


def demo_clients(providers: Iterable[str], customers: Iterable[str]) -> list[Client]:
    """For each provider its own people (`<provider>-desk`) and a partner (`<provider>-partner`)."""
    partners = frozenset(customers)
    return [
        Client(f"{provider}-{kind}", provider, ALL_SCOPES, whose, "")
        for provider in providers
        for kind, whose in (("desk", None), ("partner", partners))
    ]


def _entry(client: Client, secret_hash: str) -> str:
    """One client in TOML; a JSON text or list of plain ASCII is the same in TOML."""
    fields = {"id": client.id, "provider": client.provider, "scopes": sorted(client.scopes)}
    if client.customers is not None:
        fields["customers"] = sorted(client.customers)
    fields["secret_hash"] = secret_hash
    return "[[client]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
