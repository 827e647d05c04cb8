"""What becomes of a server when the process that started it is killed: a shell waits for that, and ends the server."""

import signal
import subprocess
from pathlib import Path

# The shell reads from a pipe that only this process holds open. The end of it is the end of this process, even by -9.
_SCRIPT = """
read -r _
kill -s "$1" "$2"
while kill -0 "$2"; do sleep 0.1; done
if [ -n "$3" ]; then rm -rf "$3"; fi
"""


class Will:
    """Sends a process a signal once this process is gone, and then removes a folder, unless it is revoked before."""

    def __init__(self, process_id: int, number: signal.Signals, folder: Path | None = None) -> None:
        arguments = [number.name.removeprefix("SIG"), str(process_id), str(folder or "")]
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "kippu-will", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def revoke(self) -> None:
        """The server has ended in good order."""
        self._shell.kill()
        self._shell.communicate()
