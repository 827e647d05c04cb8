"""What the services stand on: a PostgreSQL with their databases, and a broker where the bus is Kafka.

The embedded mode starts its own in the data folder; a URL in the settings means that somebody else runs one.
"""

import fcntl
import hmac
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urlsplit

import asyncpg
from kippu_events.database import FOUNDATION, Database, MigrationChanged, Server, awaited
from kippu_events.local.kafka import KafkaCannotStart, LocalKafka
from kippu_events.local.postgres import LocalPostgres, running_at
from kippu_privacy.keyring_postgres import MIGRATIONS as KEYRING_MIGRATIONS
from kippu_privacy.keyring_postgres import master_key_from
from kippu_service.settings import Settings

from kippu.services import PARTS
from kippu.trouble import Trouble

Say = Callable[[str], None]

_NO_POSTGRES = "set KIPPU_DATABASE_URL to a server that runs, or leave it out and one is started in the data folder"


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Holds the data folder for this process. Raises Trouble if another Kippu runs on it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble(
                "Another Kippu runs on the same data folder.",
                where=str(data_dir.resolve()),
                remedy="stop it (Ctrl-C where it runs), or choose another folder with KIPPU_DATA_DIR",
            ) from None
        yield


def is_new(settings: Settings) -> bool:
    """Whether the data folder holds nothing yet: no PostgreSQL was ever made there, and none is named."""
    return settings.database_url is None and not (settings.data_dir / "postgres" / "data" / "PG_VERSION").exists()


@contextmanager
def postgres(settings: Settings, folder: Path | None = None) -> Iterator[str]:
    """An administrator's URL of a PostgreSQL: the given one, the one that runs in the data folder, or a new one.

    Blocking: to be entered before the event loop runs. Only what was started here is stopped here.
    """
    if settings.database_url is not None:
        yield _with_password(settings.database_url.get_secret_value(), settings.database_password_file)
        return
    folder = folder or settings.data_dir / "postgres"
    if running := running_at(folder):
        yield running
        return
    try:
        server = LocalPostgres(folder)
        server.start()
    except (RuntimeError, OSError) as error:
        raise Trouble(f"PostgreSQL could not start: {error}", where=str(folder), remedy=_NO_POSTGRES) from error
    try:
        yield server.admin_url
    finally:
        server.stop()


def _with_password(url: str, file: Path | None) -> str:
    """The address with the password that stands in the file. Raises Trouble."""
    if file is None:
        return url
    try:
        password = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"The database's password cannot be read: {error}", where=str(file)) from error
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0] or "postgres"
    return parts._replace(netloc=f"{name}:{quote(password, safe='')}@{host}").geturl()


@contextmanager
def kafka(settings: Settings, folder: Path | None, say: Say) -> Iterator[str]:
    """The bootstrap servers of a Kafka: the given one, or a broker of our own. Blocking."""
    if settings.kafka_bootstrap_servers is not None:
        yield settings.kafka_bootstrap_servers
        return
    try:
        broker = LocalKafka(folder, say)
        broker.start()
    except (KafkaCannotStart, OSError) as error:
        raise Trouble(
            f"Kafka could not start: {error}",
            where=str(folder) if folder else None,
            remedy="install Java 17 and Maven, or set KAFKA_BOOTSTRAP_SERVERS to a broker that runs",
        ) from error
    try:
        yield broker.bootstrap_servers
    finally:
        broker.stop()


@dataclass(frozen=True, slots=True)
class Databases:
    """Every service's database, and the keyring's."""

    services: dict[str, Database]
    keyring: Database


def master_key(settings: Settings) -> bytes:
    """The key that wraps the keyring; made on first use, unless the settings name a file. Raises Trouble."""
    path = settings.master_key_path
    try:
        return master_key_from(path, make=settings.master_key_file is None)
    except (OSError, ValueError) as error:
        raise Trouble(f"The master key cannot be read: {error}", where=str(path)) from error


def server_of(admin_url: str, settings: Settings) -> Server:
    """The server as its administrator sees it, with the roles' passwords."""
    return Server(admin_url, settings.prefix, _passwords(settings))


def _passwords(settings: Settings) -> dict[str, str]:
    """The roles' passwords on a server of one's own, made from the master key, so that none is kept anywhere.

    The local server needs none: only this user reaches its socket.
    """
    if settings.database_url is None:
        return {}
    key = master_key(settings)
    roles = [f"{settings.database_of(name)}_{kind}" for name in (*PARTS, "keyring") for kind in ("writer", "reader")]
    return {role: hmac.digest(key, f"role {role}".encode(), sha256).hex() for role in roles}


def databases(admin_url: str, settings: Settings, names: Iterable[str] = PARTS) -> Databases:
    """Where the databases are, whether they exist or not."""
    server = server_of(admin_url, settings)
    return Databases({name: server.database(name) for name in names}, server.database("keyring"))


async def prepare(admin_url: str, settings: Settings) -> Databases:
    """Creates and migrates every database that is missing or behind. Raises Trouble."""
    server = server_of(admin_url, settings)
    try:
        made = {name: await server.create(name, (FOUNDATION, part.migrations)) for name, part in PARTS.items()}
        keyring = await server.create("keyring", (KEYRING_MIGRATIONS,))
    except MigrationChanged as error:
        raise Trouble(str(error), remedy="run the build that these databases belong to, or a newer one") from error
    except (OSError, asyncpg.PostgresError) as error:
        raise Trouble(f"The databases could not be prepared: {error}", remedy=_NO_POSTGRES) from error
    return Databases(made, keyring)


async def prepared(databases: Databases) -> None:
    """Raises Trouble unless every one of them exists and has this build's migrations, as far as its writer sees."""
    wanted = [(database, [FOUNDATION, PARTS[name].migrations]) for name, database in databases.services.items()]
    for database, folders in [*wanted, (databases.keyring, [KEYRING_MIGRATIONS])]:
        try:
            missing = await awaited(database, folders)
        except MigrationChanged as error:
            raise Trouble(str(error), remedy="run the build that these databases belong to") from error
        except (OSError, asyncpg.PostgresError) as error:
            raise Trouble(f"{database.name} cannot be used: {error}", remedy="run `kippu migrate` first") from error
        if missing:
            raise Trouble(f"{database.name} lacks {', '.join(missing)}.", remedy="run `kippu migrate` first")


async def discard(admin_url: str, settings: Settings) -> None:
    """Drops every database of this prefix, with its roles: for the story, which always begins anew."""
    server = server_of(admin_url, settings)
    for name in (*PARTS, "keyring"):
        await server.drop(name)
