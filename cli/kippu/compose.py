"""The composition root: from settings and databases to services that answer, listen and react.

Start order: logs, runtimes, what consumes and publishes, then the APIs. Stop order: the APIs finish what they are
answering, then everything else ends, then connections close. A part that ends by itself stops the process.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from kippu_events.bus import Bus
from kippu_events.bus.embedded import EmbeddedBus
from kippu_events.bus.kafka import KafkaBus, KafkaPublisher, KafkaSettings
from kippu_events.bus.shared import SharedBus
from kippu_events.consumer import Projector, Reactor
from kippu_events.consumer.marks import MarkMover
from kippu_events.consumer.projector import ProjectorRunner
from kippu_events.consumer.reactor import ReactorRunner
from kippu_events.database import Database
from kippu_events.deadline_runner import DeadlineRunner
from kippu_events.log import Log
from kippu_events.log.postgres import PostgresLog
from kippu_events.outbox import Outbox
from kippu_events.passing import KINDS
from kippu_events.ports import Clock, Ids, SystemClock, SystemIds
from kippu_events.relay import Relay
from kippu_events.work import Worker
from kippu_privacy.address_index import AddressIndex
from kippu_privacy.blobs import Blobs
from kippu_privacy.blobs_postgres import PostgresBlobStore
from kippu_privacy.keyring_postgres import PostgresKeyring
from kippu_privacy.vault import Vault
from kippu_service.application import create_app
from kippu_service.pools import connect, open_readers, open_writers
from kippu_service.runtime import Runtime
from kippu_service.server import Servers
from kippu_service.service import Service
from kippu_service.settings import Settings, SettingsWrong
from kippu_service.together import Together
from kippu_service.token_maker import SigningKey, TokenMaker, load_clients
from kippu_service.token_router import token_router
from kippu_service.tokens import JwksKeys, TokenVerifier

from kippu.ground import Databases, master_key
from kippu.services import PARTS
from kippu.shared_clock import SharedClock
from kippu.supervision import Runner, supervised
from kippu.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Ports:
    """What the pure parts take from outside. The story puts a virtual clock here."""

    clock: Clock = field(default_factory=SystemClock)
    ids: Ids = field(default_factory=SystemIds)

    @classmethod
    def of(cls, settings: Settings) -> "Ports":
        """The system's, unless the settings name the clock that a demo's processes share."""
        return cls(clock=SharedClock(settings.clock_file)) if settings.clock_file else cls()


@dataclass(frozen=True, slots=True)
class House:
    """Services, built but not yet running."""

    settings: Settings
    logs: Mapping[str, Log]
    """Every service's, also of those that are not built here: the embedded bus reads them."""
    runtimes: Mapping[str, Runtime]
    services: Mapping[str, Service]
    databases: Databases
    token_maker: TokenMaker | None


@asynccontextmanager
async def built(
    settings: Settings, databases: Databases, names: Iterable[str] = PARTS, ports: Ports | None = None
) -> AsyncIterator[House]:
    """The named services on their databases. Nothing runs yet: for commands that look, rebuild or redrive."""
    ports = ports or Ports.of(settings)
    maker = token_maker(settings)
    tokens = TokenVerifier(
        maker.key.public_keys() if maker else JwksKeys(settings.jwks_url or ""),
        issuer=settings.issuer,
        audience=settings.audience,
    )
    async with AsyncExitStack() as stack:
        try:
            keyring_pool = await stack.enter_async_context(await open_writers(databases.keyring.writer_url))
            vault = Vault(PostgresKeyring(keyring_pool, master_key(settings)))
            logs: dict[str, Log] = {
                name: await stack.enter_async_context(PostgresLog(name, database.writer_url))
                for name, database in databases.services.items()
            }
            runtimes = {
                name: await _runtime(stack, settings, logs[name], databases.services[name], ports, vault, tokens)
                for name in names
            }
        except PermissionError as error:
            # It answers, and went too far (see `refuse_superuser`), or its socket is not for us: waiting is no help.
            raise Trouble(str(error), where="PostgreSQL") from error
        except KINDS as error:
            why = str(error) or type(error).__name__
            raise Trouble(f"PostgreSQL does not answer: {why}", remedy="see that it runs, and try again") from error
        try:
            services = {name: PARTS[name].build(runtime) for name, runtime in runtimes.items()}
        except SettingsWrong as error:
            raise Trouble(str(error), where="the settings") from error
        if maker:
            router = token_router(maker)
            services = {name: replace(built, routers=(*built.routers, router)) for name, built in services.items()}
        yield House(settings, logs, runtimes, services, databases, maker)


