"""The table of clauses fails for what it is there to find: a clause that nobody states, shows, or passes."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAMILIES: dict[str, list[str]] = runpy.run_path(str(Path(__file__).parent / "clause_table.py"))["FAMILIES"]
SCENARIO = """
import pytest

@pytest.mark.clause({clause!r})
def test_{number}():
    {body}
"""


def clause_table(root: Path, scenarios: dict[str, str], *, without: str | None = None) -> tuple[int, str]:
    """Runs the plugin in a repository of its own, whose plan files state all clauses `without` one; the scenarios are
    bodies of tests by clause, and all other clauses have one that passes."""
    (root / "plans").mkdir()
    for family, ids in FAMILIES.items():
        stated = "".join(f'[clauses.{clause}]\nen = "The text."\n' for clause in ids if clause != without)
        (root / "plans" / f"{family}.toml").write_text(f'family = "{family}"\nprovider = "one"\n[clauses]\n{stated}')
    bodies = dict.fromkeys((clause for ids in FAMILIES.values() for clause in ids), "pass") | scenarios
    (root / "test_scenarios.py").write_text(
        "".join(
            SCENARIO.format(clause=clause, number=number, body=body)
            for number, (clause, body) in enumerate(bodies.items())
            if body
        )
    )
    (root / "pytest.ini").write_text("[pytest]\nmarkers = clause\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.terms.clause_table", str(root)],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def line_of(told: str, clause: str) -> str:
    [line] = [line for line in told.splitlines() if re.match(rf"[✓✗] {clause} ", line)]
    return line


def test_every_clause_is_shown_on_a_line_of_its_own(tmp_path: Path) -> None:
    code, told = clause_table(tmp_path, {})
    assert code == 0, told
    assert re.fullmatch(r"✓ SVT-26 +one +1 +1 +0 +The text\.", line_of(told, "SVT-26"))
    assert "96 clauses, none of them" in told


def test_a_clause_without_a_scenario_fails_a_run_in_which_every_test_passes(tmp_path: Path) -> None:
    code, told = clause_table(tmp_path, {"QNP-07": ""})
    assert code == 1, told
    assert line_of(told, "QNP-07").endswith("no scenario shows it")
    assert "96 clauses, 1 of them" in told


def test_whatever_is_wrong_with_a_clause_is_told_on_its_line(tmp_path: Path) -> None:
    scenarios = {
        "CWC-25": "assert False",
        "CWC-26": "pytest.skip('later')",
        "CWC-27": "pytest.xfail('later')",
        "SVT-99": "pass",
    }
    code, told = clause_table(tmp_path, scenarios, without="NEC-Q3")
    assert code == 1, told
    for clause in ("CWC-25", "CWC-26", "CWC-27"):
        assert re.fullmatch(rf"✗ {clause} +one +1 +0 +1 +not every scenario passed", line_of(told, clause))
    assert line_of(told, "SVT-99").endswith("there is no such clause")
    assert line_of(told, "NEC-Q3").endswith("no plan file of nec-esp states it")
    assert line_of(told, "CWC-24").startswith("✓")
