"""The terms know no event, and yet each of their values fits into one, field by field."""

from typing import Any, get_args

import pytest
from kippu_events.catalogue import billing, entitlement, values
from kippu_terms import coverage, facts, lots, pricing
from kippu_terms.explain import explain
from kippu_terms.plan import Plan
from kippu_terms.rules import base
from pydantic import BaseModel


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (pricing.PriceLine, values.PriceLine),
        (pricing.Price, values.Price),
        (pricing.TaxAmount, billing.TaxAmount),
        (lots.Allocation, values.Allocation),
        (coverage.Finding, values.ClauseFinding),
        (coverage.Remedy, values.Remedy),
    ],
)
def test_the_fields_are_the_same(ours: type[BaseModel], theirs: type[BaseModel]) -> None:
    assert list(ours.model_fields) == list(theirs.model_fields)


def test_a_visit_at_a_wanted_time_has_a_place_for_all_that_the_terms_say_of_it() -> None:
    assert set(base.VisitNeed.model_fields) <= set(entitlement.VisitNeed.model_fields)


def test_what_is_said_of_a_request_is_a_fact_of_it_by_the_same_name_and_words() -> None:
    for name, said in values.RequestDetails.model_fields.items():
        fact = facts.RequestFacts.model_fields[name]
        assert _choices(said.annotation) == _choices(fact.annotation), name


def _choices(annotation: Any) -> set[Any]:
    return {each for member in get_args(annotation) for each in get_args(member) if isinstance(each, str)}


def test_the_words_are_the_same() -> None:
    assert set(get_args(coverage.Outcome)) == set(values.Outcome)
    assert get_args(base.Result) == get_args(values.ClauseFinding.model_fields["result"].annotation)


def test_every_kind_of_work_is_counted_or_is_waiting(iij_se: Plan) -> None:
    assert iij_se.commercial.metering is not None
    assert set(values.WorkKind) - iij_se.commercial.metering.counted_kinds == {values.WorkKind.WAITING}


def test_a_decision_fits_into_its_event_and_can_be_explained_from_it(decide: Any) -> None:
    decision = decide(wanted_at="2026-11-21T03:00:00Z")
    event = entitlement.CoverageDecided.model_validate(
        {
            **decision.model_dump(mode="json"),
            "occurred_at": "2026-11-18T03:00:00Z",
            "ticket_no": "KP-0000-0000",
            "customer_id": "customer-1",
            "contact_id": "contact-1",
            "decision": 1,
        }
    )
    assert event.visit is not None
    assert event.visit.held
    assert event.model_dump(mode="json")["findings"] == decision.model_dump(mode="json")["findings"]
    for language in ("en", "th", "ja"):
        assert explain(event, language) == explain(decision, language)


def test_a_catalogue_price_has_the_same_totals(iij_se: Plan) -> None:
    sold = pricing.price(iij_se, "se-5", 3)
    pinned = values.Price.model_validate(sold.model_dump())
    totals = pricing.invoice_totals(pinned)
    assert totals == pricing.invoice_totals(sold)
    assert (totals.net, totals.total) == (2_925_000, 3_129_750)
