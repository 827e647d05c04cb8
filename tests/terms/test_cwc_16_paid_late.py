"""CWC-16 between billing and dispatch: a booking that is void is paid late in every order in which the news comes."""

from collections import deque
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_billing.domain import crediting, paying, withholding
from kippu_billing.domain import invoice as invoices
from kippu_billing.domain.invoice import Invoice
from kippu_billing.domain.paying import Payment
from kippu_billing.domain.withholding import Certificate
from kippu_dispatch.domain import booking as bookings
from kippu_dispatch.domain.booking import Booking, Status
from kippu_events.catalogue.billing import CreditedLine, InvoicePaid, PaidTooLate, RefundDue
from kippu_events.catalogue.bookings import BookingAccepted, BookingPaidLate, BookingTerms, BookingVoided
from kippu_events.catalogue.entitlement import OrderAccepted
from kippu_events.catalogue.values import Price, PriceLine
from kippu_events.event import Event
from kippu_terms.refusal import Refused

ORDERED = datetime(2026, 11, 30, 1, tzinfo=UTC)
VOID_AT = datetime(2026, 12, 7, 15, tzinfo=UTC)
PAY_BY, TODAY = date(2026, 12, 7), date(2026, 12, 8)
MOMENT = timedelta(microseconds=1)
NUMBER, TOTAL = "INV-O-1", 44_000
ABOUT: dict[str, Any] = {"occurred_at": ORDERED, "customer_id": "customer-1", "product": "ssl-setup"}
PRICE = Price(
    currency="JPY",
    lines=(PriceLine(product="ssl-setup", description="x", quantity=1, unit_price=40_000, tax_rate_permyriad=1000),),
    tax_name="tax",
    tax_rounding="down",
    payment_days=30,
    time_zone="Asia/Tokyo",
)
PLAN = {"plan_family": "cwc", "plan_version": "2026-01-01"}


class Houses:
    """Billing and dispatch, each with what it has not heard of the other yet."""

    def __init__(self, price: Price = PRICE) -> None:
        order = OrderAccepted(**ABOUT, **PLAN, order_id="O-1", quantity=1, price=price, tickets=0, pay_by=PAY_BY)
        self.invoice = reduce(invoices.evolve, invoices.issue(Invoice(), order, ORDERED), Invoice())
        accepted = BookingAccepted(
            **ABOUT,
            **PLAN,
            booking_id="O-1",
            contact_id="contact-1",
            name={"en": "SSL"},
            starts_at=datetime(2026, 12, 10, 5, tzinfo=UTC),
            minutes=60,
            paid_by="invoice",
            terms=BookingTerms(
                clause="CWC-16",
                pay_by=PAY_BY,
                void_at=VOID_AT,
                points_clause="CWC-17",
                points_by=TODAY,
                points_due_at=VOID_AT + timedelta(days=1),
            ),
            time_zone="Asia/Tokyo",
        )
        self.booking = reduce(bookings.evolve, bookings.take(Booking(), accepted, ORDERED), Booking())
        self.to_billing, self.to_dispatch = deque[Event](), deque[Event]()
        self.of_billing, self.of_dispatch = list[Event](), list[Event]()
        self.payments = 0

    def pay(self, amount: int, now: datetime) -> None:
        self.payments += 1
        on = PAY_BY if now < VOID_AT else TODAY
        self._billed(paying.receive(self.invoice, NUMBER, Payment(f"p-{self.payments}", amount, "JPY", on), now))

    def certify(self, amount: int, now: datetime) -> None:
        self.payments += 1
        on = PAY_BY if now < VOID_AT else TODAY
        certificate = Certificate(f"c-{self.payments}", amount, "JPY", on, on)
        self._billed(withholding.certify(self.invoice, NUMBER, certificate, now))

    def take_back(self, quantity: int) -> None:
        line = CreditedLine(line=1, product="ssl-setup", quantity=quantity)
        self._billed(crediting.credit_part(self.invoice, NUMBER, [line], "back", VOID_AT - MOMENT))

    def fall_void(self) -> None:
        self._dispatched(bookings.void(self.booking, VOID_AT))

    def hear_in_billing(self) -> None:
        for event in _taken(self.to_billing):
            if isinstance(event, BookingVoided):
                self._billed(
                    crediting.credit_unless_paid_before(self.invoice, NUMBER, event.void_at, "void", VOID_AT + MOMENT)
                )

    def hear_in_dispatch(self) -> None:
        for event in _taken(self.to_dispatch):
            if isinstance(event, InvoicePaid):  # as entitlement passes it on, with the order
                self._dispatched(bookings.pay(self.booking, event.paid_on, event.occurred_at, VOID_AT + MOMENT))
            elif isinstance(event, PaidTooLate):
                self._dispatched(bookings.pay_late(self.booking, event.paid_on, VOID_AT + MOMENT))

    def _billed(self, events: list[Event]) -> None:
        self.invoice = reduce(invoices.evolve, events, self.invoice)
        self.of_billing += events
        self.to_dispatch += events

    def _dispatched(self, events: tuple[Event, ...]) -> None:
        self.booking = reduce(bookings.evolve, events, self.booking)
        self.of_dispatch += events
        self.to_billing += events


def _taken(queue: deque[Event]) -> list[Event]:
    """The next news, if there is any."""
    return [queue.popleft()] if queue else []


