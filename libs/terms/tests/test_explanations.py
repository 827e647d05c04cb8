"""Every decision can be told in every language, from the decision alone."""

from string import Formatter
from typing import Any, get_args

import pytest
from kippu_terms.coverage import Decision, Finding, Outcome, Remedy
from kippu_terms.explain import _WORDS, LANGUAGES, explain, outcome_text
from kippu_terms.facts import Facts
from kippu_terms.findings import RemedyText
from kippu_terms.rules.base import VisitNeed

FACTS = Facts.model_validate({"provider": "iij", "request": {"received_at": "2026-11-18T03:00:00Z"}})
CLAUSE = {"th": "ข้อกำหนด", "en": "The clause."}


def decided(outcome: Outcome, **changes: Any) -> Decision:
    finding = Finding(clause="IIJ-05", rule="in_warranty", inputs={}, result="refused", text=CLAUSE)
    usual = {"plan_family": "f", "plan_version": "1", "deciding_clause": "IIJ-05", "findings": (finding,)}
    return Decision(outcome=outcome, facts=FACTS, **{**usual, **changes})


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_every_language_has_the_same_sentences_with_the_same_blanks() -> None:
    for language in LANGUAGES:
        assert _WORDS[language].keys() == _WORDS["en"].keys()
        for key, sentence in _WORDS[language].items():
            assert placeholders(sentence) == placeholders(_WORDS["en"][key]), (language, key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_outcome_has_words(language: str) -> None:
    for outcome in get_args(Outcome):
        assert outcome_text(decided(outcome, quantity=2, waiting_for="approval"), language)


def test_a_refusal_names_its_clause_and_what_would_change_it() -> None:
    remedy = Remedy(action="extend_warranty", clause="IIJ-05", text={"en": "Extend it.", "ja": "延長してください。"})
    decision = decided("refused", remedies=(remedy,))
    assert explain(decision, "en").splitlines() == [
        "The request is not covered.",
        "Decided by IIJ-05: The clause.",
        "What would change this (IIJ-05): Extend it.",
    ]
    assert "ตัดสินตาม IIJ-05: ข้อกำหนด" in explain(decision, "th")
    assert explain(decision, "ja").splitlines()[1:] == [
        "根拠 IIJ-05：The clause.",  # the clause has no Japanese text
        "結果を変えるには（IIJ-05）：延長してください。",
    ]


def test_a_held_visit_says_so() -> None:
    visit = VisitNeed.model_validate(
        {"wanted_at": "2026-11-21T03:00:00Z", "minutes": 60, "held": True, "notice_days": 3, "clause": "IIJ-09"}
    )
    text = explain(decided("covered_by_debit", metered=True, visit=visit), "en")
    assert "at 3 days' notice" in text
    assert "debited as work is recorded" in text
    assert "can be booked as asked" in explain(
        decided("covered_by_debit", metered=True, visit=visit.model_copy(update={"held": False})), "en"
    )


def test_an_unknown_language_falls_back_to_english() -> None:
    assert explain(decided("refused"), "xx") == explain(decided("refused"), "en")
    assert outcome_text(decided("waiting", waiting_for="something"), "en") == "The request waits (something)."


def test_a_remedy_may_be_longer_than_its_text_once_its_blanks_are_filled() -> None:
    text = RemedyText(action="classify", text={"en": "Choose of $categories." + " " + "x" * 1900})
    filled = text.filled("QNP-12", {"categories": ["question"] * 50})
    assert filled.text["en"].startswith("Choose of question, question")
    assert len(filled.text["en"]) > 2000
