"""What a plan file states in vain is found, with its line; what only looks like it is left alone."""

from pathlib import Path

import pytest
from kippu_terms.loading import check, check_together, load
from kippu_terms.plan_faults import PlanFault

PLANS = Path(__file__).parents[3] / "plans"
FILES = sorted(PLANS.glob("*.toml"))
IIJ_SE = (PLANS / "iij-se.toml").read_text("utf-8")
NEC_ESP = (PLANS / "nec-esp.toml").read_text("utf-8")
QNP = (PLANS / "qnp.toml").read_text("utf-8")

LATE_APPROVAL = '[[coverage.rules]]\nkind = "needs_approval"\nclause = "IIJ-06"\ncategories = ["question"]\n'
NOTHING_FOR_QUESTIONS = '[[coverage.rules]]\nkind = "needs_approval"\nclause = "QNP-12"\ncategories = ["question"]\n'


def before(text: str, place: str, added: str) -> str:
    assert place in text
    return text.replace(place, f"{added}\n{place}", 1)


def after_coverage(text: str, added: str) -> str:
    return before(text, "# --- Fulfilment", added)


def line_of(text: str, fragment: str, occurrence: int = 0) -> int:
    """The line of the header of the table in which that fragment stands."""
    lines = text.splitlines()
    at = [number for number, line in enumerate(lines) if fragment in line][occurrence]
    return next(number for number in range(at, -1, -1) if lines[number].startswith("[")) + 1


def only(faults: list[PlanFault]) -> PlanFault:
    [fault] = faults
    return fault


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_is_in_vain_in_the_plans_that_there_are(file: Path) -> None:
    assert check(file.read_text("utf-8")) == []


# --- Rules


def test_a_rule_that_objects_after_all_work_is_debited_never_decides() -> None:
    text = after_coverage(IIJ_SE, LATE_APPROVAL)
    fault = only(check(text))
    assert "never decides: coverage.rules[9] (metered_debit)" in fault.message
    assert fault.line == line_of(text, 'kind = "needs_approval"', 1)
    assert "put it before" in fault.advice


def test_a_rule_that_only_notes_something_has_its_say_after_that_too() -> None:
    report = '[[coverage.rules]]\nkind = "written_report"\nclause = "IIJ-07"\n'
    assert check(after_coverage(IIJ_SE, report)) == []


def test_a_rule_that_speaks_where_the_debit_does_not_is_reached() -> None:
    debit = 'kind = "metered_debit"\nclause = "IIJ-07"'
    some = IIJ_SE.replace(debit, f'{debit}\ncategories = ["fault"]')
    assert check(after_coverage(some, LATE_APPROVAL)) == []
    assert "never decides" in only(check(after_coverage(some, LATE_APPROVAL.replace("question", "fault")))).message


def test_what_is_free_under_contract_is_not_always_debited() -> None:
    assert check(after_coverage(QNP, NOTHING_FOR_QUESTIONS.replace('"question"', '"isolation"'))) == []
    fault = only(check(after_coverage(QNP, NOTHING_FOR_QUESTIONS)))
    assert "never decides" in fault.message
    assert "(debit_per_request)" in fault.message


def test_a_debit_where_some_services_are_given_leaves_the_others() -> None:
    debit = 'kind = "debit_per_request"\nclause = "QNP-12"'
    limited = QNP.replace(debit, f'{debit}\nservices = ["technical_support"]')
    assert check(after_coverage(limited, NOTHING_FOR_QUESTIONS)) == []
    given = NOTHING_FOR_QUESTIONS + 'services = ["technical_support"]\n'
    assert "never decides" in only(check(after_coverage(limited, given))).message


def test_a_rule_whose_services_are_for_no_category_of_it_never_speaks() -> None:
    approval = '[[coverage.rules]]\nkind = "needs_approval"\nclause = "QNP-05"\ncategories = ["question"]\n'
    text = before(QNP, '[[coverage.rules]]\nkind = "debit_per_request"', approval + 'services = ["send_back"]\n')
    assert "never speaks" in only(check(text)).message
    assert check(text.replace(approval, approval.replace("question", "fault"))) == []


def test_the_same_rule_twice_is_found_and_the_same_kind_by_another_clause_is_not() -> None:
    twice = '[[coverage.rules]]\nkind = "written_report"\nclause = "QNP-15"\ncategories = ["fault"]\n'
    fault = only(check(after_coverage(QNP, twice)))
    assert fault.message == "rule written_report says what coverage.rules[9] has said"
    assert check(after_coverage(QNP, twice.replace("QNP-15", "QNP-14"))) == []


# --- Services and targets

SERVICE = """
[[fulfilment.services]]
id = "late"
clause = "QNP-01"
name = {{ ja = "後", en = "Late" }}
way = "repair"
categories = [{categories}]
channels = ["mail"]
{conditions}
"""


def with_service(conditions: str, categories: str = '"fault"') -> str:
    return before(QNP, "[fulfilment.returns]", SERVICE.format(conditions=conditions, categories=categories))


