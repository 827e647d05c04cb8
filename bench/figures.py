"""What every bench shares: a real server that flushes, and a table of what was measured."""

from __future__ import annotations

import os
import statistics
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlsplit

import uvloop
from kippu_events.local.postgres import LocalPostgres


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table at the end. `aim` is what issue or design ask for, in the same words."""

    what: str
    measured: str
    aim: str = ""


@contextmanager
def server() -> Iterator[str]:
    """An administrator's URL of a PostgreSQL in a folder of its own: a temporary server would not flush."""
    with TemporaryDirectory(prefix="kippu-bench-") as folder, LocalPostgres(Path(folder) / "postgres") as postgres:
        yield postgres.admin_url


def run(measured: Coroutine[Any, Any, Sequence[Figure]]) -> list[Figure]:
    """On the event loop that services run on."""
    return list(uvloop.run(measured))


def middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def spread(values: Sequence[float]) -> str:
    """The median of the rounds, with the lowest and the highest: how far they lie apart says how far to trust it."""
    return f"{middle(values):.2f} ({min(values):.2f} to {max(values):.2f} of {len(values)})"


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def peer_settings(url: str, database: str) -> dict[str, str]:
    """A local server's address in the words of pyeventsourcing."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "POSTGRES_DBNAME": database,
        "POSTGRES_HOST": query["host"][0],
        "POSTGRES_PORT": query["port"][0],
        "POSTGRES_USER": parts.username or "postgres",
        "POSTGRES_PASSWORD": "",
    }


def load() -> str:
    """The machine's own load, which belongs beside every figure."""
    return " ".join(f"{average:.1f}" for average in os.getloadavg())


def resident_megabytes(process_id: int | str = "self") -> float:
    status = Path(f"/proc/{process_id}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(kilobytes) / 1024


def show(figures: Sequence[Figure]) -> None:
    widths = [max(len(getattr(figure, name)) for figure in figures) for name in ("what", "measured")]
    print(f"\nload averages at the end: {load()}; {os.cpu_count()} cores\n")
    for figure in figures:
        print(f"{figure.what:<{widths[0]}}  {figure.measured:<{widths[1]}}  {figure.aim and 'aim: ' + figure.aim}")
