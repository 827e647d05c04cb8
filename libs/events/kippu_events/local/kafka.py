"""A real Apache Kafka broker (KRaft, one node) on this machine, without containers: jars from Maven, the local Java."""

import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from kippu_events.local.will import Will

OLDEST_JAVA = 17
DOWNLOAD_SECONDS = 900
START_SECONDS = 300
"""How long a start may take, on a machine that has other things to do."""
STOP_SECONDS = 20

POM = Path("tools") / "kafka" / "pom.xml"


class KafkaCannotStart(RuntimeError):
    """Says what is missing or went wrong, and what to do about it."""


def cache_folder() -> Path:
    """Where what was downloaded is kept: `$KAFKA_CACHE`, else `~/.cache/kippu`."""
    return Path(os.environ.get("KAFKA_CACHE") or Path.home() / ".cache" / "kippu")


def find_pom() -> Path:
    """The pom of the checkout that this package runs from, or that one stands in."""
    for folder in (*Path(__file__).resolve().parents, *Path.cwd().resolve().parents, Path.cwd()):
        if (folder / POM).is_file():
            return folder / POM
    raise KafkaCannotStart(f"{POM} was not found; start in a checkout, or set KAFKA_BOOTSTRAP_SERVERS")


def check_java() -> str:
    """The path of a Java that is new enough. Raises KafkaCannotStart."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    remedy = f"install Java {OLDEST_JAVA} or newer (Debian: openjdk-{OLDEST_JAVA}-jre-headless and maven)"
    if java is None or not Path(java).exists():
        raise KafkaCannotStart(f"Kafka needs Java, and there is none: {remedy}, or set KAFKA_BOOTSTRAP_SERVERS")
    shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60).stderr
    found = re.search(r'version "(\d+)', shown)
    if found is None or int(found[1]) < OLDEST_JAVA:
        raise KafkaCannotStart(f"{java} is too old for Kafka ({shown.splitlines()[:1]}): {remedy}")
    return java


def fetch_jars(pom: Path, say: Callable[[str], None]) -> Path:
    """The folder with the broker's jars, downloaded by Maven unless it is there. Several processes may ask at once."""
    version = _kafka_version(pom)
    folder = cache_folder() / f"kafka-{version}-{sha256(pom.read_bytes()).hexdigest()[:8]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():
            _download(pom, folder, version, say)
    return folder


def _kafka_version(pom: Path) -> str:
    found = re.search(r"<artifactId>kafka_2\.13</artifactId>\s*<version>([\d.]+)</version>", pom.read_text())
    if found is None:
        raise KafkaCannotStart(f"{pom} names no version of kafka_2.13")
    return found[1]


def _download(pom: Path, folder: Path, version: str, say: Callable[[str], None]) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaCannotStart("Kafka's jars come by Maven, and there is no mvn: install maven (Debian: maven)")
    say(f"Kafka {version}: fetching the broker's jars by Maven, once, into {folder} …")
    started = time.monotonic()
    # Moved into place when complete: a download that was cut short leaves nothing behind that looks whole.
    partial = Path(tempfile.mkdtemp(prefix=".kafka-", dir=folder.parent))
    try:
        done = subprocess.run(
            [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies",
             f"-DoutputDirectory={partial}", "-DincludeScope=runtime"],
            capture_output=True, text=True, check=False, timeout=DOWNLOAD_SECONDS,
        )  # fmt: skip
        if done.returncode != 0:
            raise KafkaCannotStart(f"Maven could not fetch Kafka's jars:\n{(done.stdout + done.stderr)[-2000:]}")
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    size = sum(jar.stat().st_size for jar in folder.iterdir()) // 1_000_000
    say(f"Kafka {version}: {size} MB in {time.monotonic() - started:.0f} s")


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class LocalKafka:
    """A broker with its data in `folder`, or in a temporary one that goes with it. Blocking.

    It listens on the loopback address only, on ports that the system picked when the folder was first used. It ends
    with the process that started it, even if that is killed.
    """

    def __init__(self, folder: Path | None = None, say: Callable[[str], None] | None = None) -> None:
        self._temporary = folder is None
        self._folder = folder.resolve() if folder else Path(tempfile.mkdtemp(prefix="kippu-kafka-"))
        self._folder.mkdir(parents=True, exist_ok=True)
        self._say = say or _to_stderr
        self._process: subprocess.Popen[bytes] | None = None
        self._will: Will | None = None
        self._port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def bootstrap_servers(self) -> str:
        if not self._port:
            raise RuntimeError("the broker was not started")
        return f"127.0.0.1:{self._port}"

    @property
    def process_id(self) -> int:
        if self._process is None:
            raise RuntimeError("the broker is not running")
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts the broker on its folder's data, and returns when it accepts connections. Raises KafkaCannotStart."""
        java = check_java()
        jars = fetch_jars(find_pom(), self._say)
        properties = self._configure()
        command = [java, "-Xmx512m", "-cp", f"{jars}/*:{self._folder}"]
        if not (self._folder / "data" / "meta.properties").exists():
            self._format(command, properties)
        with (self._folder / "broker.log").open("ab") as output:
            self._process = subprocess.Popen(
                [*command, "kafka.Kafka", str(properties)],
                stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        # It loses nothing that it acknowledged: the next start recovers its logs.
        self._will = Will(self._process.pid, signal.SIGKILL, self._folder if self._temporary else None)
        self._await_start()

    def _configure(self) -> Path:
        properties = self._folder / "server.properties"
        if not properties.exists():
            self._port, controller = _free_ports()
            properties.write_text(
                _PROPERTIES.format(port=self._port, controller=controller, data=self._folder / "data")
            )
            (self._folder / "log4j2.properties").write_text(_LOGGING)
        found = re.search(r"^advertised\.listeners=PLAINTEXT://127\.0\.0\.1:(\d+)$", properties.read_text(), re.M)
        if found is None:
            raise KafkaCannotStart(f"{properties} is not one of ours")
        self._port = int(found[1])
        return properties

    def _format(self, command: list[str], properties: Path) -> None:
        done = subprocess.run(
            [*command, "kafka.tools.StorageTool", "format", "-t", str(uuid4()), "-c", str(properties)],
            capture_output=True, text=True, check=False, timeout=START_SECONDS,
        )  # fmt: skip
        if done.returncode != 0:
            raise KafkaCannotStart(f"Kafka's storage could not be formatted:\n{(done.stdout + done.stderr)[-2000:]}")

    def _await_start(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self._process is not None and self._process.poll() is not None:
                break
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", self._port)) == 0 and b"Kafka Server started" in self._output():
                    return
            time.sleep(0.1)
        self.stop()
        raise KafkaCannotStart(f"Kafka did not start:\n{self._output()[-4000:].decode(errors='replace')}")

    def _output(self) -> bytes:
        return (self._folder / "broker.log").read_bytes()

    def stop(self) -> None:
        """Stops the broker and waits for its end; a temporary folder goes with it."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._will is not None:
            self._will.revoke()
            self._will = None
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)


def _free_ports() -> tuple[int, int]:
    """Two ports that are free now. Both are held while they are picked, so that they differ."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
"""

_LOGGING = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %c{1} %m%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
"""
