"""An invoice and its payments: given events, when, then."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_billing.domain import invoice as domain
from kippu_billing.domain.invoice import Invoice, Payment, evolve
from kippu_events.catalogue.billing import InvoiceIssued, InvoicePaid, PaymentOverdue, PaymentReceived, RefundDue
from kippu_events.catalogue.entitlement import OrderAccepted
from kippu_events.catalogue.values import InvoiceMail, Price, PriceLine
from kippu_events.event import Event
from kippu_terms.refusal import Refused

# 00:30 on 2 June in Bangkok, still 1 June in UTC: the invoice is dated where the provider is.
NOW = datetime(2026, 6, 1, 17, 30, tzinfo=UTC)
TODAY = date(2026, 6, 2)
NUMBER = "INV-order-1"


def line(quantity: int, unit_price: int, rate: int = 700) -> PriceLine:
    return PriceLine(
        product="se-10",
        description="10 tickets",
        quantity=quantity,
        unit_price=unit_price,
        tax_rate_permyriad=rate,
    )


def order(*lines: PriceLine, rounding: str = "half_up") -> OrderAccepted:
    price = Price(
        currency="THB",
        lines=lines or (line(1, 1_000_000),),
        tax_name="VAT",
        tax_rounding=rounding,
        payment_days=30,
        time_zone="Asia/Bangkok",
    )
    return OrderAccepted(
        occurred_at=NOW,
        order_id="order-1",
        customer_id="customer-1",
        plan_family="iij-se",
        plan_version="2025-04-01",
        product="se-10",
        quantity=1,
        price=price,
        tickets=10,
    )


def after(*events: Event) -> Invoice:
    return reduce(evolve, events, Invoice())


def issued() -> Invoice:
    """Owed: 10,700.00 THB."""
    return after(*domain.issue(Invoice(), order(), NOW))


def paid(amount: int, payment_id: str = "payment-1", currency: str = "THB", received_on: date = TODAY) -> Payment:
    return Payment(payment_id, amount, currency, received_on)


def codes(invoice: Invoice, payment: Payment, kind: str) -> set[str]:
    with pytest.raises(Refused) as refused:
        domain.receive(invoice, NUMBER, payment, NOW)
    assert refused.value.kind == kind
    return {fault.code for fault in refused.value.faults}


def test_an_order_that_is_paid_in_advance_is_due_by_the_day_of_its_terms() -> None:
    in_advance = order().model_copy(update={"pay_by": date(2026, 6, 7)})
    (invoice,) = domain.issue(Invoice(), in_advance, NOW)
    assert isinstance(invoice, InvoiceIssued) and invoice.due_on == date(2026, 6, 7)


def test_an_accepted_order_is_invoiced_once_with_tax() -> None:
    (invoice,) = domain.issue(Invoice(), order(), NOW)
    assert isinstance(invoice, InvoiceIssued)
    assert (invoice.invoice_no, invoice.order_id, invoice.currency) == (NUMBER, "order-1", "THB")
    assert (invoice.issued_on, invoice.due_on) == (TODAY, date(2026, 7, 2))
    assert (invoice.net, invoice.total) == (1_000_000, 1_070_000)
    assert domain.issue(after(invoice), order(), NOW) == []


def test_an_order_that_costs_nothing_is_paid_as_it_is_invoiced() -> None:
    events = domain.issue(Invoice(), order(line(1, 0)), NOW)
    assert [type(event) for event in events] == [InvoiceIssued, InvoicePaid]
    assert after(*events).is_paid


def test_tax_is_rounded_once_per_rate_on_the_total_and_never_per_line() -> None:
    # 3 lines of 0.07 each: rounded per line they would be 0.
    (invoice,) = domain.issue(Invoice(), order(line(1, 1), line(1, 3), line(2, 2)), NOW)
    assert isinstance(invoice, InvoiceIssued)
    assert [(tax.net, tax.tax) for tax in invoice.taxes] == [(8, 1)]


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 10**7), st.sampled_from([0, 700, 800, 1000])), min_size=1),
    st.sampled_from(["down", "half_up"]),
)
def test_an_invoices_total_is_its_net_and_one_rounded_tax_per_rate(
    lines: list[tuple[int, int, int]], rounding: str
) -> None:
    invoice = domain.issue(Invoice(), order(*[line(*each) for each in lines], rounding=rounding), NOW)[0]
    assert isinstance(invoice, InvoiceIssued)
    assert invoice.net == sum(quantity * unit_price for quantity, unit_price, _ in lines)
    assert invoice.total == invoice.net + sum(tax.tax for tax in invoice.taxes)
    assert [tax.rate_permyriad for tax in invoice.taxes] == sorted({rate for _, _, rate in lines})
    for tax in invoice.taxes:
        exact = tax.net * tax.rate_permyriad
        error = tax.tax * 10_000 - exact
        assert -10_000 < error <= 0 if rounding == "down" else -5_000 < error <= 5_000


def test_a_part_payment_leaves_the_rest_owed() -> None:
    (received,) = domain.receive(issued(), NUMBER, paid(70_000), NOW)
    assert isinstance(received, PaymentReceived)
    assert received.outstanding == 1_000_000


def test_the_last_payment_settles_the_invoice_on_the_latest_day_money_came_in() -> None:
    part = domain.receive(issued(), NUMBER, paid(70_000, received_on=TODAY), NOW)
    received, settled = domain.receive(
        reduce(evolve, part, issued()), NUMBER, paid(1_000_000, "payment-2", received_on=date(2026, 6, 1)), NOW
    )
    assert isinstance(received, PaymentReceived)
    assert isinstance(settled, InvoicePaid)
    assert (received.outstanding, settled.order_id, settled.paid_on) == (0, "order-1", TODAY)


def test_every_fault_of_a_payment_is_named_at_once() -> None:
    assert codes(issued(), paid(0, currency="JPY", received_on=date(2026, 6, 3)), "invalid") == {
        "payment.currency.differs",
        "payment.amount.too_small",
        "payment.received_on.future",
    }


def test_more_than_is_owed_is_refused() -> None:
    assert codes(issued(), paid(1_070_001), "invalid") == {"payment.amount.too_large"}


@pytest.mark.parametrize(
    ("before", "surplus", "settles"), [(0, 1, True), (70_000, 70_000, True), (1_070_000, 5, False)]
)
def test_where_somebody_says_so_the_surplus_alone_goes_back(before: int, surplus: int, settles: bool) -> None:
    state = issued()
    if before:
        state = reduce(evolve, domain.receive(state, NUMBER, paid(before), NOW), state)
    amount = 1_070_000 - before + surplus
    too_much = replace(paid(amount, "payment-2"), surplus_goes_back=True)
    received, *settled, due = domain.receive(state, NUMBER, too_much, NOW)
    assert isinstance(received, PaymentReceived) and isinstance(due, RefundDue)
    assert (received.amount, received.outstanding, received.taken_back) == (amount, 0, not settles)
    assert [type(each) for each in settled] == ([InvoicePaid] if settles else [])
    assert (due.amount, due.cause, due.payment_id, due.credit_note_no) == (surplus, "paid_too_much", "payment-2", None)
    after_it = reduce(evolve, [received, *settled, due], state)
    assert (after_it.is_paid, after_it.held) == (True, 1_070_000)
    assert codes(after_it, too_much, "conflict") == {"payment.repeated"}


def test_what_is_not_too_much_is_a_payment_like_any_other() -> None:
    (received,) = domain.receive(issued(), NUMBER, replace(paid(70_000), surplus_goes_back=True), NOW)
    assert isinstance(received, PaymentReceived)
    assert received.outstanding == 1_000_000


def test_the_same_payment_twice_is_refused() -> None:
    part = reduce(evolve, domain.receive(issued(), NUMBER, paid(1), NOW), issued())
    assert codes(part, paid(1), "conflict") == {"payment.repeated"}


def test_nothing_is_taken_on_a_paid_invoice() -> None:
    settled = reduce(evolve, domain.receive(issued(), NUMBER, paid(1_070_000), NOW), issued())
    assert codes(settled, paid(1, "payment-2"), "conflict") == {"invoice.paid"}


def test_an_invoice_that_does_not_exist_is_not_found() -> None:
    assert codes(Invoice(), paid(1), "not_found") == {"invoice.unknown"}


def test_an_unpaid_invoice_is_overdue_once_and_can_still_be_paid() -> None:
    due_at = datetime(2026, 7, 2, 17, 0, tzinfo=UTC)
    (overdue,) = domain.fall_due(issued(), NUMBER, due_at)
    assert isinstance(overdue, PaymentOverdue)
    assert (overdue.occurred_at, overdue.outstanding) == (due_at, 1_070_000)
    late = evolve(issued(), overdue)
    assert domain.fall_due(late, NUMBER, due_at) == []
    assert domain.receive(late, NUMBER, paid(1_070_000), NOW)[1:] != []


def test_a_paid_invoice_never_falls_overdue() -> None:
    settled = reduce(evolve, domain.receive(issued(), NUMBER, paid(1_070_000), NOW), issued())
    assert domain.fall_due(settled, NUMBER, NOW) == []


@given(st.lists(st.tuples(st.integers(-10, 1_200_000), st.integers(1, 6)), max_size=30))
def test_no_sequence_of_payments_pays_too_much(attempts: list[tuple[int, int]]) -> None:
    invoice, taken, settled = issued(), 0, 0
    for amount, reference in attempts:
        try:
            events = domain.receive(invoice, NUMBER, paid(amount, f"payment-{reference}"), NOW)
        except Refused:
            continue
        invoice = reduce(evolve, events, invoice)
        taken += amount
        settled += sum(isinstance(event, InvoicePaid) for event in events)
        assert invoice.outstanding == 1_070_000 - taken >= 0
    assert len(set(invoice.payments)) == len(invoice.payments)
    assert settled == (1 if taken == 1_070_000 else 0)


def test_to_whom_it_is_mailed_and_who_is_told_of_it_goes_with_it() -> None:
    mail = InvoiceMail(clause="CWC-11", contacts={"contact-1": "en"})
    mailed = order().model_copy(update={"invoice_mail": mail, "contacts": {"contact-2": "ja"}})
    (event,) = domain.issue(Invoice(), mailed, NOW)
    assert isinstance(event, InvoiceIssued)
    assert (event.mail, event.contacts) == (mail, {"contact-2": "ja"})
