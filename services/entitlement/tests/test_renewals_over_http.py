"""Renewals previewed over HTTP: dates, amounts, the clauses that decide, and what is wrong with a question."""

from typing import Any

import pytest
from kippu_entitlement.renewal_preview import LICENCE_EXAMPLE
from kippu_entitlement.testing.desk import Desk

PATH = "/v1/renewals/preview"


@pytest.mark.clause("CWC-05", "CWC-08")
async def test_the_documents_examples_rejoin_and_add(cwc_desk: Desk) -> None:
    await cwc_desk.settle()
    before = (await cwc_desk.runtime.log.head()).position
    examples = cwc_desk.app.openapi()["components"]["schemas"]["RenewalPreviewInput"]["examples"]
    async with cwc_desk.partner() as partner:
        rejoining, adding = [(await partner.post(PATH, json=example)).json() for example in examples]
    assert (rejoining["kind"], rejoining["outcome"], rejoining["before"]["worth"]["months"]) == (
        "rejoining",
        "accepted",
        18,
    )
    assert rejoining["totals"] == {
        "net": 120_000,
        "taxes": [{"rate_permyriad": 1000, "net": 120_000, "tax": 12_000}],
        "total": 132_000,
    }
    assert rejoining["period"] == {"valid_from": "2026-11-15", "valid_until": "2027-11-14", "clause": "CWC-05"}
    assert rejoining["deciding_clause"]["text"]["en"].startswith("To rejoin")
    assert (adding["kind"], adding["totals"]["net"]) == ("adding", 320_000)
    assert (await cwc_desk.runtime.log.head()).position == before


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"licence": None}, 422),
        ({"contract": {"contract_id": "c"}}, 422),
        ({"ordered_on": "2026-02-30"}, 422),
        ({"ordered_on": "1999-01-01"}, 422),  # before any terms
        ({"plan_family": "other"}, 422),
        ({"plan_version": "1999-01-01"}, 422),
        ({"surprise": 1}, 422),
        ({"channel": "telephone"}, 200),
    ],
)
async def test_what_is_wrong_with_a_question_is_said(cwc_desk: Desk, change: dict[str, Any], status: int) -> None:
    await cwc_desk.settle()
    async with cwc_desk.partner() as partner:
        answer = await partner.post(PATH, json=LICENCE_EXAMPLE | change)
    assert answer.status_code == status, answer.text
    if status == 200:
        assert (answer.json()["outcome"], [fault["clause"] for fault in answer.json()["faults"]]) == (
            "refused",
            ["CWC-09"],
        )
