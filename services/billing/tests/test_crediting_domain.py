"""Credit notes for a part of an invoice: together never more than it, whatever is paid or withheld meanwhile."""

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_billing.domain import crediting, paying
from kippu_billing.domain import invoice as invoices
from kippu_billing.domain.invoice import Invoice, evolve
from kippu_billing.domain.paying import Payment
from kippu_billing.domain.withholding import Certificate, certify
from kippu_events.catalogue.billing import CreditedLine, CreditNoteIssued, InvoicePaid, PaymentReceived, RefundDue
from kippu_events.catalogue.values import Price, PriceLine
from kippu_events.event import Event
from kippu_terms.refusal import Refused

NOW = datetime(2026, 6, 12, 3, tzinfo=UTC)
TODAY = date(2026, 6, 12)
NUMBER = "INV-O-1"
Lines = list[tuple[int, int, int]]
"""Quantity, unit price, rate in ten-thousandths."""


def issued(lines: Lines, *, rounding: str = "down", included: bool = False, permyriad: int | None = None) -> Invoice:
    price = Price(
        currency="JPY",
        lines=tuple(
            PriceLine(product=f"product-{place}", description="x", quantity=q, unit_price=u, tax_rate_permyriad=rate)
            for place, (q, u, rate) in enumerate(lines, start=1)
        ),
        tax_name="tax",
        tax_rounding=rounding,
        tax_included=included,
        payment_days=30,
        time_zone="Asia/Tokyo",
        withholding_permyriad=permyriad,
    )
    return after(Invoice(), *invoices.issue_for_charge(Invoice(), "O-1", "customer-1", price, NOW))


def after(invoice: Invoice, *events: Event) -> Invoice:
    return reduce(evolve, events, invoice)


def part(line: int, quantity: int = 1) -> CreditedLine:
    return CreditedLine(line=line, product=f"product-{line}", quantity=quantity)


def pay(
    invoice: Invoice, amount: int, payment_id: str = "payment-1", *, surplus_goes_back: bool = False
) -> list[Event]:
    payment = Payment(payment_id, amount, "JPY", TODAY, surplus_goes_back)
    return paying.receive(invoice, NUMBER, payment, NOW)


def back(invoice: Invoice, *lines: CreditedLine) -> list[Event]:
    """Without lines, all that is left."""
    if lines:
        return crediting.credit_part(invoice, NUMBER, lines, "back", NOW)
    return crediting.credit(invoice, NUMBER, "back", NOW)


def note_of(events: list[Event]) -> CreditNoteIssued:
    (note,) = (event for event in events if isinstance(event, CreditNoteIssued))
    return note


def test_each_part_has_its_own_note_and_the_last_takes_the_remainder() -> None:
    state = issued([(3, 105, 1000)])  # 315 and 31.5 of tax, rounded down
    numbers, totals = [], []
    for taken in ([part(1)], [part(1)], []):
        events = back(state, *taken)
        state = after(state, *events)
        numbers.append(note_of(events).credit_note_no)
        totals.append((note_of(events).net, note_of(events).total, note_of(events).part))
    assert numbers == [f"CN-{NUMBER}", f"CN-{NUMBER}-2", f"CN-{NUMBER}-3"]
    assert totals == [(105, 115, True), (105, 115, True), (105, 116, False)]
    assert (state.outstanding, state.credited, back(state), back(state, part(1))) == (0, True, [], [])


def test_rounded_up_halves_are_taken_back_no_more_than_once() -> None:
    state = issued([(4, 5, 1000)], rounding="half_up")  # 20 and 2: four notes of 0.5 would come to 4
    taxes = []
    for _ in range(4):
        events = back(state, part(1))
        state = after(state, *events)
        taxes.append(note_of(events).total - note_of(events).net)
    assert taxes == [1, 1, 0, 0]
    assert state.total_left == 0


def test_of_a_paid_invoice_the_part_is_due_back_at_once() -> None:
    state = issued([(2, 1_000, 1000)])
    state = after(state, *pay(state, 2_200))
    note, due = back(state, part(1))
    assert isinstance(note, CreditNoteIssued) and isinstance(due, RefundDue)
    assert (note.total, note.paid_back, note.outstanding) == (1_100, 1_100, 0)
    assert (due.refund_id, due.amount, due.credit_note_no) == (f"RF-{NUMBER}.1", 1_100, note.credit_note_no)
    assert after(state, note, due).is_paid


