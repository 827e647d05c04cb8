"""What the terms charge, and what is credited again: given events, when, then."""

from datetime import UTC, date, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_billing.domain import charge as domain
from kippu_billing.domain import crediting, invoice, paying
from kippu_billing.domain.charge import Charge
from kippu_billing.domain.invoice import Invoice
from kippu_billing.domain.paying import Payment
from kippu_events.catalogue.billing import (
    ChargeRaised,
    ChargeWithdrawn,
    CreditNoteIssued,
    InvoiceIssued,
    InvoicePaid,
    PaymentReceived,
    RefundDue,
)
from kippu_events.catalogue.shipments import ReturnOverdue, UnitReturned, UnitShipped
from kippu_events.catalogue.values import Price, PriceLine
from kippu_events.event import Event
from kippu_terms.refusal import Refused

NOW = datetime(2026, 5, 24, 15, 0, tzinfo=UTC)
"""The midnight in Tokyo that ends 24 May."""
SHIPMENT = "KP-0000-0001.S2"
CHARGE = f"C-{SHIPMENT}.R"
NUMBER = f"INV-{CHARGE}"


def price(*amounts: int) -> Price:
    return Price(
        currency="JPY",
        lines=tuple(
            PriceLine(product="x", description="x", quantity=1, unit_price=amount, tax_rate_permyriad=1000)
            for amount in amounts
        ),
        tax_name="消費税",
        tax_rounding="down",
        payment_days=30,
        time_zone="Asia/Tokyo",
    )


def overdue(*amounts: int) -> ReturnOverdue:
    return ReturnOverdue(
        occurred_at=NOW,
        shipment_id=SHIPMENT,
        ticket_no="KP-0000-0001",
        customer_id="customer-1",
        serial="NAS-1",
        due_on=date(2026, 5, 24),
        charge=price(*amounts or (80_000,)),
        clause="QNP-01",
    )


def returned(*, late: bool, credited: bool) -> UnitReturned:
    return UnitReturned(
        occurred_at=NOW,
        shipment_id=SHIPMENT,
        ticket_no="KP-0000-0001",
        customer_id="customer-1",
        serial="NAS-1",
        received_on=date(2026, 6, 1),
        late=late,
        credited=credited,
    )


def shipped(attempt: int, charge: Price | None) -> UnitShipped:
    return UnitShipped(
        occurred_at=NOW,
        shipment_id=SHIPMENT,
        ticket_no="KP-0000-0001",
        customer_id="customer-1",
        serial="SPARE-1",
        shipped_at=NOW,
        attempt=attempt,
        charge=charge,
        clause="QNP-07" if charge else None,
    )


def raised() -> Charge:
    return domain.evolve(Charge(), domain.demand(Charge(), domain.for_overdue_return(overdue()), NOW)[0])


def invoiced(*amounts: int) -> Invoice:
    """88,000 JPY, unless other amounts are given."""
    issued = invoice.issue_for_charge(Invoice(), CHARGE, "customer-1", price(*amounts or (80_000,)), NOW)
    return reduce(invoice.evolve, issued, Invoice())


def paid(state: Invoice, amount: int) -> Invoice:
    payment = Payment("payment-1", amount, "JPY", date(2026, 5, 25))
    return reduce(invoice.evolve, paying.receive(state, NUMBER, payment, NOW + timedelta(days=1)), state)


def test_an_overdue_return_is_charged_once_with_its_clause() -> None:
    (event,) = domain.demand(Charge(), domain.for_overdue_return(overdue()), NOW)
    assert isinstance(event, ChargeRaised)
    assert (event.charge_id, event.clause, event.net, event.total) == (CHARGE, "QNP-01", 80_000, 88_000)
    assert domain.demand(raised(), domain.for_overdue_return(overdue()), NOW) == []


def test_what_the_terms_do_not_charge_is_not_raised() -> None:
    assert domain.demand(Charge(), domain.for_overdue_return(overdue(0)), NOW) == []
    assert domain.for_carriage(shipped(1, None)) is None


def test_shipping_again_is_a_charge_of_its_own_for_each_attempt() -> None:
    claims = [domain.for_carriage(shipped(attempt, price(1_500))) for attempt in (2, 3)]
    assert [claim.charge_id for claim in claims if claim] == [f"C-{SHIPMENT}.D2", f"C-{SHIPMENT}.D3"]


