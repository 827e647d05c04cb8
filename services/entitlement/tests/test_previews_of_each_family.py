"""The document has an example of a request for each family of terms, and each is answered as the terms say."""

from pathlib import Path
from typing import Any

import pytest
from kippu_entitlement.domain.plan import Plans, PlanVersion
from kippu_entitlement.preview import EXAMPLES, PreviewInput, preview
from kippu_terms.loading import load
from pydantic import ValidationError

PLANS = {
    plan.family: plan for plan in (load(file.read_text()) for file in Path(__file__).parents[3].glob("plans/*.toml"))
}


def answered(example: Any) -> Any:
    wanted = PreviewInput.model_validate(example)
    plan = PLANS[wanted.plan_family]
    published = Plans((PlanVersion(plan.version, plan.effective_from, plan.digest, plan.source),))
    return preview(published, plan.provider, wanted)


def test_no_family_is_left_out() -> None:
    assert {example["plan_family"] for example in EXAMPLES if isinstance(example, dict)} == set(PLANS)


@pytest.mark.parametrize(
    ("family", "outcome", "clause"),
    [
        ("iij-se", "refused", "IIJ-05"),  # the warranty ended the day before
        ("svt", "refused", "SVT-24"),  # installed at 2 m
        ("qnp", "covered", "QNP-01"),
        ("nec-esp", "quote", "NEC-Q14"),  # it failed before the pack was registered
        ("cwc", "covered", "CWC-13"),
    ],
)
def test_the_example_is_answered_with_the_clause_that_decides(family: str, outcome: str, clause: str) -> None:
    (example,) = [each for each in EXAMPLES if isinstance(each, dict) and each["plan_family"] == family]
    shown = answered(example)
    assert (shown.outcome, shown.deciding_clause.id) == (outcome, clause)
    assert set(shown.deciding_clause.text) >= {PLANS[family].languages[0], "en"}


def test_the_answer_is_told_in_sentences_with_all_that_becomes_of_the_request() -> None:
    (example,) = [each for each in EXAMPLES if isinstance(each, dict) and each["plan_family"] == "qnp"]
    shown = answered(example)
    assert set(shown.explanation) == {"ja", "en"}
    covered, decided, *rest = shown.explanation["en"].splitlines()
    assert covered == "The request is covered."
    assert decided.startswith("Decided by QNP-01: Advance send-back")
    assert any("2026-05-07 (QNP-01)" in line for line in rest)
    assert "  2026-05-05 00:00 – 2026-05-06 00:00  closed  Children's Day" in rest, "the clock of the target"
    assert (shown.returns.clause, shown.returns.days, shown.carriage_paid_by) == ("QNP-01", 14, "sender")


def test_wishes_beside_the_request_are_answered_too() -> None:
    (example,) = [each for each in EXAMPLES if isinstance(each, dict) and each["plan_family"] == "qnp"]
    request: Any = example["request"]
    asked = request | {
        "category": "technical_question",
        "topic": "smb",
        "answer_wanted_by": "2026-05-01T12:00:00+09:00",
    }
    replies = answered(example | {"request": asked}).replies
    assert [(reply.about, reply.answer, reply.clause) for reply in replies] == [
        ("answer_wanted_by", "not_binding", "QNP-14")
    ]


@pytest.mark.parametrize("as_of", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2100-01-01T00:00:00Z"])
def test_terms_are_asked_for_within_the_time_of_the_calendars(as_of: str) -> None:
    example: Any = EXAMPLES[0]
    with pytest.raises(ValidationError, match="as_of"):
        answered({**example, "as_of": as_of})


@pytest.mark.parametrize("category", [None, "gardening"])
@pytest.mark.parametrize("family", sorted(PLANS))
def test_where_the_category_is_not_known_the_answer_names_those_that_there_are(
    family: str, category: str | None
) -> None:
    (example,) = [each for each in EXAMPLES if isinstance(each, dict) and each["plan_family"] == family]
    request: Any = example["request"]
    shown = answered({**example, "request": {**request, "category": category}})
    assert (shown.outcome, shown.waiting_for) == ("waiting", "classification")
    [finding] = [each for each in shown.findings if each.rule == "classified"]
    known = {each.id: each.name for each in PLANS[family].coverage.categories}
    assert (finding.inputs["category"], finding.inputs["categories"]) == (category, [*known])
    remedy = next(each for each in shown.remedies if each.action == "classify")
    for language, text in remedy.text.items():
        assert all(f"{each} ({name[language]})" in text for each, name in known.items()), text
    assert remedy.text["en"] in shown.explanation["en"]


def test_where_only_the_device_is_not_known_no_category_is_asked_for() -> None:
    (example,) = [each for each in EXAMPLES if isinstance(each, dict) and each["plan_family"] == "iij-se"]
    shown = answered({**example, "asset": None})
    assert shown.waiting_for == "classification"
    assert shown.remedies[0].text["en"] == "State what the request is about, and which device or service."


@pytest.mark.parametrize("family", sorted(PLANS))
def test_no_name_of_a_thing_is_endless(family: str) -> None:
    """One of 100,000 letters was quoted in what would change the answer, and came to a 500."""
    (example,) = [each for each in EXAMPLES if isinstance(each, dict) and each["plan_family"] == family]
    asset: Any = example.get("asset") or {"registered": True}
    answered({**example, "asset": {**asset, "serial": "9" * 200}})
    with pytest.raises(ValidationError, match="serial"):
        answered({**example, "asset": {**asset, "serial": "9" * 201}})
