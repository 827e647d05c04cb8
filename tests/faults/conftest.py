"""One town for all faults: intake, entitlement and billing as processes, with servers that may be taken away.

The servers are the town's own, since tests stop and kill them.
"""

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from kippu.testing.town import Town
from kippu.testing.traffic import Ledger, stock
from kippu_events.local.kafka import LocalKafka
from kippu_events.local.postgres import LocalPostgres

SERVICES = ("intake", "entitlement", "billing")
PLANS = Path(__file__).parents[2] / "plans"
SEED = os.environ.get("FAULTS_SEED") or secrets.token_hex(4)


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[Path, LocalPostgres, LocalKafka]]:
    # Not pytest's folder: it is closed to the user as whom root runs PostgreSQL. And a folder of its own, so that the
    # server flushes what it commits, as in production.
    with (
        TemporaryDirectory(prefix="kippu-town-") as folder,
        LocalPostgres(Path(folder) / "postgres", outlives=False) as postgres,
        LocalKafka(Path(folder) / "kafka") as kafka,
    ):
        yield Path(folder), postgres, kafka


@pytest.fixture(scope="session")
async def town(servers: tuple[Path, LocalPostgres, LocalKafka]) -> AsyncIterator[Town]:
    folder, postgres, kafka = servers
    made = Town(folder, SERVICES, postgres, kafka, PLANS)
    await made.found()
    try:
        await made.open()
        await stock(made)
        yield made
    finally:
        await made.close()


@pytest.fixture(autouse=True)
def servers_left_up(servers: tuple[Path, LocalPostgres, LocalKafka]) -> Iterator[None]:
    """A test that fails while a server is away takes no other test with it."""
    _, postgres, kafka = servers
    yield
    postgres.start()
    if not kafka.runs:
        kafka.start()


@pytest.fixture(scope="session")
def ledger() -> Ledger:
    """What the town acknowledged in any test."""
    return Ledger()


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Random:
    """Which way the dice fall in this test: the same again with the same seed."""
    return Random(f"{SEED} {request.node.name}")  # noqa: S311  when to kill, not a secret


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"tests/faults: the same dice again with FAULTS_SEED={SEED}")
