"""Tokens: which are taken, and every way to forge one that is not."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from kippu_service.principal import Principal
from kippu_service.token_maker import SigningKey
from kippu_service.tokens import FixedKeys, TokenRefused, TokenVerifier

ISSUER, AUDIENCE = "https://issuer.example", "kippu"
KEY = SigningKey.generate()
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SHORT_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  to be refused
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def jwk(algorithm: str, key: Any, **members: str) -> jwt.PyJWK:
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return jwt.PyJWK({**made, "alg": algorithm, **members})


KEYS = FixedKeys(
    {
        "ed": jwt.PyJWK(KEY.public_jwk),
        "rsa": jwk("RS256", RSA_KEY),
        "ec": jwk("ES256", EC_KEY),
        "short": jwk("RS256", SHORT_RSA_KEY),
        "encryption": jwk("RS256", RSA_KEY, use="enc"),
        "secret": jwt.PyJWK({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}),
    }
)


@pytest.fixture
def verifier() -> TokenVerifier:
    return TokenVerifier(KEYS, issuer=ISSUER, audience=AUDIENCE)


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "portal-1", "iat": now, "exp": now + 600,
        "scope": "tickets:read tickets:write", "kippu_provider": "iij",
    }  # fmt: skip
    return {name: value for name, value in (made | changed).items() if value is not None}


def ed(changed: dict[str, Any], **header: Any) -> str:
    made = {"alg": "EdDSA", "kid": "ed", **header}
    return jwt.encode(changed, KEY._private, "EdDSA", headers={k: v for k, v in made.items() if v is not None})


def by_hand(header: dict[str, Any], content: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, content)]
    signed = b".".join(parts)
    return (signed + b"." + base64.urlsafe_b64encode(sign(signed)).rstrip(b"=")).decode()


@pytest.mark.parametrize(
    "token",
    [
        ed(claims()),
        ed(claims(aud=["other", AUDIENCE])),
        ed(claims(), typ="at+jwt"),
        jwt.encode(claims(), RSA_KEY, "RS256", headers={"kid": "rsa"}),
        jwt.encode(claims(), EC_KEY, "ES256", headers={"kid": "ec"}),
    ],
)
async def test_a_good_token_is_taken(verifier: TokenVerifier, token: str) -> None:
    scopes = frozenset({"tickets:read", "tickets:write"})
    assert await verifier.verify(token) == Principal("iij", "portal-1", None, scopes)


async def test_a_partner_acts_for_its_customers_only(verifier: TokenVerifier) -> None:
    partner = await verifier.verify(ed(claims(kippu_customers=["customer-1", "customer-2"], client_id="partner-1")))
    assert (partner.client_id, partner.customers) == ("partner-1", frozenset({"customer-1", "customer-2"}))
    assert not partner.is_staff
    assert (await verifier.verify(ed(claims(kippu_customers=[])))).customers == frozenset()


PEM = RSA_KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

FORGED = {
    "no token": "",
    "not a token": "a.b.c",
    "two parts": "a.b",
    "not ASCII": "ü.ü.ü",
    "oversized": "a" * 16_385,
    "oversized, and otherwise good": ed(claims(kippu_customers=[f"customer-{n}" for n in range(2000)])),
    "unsigned": by_hand({"alg": "none", "kid": "ed"}, claims(), lambda _: b""),
    "unsigned, spelt otherwise": by_hand({"alg": "nOnE", "kid": "ed"}, claims(), lambda _: b""),
    "algorithm missing": by_hand({"kid": "ed"}, claims(), lambda _: b""),
    "algorithm is no text": by_hand({"alg": ["EdDSA"], "kid": "ed"}, claims(), lambda _: b""),
    "a header without end": base64.urlsafe_b64encode(b"[" * 9_000).decode() + ".e30.e30",
    "public key as an HMAC secret": by_hand(
        {"alg": "HS256", "kid": "rsa"}, claims(), lambda signed: hmac.digest(PEM, signed, sha256)
    ),
    "a secret in the key set": by_hand(
        {"alg": "HS256", "kid": "secret"}, claims(), lambda signed: hmac.digest(b"secret", signed, sha256)
    ),
    "an algorithm that is not on the list": jwt.encode(claims(), RSA_KEY, "RS512", headers={"kid": "rsa"}),
    "another algorithm than the key's": jwt.encode(claims(), RSA_KEY, "RS256", headers={"kid": "ec"}),
    "a short key": jwt.encode(claims(), SHORT_RSA_KEY, "RS256", headers={"kid": "short"}),
    "a key for encryption": jwt.encode(claims(), RSA_KEY, "RS256", headers={"kid": "encryption"}),
    "an unknown key": ed(claims(), kid="other"),
    "no key": ed(claims(), kid=None),
    "a critical extension": ed(claims(), crit=["exp"]),
    "another kind of token": ed(claims(), typ="dpop+jwt"),
    "another's signature": ed(claims())[:-12] + ed(claims(sub="portal-2"))[-12:],
    "another issuer": ed(claims(iss="https://other.example")),
    "another audience": ed(claims(aud="other")),
    "expired": ed(claims(exp=int(time.time()) - 31)),
    "not issued yet": ed(claims(iat=int(time.time()) + 3600)),
    "not valid yet": ed(claims(nbf=int(time.time()) + 3600)),
    "an expiry that is no number": ed(claims(exp="tomorrow")),
    "an expiry that is true": ed(claims(exp=True)),
    **{f"without {name}": ed(claims(**{name: None})) for name in ("iss", "aud", "exp", "iat", "sub")},
    "without a provider": ed(claims(kippu_provider=None)),
    "a provider that ends a literal": ed(claims(kippu_provider="iij'--")),
    "a provider with a newline": ed(claims(kippu_provider="iij\n")),
    "all customers": ed(claims(kippu_customers=["*"])),
    "two customers in one": ed(claims(kippu_customers=["customer-1,customer-2"])),
    "customers that are no list": ed(claims(kippu_customers="customer-1")),
    "customers that are null": ed({**claims(), "kippu_customers": None}),
    "scopes that are a list": ed(claims(scope=["tickets:read"])),
    "a client with a colon": ed(claims(client_id="a:b")),
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
async def test_a_bad_token_is_refused(verifier: TokenVerifier, token: str) -> None:
    for _ in range(2):  # a refusal is not remembered as anything else
        with pytest.raises(TokenRefused):
            await verifier.verify(token)


async def test_a_checked_token_is_remembered_until_it_expires_and_five_minutes_at_most() -> None:
    asked: list[str] = []

    class Asked(FixedKeys):
        async def key(self, key_id: str) -> jwt.PyJWK | None:
            asked.append(key_id)
            return await super().key(key_id)

    start = time.time()
    now = [start]
    keys = Asked({"ed": jwt.PyJWK(KEY.public_jwk)})
    verifier = TokenVerifier(keys, issuer=ISSUER, audience=AUDIENCE, capacity=1, seconds=lambda: now[0])
    short, long = ed(claims(exp=int(start) + 60)), ed(claims(sub="portal-2"))

    await verifier.verify(short)
    await verifier.verify(short)
    assert len(asked) == 1
    now[0] = start + 120
    with pytest.raises(TokenRefused, match="expired"):
        await verifier.verify(short)

    asked.clear()
    await verifier.verify(long)
    now[0] += 299
    await verifier.verify(long)
    assert len(asked) == 1
    now[0] += 2
    await verifier.verify(long)
    assert len(asked) == 2

    now[0] = start
    await verifier.verify(short)  # pushes the other one out
    await verifier.verify(long)
    assert len(asked) == 4
