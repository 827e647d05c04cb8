"""A request: given what happened, when something is asked for, then these events or these faults."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from kippu_events.catalogue import intake
from kippu_events.catalogue.values import BlobRef, Channel, RequestDetails, WorkKind
from kippu_events.event import Event
from kippu_intake.domain import mail as mails
from kippu_intake.domain import ticket as tickets
from kippu_intake.domain.facts import Facts, Isolation
from kippu_intake.domain.mail import Mail
from kippu_intake.domain.names import ticket_number, ticket_numbers_in
from kippu_intake.domain.ticket_state import Status, Ticket, evolve
from kippu_privacy import Plain
from kippu_terms.refusal import Refused

RECEIVED = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
NOW = RECEIVED + timedelta(hours=2)
NUMBER = "KP-7Q2M-04XN"
SUBJECT = Plain("contact-iij-contact-1", "router down")
BLOB = BlobRef(digest="0" * 64, size=1, media_type="text/plain")


def given(*decisions: Callable[[Ticket], list[Event]], ticket: Ticket | None = None) -> Ticket:
    ticket = ticket or Ticket()
    for decide in decisions:
        ticket = reduce(evolve, decide(ticket), ticket)
    return ticket


def opening(ticket: Ticket, **changes: Any) -> list[Event]:
    facts: dict[str, Any] = {
        "ticket_no": NUMBER,
        "customer_id": "customer-1",
        "contact_id": "contact-1",
        "plan_family": "iij-se",
        "channel": Channel.MAIL,
        "received_at": RECEIVED,
        "language": "th",
        "subject": SUBJECT,
        "body": None,
        "facts": Facts(),
        "now": NOW,
    }
    return tickets.open_ticket(ticket, **(facts | changes))


def waiting(whom: str) -> Callable[[Ticket], list[Event]]:
    return lambda ticket: tickets.wait(ticket, whom, "IIJ-06", NOW)


def resolved(ticket: Ticket) -> list[Event]:
    return tickets.resolve(ticket, NOW)


def closed(ticket: Ticket) -> list[Event]:
    return tickets.close(ticket, NOW)


def declined(ticket: Ticket) -> list[Event]:
    return tickets.decline(ticket, clause="IIJ-05", reason="out of warranty", by="operator", now=NOW)


def working(ticket: Ticket, **changes: Any) -> list[Event]:
    entry: dict[str, Any] = {"kind": WorkKind.ISOLATION, "started_at": RECEIVED, "minutes": 35, "recorded_by": "e1"}
    return tickets.record_work(ticket, **(entry | {"now": NOW} | changes))


def message(ticket: Ticket, direction: Any = "inbound") -> list[Event]:
    return tickets.add_message(
        ticket,
        direction=direction,
        channel=Channel.MAIL,
        contact_id="contact-1",
        subject=SUBJECT,
        body=None,
        now=NOW,
    )


def types(events: list[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


def faults(decide: Callable[[], object]) -> tuple[str, set[str]]:
    with pytest.raises(Refused) as refused:
        decide()
    return refused.value.kind, {fault.code for fault in refused.value.faults}


def test_a_request_counts_from_its_receipt() -> None:
    [event] = opening(Ticket())
    assert event.occurred_at == RECEIVED
    assert given(opening).status is Status.OPEN


def test_every_fault_of_an_opening_is_named() -> None:
    wrong = Facts(wanted_at=RECEIVED - timedelta(days=1), wanted_minutes=1441)
    assert faults(lambda: opening(Ticket(), facts=wrong, now=RECEIVED - timedelta(seconds=1))) == (
        "invalid",
        {"in_past", "out_of_range", "in_future"},
    )
    assert faults(lambda: opening(Ticket(), facts=Facts(wanted_minutes=60))) == ("invalid", {"missing"})


def test_a_number_is_given_once() -> None:
    assert faults(lambda: opening(given(opening))) == ("conflict", {"ticket_exists"})


@pytest.mark.parametrize("minutes", [1, 1440])
def test_work_is_recorded_from_the_receipt_on(minutes: int) -> None:
    ticket = given(opening)
    [first] = working(ticket, minutes=minutes, started_at=RECEIVED)
    [second] = working(given(working, ticket=ticket), started_at=NOW)
    assert isinstance(first, intake.WorkRecorded)
    assert isinstance(second, intake.WorkRecorded)
    assert (first.work_id, second.work_id) == (f"{NUMBER}.W1", f"{NUMBER}.W2")


def test_every_fault_of_an_entry_of_work_is_named() -> None:
    ticket = given(opening)
    early = RECEIVED - timedelta(microseconds=1)
    assert faults(lambda: working(ticket, minutes=0, started_at=early)) == (
        "invalid",
        {"out_of_range", "before_receipt"},
    )
    late = NOW + timedelta(microseconds=1)
    assert faults(lambda: working(ticket, minutes=1441, started_at=late)) == ("invalid", {"out_of_range", "in_future"})


@pytest.mark.parametrize("end", [closed, declined])
def test_no_work_is_recorded_on_a_request_that_ended(end: Callable[[Ticket], list[Event]]) -> None:
    ticket = given(opening, end)
    assert faults(lambda: working(ticket)) == ("conflict", {"ticket_ended"})
    assert types(working(given(lambda ended: tickets.reopen(ended, NOW), ticket=ticket))) == [intake.WorkRecorded]


def test_work_is_recorded_while_it_waits_and_after_it_was_resolved() -> None:
    assert working(given(opening, waiting("approval")))
    assert working(given(opening, resolved))


@pytest.mark.parametrize(
    ("past", "allowed"),
    [
        ((opening,), {"wait", "resolve", "close", "decline", "classify"}),
        ((opening, waiting("approval")), {"wait", "resume", "resolve", "close", "decline", "classify"}),
        ((opening, resolved), {"close", "reopen", "classify"}),
        ((opening, closed), {"reopen"}),
        ((opening, declined), {"reopen"}),
        ((), set()),
    ],
)
def test_what_may_happen_follows_the_state(past: Any, allowed: set[str]) -> None:
    ticket = given(*past)
    steps: dict[str, Callable[[], list[Event]]] = {
        "wait": lambda: tickets.wait(ticket, "customer", None, NOW),
        "resume": lambda: tickets.resume(ticket, NOW),
        "resolve": lambda: tickets.resolve(ticket, NOW),
        "close": lambda: tickets.close(ticket, NOW),
        "reopen": lambda: tickets.reopen(ticket, NOW),
        "decline": lambda: declined(ticket),
        "classify": lambda: tickets.classify(ticket, Facts(category="fault"), NOW),
    }
    kind = "conflict" if past else "not_found"
    for name, step in steps.items():
        if name in allowed:
            assert step()
        else:
            assert faults(step)[0] == kind, name


def test_a_message_joins_whatever_the_state_and_an_answer_ends_waiting_for_the_customer() -> None:
    assert types(message(given(opening, closed))) == [intake.MessageAdded]
    assert types(message(given(opening, waiting("customer")))) == [intake.MessageAdded, intake.TicketResumed]
    assert types(message(given(opening, waiting("approval")))) == [intake.MessageAdded]
    assert types(message(given(opening, waiting("customer")), "outbound")) == [intake.MessageAdded]


def test_files_join_the_newest_message() -> None:
    ticket = given(opening, message)
    [event] = tickets.attach(ticket, tickets.File(SUBJECT, BLOB), NOW)
    assert isinstance(event, intake.AttachmentAdded)
    assert (event.message_id, event.attachment_id) == (f"{NUMBER}.M1", f"{NUMBER}.F1")


def test_a_mail_carries_the_number_and_has_one_outcome() -> None:
    ticket = given(opening, lambda each: tickets.request_mail(each, "ticket_opened", NOW))
    assert ticket.unsent == (f"{NUMBER}.O1",)
    sent = intake.MailSent(occurred_at=NOW, mail_id=f"{NUMBER}.O1", message_id="<x@kippu.example>")
    assert evolve(ticket, sent).unsent == ()


def test_a_mail_is_received_once_and_matched_once() -> None:
    received = mails.receive(Mail(), mail_id="m1", raw=BLOB, now=NOW)
    mail = reduce(mails.evolve, received, Mail())
    assert faults(lambda: mails.receive(mail, mail_id="m1", raw=BLOB, now=NOW)) == ("conflict", {"mail_exists"})

    def match(mail: Mail) -> list[Event]:
        return mails.match(
            mail, ticket_no=NUMBER, customer_id="customer-1", matched_by="operator-1", opened=True, now=NOW
        )

    assert faults(lambda: match(Mail())) == ("not_found", {"no_such_mail"})
    assert faults(lambda: match(reduce(mails.evolve, match(mail), mail))) == ("conflict", {"mail_matched"})


def test_a_number_is_found_wherever_and_however_it_is_written() -> None:
    assert ticket_number("7Q2M04XN") == NUMBER
    assert ticket_numbers_in("Re: [kp-7q2m-04xn] and KP-0000-0001", NUMBER) == (NUMBER, "KP-0000-0001")
    assert ticket_numbers_in("XKP-7Q2M-04XN KP-7Q2M-04XNA KP-7Q2I-04XN") == ()


def isolating(ticket: Ticket, found: Isolation | None = None) -> list[Event]:
    return tickets.isolate(ticket, found or Isolation("NAS-1", "disk", RECEIVED), isolated_by="engineer-1", now=NOW)


def test_a_fault_is_isolated_from_the_receipt_until_now() -> None:
    ticket = given(opening)
    for instant in (RECEIVED, NOW):
        [event] = isolating(ticket, Isolation("NAS-1", None, instant))
        assert isinstance(event, intake.FaultIsolated)
        assert (event.isolated_at, event.asset_serial, event.isolated_by) == (instant, "NAS-1", "engineer-1")
    early, late = RECEIVED - timedelta(microseconds=1), NOW + timedelta(microseconds=1)
    assert faults(lambda: isolating(ticket, Isolation("NAS-1", None, early))) == ("invalid", {"before_receipt"})
    assert faults(lambda: isolating(ticket, Isolation("NAS-1", None, late))) == ("invalid", {"in_future"})


def test_another_finding_corrects_an_isolation_and_the_same_again_changes_nothing() -> None:
    ticket = given(opening, isolating)
    assert isolating(ticket) == []
    [corrected] = isolating(ticket, Isolation("NAS-2", None, RECEIVED))
    after = evolve(ticket, corrected)
    assert after.isolation == Isolation("NAS-2", None, RECEIVED)
    assert types(isolating(after)) == [intake.FaultIsolated], "the first finding was the right one after all"


@pytest.mark.parametrize("end", [closed, declined])
def test_nothing_is_isolated_on_a_request_that_ended(end: Callable[[Ticket], list[Event]]) -> None:
    ticket = given(opening, end)
    assert faults(lambda: isolating(ticket)) == ("conflict", {"ticket_ended"})
    assert types(isolating(given(lambda ended: tickets.reopen(ended, NOW), ticket=ticket))) == [intake.FaultIsolated]


def test_a_fault_may_be_isolated_while_the_request_waits_and_after_it_was_resolved() -> None:
    assert isolating(given(opening, waiting("approval")))
    assert isolating(given(opening, resolved))


def test_times_for_which_no_holidays_are_known_are_refused() -> None:
    last, beyond = datetime(2099, 12, 31, 23, 59, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    assert opening(Ticket(), facts=Facts(wanted_at=last))
    assert faults(lambda: opening(Ticket(), facts=Facts(wanted_at=beyond))) == ("invalid", {"out_of_range"})
    assert faults(lambda: tickets.classify(given(opening), Facts(wanted_at=beyond), NOW)) == (
        "invalid",
        {"out_of_range"},
    )
    long_ago = datetime(1999, 12, 31, tzinfo=UTC)
    assert faults(lambda: opening(Ticket(), received_at=long_ago)) == ("invalid", {"out_of_range"})


def test_what_is_reported_has_failed_before_the_report() -> None:
    def failed(at: datetime) -> Facts:
        return Facts(details=RequestDetails(failed_at=at))

    assert opening(Ticket(), facts=failed(RECEIVED))
    with pytest.raises(Refused) as refused:
        opening(Ticket(), facts=failed(RECEIVED + timedelta(seconds=1)))
    assert [(each.code, each.field) for each in refused.value.faults] == [("contradiction", "details.failed_at")]
