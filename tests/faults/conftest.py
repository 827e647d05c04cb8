"""One town for all faults: every service as a process, with servers that may be taken away.

The servers are the town's own, since tests stop and kill them. A test that fails takes no other with it: the servers
are started again, and the next test has another town.
"""

import os
import secrets
from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from kippu.services import PARTS
from kippu.testing.stock import stock
from kippu.testing.town import Town
from kippu.testing.traffic import Ledger
from kippu_events.local.kafka import LocalKafka
from kippu_events.local.postgres import LocalPostgres

PLANS = Path(__file__).parents[2] / "plans"
SEED = os.environ.get("FAULTS_SEED") or secrets.token_hex(4)
FAILED = pytest.StashKey[bool]()


@dataclass(slots=True)
class Servers:
    """What towns stand on."""

    folder: Path
    postgres: LocalPostgres
    kafka: LocalKafka

    def start(self) -> None:
        """Those that a test left stopped."""
        self.postgres.start()
        if not self.kafka.runs:
            self.kafka.start()


@dataclass(slots=True)
class Towns:
    """The town that stands, what it has acknowledged to anybody, and how many were begun."""

    servers: Servers
    town: Town | None = None
    ledger: Ledger = field(default_factory=Ledger)
    begun: int = 0

    async def open(self) -> Town:
        """The one that stands, or a new one."""
        if self.town is None:
            self.begun += 1
            self.town = await self._found(f"town{self.begun}")
        return self.town

    async def _found(self, name: str) -> Town:
        folder = self.servers.folder / name
        folder.mkdir()
        town = Town(folder, tuple(PARTS), self.servers.postgres, self.servers.kafka, PLANS, prefix=name)
        await town.found()
        try:
            await town.open()
            await stock(town)
        except BaseException:
            await town.close()
            raise
        return town

    async def close(self) -> None:
        town, self.town, self.ledger = self.town, None, Ledger()
        if town is not None:
            await town.close()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    # Not pytest's folder: it is closed to the user as whom root runs PostgreSQL. And a folder of its own, so that the
    # server flushes what it commits, as in production.
    with (
        TemporaryDirectory(prefix="kippu-town-") as folder,
        LocalPostgres(Path(folder) / "postgres", outlives=False) as postgres,
        LocalKafka(Path(folder) / "kafka") as kafka,
    ):
        yield Servers(Path(folder), postgres, kafka)


@pytest.fixture(scope="session")
async def towns(servers: Servers) -> AsyncIterator[Towns]:
    made = Towns(servers)
    yield made
    await made.close()


@pytest.fixture
async def town(towns: Towns, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    yield await towns.open()
    towns.servers.start()
    if request.node.stash.get(FAILED, False):
        # What was begun and not acknowledged when the test failed is in no ledger: nothing could be proved here again.
        await towns.close()


@pytest.fixture
def ledger(town: Town, towns: Towns) -> Ledger:
    """What the town acknowledged in any test."""
    return towns.ledger


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Random:
    """Which way the dice fall in this test: the same again with the same seed."""
    return Random(f"{SEED} {request.node.name}")  # noqa: S311  when to kill, not a secret


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"tests/faults: the same dice again with FAULTS_SEED={SEED}")
