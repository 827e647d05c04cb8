"""A pytest plugin: which scenarios show which clause, and whether they pass. `make terms` prints it.

    python -m pytest -p tests.terms.clause_table -m clause tests/terms

A line for every clause: of the families that have to be whole, and of every plan file there is. The run fails if a
clause is stated in no plan file, is shown by no scenario or not by passing ones alone, or if a scenario names a clause
that there is not.
"""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

FAMILIES = {
    "iij-se": [f"IIJ-{number:02}" for number in range(1, 11)],
    "svt": [f"SVT-{number:02}" for number in range(1, 27)],
    "qnp": [f"QNP-{number:02}" for number in range(1, 17)],
    "nec-esp": [f"NEC-Q{number}" for number in range(1, 18)],
    "cwc": [f"CWC-{number:02}" for number in range(1, 28)],
}
"""The clauses that each family's terms consist of, whether its plan file states them or not."""

PLAN_FOLDERS = ("plans", "tests/terms")
"""Where plan files are, from the root."""

_outcomes: dict[str, dict[str, str]] = defaultdict(dict)
"""Clause id → scenario's node id → its outcome."""
_clauses_of: dict[str, tuple[str, ...]] = {}
"""Node id → clause ids."""


@dataclass(frozen=True)
class Line:
    """What is known of one clause. `provider` and `text` are None where no plan file states it."""

    clause: str
    family: str | None
    provider: str | None
    text: str | None
    outcomes: Counter[str]

    @property
    def scenarios(self) -> int:
        return self.outcomes.total()

    @property
    def fault(self) -> str | None:
        if self.family is None:
            return "there is no such clause"
        if self.text is None:
            return f"no plan file of {self.family} states it"
        if not self.scenarios:
            return "no scenario shows it"
        return None if self.outcomes["passed"] == self.scenarios else "not every scenario passed"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        _clauses_of[item.nodeid] = tuple(clause for mark in item.iter_markers("clause") for clause in mark.args)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        for clause in _clauses_of.get(report.nodeid, ()):
            _outcomes[clause][report.nodeid] = report.outcome


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = list(_table(config.rootpath))
    terminalreporter.section("clauses")
    terminalreporter.line(f"  {'clause':<9}{'provider':<11}{'scenarios':>9}{'passed':>8}{'failed':>8}")
    for line in lines:
        passed, good = line.outcomes["passed"], line.fault is None
        counts = f"{line.scenarios:>9}{passed:>8}{line.scenarios - passed:>8}"
        terminalreporter.write(f"{'✓' if good else '✗'} {line.clause:<9}", green=good, red=not good)
        terminalreporter.line(f"{line.provider or '-':<11}{counts}   {line.fault or _short(line.text)}")
    wrong = sum(line.fault is not None for line in lines)
    terminalreporter.line(f"{len(lines)} clauses, {wrong or 'none'} of them without scenarios that all pass")


def pytest_sessionfinish(session: pytest.Session) -> None:
    wrong = any(line.fault for line in _table(session.config.rootpath))
    if wrong and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _short(text: str | None) -> str:
    return text if text is None or len(text) <= 72 else f"{text[:71]}…"


def _table(root: Path) -> Iterator[Line]:
    """The families' clauses in their order, those that only a plan file states, and those that nothing does."""
    stated = {clause: (family, provider, text) for family, provider, clause, text in _stated(root)}
    required = {clause: family for family, clauses in FAMILIES.items() for clause in clauses}
    for clause in dict.fromkeys([*required, *stated, *sorted(_outcomes)]):
        family, provider, text = stated.get(clause, (required.get(clause), None, None))
        yield Line(clause, family, provider, text, Counter(_outcomes.get(clause, {}).values()))


def _stated(root: Path) -> Iterator[tuple[str, str, str, str]]:
    """Family, provider, id and English text of every clause in the plan files."""
    for file in (file for folder in PLAN_FOLDERS for file in sorted((root / folder).glob("*.toml"))):
        plan = tomllib.loads(file.read_text("utf-8"))
        for clause, text in plan["clauses"].items():
            yield plan["family"], plan["provider"], clause, text["en"]