@pytest.mark.parametrize(
    ("conditions", "categories"),
    [
        ("", '"question"'),  # technical_support takes every question
        ('warranty = "after"', '"question"'),
        ('products = ["onsite-weekday"]', '"isolation", "question"'),
        ('warranty = "in"', '"fault"'),  # send_back takes every fault in warranty
        ('products = ["advance-send-back"]', '"fault"'),
        ('products = ["extended-send-back"]', '"fault"'),  # send_back in warranty, extended_send_back after it
        ('products = ["onsite-24h"]\nwarranty = "in"', '"fault"'),
    ],
)
def test_a_service_that_earlier_ones_hide_is_never_given(conditions: str, categories: str) -> None:
    text = with_service(conditions, categories)
    fault = only(check(text))
    assert "service 'late' is never given" in fault.message
    assert fault.line == line_of(text, 'id = "late"')


@pytest.mark.parametrize(
    ("conditions", "categories"),
    [
        ("", '"question", "fault"'),  # faults of a device that nobody registered
        ("", '"fault"'),
        ('warranty = "after"', '"fault"'),
        ('products = ["onsite-weekday"]\nwarranty = "after"', '"fault"'),  # onsite_weekday begins later in some areas
    ],
)
def test_a_service_that_some_requests_get_is_left_alone(conditions: str, categories: str) -> None:
    assert check(with_service(conditions, categories)) == []


def test_a_target_whose_areas_all_have_an_earlier_one_is_never_reached() -> None:
    target = (
        '[[fulfilment.services.targets]]\nclause = "QNP-09"\nkind = "visit"\ncounts_from = "isolation"\nhours = 8\n'
    )
    place = '[[fulfilment.services]]\nid = "onsite_weekday"'
    fault = only(check(before(QNP, place, target + 'areas = ["tokyo", "osaka"]\n')))
    assert "never reached" in fault.message
    assert fault.path == "fulfilment.services[0].targets[1]"
    assert check(before(QNP, place, target + 'areas = ["tokyo", "sapporo"]\n')) == []


def test_a_rule_of_ordering_for_no_product_never_speaks() -> None:
    rule = '[[ordering.rules]]\nkind = "not_offered"\nclause = "NEC-Q9"\nreasons = ["upgrade"]\ngroups = ["esp-g2"]\n'
    place = "# --- Contracts"
    assert check(before(NEC_ESP, place, rule)) == []
    fault = only(check(before(NEC_ESP, place, rule + 'products = ["reporting-only"]\n')))
    assert "rule not_offered never speaks" in fault.message
    assert "never speaks" in only(check(before(NEC_ESP, place, rule + "renewals = true\n"))).message


# --- Dates, keys, clauses


def version(name: str, effective_from: str) -> str:
    text = IIJ_SE.replace('version = "2025-04-01"', f'version = "{name}"')
    return text.replace("effective_from = 2025-04-01", f"effective_from = {effective_from}")


def test_two_versions_of_a_family_are_not_in_force_from_the_same_day() -> None:
    faults = check_together({"old.toml": IIJ_SE, "new.toml": version("b", "2025-04-01"), "qnp.toml": QNP})
    assert faults["old.toml"] == faults["qnp.toml"] == []
    fault = only(faults["new.toml"])
    assert fault.message == "2025-04-01 (old.toml) is in force from 2025-04-01, too"
    assert fault.line == IIJ_SE.splitlines().index("effective_from = 2025-04-01") + 1
    assert check_together({"old.toml": IIJ_SE, "new.toml": version("b", "2025-04-02")})["new.toml"] == []


def test_two_texts_are_not_the_same_version() -> None:
    faults = check_together({"old.toml": IIJ_SE, "new.toml": version("2025-04-01", "2026-04-01")})
    assert only(faults["new.toml"]).message == "old.toml is version 2025-04-01 of iij-se, too"


def test_a_file_that_cannot_be_read_is_compared_with_no_other() -> None:
    faults = check_together({"broken.toml": IIJ_SE.replace("days = 5", "days = -5"), "new.toml": IIJ_SE})
    assert [fault.path for fault in faults["broken.toml"]] == ["coverage.rules[7].days"]
    assert faults["new.toml"] == []


def test_a_day_is_not_both_an_added_and_a_cancelled_holiday() -> None:
    both = IIJ_SE.replace("added_holidays = []", "added_holidays = [2026-01-02]")
    assert check(both) == []
    both = both.replace("cancelled_holidays = []", "cancelled_holidays = [2026-01-02]")
    fault = only(check(both))
    assert (fault.path, "2026-01-02" in fault.message) == ("calendar.cancelled_holidays", True)


def test_a_rule_without_a_clause_id_and_an_unknown_key_are_on_their_lines() -> None:
    text = IIJ_SE.replace('kind = "metered_debit"\nclause = "IIJ-07"', 'kind = "metered_debit"\nclauses = "IIJ-07"')
    faults = {fault.path: fault for fault in check(text)}
    missing, unknown = faults["coverage.rules[9].clause"], faults["coverage.rules[9].clauses"]
    assert (missing.line, missing.advice) == (line_of(text, 'kind = "metered_debit"'), "add it")
    assert (unknown.line, unknown.advice) == (missing.line + 2, "remove it, or correct its spelling")


def test_what_is_in_vain_is_no_reason_to_stop_obeying_a_published_version() -> None:
    text = after_coverage(IIJ_SE, LATE_APPROVAL)
    assert check(text)
    assert len(load(text).coverage.rules) == len(load(IIJ_SE).coverage.rules) + 1
