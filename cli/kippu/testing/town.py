"""A town: services as processes of their own, as an operator starts them, on a real PostgreSQL and a real Kafka.

Whoever holds it may kill any of them, start one that will die at a named step, and restart the servers underneath.
"""

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import httpx
from kippu_events.local.kafka import LocalKafka
from kippu_events.local.postgres import LocalPostgres
from kippu_events.testing.crashing import kill_at
from kippu_service.settings import Settings
from kippu_service.token_maker import demo_clients, make_demo_clients

from kippu import ground
from kippu.compose import House, built, token_maker
from kippu.main import run
from kippu.plans import plan_files, publish_one
from kippu.rest import at_rest
from kippu.services import PARTS

PROVIDER = "iij"
UNITS_PROVIDER = "qnp"
"""Whose customers have units that are exchanged."""
CUSTOMERS = ("customer-1", "customer-2", "customer-3")
START_SECONDS = 300.0
"""How long a service may take from its start to its first answer, on a machine that has other things to do."""
SETTLE_SECONDS = 900.0
"""How long all that was acknowledged may take to be heard by everybody, there."""

EXPIRE_LEASES = "update work.outbox set try_at = clock_timestamp() where closed_at is null"


def _serve(name: str, environment: Mapping[str, str], output: Path, dies_at: str | None) -> None:
    """What a process of the town runs: `kippu serve`, with the environment and the output of its own."""
    os.environ.clear()
    os.environ.update(environment)
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(written, sys.stdout.fileno())
    os.dup2(written, sys.stderr.fileno())
    if dies_at is not None:
        step, _, times = dies_at.partition(":")
        kill_at(step, int(times or 1))
    sys.argv = ["kippu", "serve", name]
    run()


def _processes() -> ForkServerContext:
    """Forked from a server that has imported everything once, pytest too: a service then starts in no time."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__, "kippu.serve", *[f"kippu_{name}.app" for name in PARTS], "pytest"])
    return context


class ServiceProcess:
    """One `kippu serve`, which can be killed and started again."""

    def __init__(self, name: str, address: str, environment: dict[str, str], folder: Path) -> None:
        self.name = name
        self.address = address
        self._environment = environment
        self._output = folder / f"{name}-{address.rpartition(':')[2]}.log"
        self._process: ForkServerProcess | None = None
        self._said_before = 0

    @property
    def process(self) -> ForkServerProcess:
        assert self._process is not None, f"{self.name} was not started"
        return self._process

    def start(self, dies_at: str | None = None) -> None:
        """`dies_at` is a step of `kippu_events.steps` and the how-manieth time it is reached: `relay.published:3`."""
        self.hear_out()
        arguments = (self.name, self._environment, self._output, dies_at)
        self._process = _processes().Process(target=_serve, args=arguments, name=self.name, daemon=True)
        self._process.start()

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.is_alive()

    @property
    def said(self) -> str:
        """What it has written since it was started, or heard out, last."""
        return self._output.read_bytes()[self._said_before :].decode(errors="replace")

    def hear_out(self) -> None:
        """What it has written so far is no longer of interest."""
        self._said_before = self._output.stat().st_size if self._output.exists() else 0

    async def ready(self) -> None:
        """Returns once it answers; fails if it ends before."""
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient() as client:
            while True:
                assert self.runs, f"{self.name} ended:\n{self.said}"
                try:
                    if (await client.get(f"{self.address}/health/ready")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def ended(self) -> int:
        """Waits for its end; answers the exit code, negative for a signal."""
        await asyncio.to_thread(self.process.join, START_SECONDS)
        assert self.process.exitcode is not None, f"{self.name} goes on:\n{self.said}"
        return self.process.exitcode

    def signal(self, number: signal.Signals) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    async def kill(self) -> None:
        """kill -9, wherever it is."""
        self.process.kill()
        assert await self.ended() == -signal.SIGKILL

    async def stop(self) -> None:
        """Tells it to stop, which it does in good order."""
        self.process.terminate()
        assert await self.ended() == 0, self.said


class Town:
    """The servers and the services that run in a folder. `async with open_town(…)` makes one."""

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        postgres: LocalPostgres,
        kafka: LocalKafka,
        plans: Path,
        prefix: str = "town",
    ) -> None:
        """`prefix` begins the names of its databases and topics: another one for another town on the same servers."""
        self.folder = folder
        self.names = tuple(names)
        self.postgres = postgres
        self.kafka = kafka
        self._given = {
            "mode": "kafka",
            "data_dir": str(folder),
            "database_url": postgres.admin_url,
            "master_key_file": str(folder / "master.key"),
            "prefix": prefix,
            "providers": f"{PROVIDER},{UNITS_PROVIDER}",
            "plans_dir": str(plans),
            "log_level": "WARNING",
            **{f"{name}_port": str(_free_port()) for name in PARTS},
            "smtp_port": str(_free_port()),
        }
        self.settings = _settings(self._given, kafka)
        self.services = {name: self._service(name) for name in names}
        self._seconds: list[ServiceProcess] = []

    @property
    def addresses(self) -> dict[str, str]:
        return {name: service.address for name, service in self.services.items()}

    def second(self, name: str) -> ServiceProcess:
        """Another instance of a service, beside the first, not yet started."""
        made = self._service(name, {f"{name}_port": str(_free_port()), "smtp_port": str(_free_port())})
        self._seconds.append(made)
        return made

    def _service(self, name: str, other: dict[str, str] | None = None) -> ServiceProcess:
        given = self._given | (other or {})
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KIPPU_")}
        environment |= {f"KIPPU_{key.upper()}": value for key, value in given.items()}
        environment["KAFKA_BOOTSTRAP_SERVERS"] = self.kafka.bootstrap_servers
        return ServiceProcess(name, f"http://127.0.0.1:{given[f'{name}_port']}", environment, self.folder)

    def token(self, provider: str = PROVIDER) -> str:
        """For a provider's own people."""
        maker = token_maker(self.settings)
        assert maker is not None
        return maker.mint(client_id="desk-1", provider=provider)

    @asynccontextmanager
    async def house(self) -> AsyncIterator[House]:
        """The services as they are in the databases, to look at; nothing runs in it."""
        databases = ground.databases(self.postgres.admin_url, self.settings)
        async with built(self.settings, databases, self.names) as house:
            yield house

    async def found(self) -> None:
        """Makes the databases, the keys and the clients, and publishes the terms."""
        self.settings.master_key_path.write_text(secrets.token_hex(32))
        databases = await ground.prepare(self.postgres.admin_url, self.settings)
        make_demo_clients(self.settings.clients_path, demo_clients(self.settings.providers, CUSTOMERS))
        async with built(self.settings, databases, ["entitlement"]) as house:
            for file in plan_files(self.settings):
                await publish_one(house, file)

    async def open(self) -> None:
        """Starts every service that does not run."""
        for service in self.services.values():
            service.start()
        await asyncio.gather(*(service.ready() for service in self.services.values()))

    async def close(self) -> None:
        for service in (*self.services.values(), *self._seconds):
            if service.runs:
                await service.kill()

    async def settled(self, house: House) -> None:
        """Returns when all that is in the logs has been heard by everybody, and every mail is out."""
        for runtime in house.runtimes.values():
            # A sender that was killed holds its rows for three minutes; here they have passed.
            await runtime.writers.execute(EXPIRE_LEASES)
        await at_rest(house, lambda: datetime.now(UTC), SETTLE_SECONDS)


def _settings(given: dict[str, str], kafka: LocalKafka) -> Settings:
    return Settings.model_validate({**given, "kafka_bootstrap_servers": kafka.bootstrap_servers})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