PARTS = st.lists(st.integers(1, TOTAL - 1), max_size=3, unique=True).map(
    lambda cuts: [end - begin for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), TOTAL], strict=True)]
)


@pytest.mark.clause("CWC-16")
@given(PARTS, st.integers(0, 4), st.booleans(), st.randoms(use_true_random=False))
def test_paid_in_whole_after_it_was_void_it_is_paid_late_once_and_all_is_due_back(
    parts: list[int], in_time: int, whole: bool, chance: Any
) -> None:
    """`in_time` of the parts come before it is void; the last part never does, and sometimes not at all."""
    houses = Houses()
    before = parts[: min(in_time, len(parts) - 1)]
    later = parts[len(before) :] if whole else parts[len(before) : -1]
    for amount in before:
        houses.pay(amount, VOID_AT - MOMENT)
    steps: list[Any] = [houses.fall_void, *([houses.hear_in_billing, houses.hear_in_dispatch] * 4)]
    chance.shuffle(steps)
    for amount in later:
        place = chance.randint(0, len(steps))
        steps.insert(place, lambda amount=amount: houses.pay(amount, VOID_AT + MOMENT))
    for step in [*steps, *([houses.hear_in_dispatch, houses.hear_in_billing] * 12)]:
        step()
    assert houses.booking.status is Status.VOID
    late = [event for event in houses.of_dispatch if isinstance(event, BookingPaidLate)]
    assert [event.paid_on for event in late] == ([TODAY] if whole else [])
    assert (houses.invoice.credited, houses.invoice.held) == (True, 0)
    due = sum(event.amount for event in houses.of_billing if isinstance(event, RefundDue))
    assert due == houses.invoice.received == sum(before) + sum(later)


@pytest.mark.clause("CWC-16")
@given(st.randoms(use_true_random=False))
def test_paid_in_time_it_stands_in_every_order(chance: Any) -> None:
    houses = Houses()
    houses.pay(TOTAL, VOID_AT - MOMENT)
    steps = [houses.fall_void, *([houses.hear_in_billing, houses.hear_in_dispatch] * 3)]
    chance.shuffle(steps)
    for step in [*steps, *([houses.hear_in_dispatch, houses.hear_in_billing] * 4)]:
        step()
    assert (houses.booking.status, houses.invoice.is_paid) == (Status.CONFIRMED, True)
    assert not any(
        isinstance(event, RefundDue | BookingPaidLate) for event in [*houses.of_billing, *houses.of_dispatch]
    )


TWO = PRICE.model_copy(
    update={"lines": (PRICE.lines[0].model_copy(update={"quantity": 2}),), "withholding_permyriad": 300}
)
"""Of 40,000 and 4,000 of tax each, 1,200 may be withheld."""


def void_after_a_part_was_taken_back(in_time: int = 0, withheld: int = 0) -> Houses:
    """Of two, one is left, and with it 44,000, as the booking is void."""
    houses = Houses(TWO)
    if withheld:
        houses.certify(withheld, VOID_AT - MOMENT)
    houses.take_back(1)
    if in_time:
        houses.pay(in_time, VOID_AT - MOMENT)
    houses.fall_void()
    houses.hear_in_billing()
    assert houses.invoice.credited
    return houses


def paid_late(houses: Houses) -> list[date]:
    return [event.paid_on for event in houses.of_billing if isinstance(event, PaidTooLate)]


@pytest.mark.clause("CWC-16")
@pytest.mark.parametrize(
    ("in_time", "withheld", "later"),
    [(0, 0, 44_000), (20_000, 0, 24_000), (0, 1_200, 42_800), (0, 2_400, 42_800), (20_000, 1_200, 22_800)],
)
def test_after_a_part_was_taken_back_the_rest_is_paid_late_with_the_last_of_it(
    in_time: int, withheld: int, later: int
) -> None:
    """What was withheld for the part that was taken back counts for nothing of the rest."""
    houses = void_after_a_part_was_taken_back(in_time, withheld)
    houses.pay(later - 1, VOID_AT + MOMENT)
    assert paid_late(houses) == []
    houses.pay(1, VOID_AT + MOMENT)
    houses.pay(1, VOID_AT + MOMENT)
    assert paid_late(houses) == [TODAY]
    while houses.to_dispatch:
        houses.hear_in_dispatch()
    assert [event.paid_on for event in houses.of_dispatch if isinstance(event, BookingPaidLate)] == [TODAY]
    assert houses.invoice.held == 0


@pytest.mark.clause("CWC-16")
def test_the_certificate_of_what_was_withheld_makes_it_paid_late_too() -> None:
    houses = void_after_a_part_was_taken_back(in_time=20_000)
    houses.pay(22_800, VOID_AT + MOMENT)
    assert paid_late(houses) == []
    with pytest.raises(Refused, match="1200 may be withheld"):
        houses.certify(1_201, VOID_AT + MOMENT)
    houses.certify(1_200, VOID_AT + MOMENT)
    assert paid_late(houses) == [TODAY]
    with pytest.raises(Refused, match="nothing is owed"):
        houses.certify(1, VOID_AT + MOMENT)
    due = sum(event.amount for event in houses.of_billing if isinstance(event, RefundDue))
    assert due == houses.invoice.received == 42_800, "the authorities have the rest"
    while houses.to_dispatch:
        houses.hear_in_dispatch()
    assert [event.paid_on for event in houses.of_dispatch if isinstance(event, BookingPaidLate)] == [TODAY]
