"""A pytest plugin: which scenarios show which clause, and whether they pass.

    python -m pytest -p tests.terms.clause_table -m clause

prints a line per clause of every plan in `plans/`. A clause that no scenario shows fails the run.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

_shown: dict[str, list[str]] = defaultdict(list)
"""Clause id → outcomes of the scenarios that show it."""
_clauses_of: dict[str, tuple[str, ...]] = {}
"""Node id → clause ids."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        _clauses_of[item.nodeid] = tuple(clause for mark in item.iter_markers("clause") for clause in mark.args)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        for clause in _clauses_of.get(report.nodeid, ()):
            _shown[clause].append(report.outcome)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.section("clauses")
    for family, clause, text in _stated(config.rootpath):
        outcomes = _shown.get(clause, [])
        passed, good = outcomes.count("passed"), bool(outcomes) and set(outcomes) == {"passed"}
        count = f"{passed}/{len(outcomes)} scenarios" if outcomes else "no scenario"
        terminalreporter.write(f"{'✓' if good else '✗'} {clause:<8}", green=good, red=not good)
        terminalreporter.line(f" {count:<16} {family}: {text[:80]}{'…' if len(text) > 80 else ''}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    stated = {clause for _, clause, _ in _stated(session.config.rootpath)}
    if stated - set(_shown) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _stated(root: Path) -> Iterator[tuple[str, str, str]]:
    """Family, clause id and English text of every clause in the plan files."""
    for file in sorted((root / "plans").glob("*.toml")):
        plan = tomllib.loads(file.read_text())
        for clause, text in plan["clauses"].items():
            yield plan["family"], clause, text["en"]
