"""A plan file is read whole or refused with every fault, each with its line and what to do."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.loading import check, load
from kippu_terms.plan import digest
from kippu_terms.plan_faults import PlanInvalid, lines_of
from kippu_terms.pricing import price
from kippu_terms.refusal import Refused

SOURCE = (Path(__file__).parents[3] / "plans" / "iij-se.toml").read_text()


def changed(old: str, new: str) -> str:
    """The plan file with one thing changed, which has to be there."""
    assert old in SOURCE
    return SOURCE.replace(old, new, 1)


def line_of(text: str, fragment: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if fragment in line)


def test_a_plan_in_order_has_no_faults_and_keeps_its_text() -> None:
    assert check(SOURCE) == []
    plan = load(SOURCE)
    assert (plan.family, plan.effective_from, plan.languages) == ("iij-se", date(2025, 4, 1), ("th", "en"))
    assert (plan.source, plan.digest) == (SOURCE, digest(SOURCE))
    assert load(SOURCE) is plan


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ("days = 5", "days = -5", "days = -5", "greater than or equal to 0"),
        ("days = 5", "day = 5", "day = 5", "not permitted"),
        ('kind = "metered_debit"', 'kind = "metred"', 'kind = "agreement', "does not match any"),
        ('channels = ["portal"', 'channels = ["fax"', "channels", "'portal', 'mail' or 'telephone'"),
        ("effective_from = 2025-04-01", "effective_from = 2025-02-30", "effective_from", "not valid TOML"),
        ('time_zone = "Asia/Bangkok"', 'time_zone = "Asia/Bankok"', "time_zone", "no time zone"),
        ('country = "TH"', 'country = "QQ"', "country", "public holidays"),
        ("closes = 18:00:00", "closes = 09:00:00", "closes", "close before they open"),
        ("opens = 09:00:00", 'opens = "09:00"', "opens", "valid time"),
        ("days = 5", "days = 1" + "0" * 5000, "", "not valid TOML"),
        ("days = 5", "days = " + "[" * 5000, "", "not valid TOML"),
        ('currency = "THB"', 'currency = "XTS"', "currency", "minor unit"),
        ('hours = "business"', 'hours = "busy"', 'hours = "busy"', "no hours"),
        ('categories = ["preventive_maintenance"]', 'categories = ["tidying"]', "tidying", "no category"),
        ('clause = "IIJ-03"', 'clause = "IIJ-33"', "IIJ-33", "not stated"),
        ('clause = "IIJ-03"', 'clause = "IIJ-02"', "[clauses.IIJ-03]", "nothing obeys"),
        ('product = "se-10"', 'product = "se-11"', "se-11", "no product"),
        ('id = "se-5"', 'id = "se-10"', 'id = "se-10"', "twice"),
        ("illustrative = true", "", "[[commercial.products]]", "required"),
        ("unit_price = 1_800_000", "unit_price = 18000.5", "unit_price", "valid integer"),
        ("unit_price = 1_800_000", "unit_price = 99_999_999_999_999_999_999", "unit_price", "less than or equal to"),
        ("unit_price = 1_800_000", "unit_price = 18000.0", "unit_price", "valid integer"),
        ("unit_price = 1_800_000", "unit_price = true", "unit_price", "valid integer"),
        ("unit_price = 1_800_000", 'unit_price = "18000"', "unit_price", "valid integer"),
        ("tickets = 10", "tickets = 10.0", "tickets = 10.0", "valid integer"),
        ("rate_permyriad = 700", "rate_permyriad = 7e2", "rate_permyriad", "valid integer"),
        ("payment_days = 30", "payment_days = true", "payment_days", "valid integer"),
        ("days = 5", "days = 5.0", "days = 5.0", "valid integer"),
        ("illustrative = true", "illustrative = 1", "illustrative = 1", "valid boolean"),
        ("on_holidays = false", 'on_holidays = "no"', "on_holidays", "valid boolean"),
        ("effective_from = 2025-04-01", 'effective_from = "2025-04-01"', "effective_from", "valid date"),
        ("closing_days = []", "closing_days = 2026-04-12", "closing_days", "should be a list"),
        ('categories = ["preventive_maintenance"]', 'categories = "fault"', 'categories = "fault"', "should be a list"),
        ("closing_days = []", "closing_days = [2026-04-12T00:00:00]", "closing_days", "valid date"),
        ('en = "Once a request', 'ja = "Once a request', "[clauses.IIJ-02]", "no text in 'en'"),
    ],
)
def test_a_fault_names_its_line(old: str, new: str, at: str, message: str) -> None:
    text = changed(old, new)
    faults = check(text)
    expected = line_of(text, at) if at else None
    found = [fault for fault in faults if message in fault.message]
    assert found, faults
    assert all(fault.advice for fault in faults)
    if message == "twice":
        expected = [n for n, line in enumerate(text.splitlines(), start=1) if at in line][1]
    if message == "does not match any":
        expected = [n for n, line in enumerate(text.splitlines(), start=1) if line == "[[coverage.rules]]"][-1]
    assert expected is None or found[0].line == expected


@pytest.mark.parametrize(
    ("old", "new", "advice"),
    [
        ("closing_days = []", "closing_days = 2026-04-12", "in brackets"),
        ('categories = ["preventive_maintenance"]', 'categories = "fault"', "in brackets"),
        ('currency = "THB"', "currency = 764", "in quotes"),
        ("days = 5", 'days = "5"', "without quotes"),
        ("on_holidays = false", 'on_holidays = "no"', "true or false"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_what_to_write(old: str, new: str, advice: str) -> None:
    [fault] = [fault for fault in check(changed(old, new)) if fault.advice != "correct the value"]
    assert advice in fault.advice


def test_all_faults_are_told_at_once_in_the_order_of_lines() -> None:
    text = changed("days = 5", "days = -5").replace("unit_minutes = 60", "unit_minutes = 0")
    with pytest.raises(PlanInvalid) as refused:
        load(text)
    lines = [fault.line for fault in refused.value.faults]
    assert len(lines) == 2
    assert lines == sorted(lines)
    assert "coverage.rules[7].days" in str(refused.value)
    assert "commercial.metering.unit_minutes" in str(refused.value)


@pytest.mark.parametrize("section", ["metering", "visits"])
def test_a_rule_that_needs_a_section_says_so(section: str) -> None:
    table = {"metering": "[commercial.metering]", "visits": "[fulfilment.visits]"}[section]
    start = SOURCE.index(table)
    text = SOURCE[:start] + SOURCE[SOURCE.index("\n\n", start) :]
    assert any(f"needs {section}" in fault.message for fault in check(text))


def test_lines_are_found_past_long_strings_and_arrays() -> None:
    string, array = 'a = """\n[no.table]\nb = 1\n"""\n', 'c = [\n  "x]",\n  "#",\n]\n'
    text = string + array + "[d]\n\"e.f\" = '''\n'''\ng.h = 1\n[[i]]\n[[i]]\nj = 1\n"
    assert lines_of(text) == {
        ("a",): 1,
        ("c",): 5,
        ("d",): 9,
        ("d", "e.f"): 10,
        ("d", "g"): 12,
        ("d", "g", "h"): 12,
        ("i", 0): 13,
        ("i", 1): 14,
        ("i", 1, "j"): 15,
    }


@given(st.text(max_size=200))
def test_any_text_is_answered_with_faults_never_a_crash(text: str) -> None:
    assert check(text)


@given(st.integers(0, len(SOURCE) - 1), st.integers(1, 40))
def test_a_plan_with_a_hole_is_in_order_or_has_faults_on_lines_it_has(start: int, length: int) -> None:
    text = SOURCE[:start] + SOURCE[start + length :]
    lines = text.count("\n") + 1
    assert all(1 <= fault.line <= lines for fault in check(text))


def test_a_product_may_have_a_tax_rate_of_its_own() -> None:
    plan = load(changed("validity_months = 12", "validity_months = 12\ntax_rate_permyriad = 0"))
    assert price(plan, "se-10", 1).lines[0].tax_rate_permyriad == 0
    assert price(plan, "se-5", 1).lines[0].tax_rate_permyriad == 700


def test_a_price_is_the_plans() -> None:
    sold = price(load(SOURCE), "se-10", 2, language="th")
    assert (sold.currency, sold.tax_name, sold.tax_rounding, sold.payment_days) == ("THB", "VAT", "half_up", 30)
    assert [(line.product, line.quantity, line.unit_price, line.tax_rate_permyriad) for line in sold.lines] == [
        ("se-10", 2, 1_800_000, 700)
    ]
    assert sold.lines[0].description == "ตั๋ว SE Support 10 ใบ"


@pytest.mark.parametrize(("product", "quantity", "code"), [
    ("se-99", 1, "unknown_product"), ("se-10", 0, "quantity_out_of_range"), ("se-10", 101, "quantity_out_of_range"),
])  # fmt: skip
def test_what_is_not_sold_is_refused(product: str, quantity: int, code: str) -> None:
    with pytest.raises(Refused) as refused:
        price(load(SOURCE), product, quantity)
    assert [fault.code for fault in refused.value.faults] == [code]


def test_a_lot_is_valid_through_its_last_local_day() -> None:
    term = load(SOURCE).lot_term("se-5", date(2026, 8, 31))
    assert (term.valid_from, term.valid_until) == (date(2026, 8, 31), date(2027, 2, 28))
    assert term.usable_from == datetime(2026, 8, 30, 17, tzinfo=UTC)
    assert term.expires_at == datetime(2027, 2, 28, 17, tzinfo=UTC)
    assert term.expires_at - term.usable_from == timedelta(days=182)


@pytest.mark.parametrize(("missing", "quantity"), [(1, 1), (10, 1), (11, 2)])
def test_a_shortfall_is_offered_in_whole_lots(missing: int, quantity: int) -> None:
    offer = load(SOURCE).shortfall_offer(missing, date(2026, 11, 22))
    assert offer is not None
    assert (offer.product, offer.quantity, offer.valid_until) == ("se-10", quantity, date(2026, 12, 6))
