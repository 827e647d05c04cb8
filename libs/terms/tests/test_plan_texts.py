"""A plan file's blanks are filled by a rule, its days are days of the calendars, and its bytes are plain UTF-8."""

import inspect
import sys
from pathlib import Path
from typing import Any

import kippu_terms.orders.rules as order_rules
import kippu_terms.rules as coverage_rules
import pytest
from kippu_terms.loading import check, load
from kippu_terms.plan_faults import PlanFault

SOURCE = (Path(__file__).parents[3] / "plans" / "qnp.toml").read_text()
KINDS = [*coverage_rules.KINDS.by_name().values(), *order_rules.KINDS.by_name().values()]


def fault(old: str, new: str) -> tuple[PlanFault, str]:
    """The one fault of the changed file, and its line."""
    assert old in SOURCE
    text = SOURCE.replace(old, new, 1)
    (found,) = check(text)
    return found, text.splitlines()[found.line - 1]


@pytest.mark.parametrize("blank", ["$nope", "${nope}", "$offered_", "$received_on"])
def test_a_blank_that_its_rule_does_not_fill_is_a_fault_on_its_line(blank: str) -> None:
    found, line = fault("Ask by one of these: $offered.", f"Ask by one of these: {blank}.")
    name = blank.strip("${}")
    assert found.message == f"nothing fills ${name} in this text"
    assert "$channel, $offered, $service" in found.advice
    assert found.path.startswith("coverage.rules[")
    assert blank in line


@pytest.mark.parametrize("words", ["$channel, $offered or ${service}", "5 $ or $5", "$$nope", "nothing"])
def test_blanks_that_it_fills_and_the_sign_itself_are_in_order(words: str) -> None:
    assert check(SOURCE.replace("Ask by one of these: $offered.", words, 1)) == []


def test_where_nothing_is_filled_in_no_blank_can_stand() -> None:
    line = next(line for line in SOURCE.splitlines() if line.startswith("name = "))
    found, at = fault(line, 'name = { en = "Support of $customer" }')
    assert (found.path, found.advice) == ("name.en", "say it without a blank")
    assert "$customer" in at


def test_every_unfilled_blank_is_named_beside_what_else_is_wrong() -> None:
    text = SOURCE.replace("Ask by one of these: $offered.", "$nope, $never, $nope", 1).replace('"JP"', '"QQ"', 1)
    messages = [found.message for found in check(text)]
    assert messages == [
        "the public holidays of QQ are not known",
        "nothing fills $nope in this text",
        "nothing fills $never in this text",
    ]


def test_a_version_that_was_published_with_one_is_still_obeyed() -> None:
    assert load(SOURCE.replace("Ask by one of these: $offered.", "$nope", 1)).family == "qnp"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.__module__}")
def test_what_a_kind_fills_is_among_what_it_states(kind: Any) -> None:
    source = inspect.getsource(sys.modules[kind.__module__])
    more = getattr(kind, "more_blanks", {})
    assert more.keys() <= kind.model_fields.keys()
    assert all(source.count(f'"{name}"') > 1 for name in kind.blanks.union(*more.values()))


def test_a_blank_that_only_another_remedy_of_the_rule_fills_is_a_fault_in_its_own() -> None:
    own = next(line for line in SOURCE.splitlines() if line.startswith("remedy.text.en") and "$asset_serial" in line)
    found, line = fault(own, own.replace("$asset_serial", "$replaced_by"))
    assert (found.message, found.advice) == (
        "nothing fills $replaced_by in this text",
        "use one of $asset_serial, or write $$ for the sign",
    )
    assert line.startswith("remedy.text.en")


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "2100-01-01", "9999-12-31"])
def test_a_version_takes_effect_on_a_day_whose_holidays_are_known(day: str) -> None:
    found, line = fault("effective_from = 2026-01-01", f"effective_from = {day}")
    assert (found.path, line) == ("effective_from", f"effective_from = {day}")
    assert "no public holidays are known" in found.message
    assert "from 2000 to 2099" in found.advice


@pytest.mark.parametrize("day", ["2000-01-01", "2099-12-31"])
def test_the_first_and_the_last_of_those_days_are_in_order(day: str) -> None:
    assert check(SOURCE.replace("effective_from = 2026-01-01", f"effective_from = {day}", 1)) == []


@pytest.mark.parametrize("value", ["1767225600", '"2026-01-01"', "2026-01-01T00:00:00Z", "true"])
def test_what_is_no_date_is_told_how_one_is_written(value: str) -> None:
    found, line = fault("effective_from = 2026-01-01", f"effective_from = {value}")
    assert (found.path, line) == ("effective_from", f"effective_from = {value}")
    assert found.advice == "write a date without quotes, such as 2026-11-16"


def test_a_byte_order_mark_is_named_for_what_it_is() -> None:
    (found,) = check("\ufeff" + SOURCE)
    assert found.line == 1
    assert "byte-order mark" in found.message
    assert found.advice == "save the file as UTF-8 without a BOM"