def test_of_an_unpaid_invoice_the_part_is_owed_no_more_and_nothing_is_due_back() -> None:
    state = issued([(2, 1_000, 1000)])
    (note,) = back(state, part(1))
    assert isinstance(note, CreditNoteIssued)
    assert (note.paid_back, note.outstanding) == (0, 1_100)
    state = after(state, note)
    assert [type(event) for event in pay(state, 1_100)] == [PaymentReceived, InvoicePaid]
    _, settled, due = pay(state, 2_200)  # what the customer had been asked for before
    assert isinstance(settled, InvoicePaid) and isinstance(due, RefundDue)
    assert (due.amount, due.payment_id) == (1_100, "payment-1")
    with pytest.raises(Refused, match="only 1100 is owed"):
        pay(state, 2_201)


def test_a_part_that_leaves_nothing_to_be_paid_settles_the_rest() -> None:
    state = issued([(2, 1_000, 1000)])
    state = after(state, *pay(state, 1_500))
    note, due, settled = back(state, part(1))
    assert isinstance(settled, InvoicePaid) and isinstance(due, RefundDue)
    assert (due.amount, settled.paid_on) == (400, TODAY)
    again = after(state, note, due, settled)
    assert not any(isinstance(event, InvoicePaid) for event in back(again, part(1)))


def test_what_was_withheld_for_a_part_is_not_paid_back() -> None:
    state = issued([(2, 50_000, 700)], permyriad=300)  # 107,000, of which 3,000 are withheld
    state = after(state, *pay(state, 104_000))
    state = after(state, *certify(state, NUMBER, Certificate("certificate-1", 3_000, "JPY", TODAY, TODAY), NOW))
    notes = []
    for _ in range(2):
        events = back(state, part(1))
        notes.append(note_of(events))
        state = after(state, *events)
    assert [(each.total, each.paid_back, each.withheld) for each in notes] == [(53_500, 52_000, 1_500)] * 2


def test_no_more_is_withheld_than_for_what_is_left() -> None:
    state = issued([(2, 50_000, 700)], permyriad=300)
    state = after(state, *back(state, part(1)))
    with pytest.raises(Refused, match="1500 may be withheld"):
        certify(state, NUMBER, Certificate("certificate-1", 1_501, "JPY", TODAY, TODAY), NOW)
    assert len(certify(state, NUMBER, Certificate("certificate-1", 1_500, "JPY", TODAY, TODAY), NOW)) == 1


@pytest.mark.clause("CWC-16")
@pytest.mark.parametrize(("moments", "credited"), [(-1, False), (0, True), (1, True)])
def test_what_was_paid_before_a_booking_was_void_is_kept_and_what_came_later_goes_back(
    moments: int, credited: bool
) -> None:
    void_at = NOW + timedelta(hours=1)
    state = issued([(1, 1_000, 1000)])
    at = void_at + moments * timedelta(microseconds=1)
    state = after(state, *paying.receive(state, NUMBER, Payment("payment-1", 1_100, "JPY", TODAY), at))
    events = crediting.credit_unless_paid_before(state, NUMBER, void_at, "void", void_at)
    due = [(event.amount, event.cause) for event in events if isinstance(event, RefundDue)]
    assert due == ([(1_100, "booking_void")] if credited else [])


@pytest.mark.clause("CWC-16")
@pytest.mark.parametrize("before", [0, 400])
def test_what_is_void_is_owed_no_more_and_every_payment_of_it_is_due_back_once(before: int) -> None:
    state = issued([(1, 1_000, 1000)])
    if before:
        state = after(state, *pay(state, before))
    state = after(state, *crediting.credit_unless_paid_before(state, NUMBER, NOW, "void", NOW))
    assert (state.outstanding, state.credited, state.held) == (0, True, 0)
    late = pay(state, 700, "payment-2")
    assert [event.amount for event in late if isinstance(event, RefundDue)] == [700]
    assert not any(isinstance(event, InvoicePaid) for event in late)
    state = after(state, *late)
    with pytest.raises(Refused, match="recorded on this invoice already"):
        pay(state, 700, "payment-2")
    assert sum(each.amount for each in state.refunds) == before + 700 == state.received


