"""A server of tests does not outlive the process that started it, however that ends."""

import os
import subprocess
import sys
import time
from pathlib import Path

STARTED = """
import sys
from kippu_events.local.postgres import LocalPostgres

with LocalPostgres() as server:
    print(server.process_id, server._folder, flush=True)
    sys.stdin.read()
"""


def test_a_temporary_postgresql_ends_with_a_killed_process_and_leaves_nothing() -> None:
    # Given a process that started a server
    with subprocess.Popen([sys.executable, "-c", STARTED], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.readline().decode().split()
        server, folder = int(said[0]), Path(said[1])
        assert _runs(server)
        assert folder.exists()
        # When it is killed
        process.kill()
    # Then the server ends, and its folder goes
    until = time.monotonic() + 60
    while (_runs(server) or folder.exists()) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _runs(server)
    assert not folder.exists()


def _runs(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True
