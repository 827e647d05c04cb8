"""The document has an example of a request for each family of terms, and each is answered as the terms say."""

from pathlib import Path
from typing import Any

import pytest
from kippu_entitlement.domain.plan import Plans, PlanVersion
from kippu_entitlement.preview import EXAMPLES, PreviewInput, preview
from kippu_terms.loading import load

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
