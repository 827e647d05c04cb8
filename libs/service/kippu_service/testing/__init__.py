"""For tests of services: a runtime on a real database, tokens for whoever is to call, and a client that calls."""

import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from kippu_events.database import Database
from kippu_events.log import Log
from kippu_events.ports import Clock, Ids, SystemClock, SystemIds
from kippu_events.work import Worker
from kippu_privacy.address_index import AddressIndex
from kippu_privacy.blobs import Blobs
from kippu_privacy.blobs_postgres import PostgresBlobStore
from kippu_privacy.keyring import Keyring
from kippu_privacy.keyring_memory import MemoryKeyring
from kippu_privacy.vault import Vault

from kippu_service.pools import connect, open_readers, open_writers
from kippu_service.runtime import Runtime
from kippu_service.settings import Settings
from kippu_service.together import Together
from kippu_service.token_maker import ALL_SCOPES, SigningKey, TokenMaker
from kippu_service.tokens import TokenVerifier

TOKENS = TokenMaker(SigningKey.generate(), issuer="urn:kippu:tests", audience="kippu", seconds=3600)
"""Makes the tokens that a test's runtime accepts."""


def verifier(seconds: Callable[[], float] = time.time) -> TokenVerifier:
    return TokenVerifier(TOKENS.key.public_keys(), issuer="urn:kippu:tests", audience="kippu", seconds=seconds)


@asynccontextmanager
async def runtime_on(
    database: Database,
    log: Log,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    keyring: Keyring | None = None,
    data_dir: Path = Path(".kippu"),
    settings: Mapping[str, Any] | None = None,
    reader_connections: int = 4,
) -> AsyncIterator[Runtime]:
    """A runtime on a real database, with this log. Without a keyring, keys are in memory."""
    clock, ids = clock or SystemClock(), ids or SystemIds()
    vault = Vault(keyring or MemoryKeyring())
    readers = await open_readers(database.reader_url, size=reader_connections)
    writers = await open_writers(database.writer_url)
    try:
        yield Runtime(
            settings=Settings(**{"data_dir": data_dir, **(settings or {})}),
            log=log,
            worker=Worker(log, clock, ids, vault),
            clock=clock,
            ids=ids,
            vault=vault,
            blobs=Blobs(PostgresBlobStore(writers), vault),
            addresses=AddressIndex(vault),
            tokens=verifier(),
            readers=readers,
            together=Together(readers),
            writers=writers,
            connect_writer=lambda: connect(database.writer_url),
        )
    finally:
        await readers.close()
        await writers.close()


_keys = count(1)


class Caller(httpx.AsyncClient):
    """A client of an application, with a token: the provider's own people, or a partner if it has customers.

    Every POST, PUT and PATCH gets a fresh Idempotency-Key unless it brings one.
    """

    def __init__(
        self,
        app: FastAPI,
        provider: str = "iij",
        *,
        customers: Iterable[str] | None = None,
        scopes: Iterable[str] = ALL_SCOPES,
        client_id: str = "client-1",
    ) -> None:
        token = TOKENS.mint(client_id=client_id, provider=provider, customers=customers, scopes=scopes)
        super().__init__(
            transport=httpx.ASGITransport(app),
            base_url="http://kippu.example",
            headers={"authorization": f"Bearer {token}"},
            event_hooks={"request": [_with_key]},
        )


async def _with_key(request: httpx.Request) -> None:
    if request.method in ("POST", "PUT", "PATCH"):
        request.headers.setdefault("idempotency-key", f"key-{next(_keys)}")
