"""What a customer is asked and told by a decision: once, in their language, and no more than is to be told."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from kippu_events.catalogue import intake
from kippu_events.catalogue.entitlement import CoverageDecided
from kippu_events.catalogue.fulfilment import Target
from kippu_events.catalogue.intake import ExpectationStated, MailRequested, TicketResumed, TicketWaiting
from kippu_events.catalogue.values import Channel, ClauseFinding, Outcome, Remedy, Reply, RequestDetails
from kippu_events.event import Event
from kippu_intake.domain import answers
from kippu_intake.domain import ticket as tickets
from kippu_intake.domain.facts import Facts
from kippu_intake.domain.ticket_state import Status, Ticket, evolve
from kippu_intake.folds import TICKET
from kippu_privacy import Plain

NOW = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)  # Friday 18:00 in Tokyo
NUMBER = "KP-0000-0001"
SUBJECT = Plain("contact-svt-contact-1", "x")
TARGET = Target(
    kind="answer",
    clause="QNP-14",
    started_at=NOW,
    bound="from",
    due_at=datetime(2026, 5, 7, 0, 0, tzinfo=UTC),
    calendar_version="2026-1",
    time_zone="Asia/Tokyo",
)
OUTSIDE = ClauseFinding(
    clause="QNP-14",
    rule="reception",
    inputs={"inside_hours": False, "counts_from": "2026-05-07T09:00:00+09:00"},
    result="note",
    text={"en": "Weekdays from 9:00 to 17:30.", "ja": "平日 9:00~17:30"},
)
ASKED = Remedy(
    action="update_firmware", clause="SVT-15", text={"en": "Update the firmware.", "ja": "更新してください。"}
)


def opened(language: str = "en") -> Ticket:
    events = tickets.open_ticket(
        Ticket(),
        ticket_no=NUMBER,
        customer_id="customer-1",
        contact_id="contact-1",
        plan_family="svt",
        channel=Channel.PORTAL,
        received_at=NOW,
        language=language,
        subject=SUBJECT,
        body=None,
        facts=Facts(),
        now=NOW,
    )
    return reduce(evolve, events, Ticket())


def decided(outcome: Outcome, **changes: Any) -> CoverageDecided:
    waits = outcome is Outcome.WAITING
    clause = "SVT-15" if waits else "QNP-14"
    finding = ClauseFinding(
        clause="SVT-15", rule="firmware_update", inputs={}, result="waiting", text={"en": "Firmware first."}
    )
    usual: dict[str, Any] = {
        "occurred_at": NOW,
        "ticket_no": NUMBER,
        "customer_id": "customer-1",
        "contact_id": "contact-1",
        "decision": 1,
        "plan_family": "svt",
        "plan_version": "1",
        "outcome": outcome,
        "waiting_for": "customer" if waits else None,
        "deciding_clause": clause,
        "findings": (finding,) if waits else (),
        "remedies": (ASKED,) if waits else (),
        "facts": {},
    }
    return CoverageDecided(**(usual | changes))


ASKS = decided(Outcome.WAITING)


def hears(ticket: Ticket, decision: CoverageDecided) -> tuple[list[Event], Ticket]:
    events = answers.to_decision(ticket, decision, NOW)
    return events, reduce(evolve, events, ticket)


def says(ticket: Ticket, direction: Any, at: datetime) -> Ticket:
    events = tickets.add_message(
        ticket,
        direction=direction,
        channel=Channel.MAIL,
        contact_id="contact-1",
        subject=SUBJECT,
        body=None,
        now=at,
    )
    return reduce(evolve, events, ticket)


def records(ticket: Ticket, at: datetime, **details: Any) -> tuple[intake.RequestDetailsRecorded, Ticket]:
    [event] = tickets.state_details(ticket, RequestDetails(**details), recorded_by="desk-1", now=at)
    assert isinstance(event, intake.RequestDetailsRecorded)
    return event, evolve(ticket, event)


@pytest.mark.clause("SVT-15")
def test_the_customer_is_told_once_what_is_asked_and_by_which_clause() -> None:
    [waits, mail], waiting = hears(opened(), ASKS)
    assert isinstance(waits, TicketWaiting)
    assert isinstance(mail, MailRequested)
    assert (waits.waiting_for, waits.clause, mail.template) == ("customer", "SVT-15", "waiting_customer")
    assert mail.parameters == {
        "ticket_no": NUMBER, "clause": "SVT-15", "reason": "Firmware first.", "asked": "Update the firmware."
    }  # fmt: skip
    assert hears(waiting, ASKS)[0] == []
    other = decided(Outcome.WAITING, deciding_clause="CWC-15")
    assert [type(event) for event in hears(waiting, other)[0]] == [TicketWaiting, MailRequested]


@pytest.mark.clause("SVT-15")
def test_an_answer_by_message_is_the_desks_to_record_and_says_when_the_customer_answered() -> None:
    waiting = hears(opened(), ASKS)[1]
    answered = says(waiting, "inbound", NOW + timedelta(hours=1))
    assert answered.status is Status.OPEN
    assert hears(answered, ASKS)[0] == [], "decided anew for another reason: the customer is not asked again"
    unrelated, answered = records(answered, NOW + timedelta(hours=2), cause="wear")
    event, recorded = records(answered, NOW + timedelta(hours=3), firmware="done")
    assert [unrelated.answered_at, event.answered_at] == [NOW + timedelta(hours=1)] * 2
    asked_again = records(recorded, NOW + timedelta(hours=4), firmware="asked")[1]
    assert [type(each) for each in hears(asked_again, ASKS)[0]] == [TicketWaiting, MailRequested]


@pytest.mark.clause("CWC-15")
def test_the_desk_asks_back_and_the_customers_first_answer_was_none() -> None:
    answered = says(hears(opened(), ASKS)[1], "inbound", NOW + timedelta(hours=1))
    asked_back = says(answered, "outbound", NOW + timedelta(hours=2))
    assert (asked_back.waits_for_customer, asked_back.waiting_clause) == (True, "SVT-15")
    assert hears(asked_back, ASKS)[0] == [], "the desk's message asked: there is no second mail"
    event, _ = records(asked_back, NOW + timedelta(hours=3), firmware="done")
    assert event.answered_at is None
    assert says(asked_back, "inbound", NOW + timedelta(hours=4)).status is Status.OPEN


def test_a_message_of_the_desk_makes_nobody_wait_who_was_asked_nothing_or_whose_answer_is_recorded() -> None:
    told = says(says(opened(), "inbound", NOW), "outbound", NOW)
    assert told.status is Status.OPEN
    answered = says(hears(opened(), ASKS)[1], "inbound", NOW + timedelta(hours=1))
    recorded = records(answered, NOW + timedelta(hours=2), firmware="done")[1]
    assert says(recorded, "outbound", NOW + timedelta(hours=3)).status is Status.OPEN


def test_a_decision_that_goes_on_ends_the_wait_for_the_customer() -> None:
    waiting = hears(opened(), ASKS)[1]
    [resumed], ticket = hears(waiting, decided(Outcome.COVERED))
    assert isinstance(resumed, TicketResumed)
    assert (ticket.status, ticket.waiting_clause) == (Status.OPEN, None)


@pytest.mark.clause("QNP-14", "CWC-14")
def test_what_can_be_expected_is_told_as_the_earliest_start_and_only_when_it_changes() -> None:
    covered = decided(
        Outcome.COVERED,
        counts_from=datetime(2026, 5, 7, 0, 0, tzinfo=UTC),
        targets=(TARGET,),
        replies=(Reply(about="answer_wanted_by", answer="not_binding", clause="QNP-14"),),
        findings=(OUTSIDE,),
    )
    [stated, mail], ticket = hears(opened(), covered)
    assert isinstance(stated, ExpectationStated)
    assert (stated.decision, stated.counts_from, stated.targets) == (1, covered.counts_from, (TARGET,))
    assert isinstance(mail, MailRequested)
    assert mail.parameters["explanation"].splitlines() == [
        "The request is covered.",
        "Received outside the hours; it counts as received on 2026-05-07 09:00 (QNP-14): Weekdays from 9:00 to 17:30.",
        "An answer can be expected from 2026-05-07 09:00 on; the same day is not promised (QNP-14).",
        "The wanted answer time is on record and does not bind (QNP-14).",
    ]
    assert hears(ticket, covered.model_copy(update={"decision": 2}))[0] == []
    japanese = hears(opened("ja"), covered)[0][1]
    assert isinstance(japanese, MailRequested)
    assert (
        "受付時間外のため、2026-05-07 09:00 に受け付けたものとして扱います（QNP-14）：平日"
        in japanese.parameters["explanation"]
    )


def test_what_was_expected_is_no_longer_once_the_request_waits_and_nobody_is_mailed_for_that() -> None:
    covered = decided(Outcome.COVERED, targets=(TARGET,))
    ticket = hears(opened(), covered)[1]
    stated, *asked = hears(ticket, ASKS)[0]
    assert isinstance(stated, ExpectationStated)
    assert stated.targets == ()
    assert [getattr(each, "template", None) for each in asked] == [None, "waiting_customer"]


@pytest.mark.clause("SVT-16", "SVT-17")
def test_what_was_stated_while_the_request_waited_is_told_once_it_is_covered_and_then_no_more() -> None:
    replies = (Reply(about="exchange", answer="by_customer", clause="SVT-17"),)
    first, waiting = hears(opened(), ASKS.model_copy(update={"replies": replies}))
    assert [type(event) for event in first] == [ExpectationStated, TicketWaiting, MailRequested]
    told, covered = hears(waiting, decided(Outcome.COVERED, replies=replies))
    assert [getattr(event, "template", None) for event in told] == ["expected", None]
    again = hears(covered, ASKS.model_copy(update={"replies": replies}))[1]
    assert [type(event) for event in hears(again, decided(Outcome.COVERED, replies=replies))[0]] == [TicketResumed]


def test_when_a_visit_can_be_is_told_with_the_visit() -> None:
    first = hears(opened(), decided(Outcome.COVERED, failed_part="taken_away", counts_from=NOW))
    assert [type(event) for event in first[0]] == [ExpectationStated, MailRequested]
    visit = TARGET.model_copy(update={"kind": "arrive"})
    [stated], _ = hears(first[1], decided(Outcome.COVERED, failed_part="taken_away", counts_from=NOW, targets=(visit,)))
    assert isinstance(stated, ExpectationStated)
    assert stated.targets == (visit,)


def test_a_decision_with_nothing_to_tell_sends_nothing() -> None:
    assert hears(opened(), decided(Outcome.COVERED))[0] == []
    inside = OUTSIDE.model_copy(update={"inputs": {"inside_hours": True, "counts_from": NOW.isoformat()}})
    [stated], _ = hears(opened(), decided(Outcome.COVERED, counts_from=NOW, findings=(inside,)))
    assert isinstance(stated, ExpectationStated)


def test_a_saved_ticket_still_knows_what_was_expected() -> None:
    covered = decided(Outcome.COVERED, targets=(TARGET,), counts_from=NOW)
    saved = TICKET.restore(TICKET.save(hears(opened(), covered)[1]))
    assert hears(saved, covered)[0] == []
