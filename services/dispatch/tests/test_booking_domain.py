"""A booked service: given events, when something is heard, said or due, then these events or these faults."""

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from kippu_dispatch.domain import booking as domain
from kippu_dispatch.domain.booking import Booking, Status, evolve
from kippu_events.catalogue.bookings import (
    BookingAccepted,
    BookingBlocked,
    BookingConfirmed,
    BookingPaidLate,
    BookingTerms,
    BookingVoided,
    PointsDue,
    ToPrepare,
)
from kippu_events.event import Event
from kippu_terms.refusal import Refused

ORDERED = datetime(2026, 11, 30, 1, tzinfo=UTC)
VOID_AT = datetime(2026, 12, 7, 15, tzinfo=UTC)
STARTS = datetime(2026, 12, 10, 5, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
ITEMS = tuple(
    ToPrepare(item=item, clause="CWC-19", name={"en": item}) for item in ("server_installed", "certificate_ready")
)


def accepted(paid_by: str = "invoice", **changes: Any) -> BookingAccepted:
    terms = BookingTerms(
        clause="CWC-16",
        pay_by=date(2026, 12, 7) if paid_by == "invoice" else None,
        void_at=VOID_AT if paid_by == "invoice" else None,
        points_clause="CWC-17",
        points_by=date(2026, 12, 8),
        points_due_at=datetime(2026, 12, 8, 15, tzinfo=UTC),
        to_prepare=ITEMS,
    )
    usual = {
        "occurred_at": ORDERED,
        "booking_id": "O-1",
        "customer_id": "customer-1",
        "contact_id": "contact-1",
        "product": "ssl-setup",
        "name": {"en": "SSL"},
        "starts_at": STARTS,
        "minutes": 60,
        "paid_by": paid_by,
        "terms": terms,
        "time_zone": "Asia/Tokyo",
        "plan_family": "cwc",
        "plan_version": "2026-01-01",
    }
    return BookingAccepted.model_validate({**usual, **changes})


def after(*events: Event) -> Booking:
    return reduce(evolve, events, Booking())


def taken(paid_by: str = "invoice") -> Booking:
    return after(*domain.take(Booking(), accepted(paid_by), ORDERED))


def paid() -> Booking:
    state = taken()
    return reduce(evolve, domain.pay(state, date(2026, 12, 7), ORDERED, ORDERED), state)


def test_it_waits_for_its_payment_and_is_taken_once() -> None:
    state = taken()
    assert (state.status, state.paid, [item.met for item in state.checklist]) == (Status.REQUESTED, False, [None, None])
    assert domain.take(state, accepted(), ORDERED) == ()


@pytest.mark.clause("CWC-16")
@pytest.mark.parametrize(
    ("before", "kinds"), [(MOMENT, [BookingConfirmed]), (0 * MOMENT, [BookingVoided, BookingPaidLate])]
)
def test_a_payment_counts_until_the_last_day_ends(before: timedelta, kinds: list[type[Event]]) -> None:
    events = domain.pay(taken(), date(2026, 12, 7), VOID_AT - before, VOID_AT)
    assert [type(event) for event in events] == kinds
    assert domain.pay(reduce(evolve, events, taken()), date(2026, 12, 7), VOID_AT, VOID_AT) == ()  # once


@pytest.mark.clause("CWC-16")
def test_unpaid_it_is_void_and_nothing_can_be_done_with_it() -> None:
    (voided,) = domain.void(taken(), VOID_AT)
    state = evolve(taken(), voided)
    assert (state.status, voided.clause) == (Status.VOID, "CWC-16")
    assert domain.void(state, VOID_AT) == domain.begin(state, STARTS) == domain.points_due(state, STARTS) == ()
    with pytest.raises(Refused, match="is void") as refused:
        domain.mail_points(state, ["which server?"], "engineer-1", ORDERED)
    assert refused.value.kind == "conflict"


@pytest.mark.clause("CWC-16")
def test_news_of_a_payment_that_comes_after_the_deadline_brings_it_back() -> None:
    void = evolve(taken(), domain.void(taken(), VOID_AT)[0])
    events = domain.pay(void, date(2026, 12, 7), VOID_AT - MOMENT, VOID_AT + timedelta(minutes=1))
    assert reduce(evolve, events, void).status is Status.CONFIRMED


def test_news_of_a_payment_does_not_bring_back_what_was_cancelled() -> None:
    cancelled = evolve(taken(), domain.cancel(taken(), "no", "client-1", ORDERED, staff=False))
    assert domain.pay(cancelled, date(2026, 12, 7), VOID_AT - MOMENT, ORDERED) == ()
    assert domain.pay(cancelled, date(2026, 12, 7), VOID_AT, VOID_AT) == ()


@pytest.mark.clause("CWC-16")
def test_what_is_paid_by_incidents_is_confirmed_at_once_and_never_void() -> None:
    state = taken("incidents")
    assert (state.status, state.void_at) == (Status.CONFIRMED, None)
    assert domain.void(state, STARTS) == ()


def test_what_is_paid_is_not_voided_and_what_is_no_booking_is_not_paid_here() -> None:
    assert domain.void(paid(), VOID_AT) == ()
    assert domain.pay(Booking(), date(2026, 12, 7), ORDERED, ORDERED) == ()


@pytest.mark.clause("CWC-17")
def test_points_are_asked_and_answered_one_by_one() -> None:
    asked = evolve(paid(), domain.mail_points(paid(), ["which server?", "which port?"], "engineer-1", ORDERED))
    with pytest.raises(Refused, match="2 points were asked, and 1 are answered"):
        domain.answer_points(asked, ["the blue one"], "client-1", ORDERED)
    answered = evolve(asked, domain.answer_points(asked, ["the blue one", "443"], "client-1", ORDERED))
    assert answered.answered
    again = evolve(answered, domain.mail_points(answered, ["which name?"], "engineer-1", ORDERED))
    assert (again.points, again.answered) == (1, False)


@pytest.mark.clause("CWC-17")
def test_what_is_missing_when_their_last_day_ends_is_on_record() -> None:
    def missing(state: Booking) -> list[str]:
        return [event.missing for event in domain.points_due(state, STARTS) if isinstance(event, PointsDue)]

    asked = evolve(paid(), domain.mail_points(paid(), ["which server?"], "engineer-1", ORDERED))
    answered = evolve(asked, domain.answer_points(asked, ["the blue one"], "client-1", ORDERED))
    assert (missing(paid()), missing(asked), missing(answered)) == (["points"], ["answers"], [])
    with pytest.raises(Refused, match="0 points were asked"):
        domain.answer_points(paid(), ["nothing"], "client-1", ORDERED)


@pytest.mark.clause("CWC-19")
def test_what_is_not_prepared_blocks_the_work_until_it_is() -> None:
    done = STARTS + timedelta(hours=1)
    one = evolve(paid(), domain.confirm_item(paid(), "server_installed", True, "client-1", ORDERED))
    (blocked,) = domain.begin(one, STARTS)
    assert isinstance(blocked, BookingBlocked)
    assert (blocked.unmet, blocked.clauses) == (("certificate_ready",), ("CWC-19",))
    state = evolve(one, blocked)
    with pytest.raises(Refused) as refused:
        domain.complete(state, done, done)
    assert [(fault.code, fault.clause) for fault in refused.value.faults] == [("booking.unprepared", "CWC-19")]
    both = evolve(state, domain.confirm_item(state, "certificate_ready", True, "client-1", done))
    assert evolve(both, domain.complete(both, done, done)).status is Status.COMPLETED


@pytest.mark.clause("CWC-19")
def test_what_was_prepared_may_turn_out_not_to_be() -> None:
    state = paid()
    for item, met in (("server_installed", True), ("certificate_ready", True), ("server_installed", False)):
        state = evolve(state, domain.confirm_item(state, item, met, "client-1", ORDERED))
    assert [item.item for item in state.unmet] == ["server_installed"]
    with pytest.raises(Refused, match="to be prepared is server_installed, certificate_ready"):
        domain.confirm_item(state, "coffee", True, "client-1", ORDERED)


def test_the_work_is_complete_after_its_appointment_and_not_in_the_future() -> None:
    state = paid()
    for item in ITEMS:
        state = evolve(state, domain.confirm_item(state, item.item, True, "client-1", ORDERED))
    assert domain.begin(state, STARTS) == ()  # all is prepared: nothing is blocked
    with pytest.raises(Refused, match="ends after its appointment"):
        domain.complete(state, STARTS, STARTS)
    with pytest.raises(Refused, match="has ended"):
        domain.complete(state, STARTS + timedelta(hours=2), STARTS + timedelta(hours=1))
    with pytest.raises(Refused, match="is requested"):
        domain.complete(
            after(*domain.take(Booking(), _nothing_to_prepare(), ORDERED)), STARTS + MOMENT, STARTS + MOMENT
        )


@pytest.mark.parametrize(
    ("state", "staff", "now", "code"),
    [
        (taken(), False, STARTS - MOMENT, None),
        (taken("incidents"), False, STARTS - MOMENT, None),
        (taken("incidents"), False, STARTS, "booking.begun"),
        (paid(), False, STARTS - MOMENT, "booking.paid"),
        (paid(), True, STARTS + MOMENT, None),
        (evolve(taken(), domain.void(taken(), VOID_AT)[0]), True, STARTS, "booking.void"),
    ],
)
def test_a_booking_is_cancelled_by_its_customer_until_the_appointment_unless_its_invoice_is_paid(
    state: Booking, staff: bool, now: datetime, code: str | None
) -> None:
    if code is None:
        after_it = evolve(state, domain.cancel(state, "no", "client-1", now, staff=staff))
        assert after_it.status is Status.CANCELLED
        assert (
            domain.void(after_it, VOID_AT) == domain.begin(after_it, STARTS) == domain.note_decline(after_it, now) == ()
        )
        with pytest.raises(Refused, match="is cancelled"):
            domain.cancel(after_it, "no", "client-1", now, staff=True)
        return
    with pytest.raises(Refused) as refused:
        domain.cancel(state, "no", "client-1", now, staff=staff)
    assert [fault.code for fault in refused.value.faults] == [code]
    assert refused.value.kind == "conflict"


def test_a_booking_falls_with_its_request() -> None:
    (cancelled,) = domain.note_decline(paid(), STARTS)
    assert evolve(paid(), cancelled).status is Status.CANCELLED
    assert (cancelled.with_request, cancelled.paid_by) == (True, "invoice")
    assert not domain.cancel(paid(), "no", "client-1", STARTS, staff=True).with_request


def _nothing_to_prepare() -> BookingAccepted:
    return accepted(terms=accepted().terms.model_copy(update={"to_prepare": ()}))
