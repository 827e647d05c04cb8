"""Whether a command on a wallet takes as long after 100,000 debits as after 10; and memory while a log is replayed."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
from figures import Figure, middle, percentile, resident_megabytes, run, server, show
from kippu_entitlement import folds
from kippu_entitlement.app import MIGRATIONS
from kippu_entitlement.domain import streams, wallet
from kippu_entitlement.readmodels.wallets import Wallets
from kippu_events.database import FOUNDATION, Database, Server
from kippu_events.event import Event
from kippu_events.log.postgres import PostgresLog
from kippu_events.ports import SystemClock, SystemIds
from kippu_events.replay import replay
from kippu_events.work import Cause, Work, Worker
from kippu_privacy.keyring_memory import MemoryKeyring
from kippu_privacy.vault import Vault

PROVIDER = "iij"
AT_ONCE = 400
"""Debits in one append, while a wallet is being filled."""


def lot(wallet_id: str, quantity: int) -> wallet.Credit:
    now = datetime.now(UTC)
    return wallet.Credit(
        wallet_id, "customer-1", "iij-se", f"{wallet_id}-lot", "order-1", quantity, now, now + timedelta(days=300)
    )


def debit(state: wallet.Wallet, number: int) -> Sequence[Event]:
    now = datetime.now(UTC)
    wanted = wallet.Debit(f"KP-0000-0000.{number}", "KP-0000-0000", 1, now, "IIJ-07")
    return wallet.debit(state, wanted, now).events


class Till:
    """Debits wallets as entitlement does: load, decide, append."""

    def __init__(self, log: PostgresLog) -> None:
        self._worker = Worker(log, SystemClock(), SystemIds(), Vault(MemoryKeyring()))
        self._commands = 0

    async def take(self, wallet_id: str, times: int = 1) -> None:
        self._commands += 1

        async def decide(work: Work) -> None:
            stream = await work.load(folds.WALLET, PROVIDER, streams.wallet(PROVIDER, wallet_id))
            if not stream.exists:
                work.record(stream, *wallet.credit(stream.state, lot(wallet_id, 2_000_000), work.now))
            for _ in range(times):
                work.record(stream, *debit(stream.state, stream.version + len(stream.recorded)))

        await self._worker.run(Cause(f"till:{self._commands}", "bench"), decide)

    async def fill(self, wallet_id: str, debits: int) -> None:
        for first in range(0, debits, AT_ONCE):
            await self.take(wallet_id, min(AT_ONCE, debits - first))


async def latency(database: Database, debits: int, commands: int) -> list[Figure]:
    async with PostgresLog("entitlement", database.writer_url) as log:
        till = Till(log)
        await till.fill("wallet-few", 10)
        await till.fill("wallet-many", debits)
        taken: dict[str, list[float]] = {"wallet-few": [], "wallet-many": []}
        for number in range(2 * commands):
            # In turns, and neither always first.
            wallet_id = ("wallet-few", "wallet-many")[(number + number // 2) % 2]
            start = time.perf_counter()
            await till.take(wallet_id)
            taken[wallet_id].append((time.perf_counter() - start) * 1000)
    few, many = taken["wallet-few"], taken["wallet-many"]
    shown = (
        f"{middle(many) / middle(few):.2f} (p50 {middle(few):.1f} and {middle(many):.1f} ms,"
        f" p99 {percentile(few, 0.99):.1f} and {percentile(many, 0.99):.1f} ms)"
    )
    return [Figure(f"a debit from a wallet with {debits:,} debits, to one with 10", shown, "1")]


async def memory(database: Database, admin_url: str, events: int) -> list[Figure]:
    async with PostgresLog("entitlement", database.writer_url) as log:
        till = Till(log)
        missing = events - (await log.head()).position
        wallets = 50
        for number in range(wallets):
            await till.fill(f"wallet-{number}", missing // wallets)
    await Server(admin_url).create("scratch", (FOUNDATION, MIGRATIONS))
    process = await asyncio.create_subprocess_exec(sys.executable, __file__, "replay", admin_url, stdout=PIPE)
    said, _ = await process.communicate()
    at_tenth, at_end = (float(line) for line in said.splitlines())
    shown = f"{at_tenth:.0f} MB after a tenth, {at_end:.0f} MB at the end"
    return [Figure(f"memory of a process that replays {events:,} events", shown, "does not grow")]


async def replaying(admin_url: str) -> list[Figure]:
    """The process that is looked at."""
    there = Server(admin_url)
    seen: list[tuple[float, float]] = []

    def look(_: str, done: int, total: int) -> None:
        seen.append((done / total, resident_megabytes()))

    async with PostgresLog("entitlement", there.database("entitlement").writer_url) as log:
        connection = await asyncpg.connect(there.database("scratch").writer_url)
        await replay({"entitlement": log}, [Wallets()], connection, progress=look)
        await connection.close()
    print(next(megabytes for share, megabytes in seen if share >= 0.1), seen[-1][1], sep="\n")
    return []


async def measure(admin_url: str, debits: int, commands: int, events: int) -> list[Figure]:
    database = await Server(admin_url).create("entitlement", (FOUNDATION, MIGRATIONS))
    figures = await latency(database, debits, commands)
    return figures + await memory(database, admin_url, events)


if __name__ == "__main__":
    if sys.argv[1:2] == ["replay"]:
        run(replaying(sys.argv[2]))
    else:
        with server() as admin_url:
            show(run(measure(admin_url, debits=100_000, commands=300, events=500_000)))