def test_a_charges_invoice_is_dated_in_tokyo_and_says_that_it_is_for_a_charge() -> None:
    (event,) = invoice.issue_for_charge(Invoice(), CHARGE, "customer-1", price(80_000), NOW)
    assert isinstance(event, InvoiceIssued)
    assert (event.invoice_no, event.order_id, event.charge_id) == (NUMBER, CHARGE, CHARGE)
    assert (event.issued_on, event.due_on) == (date(2026, 5, 25), date(2026, 6, 24))


def test_consumption_tax_is_rounded_down_once_on_the_total() -> None:
    # 99.9 on the total of 999; rounded for each line it would be 33 + 33 + 32.
    (event,) = invoice.issue_for_charge(Invoice(), CHARGE, "customer-1", price(335, 335, 329), NOW)
    assert isinstance(event, InvoiceIssued)
    assert [(tax.net, tax.tax) for tax in event.taxes] == [(999, 99)]
    assert event.total == 1_098


@pytest.mark.parametrize(("late", "credited", "gone"), [(True, True, True), (True, False, False), (False, False, True)])
def test_a_charge_falls_if_the_terms_credit_it_or_the_unit_was_in_time(late: bool, credited: bool, gone: bool) -> None:
    assert (domain.reason_gone(returned(late=late, credited=credited)) is not None) is gone


def test_a_charge_is_withdrawn_once_and_only_if_it_was_raised() -> None:
    (event,) = domain.withdraw(raised(), CHARGE, "back", NOW)
    assert isinstance(event, ChargeWithdrawn)
    assert domain.withdraw(domain.evolve(raised(), event), CHARGE, "back", NOW) == []
    assert domain.withdraw(Charge(), CHARGE, "back", NOW) == []


@pytest.mark.parametrize("amount", [0, 1, 88_000])
def test_a_credit_note_takes_the_whole_invoice_back_and_pays_back_what_was_paid(amount: int) -> None:
    state = paid(invoiced(), amount) if amount else invoiced()
    note, *due = crediting.credit(state, NUMBER, "back", NOW)
    assert isinstance(note, CreditNoteIssued)
    assert (note.credit_note_no, note.invoice_no) == (f"CN-{NUMBER}", NUMBER)
    assert (note.net, note.total, note.paid_back) == (80_000, 88_000, amount)
    assert [each.amount for each in due if isinstance(each, RefundDue)] == ([amount] if amount else [])
    credited = reduce(invoice.evolve, due, invoice.evolve(state, note))
    assert crediting.credit(credited, NUMBER, "back", NOW) == []
    assert invoice.fall_due(credited, NUMBER, NOW) == []
    late = Payment("payment-2", 88_000, "JPY", date(2026, 5, 24))
    received, back = paying.receive(credited, NUMBER, late, NOW)
    assert isinstance(received, PaymentReceived) and isinstance(back, RefundDue)
    assert (received.outstanding, back.amount, back.payment_id) == (0, 88_000, "payment-2")
    with pytest.raises(Refused, match="recorded on this invoice already"):
        paying.receive(reduce(invoice.evolve, [received, back], credited), NUMBER, late, NOW)


@given(st.lists(st.tuples(st.sampled_from(["pay", "credit", "due"]), st.integers(0, 90_000)), max_size=20))
def test_what_came_in_is_owed_or_kept_or_paid_back_in_any_order(steps: list[tuple[str, int]]) -> None:
    state, events = invoiced(), list[Event]()
    for number, (what, amount) in enumerate(steps):
        try:
            new = _step(state, what, Payment(f"payment-{number}", amount, "JPY", date(2026, 5, 24)))
        except Refused:
            continue
        state = reduce(invoice.evolve, new, state)
        events += new
    taken = sum(event.amount for event in events if isinstance(event, PaymentReceived))
    notes = [event for event in events if isinstance(event, CreditNoteIssued)]
    due_back = sum(event.amount for event in events if isinstance(event, RefundDue))
    assert len(notes) <= 1, "credited once"
    assert state.outstanding == (0 if notes else 88_000 - taken)
    assert due_back == (taken if notes else 0), "what came in is kept, or due back, however late it came"
    assert sum(isinstance(event, InvoicePaid) for event in events) == (state.paid_at is not None)


def _step(state: Invoice, what: str, payment: Payment) -> list[Event]:
    if what == "pay":
        return paying.receive(state, NUMBER, payment, NOW)
    return crediting.credit(state, NUMBER, "back", NOW) if what == "credit" else invoice.fall_due(state, NUMBER, NOW)
