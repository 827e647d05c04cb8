"""CWC-16, CWC-17 and CWC-19 at dispatch's: a booking by the plan's own terms, paid or not, answered or not, prepared or
not. The appointment is on Thursday 10 December 2026 at 14:00."""

from datetime import date, datetime, timedelta
from functools import reduce

import pytest
from kippu_dispatch.domain import booking
from kippu_dispatch.domain.booking import Booking, Status, evolve
from kippu_events.catalogue.bookings import BookingAccepted, BookingPaidLate, BookingTerms, PointsDue
from kippu_events.event import Event
from kippu_terms.bookings import PaidBy, booking_terms
from kippu_terms.plan import Plan
from kippu_terms.refusal import Refused

MOMENT = timedelta(microseconds=1)


def booked(plan: Plan, paid_by: PaidBy = "invoice") -> Booking:
    now = datetime(2026, 11, 30, 10, tzinfo=plan.zone)
    starts_at = datetime(2026, 12, 10, 14, tzinfo=plan.zone)
    terms = booking_terms(plan, "ssl-setup", requested_at=now, starts_at=starts_at, paid_by=paid_by)
    accepted = BookingAccepted(
        occurred_at=now,
        booking_id="O-1",
        customer_id="customer-1",
        contact_id="contact-1",
        product="ssl-setup",
        name=plan.product("ssl-setup").name,
        starts_at=starts_at,
        minutes=60,
        paid_by=paid_by,
        terms=BookingTerms.model_validate(terms.model_dump()),
        time_zone=plan.time_zone,
        plan_family=plan.family,
        plan_version=plan.version,
    )
    return after(Booking(), *booking.take(Booking(), accepted, now))


def after(state: Booking, *events: Event) -> Booking:
    return reduce(evolve, events, state)


@pytest.mark.clause("CWC-16")
@pytest.mark.parametrize(("moments", "status", "late"), [(-1, "confirmed", False), (0, "void", True)])
def test_paid_up_to_the_end_of_7_december_it_stands_and_from_then_on_it_is_void(
    cwc: Plan, moments: int, status: str, late: bool
) -> None:
    state, midnight = booked(cwc), datetime(2026, 12, 8, tzinfo=cwc.zone)
    events = booking.pay(state, date(2026, 12, 7), midnight + moments * MOMENT, midnight)
    assert after(state, *events).status == status
    assert any(isinstance(event, BookingPaidLate) for event in events) is late


@pytest.mark.clause("CWC-16")
@pytest.mark.parametrize(("paid_by", "status"), [("invoice", Status.VOID), ("incidents", Status.CONFIRMED)])
def test_unpaid_it_is_void_by_itself_unless_incidents_pay_it(cwc: Plan, paid_by: PaidBy, status: Status) -> None:
    state, midnight = booked(cwc, paid_by), datetime(2026, 12, 8, tzinfo=cwc.zone)
    assert after(state, *booking.void(state, midnight)).status is status


@pytest.mark.clause("CWC-17")
def test_the_points_are_asked_and_answered_by_8_december(cwc: Plan) -> None:
    state, due_at = booked(cwc, "incidents"), datetime(2026, 12, 9, tzinfo=cwc.zone)
    mailed = booking.mail_points(state, ["Which server?"], "engineer-1", due_at - timedelta(days=1))
    assert (mailed.points_by, mailed.clause) == (date(2026, 12, 8), "CWC-17")
    asked = evolve(state, mailed)
    answered = evolve(asked, booking.answer_points(asked, ["the blue one"], "client-1", due_at))
    for each, missing in ((state, ["points"]), (asked, ["answers"]), (answered, [])):
        found = [event for event in booking.points_due(each, due_at) if isinstance(event, PointsDue)]
        assert [(event.missing, event.clause) for event in found] == [(name, "CWC-17") for name in missing]


@pytest.mark.clause("CWC-19")
def test_work_is_blocked_until_the_last_thing_is_prepared(cwc: Plan) -> None:
    state, done = booked(cwc, "incidents"), datetime(2026, 12, 10, 16, tzinfo=cwc.zone)
    for item in ("server_installed", "certificate_ready"):
        blocked = after(state, *booking.begin(state, done))
        assert blocked.status is Status.BLOCKED
        with pytest.raises(Refused) as refused:
            booking.complete(blocked, done, done)
        assert {fault.clause for fault in refused.value.faults} == {"CWC-19"}
        state = evolve(state, booking.confirm_item(state, item, True, "client-1", done))
    assert booking.begin(state, done) == ()
    assert evolve(state, booking.complete(state, done, done)).status is Status.COMPLETED
