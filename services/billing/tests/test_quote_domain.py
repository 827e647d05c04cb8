"""A quote for missing tickets: offered once, accepted once in time, or lapsed."""

from datetime import UTC, date, datetime

import pytest
from kippu_billing.domain import quote as domain
from kippu_billing.domain.quote import Quote, evolve
from kippu_events.catalogue.billing import QuoteLapsed, QuoteOffered, QuoteWithdrawn
from kippu_events.catalogue.entitlement import CoverageDecided, DebitShortfall
from kippu_events.catalogue.quoting import QuoteNeed
from kippu_events.catalogue.values import Outcome, Price, PriceLine
from kippu_terms.refusal import Refused

NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
LAST_INSTANT = datetime(2026, 6, 30, 16, 59, 59, 999999, tzinfo=UTC)
"""The end of 30 June in Bangkok."""
MIDNIGHT = datetime(2026, 6, 30, 17, 0, tzinfo=UTC)

SHORTFALL = DebitShortfall(
    occurred_at=NOW,
    wallet_id="customer-1.iij-se",
    customer_id="customer-1",
    debit_id="KP-0000-0001.2",
    ticket_no="KP-0000-0001",
    wanted=3,
    missing=2,
    offer_product="se-10",
    offer_quantity=1,
    offer=Price(
        currency="THB",
        lines=(
            PriceLine(
                product="se-10", description="10 tickets", quantity=1, unit_price=1_000_000, tax_rate_permyriad=700
            ),
        ),
        tax_name="VAT",
        tax_rounding="half_up",
        payment_days=30,
        time_zone="Asia/Bangkok",
    ),
    offer_valid_until=date(2026, 6, 30),
    clause="IIJ-07",
)


FORGIVEN = ("Q-KP-0000-0001.2", "KP-0000-0001")
"""What is withdrawn, and for which request."""
NEED = QuoteNeed(
    quote_id="Q-KP-0000-0001.D1",
    clause="SVT-19",
    product="chargeable-repair",
    quantity=1,
    price=SHORTFALL.offer,
    valid_until=date(2026, 6, 30),
)
DECIDED = CoverageDecided(
    occurred_at=NOW,
    ticket_no="KP-0000-0001",
    customer_id="customer-1",
    contact_id="contact-1",
    decision=1,
    plan_family="svt",
    plan_version="2026-01-01",
    outcome=Outcome.QUOTE,
    deciding_clause="SVT-19",
    findings=(),
    remedies=(),
    facts={},
    quote=NEED,
)


def offered() -> Quote:
    return evolve(Quote(), domain.offer(Quote(), SHORTFALL, NOW)[0])


def refusal(quote: Quote, now: datetime) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        domain.accept(quote, "Q-KP-0000-0001.2", "client-1", now)
    return refused.value.kind, refused.value.faults[0].code


def test_a_shortfall_is_offered_once_at_its_price_with_tax() -> None:
    (quote,) = domain.offer(Quote(), SHORTFALL, NOW)
    assert isinstance(quote, QuoteOffered)
    assert (quote.quote_id, quote.plan_family, quote.product) == ("Q-KP-0000-0001.2", "iij-se", "se-10")
    assert (quote.net, quote.total, quote.valid_until) == (1_000_000, 1_070_000, date(2026, 6, 30))
    assert domain.offer(offered(), SHORTFALL, NOW) == []


def test_a_quote_is_accepted_until_the_end_of_its_last_day() -> None:
    accepted = domain.accept(offered(), "Q-KP-0000-0001.2", "client-1", LAST_INSTANT)
    assert (accepted.product, accepted.quantity, accepted.accepted_by) == ("se-10", 1, "client-1")


def test_a_quote_is_accepted_once() -> None:
    accepted = domain.accept(offered(), "Q-KP-0000-0001.2", "client-1", NOW)
    assert refusal(evolve(offered(), accepted), NOW) == ("conflict", "quote.accepted")


def test_after_its_last_day_the_date_decides_before_the_lapse_is_on_record() -> None:
    assert refusal(offered(), MIDNIGHT) == ("conflict", "quote.lapsed")


def test_an_unknown_quote_is_not_found() -> None:
    assert refusal(Quote(), NOW) == ("not_found", "quote.unknown")


def test_a_quote_is_withdrawn_once_nothing_is_owed_unless_it_was_accepted() -> None:
    (withdrawn,) = domain.withdraw(offered(), *FORGIVEN, NOW)
    assert isinstance(withdrawn, QuoteWithdrawn)
    assert withdrawn.quote_id == "Q-KP-0000-0001.2"
    gone = evolve(offered(), withdrawn)
    assert refusal(gone, NOW) == ("conflict", "quote.withdrawn")
    assert domain.withdraw(gone, *FORGIVEN, NOW) == domain.lapse(gone, "Q-KP-0000-0001.2", MIDNIGHT) == []
    accepted = evolve(offered(), domain.accept(offered(), "Q-KP-0000-0001.2", "client-1", NOW))
    assert domain.withdraw(accepted, *FORGIVEN, NOW) == domain.withdraw(Quote(), *FORGIVEN, NOW) == []


def test_work_that_is_not_included_is_offered_once_by_the_clause_that_says_so() -> None:
    (quote,) = domain.offer_work(Quote(), NEED, DECIDED, NOW)
    assert isinstance(quote, QuoteOffered)
    assert (quote.quote_id, quote.ticket_no, quote.plan_family) == ("Q-KP-0000-0001.D1", "KP-0000-0001", "svt")
    assert (quote.clause, quote.product, quote.total, quote.out_of_scope) == (
        "SVT-19",
        "chargeable-repair",
        1_070_000,
        True,
    )
    assert domain.offer_work(evolve(Quote(), quote), NEED, DECIDED, NOW) == []


def test_a_quote_lapses_once_unless_accepted() -> None:
    (lapsed,) = domain.lapse(offered(), "Q-KP-0000-0001.2", MIDNIGHT)
    assert isinstance(lapsed, QuoteLapsed)
    assert lapsed.occurred_at == MIDNIGHT
    assert domain.lapse(evolve(offered(), lapsed), "Q-KP-0000-0001.2", MIDNIGHT) == []
    assert refusal(evolve(offered(), lapsed), NOW) == ("conflict", "quote.lapsed")
    accepted = domain.accept(offered(), "Q-KP-0000-0001.2", "client-1", NOW)
    assert domain.lapse(evolve(offered(), accepted), "Q-KP-0000-0001.2", MIDNIGHT) == []
