"""What IIJ-SE's terms come to in money: VAT on an invoice, the offer when a wallet has too little, and their dates."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from kippu_billing.domain import invoice, quote
from kippu_billing.domain.invoice import Invoice
from kippu_billing.domain.quote import Quote
from kippu_events.catalogue.billing import InvoiceIssued, QuoteOffered
from kippu_events.catalogue.entitlement import DebitShortfall, OrderAccepted
from kippu_events.catalogue.values import Price
from kippu_terms.plan import Plan
from kippu_terms.pricing import price
from kippu_terms.refusal import Refused

Local = Callable[..., datetime]


def priced(plan: Plan, product: str, quantity: int) -> Price:
    return Price.model_validate(price(plan, product, quantity).model_dump() | {"time_zone": plan.time_zone})


def invoiced(plan: Plan, product: str, quantity: int, now: datetime) -> InvoiceIssued:
    order = OrderAccepted(
        occurred_at=now,
        order_id="order-1",
        customer_id="customer-1",
        plan_family=plan.family,
        plan_version=plan.version,
        product=product,
        quantity=quantity,
        price=priced(plan, product, quantity),
        tickets=10 * quantity,
    )
    issued = invoice.issue(Invoice(), order, now)[0]
    assert isinstance(issued, InvoiceIssued)
    return issued


def test_vat_of_7_percent_is_on_the_invoice_of_a_lot(iij_se: Plan, bangkok: Local) -> None:
    issued = invoiced(iij_se, "se-10", 2, bangkok(2026, 11, 18, 10))
    assert (issued.currency, issued.net, issued.total) == ("THB", 3_600_000, 3_852_000)
    assert [(tax.rate_permyriad, tax.net, tax.tax) for tax in issued.taxes] == [(700, 3_600_000, 252_000)]


def test_an_invoice_is_dated_by_the_calendar_in_bangkok_and_due_30_days_later(iij_se: Plan, bangkok: Local) -> None:
    issued = invoiced(iij_se, "se-10", 1, bangkok(2026, 11, 18, 0, 30))  # still the 17th in UTC
    assert (issued.issued_on, issued.due_on) == (date(2026, 11, 18), date(2026, 12, 18))


@pytest.fixture
def offered(iij_se: Plan, bangkok: Local) -> QuoteOffered:
    """2 prepaid tickets were missing on 18 November; the offer is valid for 14 days."""
    received = bangkok(2026, 11, 18, 10)
    terms = iij_se.commercial.offer
    assert terms is not None
    shortfall = DebitShortfall(
        occurred_at=received,
        wallet_id=f"customer-1.{iij_se.family}",
        customer_id="customer-1",
        debit_id="KP-0000-0001.1",
        ticket_no="KP-0000-0001",
        wanted=2,
        missing=2,
        offer_product=terms.product,
        offer_quantity=1,
        offer=priced(iij_se, terms.product, 1),
        offer_valid_until=received.date() + timedelta(days=terms.valid_days),
        clause="IIJ-07",
    )
    event = quote.offer(Quote(), shortfall, received)[0]
    assert isinstance(event, QuoteOffered)
    return event


@pytest.mark.clause("IIJ-07")
def test_what_the_wallet_lacks_becomes_an_offer_by_the_clause_of_the_debit(offered: QuoteOffered) -> None:
    assert (offered.clause, offered.product, offered.total) == ("IIJ-07", "se-10", 1_926_000)
    assert offered.plan_family == "iij-se"


@pytest.mark.clause("IIJ-07")
def test_the_offer_holds_to_the_last_instant_of_its_last_day_in_bangkok(offered: QuoteOffered, bangkok: Local) -> None:
    state = quote.evolve(Quote(), offered)
    last = bangkok(2026, 12, 2, 23, 59, 59)
    assert quote.accept(state, offered.quote_id, "portal-1", last).quantity == 1
    with pytest.raises(Refused) as refused:
        quote.accept(state, offered.quote_id, "portal-1", last + timedelta(seconds=1))
    assert (refused.value.kind, refused.value.faults[0].clause) == ("conflict", "IIJ-07")
