"""What a service is given by the composition root: its log, its ports, its databases."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
from kippu_events.log import Log
from kippu_events.ports import Clock, Ids
from kippu_events.work import Worker
from kippu_privacy.address_index import AddressIndex
from kippu_privacy.blobs import Blobs
from kippu_privacy.vault import Vault

from kippu_service.settings import Settings
from kippu_service.together import Together
from kippu_service.tokens import TokenVerifier


@dataclass(frozen=True, slots=True)
class Runtime:
    """One service's means.

    `readers` is a pool under the service's reader role: row-level security applies to whatever it reads. `together`
    asks it on behalf of many requests at once. `writers` is a pool under the writer role, which sees every row: for
    marks, blobs, parked events and outbox, never for answering a client. `connect_writer` opens a dedicated connection
    under the writer role (for a consumer, a relay, a LISTEN).
    """

    settings: Settings
    log: Log
    worker: Worker
    clock: Clock
    ids: Ids
    vault: Vault
    blobs: Blobs
    addresses: AddressIndex
    tokens: TokenVerifier
    readers: asyncpg.Pool
    together: Together
    writers: asyncpg.Pool
    connect_writer: Callable[[], Awaitable["asyncpg.Connection[Any]"]]