def test_a_refund_is_paid_once_on_a_day_that_has_come() -> None:
    state = issued([(1, 1_000, 1000)])
    state = after(state, *pay(state, 1_100))
    state = after(state, *back(state))
    refund_id = f"RF-{NUMBER}.1"
    with pytest.raises(Refused, match="today is 2026-06-12"):
        crediting.pay_back(state, refund_id, TODAY + timedelta(days=1), "bank-1", NOW)
    paid = crediting.pay_back(state, refund_id, TODAY, "bank-1", NOW)
    assert (paid.invoice_no, paid.amount) == (NUMBER, 1_100)
    with pytest.raises(Refused, match="already") as twice:
        crediting.pay_back(after(state, paid), refund_id, TODAY, "bank-1", NOW)
    with pytest.raises(Refused, match="no refund") as unknown:
        crediting.pay_back(state, f"RF-{NUMBER}.2", TODAY, "bank-1", NOW)
    assert (twice.value.kind, unknown.value.kind) == ("conflict", "not_found")


LINES = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 10_000), st.sampled_from([0, 700, 800, 1000])), min_size=1, max_size=4
)


@given(LINES, st.sampled_from(["down", "half_up"]), st.booleans(), st.randoms(use_true_random=False))
def test_the_notes_of_all_units_come_to_the_invoice_and_never_to_more(
    lines: Lines, rounding: str, included: bool, random: Random
) -> None:
    first = state = issued(lines, rounding=rounding, included=included)
    units = [place for place, (quantity, _, _) in enumerate(lines, start=1) for _ in range(quantity)]
    random.shuffle(units)
    kept = random.randint(0, len(units) - 1)
    for place in units[kept:]:
        note = note_of(back(state, part(place)))
        _, unit_price, rate = lines[place - 1]
        assert note.total == note.net + sum(each.tax for each in note.taxes)
        assert (note.total if included else note.net) == unit_price
        assert all(each.net >= 0 and each.tax >= 0 and each.rate_permyriad == rate for each in note.taxes)
        state = after(state, note)
        assert all(each.net >= 0 and each.tax >= 0 for each in state.left)
    if kept:
        state = after(state, note_of(back(state)))
    assert first.issued is not None
    assert (state.net_left, state.total_left, state.outstanding) == (0, 0, 0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pay", "surplus", "part", "certify", "void"]), st.integers(1, 120_000), st.integers(1, 3)
    ),
    max_size=14,
)


@given(LINES, STEPS, st.sampled_from([None, 300, 1_021]))
def test_money_is_kept_owed_or_due_back_and_never_lost_or_doubled(
    lines: Lines, steps: list[tuple[str, int, int]], permyriad: int | None
) -> None:
    state, events = issued(lines, rounding="half_up", permyriad=permyriad), list[Event]()
    total = state.total_left
    free = [quantity for quantity, _, _ in lines]
    for number, (what, amount, place) in enumerate(steps):
        try:
            if what == "pay":
                new = pay(state, min(amount, state.outstanding or amount), f"payment-{number}")
            elif what == "surplus":
                new = pay(state, amount, f"payment-{number}", surplus_goes_back=True)
            elif what == "certify":
                new = certify(state, NUMBER, Certificate(f"c-{number}", amount % 500, "JPY", TODAY, TODAY), NOW)
            elif what == "part" and place <= len(lines) and free[place - 1]:
                free[place - 1] -= 1
                new = back(state, part(place))
            elif what == "void" and place == 1:
                new = back(state)
            else:
                continue
        except Refused:
            continue
        state = after(state, *new)
        events += new
        assert 0 <= state.held <= state.received
        assert state.outstanding >= 0
        if not state.credited:
            assert state.held + state.withheld_left + state.outstanding == state.total_left
    received = sum(event.amount for event in events if isinstance(event, PaymentReceived))
    due = sum(event.amount for event in events if isinstance(event, RefundDue))
    notes = [event for event in events if isinstance(event, CreditNoteIssued)]
    assert sum(note.total for note in notes) == total - state.total_left <= total
    assert received - due == state.held
    assert state.held == 0 or not state.credited, "what is taken back whole is given back whole"
    assert len({event.refund_id for event in events if isinstance(event, RefundDue)}) == len(state.refunds)
    assert sum(isinstance(event, InvoicePaid) for event in events) <= 1
