"""One town for all faults: intake, entitlement and billing as processes, with servers that may be taken away.

The servers are the town's own, since tests stop and kill them.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from kippu.testing.town import Town
from kippu.testing.traffic import stock
from kippu_events.local.kafka import LocalKafka
from kippu_events.local.postgres import LocalPostgres

SERVICES = ("intake", "entitlement", "billing")
PLANS = Path(__file__).parents[2] / "plans"


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[Path, LocalPostgres, LocalKafka]]:
    # Not pytest's folder: it is closed to the user as whom root runs PostgreSQL. And a folder of its own, so that the
    # server flushes what it commits, as in production.
    with (
        TemporaryDirectory(prefix="kippu-town-") as folder,
        LocalPostgres(Path(folder) / "postgres") as postgres,
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


@pytest.fixture(scope="session")
def all_tickets() -> dict[str, list[int]]:
    """Every request that the town acknowledged in any test, with its minutes."""
    return {}
