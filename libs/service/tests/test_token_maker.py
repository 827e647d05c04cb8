"""The token maker of the embedded mode, and the keys of an issuer behind an address."""

import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from kippu_service.token_maker import (
    Client,
    ClientsWrong,
    SigningKey,
    TokenMaker,
    demo_clients,
    demo_secrets,
    hash_secret,
    load_clients,
    make_demo_clients,
    matches,
)
from kippu_service.token_router import token_router
from kippu_service.tokens import JwksKeys, TokenRefused, TokensUnavailable, TokenVerifier

PARTNER = Client(
    "iij-partner", "iij", frozenset({"tickets:read", "*:write"}), frozenset({"customer-1"}), hash_secret("right")
)


@pytest.fixture
def maker() -> TokenMaker:
    return TokenMaker(SigningKey.generate(), issuer="urn:one", audience="kippu", seconds=600, clients=[PARTNER])


@pytest.fixture
async def endpoint(maker: TokenMaker) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(token_router(maker))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kippu.example") as client:
        yield client


GRANT = {"grant_type": "client_credentials"}


async def test_a_client_with_its_secret_gets_a_token_that_is_taken(
    maker: TokenMaker, endpoint: httpx.AsyncClient
) -> None:
    answer = await endpoint.post("/oauth/token", data=GRANT, auth=("iij-partner", "right"))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    granted = answer.json()
    assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 600)
    assert granted["scope"] == "*:write tickets:read"

    principal = await TokenVerifier(maker.key.public_keys(), issuer="urn:one", audience="kippu").verify(
        granted["access_token"]
    )
    assert (principal.provider, principal.client_id, principal.customers) == (
        "iij",
        "iij-partner",
        frozenset({"customer-1"}),
    )


async def test_the_secret_may_come_in_the_form_and_scopes_may_be_fewer(endpoint: httpx.AsyncClient) -> None:
    form = GRANT | {"client_id": "iij-partner", "client_secret": "right", "scope": "orders:write"}
    assert (await endpoint.post("/oauth/token", data=form)).json()["scope"] == "orders:write"


@pytest.mark.parametrize(
    ("form", "auth", "status", "error"),
    [
        (GRANT, ("iij-partner", "wrong"), 401, "invalid_client"),
        (GRANT, ("nobody", "right"), 401, "invalid_client"),
        (GRANT, httpx.Auth(), 401, "invalid_client"),
        (GRANT | {"scope": "orders:read"}, ("iij-partner", "right"), 400, "invalid_scope"),
        (GRANT | {"scope": "*:read"}, ("iij-partner", "right"), 400, "invalid_scope"),
        (GRANT | {"scope": "anything"}, ("iij-partner", "right"), 400, "invalid_scope"),
        ({"grant_type": "password"}, ("iij-partner", "right"), 400, "unsupported_grant_type"),
    ],
)
async def test_others_get_none(
    endpoint: httpx.AsyncClient, form: dict[str, str], auth: tuple[str, str] | httpx.Auth, status: int, error: str
) -> None:
    answer = await endpoint.post("/oauth/token", data=form, auth=auth)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert "access_token" not in answer.text


def test_keys_and_demo_clients_are_made_once_and_private(tmp_path: Path) -> None:
    key = SigningKey.load_or_make(tmp_path / "signing.pem")
    assert SigningKey.load_or_make(tmp_path / "signing.pem").key_id == key.key_id

    path = tmp_path / "clients.toml"
    make_demo_clients(path, demo_clients(["iij"], ["customer-1"]))
    secrets = demo_secrets(path)
    make_demo_clients(path, demo_clients(["iij"], ["customer-1"]))
    assert demo_secrets(path) == secrets
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}

    desk, partner = load_clients(path)
    assert (desk.id, desk.customers) == ("iij-desk", None)
    assert (partner.id, partner.customers) == ("iij-partner", frozenset({"customer-1"}))
    assert matches(secrets["iij-desk"], desk.secret_hash)
    assert not matches(secrets["iij-desk"], partner.secret_hash)
    assert secrets["iij-desk"] not in path.read_text()


GOOD = 'id = "a"\nprovider = "iij"\nscopes = ["tickets:read"]\nsecret_hash = "scrypt$a$b"\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[client", "clients.toml"),
        ("[[client]]\n" + GOOD + "colour = 1", "client 1: unknown: colour"),
        ("[[client]]\n" + GOOD + "[[client]]\n" + GOOD, "same id"),
        ("[[client]]\n" + GOOD.replace('"iij"', '"IIJ"'), "provider"),
        ("[[client]]\n" + GOOD.replace("tickets:read", "tickets"), "scopes"),
        ("[[client]]\n" + GOOD + 'customers = ["*"]', "customers"),
        ("[[client]]\n" + GOOD.replace("scrypt$a$b", "plain"), "secret_hash"),
    ],
)
def test_a_wrong_clients_file_says_what_is_wrong(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "clients.toml"
    path.write_text(text)
    with pytest.raises(ClientsWrong, match=why):
        load_clients(path)


class Issuer:
    """A real key server, which can stop answering."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = []
        self.answers = True
        self.asked = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                self.send_response(200 if issuer.answers else 500)
                self.end_headers()
                self.wfile.write(orjson.dumps({"keys": issuer.keys}))

            def log_message(self, *_: object) -> None: ...

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks.json"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    running = Issuer()
    yield running
    running.stop()


def signed_by(key: SigningKey) -> str:
    maker = TokenMaker(key, issuer="urn:one", audience="kippu", seconds=600)
    return maker.mint(client_id="client-1", provider="iij")


async def test_keys_are_fetched_when_needed_and_not_for_every_unknown_one(issuer: Issuer) -> None:
    known, other = SigningKey.generate(), SigningKey.generate()
    issuer.keys = [known.public_jwk]
    verifier = TokenVerifier(JwksKeys(issuer.url, refresh_seconds=60), issuer="urn:one", audience="kippu")
    assert (await verifier.verify(signed_by(known))).client_id == "client-1"
    for _ in range(5):
        with pytest.raises(TokenRefused, match="no such key"):
            await verifier.verify(signed_by(other))
    assert issuer.asked == 1


async def test_a_new_key_is_found_and_known_ones_outlast_an_issuer_that_is_down(issuer: Issuer) -> None:
    first, second = SigningKey.generate(), SigningKey.generate()
    issuer.keys = [first.public_jwk]
    keys = JwksKeys(issuer.url, keep_seconds=0, refresh_seconds=0)
    assert await keys.key(first.key_id) is not None
    issuer.keys = [second.public_jwk]
    assert await keys.key(second.key_id) is not None
    assert await keys.key(first.key_id) is None  # withdrawn
    issuer.answers = False
    assert await keys.key(second.key_id) is not None


async def test_without_any_key_nothing_can_be_said(issuer: Issuer) -> None:
    issuer.answers = False
    with pytest.raises(TokensUnavailable):
        await JwksKeys(issuer.url).key("any")
