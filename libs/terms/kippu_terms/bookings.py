"""Work at an appointment: the `[bookings]` section of a plan file, and what it makes of one booking.

A booking is paid in advance, by an invoice or by prepaid units. By invoice it has a last day: what is not paid by then
is void at that day's end. Before the appointment the engineer mails points to check, which the customer answers, and
the customer prepares what the service takes.
"""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AwareDatetime, Field

from kippu_terms.dates import end_of
from kippu_terms.refusal import Fault, Refused
from kippu_terms.value import ClauseId, Integer, Name, Text, Value

if TYPE_CHECKING:
    from kippu_terms.plan import Plan

PaidBy = Literal["invoice", "incidents"]
"""`incidents`: prepaid units, debited as it is booked."""


class DaysBefore(Value):
    """Something that has to be done by some business days before the appointment, that day included."""

    clause: ClauseId
    business_days: Annotated[Integer, Field(ge=0, le=60)]


class Preparation(Value):
    """What the customer prepares; while it is not, the work is blocked."""

    id: Name
    clause: ClauseId
    name: Text
    services: Annotated[frozenset[Name], Field(min_length=1)]
    """Products of the plan that take it."""


class BookingsSection(Value):
    payment: DaysBefore
    points: DaysBefore
    """The mail with the points to check, and the customer's answer."""
    preparations: tuple[Preparation, ...] = ()


class ToPrepare(Value):
    item: str
    clause: str
    name: Text


class BookingTerms(Value):
    """What the plan says of one booking; pinned when it is made, so that whoever follows it needs no plan."""

    clause: str
    pay_by: date | None
    """The last local day on which it can be paid; None where there is nothing to pay in advance."""
    void_at: AwareDatetime | None
    """The end of that day: unpaid, it is void from this instant on."""
    points_clause: str
    points_by: date
    """The last local day for the points to check and their answer."""
    points_due_at: AwareDatetime
    """The end of that day."""
    to_prepare: tuple[ToPrepare, ...]


def last_day_to_pay(plan: "Plan", starts_at: datetime, paid_by: PaidBy) -> date | None:
    """Of an appointment; None where there is nothing to pay in advance."""
    if plan.bookings is None or paid_by == "incidents":
        return None
    return plan.calendar.business_days_before(plan.calendar.local_date(starts_at), plan.bookings.payment.business_days)


def first_day_to_book(plan: "Plan", ordered_on: date, paid_by: PaidBy) -> date | None:
    """The first business day for which what is ordered on a day can still be paid; None where nothing is booked."""
    if plan.bookings is None:
        return None
    days_to_pay = 0 if paid_by == "incidents" else plan.bookings.payment.business_days
    return plan.calendar.business_days_after(ordered_on - timedelta(days=1), days_to_pay + 1)


def booking_terms(
    plan: "Plan", product_id: str, *, requested_at: datetime, starts_at: datetime, paid_by: PaidBy
) -> BookingTerms:
    """Raises Refused for what cannot be booked: no service, an appointment that has passed, or, by invoice, one whose
    last day of payment has passed."""
    section, product = plan.bookings, plan.product(product_id)
    if section is None or product.kind != "service":
        message = f"{product_id} is no service that is booked"
        raise Refused(Fault("not_bookable", message, "product", product.clause))
    calendar, requested_on = plan.calendar, plan.calendar.local_date(requested_at)
    appointment = calendar.local_date(starts_at)
    clause = section.payment.clause
    if starts_at <= requested_at:
        raise Refused(Fault("appointment_passed", "an appointment is in the future", "starts_at", clause))
    pay_by = last_day_to_pay(plan, starts_at, paid_by)
    if pay_by is not None and pay_by < requested_on:
        first = first_day_to_book(plan, requested_on, paid_by)
        message = f"for that appointment payment was to be confirmed by {pay_by}; book one on {first} or later"
        raise Refused(Fault("payment_day_passed", message, "starts_at", clause))
    points_by = max(requested_on, calendar.business_days_before(appointment, section.points.business_days))
    return BookingTerms(
        clause=clause,
        pay_by=pay_by,
        void_at=end_of(pay_by, plan.zone) if pay_by else None,
        points_clause=section.points.clause,
        points_by=points_by,
        points_due_at=end_of(points_by, plan.zone),
        to_prepare=tuple(
            ToPrepare(item=each.id, clause=each.clause, name=each.name)
            for each in section.preparations
            if product_id in each.services
        ),
    )