def token_maker(settings: Settings) -> TokenMaker | None:
    """Kippu's own token maker, unless the settings name another issuer's keys. Raises ClientsWrong, Trouble."""
    if settings.jwks_url is not None:
        return None
    return TokenMaker(
        _signing_key(settings),
        issuer=settings.issuer,
        audience=settings.audience,
        seconds=settings.token_seconds,
        clients=load_clients(settings.clients_path) if settings.clients_path.exists() else (),
    )


def _signing_key(settings: Settings) -> SigningKey:
    path = settings.signing_key_path
    try:
        return SigningKey.load_or_make(path, make=settings.signing_key_file is None)
    except (OSError, ValueError) as error:
        raise Trouble(f"The key that signs tokens cannot be read: {error}", where=str(path)) from error


async def _runtime(
    stack: AsyncExitStack,
    settings: Settings,
    log: Log,
    database: Database,
    ports: Ports,
    vault: Vault,
    tokens: TokenVerifier,
) -> Runtime:
    readers = await stack.enter_async_context(await open_readers(database.reader_url))
    writers = await stack.enter_async_context(await open_writers(database.writer_url))
    return Runtime(
        settings=settings,
        log=log,
        worker=Worker(log, ports.clock, ports.ids, vault),
        clock=ports.clock,
        ids=ports.ids,
        vault=vault,
        blobs=Blobs(PostgresBlobStore(writers), vault),
        addresses=AddressIndex(vault),
        tokens=tokens,
        readers=readers,
        together=Together(readers),
        writers=writers,
        connect_writer=lambda: connect(database.writer_url),
    )


@asynccontextmanager
async def running(house: House, bus: "BusChoice") -> AsyncIterator[Mapping[str, str]]:
    """Runs the house; gives each service's address. Raises RunnerEnded (and cancels the block) if a part ends."""
    apps = {
        name: (
            create_app(service, house.runtimes[name]),
            house.settings.port_of(name),
        )
        for name, service in house.services.items()
    }
    async with supervised(runners(house, bus)), AsyncExitStack() as stack:
        try:
            servers = await stack.enter_async_context(Servers(apps, house.settings.host))
        except OSError as error:
            remedy = "stop what listens there, or choose other ports with KIPPU_…_PORT (0: any that is free)"
            raise Trouble(str(error), where=house.settings.host, remedy=remedy) from error
        yield servers.addresses


@dataclass(frozen=True, slots=True)
class BusChoice:
    """Which bus, and for Kafka where it is and what its topics' names start with."""

    kind: Literal["embedded", "kafka"] = "embedded"
    bootstrap_servers: str = ""
    prefix: str = "kippu"
    replication: int = 1

    @property
    def kafka(self) -> KafkaSettings:
        return KafkaSettings(self.bootstrap_servers, self.prefix, replication_factor=self.replication)


def runners(house: House, bus: BusChoice) -> dict[str, Runner]:
    """Everything that runs beside the APIs, by a name that an operator understands."""
    adapter: Bus = KafkaBus(bus.kafka) if bus.kind == "kafka" else EmbeddedBus(house.logs)
    made: dict[str, Runner] = {}
    for name, service in house.services.items():
        runtime = house.runtimes[name]
        if bus.kind == "kafka":
            publisher = KafkaPublisher(bus.kafka, name)
            made[f"relay of {name}"] = Relay(runtime.log, publisher, runtime.connect_writer).run
        made |= _consumers(service, runtime, adapter)
        made |= _workers(service, runtime)
    return made


def _consumers(service: Service, runtime: Runtime, bus: Bus) -> dict[str, Runner]:
    """All consumers of a service. They subscribe together, and pass over what is of no interest together."""
    consumers: list[Projector | Reactor] = [*service.projectors, *service.reactors]
    shared = SharedBus(bus, service.name, {log for each in consumers for log in each.logs}, len(consumers))
    mover = MarkMover(runtime.writers)
    projectors: dict[str, Runner] = {
        f"projector {projector.name} of {service.name}": ProjectorRunner(
            service.name, projector, shared, runtime.connect_writer, mover=mover
        ).run
        for projector in service.projectors
    }
    reactors: dict[str, Runner] = {
        f"reactor {reactor.name} of {service.name}": ReactorRunner(
            service.name, reactor, runtime.worker, shared, runtime.connect_writer, mover=mover
        ).run
        for reactor in service.reactors
    }
    return projectors | reactors


def _workers(service: Service, runtime: Runtime) -> dict[str, Runner]:
    made: dict[str, Runner] = {f"task {number} of {service.name}": task for number, task in enumerate(service.tasks, 1)}
    if service.deadlines is not None:
        deadlines = DeadlineRunner(service.name, service.deadlines, runtime.worker, runtime.connect_writer)
        made[f"deadlines of {service.name}"] = deadlines.run
    if service.outbox is not None:
        outbox = Outbox(service.name, service.outbox, runtime.worker, runtime.connect_writer)
        made[f"outbox of {service.name}"] = outbox.run
    return made
