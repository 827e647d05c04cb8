"""An auditor makes the wallet and a ticket's history again from the logs alone, and compares them with the live API."""

import asyncio
import os
import re
import sys

from kippu.story.iij.cast import WALLET, on
from kippu.story.people import Unexpected
from kippu.story.stage import Stage
from kippu.story.telling import Telling

TITLE = "An auditor replays the logs"

IDENTICAL = re.compile(r"^✓ (\S+) (\S+): identical, ", re.MULTILINE)


async def play(stage: Stage, telling: Telling) -> None:
    await stage.settled()
    number = stage.tickets["mail"]
    subjects = ["--wallet", WALLET, "--ticket", number]
    live = [f"--compare={service}={stage.addresses[service]}" for service in ("entitlement", "intake")]
    telling.step(stage.now, "The auditor", f"runs: kippu audit replay --provider iij {' '.join(subjects)} --compare …")
    told = await _kippu(stage, "audit", "replay", "--provider", "iij", *subjects, *live)
    for line in told.splitlines():
        telling.outcome(line)
    same = [kind for kind, _ in IDENTICAL.findall(told)]
    telling.check("replayed from position 0, byte for byte the live figures", same, ["wallet", "ticket"])

    then = on(6, 16, "18:00").isoformat()
    telling.step(stage.now, "The auditor", "asks for both as they were known on 16 June, 18:00: --as-of")
    told = await _kippu(stage, "audit", "replay", "--provider", "iij", *subjects, "--as-of", then, "--show")
    found = re.search(r'^ "balance": (\d+),$', told, re.MULTILINE)
    if found is None:
        raise Unexpected(f"no balance in what was replayed:\n{told}")
    telling.check("balance as known on 16 June, 18:00", int(found[1]), 6)
    telling.outcome(f"then the balance was {found[1]}")


async def _kippu(stage: Stage, *arguments: str) -> str:
    """Runs the command as an auditor would, in a process of its own, on the story's data."""
    environment = {
        **os.environ,
        "KIPPU_DATA_DIR": str(stage.settings.data_dir),
        "KIPPU_PREFIX": stage.settings.prefix,
        "COLUMNS": "200",
        "NO_COLOR": "1",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kippu.main", *arguments,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, error = await process.communicate()
    if process.returncode != 0:
        raise Unexpected(f"kippu {' '.join(arguments)} failed:\n{out.decode()}{error.decode()}")
    return out.decode()
