"""The stories, played by the command itself on a real PostgreSQL: on the embedded bus and on a real Kafka, alike."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MINUTES = 60.0
KIPPU = (sys.executable, "-m", "kippu.main")
ROOT = Path(__file__).parents[2]


def played(bus: str, folder: Path, bootstrap_servers: str | None = None) -> tuple[dict[str, str], str]:
    """The story's figures, and what it printed."""
    figures = folder / "figures.json"
    environment = {**os.environ, "KIPPU_DATA_DIR": str(folder / "data"), "NO_COLOR": "1", "COLUMNS": "160"}
    if bootstrap_servers is not None:
        environment["KAFKA_BOOTSTRAP_SERVERS"] = bootstrap_servers
    done = subprocess.run(
        [*KIPPU, "up", "--bus", bus, "--story", "--exit", "--figures", str(figures)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=12 * MINUTES, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return json.loads(figures.read_text("utf-8")), done.stdout


@contextmanager
def folder() -> Iterator[Path]:
    """Not pytest's: where root runs the tests, PostgreSQL is another user, whom pytest locks out of its folders."""
    with tempfile.TemporaryDirectory(prefix="kippu-e2e-") as made:
        yield Path(made)


@pytest.fixture(scope="module")
def embedded() -> Iterator[tuple[dict[str, str], str]]:
    with folder() as made:
        yield played("embedded", made)


def test_the_story_of_prepaid_tickets_ends_with_the_figures_of_the_terms(embedded: tuple[dict[str, str], str]) -> None:
    figures, _ = embedded
    assert figures["35 + 50 minutes are debited as"] == "2"
    assert figures["the debit that crosses lots"] == "1 of lot B + 1 of lot A"
    assert figures["invoice of lot A"] == "10,432.50 THB"
    assert figures["by capacity"] == "postpone, free from Mon 22 Jun 09:00"
    assert figures["the lowest balance there ever was"] == "0"
    assert figures["replayed from position 0, byte for byte the live figures"] == "ticket, wallet"


def test_the_story_of_units_that_ship_ends_with_the_figures_of_the_terms(embedded: tuple[dict[str, str], str]) -> None:
    figures, _ = embedded
    assert figures["the request sent twice: tickets"] == "1"
    assert figures["to be shipped by"] == "2026-05-07"
    assert figures["the charge, its tax and its invoice"] == "50,000 JPY + 5,000 JPY = 55,000 JPY"
    assert figures["24-hour plan: arrival by"] == "Wed 06 May 03:00"
    assert (figures["isolated at 13:00:00: on site"], figures["isolated at 13:00:01: on site"]) == (
        "by 2026-05-12", "from 2026-05-13"
    )  # fmt: skip
    assert figures["balance after the sixth question"] == "0"


def test_the_story_of_service_tickets_ends_with_the_figures_of_the_terms(embedded: tuple[dict[str, str], str]) -> None:
    figures, _ = embedded
    assert figures["a switch bought on 31 March: refused by"] == "SVT-02"
    assert figures["the mailed spreadsheet: registered now"] == "2"
    assert figures["shipments while the firmware is asked for"] == "0"
    assert (figures["1.99 m: decision 2"], figures["2.00 m: decision 1"]) == ("covered by SVT-13", "refused by SVT-24")
    assert figures["the visit in Osaka: who can go"].startswith("Engineer Three; not Engineer One (area)")
    assert figures["to Nagoya: it ships to the"] == "named place by SVT-20"
    assert figures["the renewed term"] == "2027-07-01 to 2028-06-30"


def test_the_story_of_support_packs_ends_with_the_figures_of_the_terms(embedded: tuple[dict[str, str], str]) -> None:
    figures, _ = embedded
    assert figures["a pack bought ten months late"] == "2026-01-10 to 2029-01-09"
    assert figures["17:30:00 on Friday counts from"] == "Mon 23 Nov 08:30"
    assert figures["on the holiday: the area on record"] == "tokyo"
    assert figures["reported on Saturday at 22:00: counts from"] == "Sat 21 Nov 22:00"
    assert figures["one family after the other: refused by"] == "NEC-Q1, NEC-Q11, NEC-Q17"
    assert (figures["at midnight the pack is"], figures["mails about its end"]) == ("ended", "0")


def test_the_story_of_licences_ends_with_the_figures_of_the_terms(embedded: tuple[dict[str, str], str]) -> None:
    figures, _ = embedded
    left = [figures[f"incidents after a call of {minutes} minutes"] for minutes in (30, 31, 61)]
    assert left == ["8", "6", "3"]
    assert (figures["unpaid on its last day"], figures["unpaid at midnight"]) == ("requested", "void")
    assert figures["the mailed invoice names the day"] == "yes"
    assert figures["the member ID at midnight"] == "void by CWC-04"
    assert figures["a licence, added after 6 months"] == "200,000 JPY + 0 JPY + 40,000 JPY"
    assert figures["rejoining after 18 months"] == "rejoining by CWC-05: 120,000 JPY, until 2029-06-04"


IIJ = [f"IIJ-{number:02d}" for number in range(1, 11)]
QNP = [f"QNP-{number:02d}" for number in (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16)]

SVT = [f"SVT-{number:02d}" for number in range(1, 27)]
NEC = [f"NEC-Q{number}" for number in range(1, 18)]
CWC = [f"CWC-{number:02d}" for number in range(1, 28)]


@pytest.mark.parametrize("clause", IIJ + QNP + SVT + NEC + CWC)
def test_the_stories_tell_each_clause(embedded: tuple[dict[str, str], str], clause: str) -> None:
    assert clause in embedded[1]


def test_kafka_comes_to_the_same_figures(embedded: tuple[dict[str, str], str], kafka_servers: str) -> None:
    with folder() as made:
        on_kafka, _ = played("kafka", made, kafka_servers)
    assert on_kafka == embedded[0]


def test_it_stays_up_until_it_is_told_to_stop_and_leaves_nothing_running() -> None:
    with folder() as made:
        _stays_up_until_told(made)


def _stays_up_until_told(tmp_path: Path) -> None:
    output = tmp_path / "output.txt"
    environment = {**os.environ, "KIPPU_DATA_DIR": str(tmp_path / "data"), "NO_COLOR": "1", "COLUMNS": "160"}
    with output.open("wb") as file:
        process = subprocess.Popen([*KIPPU, "up"], cwd=ROOT, env=environment | _free_ports(), stdout=file, stderr=file)
    try:
        until = time.monotonic() + 4 * MINUTES
        while "Ctrl-C" not in output.read_text() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        assert process.poll() is None, output.read_text()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=4 * MINUTES) == 0, output.read_text()
    finally:
        if process.poll() is None:
            process.kill()
    assert "Stopping" in output.read_text()
    assert not list((tmp_path / "data" / "postgres" / "data").glob("postmaster.pid")), "PostgreSQL was left running"


def _free_ports() -> dict[str, str]:
    names = ("INTAKE", "ENTITLEMENT", "DISPATCH", "BILLING", "CONSOLE", "SMTP")
    return {f"KIPPU_{name}_PORT": "0" for name in names}
