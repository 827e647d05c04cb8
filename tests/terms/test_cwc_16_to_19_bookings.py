"""CWC-16, CWC-17 and CWC-19: the last day to pay for an appointment, the points to check, and what is prepared."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.bookings import BookingTerms, PaidBy, booking_terms
from kippu_terms.plan import Plan
from kippu_terms.refusal import Refused

Local = Callable[..., datetime]


@pytest.fixture(scope="module")
def at(cwc: Plan) -> Local:
    """An instant by the wall clock in Tokyo."""
    return lambda *parts: datetime(*parts, tzinfo=cwc.zone)


@pytest.fixture(scope="module")
def book(cwc: Plan, at: Local) -> Callable[..., BookingTerms]:
    """Books SSL for Thursday 10 December 2026 at 14:00, asked for on Monday 30 November at 10:00, to be invoiced."""

    def terms(product: str = "ssl-setup", paid_by: PaidBy = "invoice", **changes: datetime) -> BookingTerms:
        when = {"requested_at": at(2026, 11, 30, 10), "starts_at": at(2026, 12, 10, 14), **changes}
        return booking_terms(cwc, product, paid_by=paid_by, **when)

    return terms


@pytest.mark.clause("CWC-16")
@pytest.mark.parametrize(
    ("appointment", "pay_by"),
    [
        ((2026, 12, 10, 14), date(2026, 12, 7)),  # Thursday → Monday
        ((2026, 12, 7, 9), date(2026, 12, 2)),  # Monday → Wednesday
        ((2027, 1, 6, 9), date(2026, 12, 28)),  # across the year-end closing
        ((2026, 12, 10, 0), date(2026, 12, 7)),
        ((2026, 12, 10, 23, 59), date(2026, 12, 7)),
        ((2026, 12, 5, 9), date(2026, 12, 2)),  # a Saturday
    ],
)
def test_it_is_void_at_the_end_of_the_third_business_day_before(
    book: Callable[..., BookingTerms], at: Local, appointment: tuple[int, ...], pay_by: date
) -> None:
    terms = book(starts_at=at(*appointment))
    after = pay_by + timedelta(days=1)
    assert (terms.pay_by, terms.void_at, terms.clause) == (pay_by, at(after.year, after.month, after.day), "CWC-16")


@pytest.mark.clause("CWC-16")
def test_a_booking_whose_last_day_has_passed_is_refused(book: Callable[..., BookingTerms], at: Local) -> None:
    assert book(requested_at=at(2026, 12, 7, 23, 59)).pay_by == date(2026, 12, 7)  # on the last day it is not
    with pytest.raises(Refused, match="2026-12-07") as refused:
        book(requested_at=at(2026, 12, 8, 0))
    assert [fault.clause for fault in refused.value.faults] == ["CWC-16"]


@pytest.mark.clause("CWC-16")
def test_what_is_paid_by_incidents_is_neither_refused_nor_voided_for_that(
    book: Callable[..., BookingTerms], at: Local
) -> None:
    terms = book(paid_by="incidents", requested_at=at(2026, 12, 9, 10))
    assert (terms.pay_by, terms.void_at) == (None, None)


@pytest.mark.clause("CWC-16")
def test_an_appointment_is_for_a_service_and_in_the_future(book: Callable[..., BookingTerms], at: Local) -> None:
    with pytest.raises(Refused, match="in the future"):
        book(paid_by="incidents", requested_at=at(2026, 12, 10, 14))
    for product in ("incidents-5", "licence", "annual-maintenance"):
        with pytest.raises(Refused, match="no service"):
            book(product)


@pytest.mark.clause("CWC-17")
def test_the_points_are_mailed_and_answered_by_the_second_business_day_before(
    book: Callable[..., BookingTerms], at: Local
) -> None:
    terms = book()
    assert (terms.points_by, terms.points_clause) == (date(2026, 12, 8), "CWC-17")
    assert terms.points_due_at == at(2026, 12, 9)
    late = book(paid_by="incidents", requested_at=at(2026, 12, 9, 10))
    assert late.points_by == date(2026, 12, 9)  # at once, where that day has passed already


@pytest.mark.clause("CWC-19")
@pytest.mark.parametrize(
    ("product", "items"),
    [
        ("introduction-advice", []),
        ("server-installation", ["server_ready", "server_runs_nothing_else", "licence_ready"]),
        ("ssl-setup", ["server_installed", "certificate_ready"]),
        ("security-option", ["server_installed", "certificate_ready"]),
    ],
)
def test_what_the_customer_prepares_depends_on_the_service(
    book: Callable[..., BookingTerms], product: str, items: list[str]
) -> None:
    prepared = book(product).to_prepare
    assert [each.item for each in prepared] == items
    assert {each.clause for each in prepared} <= {"CWC-19"}
    assert all({"ja", "en"} <= set(each.name) for each in prepared)


@given(days=st.integers(0, 1_000), ahead=st.integers(1, 60 * 24 * 60))
def test_whatever_the_dates_payment_comes_before_the_points_and_both_before_the_appointment(
    book: Callable[..., BookingTerms], at: Local, cwc: Plan, days: int, ahead: int
) -> None:
    requested_at = at(2026, 1, 1) + timedelta(days=days)
    starts_at = requested_at + timedelta(minutes=ahead)
    appointment = cwc.calendar.local_date(starts_at)
    try:
        terms = book(requested_at=requested_at, starts_at=starts_at)
    except Refused:
        assert cwc.calendar.business_days_before(appointment, 3) < cwc.calendar.local_date(requested_at)
        return
    assert terms.pay_by is not None
    assert terms.void_at is not None
    assert cwc.calendar.is_business_day(terms.pay_by)
    assert terms.pay_by < terms.points_by < appointment
    assert requested_at < terms.void_at < terms.points_due_at <= starts_at
