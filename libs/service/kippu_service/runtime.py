"""What a service is given by the composition root: its log, its ports, its read database."""

from dataclasses import dataclass

import asyncpg

from kippu_events.log import Log
from kippu_events.ports import Clock, Ids
from kippu_events.work import Worker
from kippu_privacy.blobs import Blobs
from kippu_privacy.vault import Vault
from kippu_service.settings import Settings


@dataclass(frozen=True, slots=True)
class Runtime:
    """`readers` is a pool under the service's reader role: row-level security applies to whatever it reads."""

    settings: Settings
    log: Log
    worker: Worker
    clock: Clock
    ids: Ids
    vault: Vault
    blobs: Blobs
    readers: asyncpg.Pool
