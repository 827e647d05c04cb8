"""What a request makes of others' news, in whatever order it comes."""

from datetime import timedelta
from functools import reduce
from typing import Any

import pytest
from kippu_events.catalogue import intake
from kippu_events.catalogue.dispatch import VisitBooked, VisitDeclined, VisitHeld, VisitPostponed, VisitWithdrawn
from kippu_events.catalogue.entitlement import CoverageDecided, RequestReopened
from kippu_events.catalogue.fulfilment import Target
from kippu_events.catalogue.intake import MailRequested, TicketDeclined, TicketResumed, TicketWaiting
from kippu_events.catalogue.values import Channel, ClauseFinding, Outcome, Remedy
from kippu_events.event import Event
from kippu_intake.domain import answers
from kippu_intake.domain import ticket as tickets
from kippu_intake.domain.facts import Facts
from kippu_intake.domain.ticket_state import Ticket, evolve
from kippu_intake.testing import NOW
from kippu_privacy import Plain

NUMBER = "KP-0000-0001"
VISIT = {"occurred_at": NOW, "visit_id": f"{NUMBER}.V1", "ticket_no": NUMBER, "customer_id": "customer-1"}


def after(*events: Event) -> Ticket:
    opened = tickets.open_ticket(
        Ticket(),
        ticket_no=NUMBER,
        customer_id="customer-1",
        contact_id="contact-1",
        plan_family="iij-se",
        channel=Channel.PORTAL,
        received_at=NOW,
        language="th",
        subject=Plain("contact-iij-contact-1", "x"),
        body=None,
        facts=Facts(),
        now=NOW,
    )
    return reduce(evolve, [*opened, *events], Ticket())


def decided(outcome: Outcome, waiting_for: str | None = None, *, clause: str = "IIJ-05") -> CoverageDecided:
    finding = ClauseFinding(
        clause=clause, rule="in_warranty", inputs={}, result="refused", text={"en": "No support.", "th": "ไม่ให้บริการ"}
    )
    return CoverageDecided(
        occurred_at=NOW,
        ticket_no=NUMBER,
        customer_id="customer-1",
        contact_id="contact-1",
        decision=1,
        plan_family="iij-se",
        plan_version="2025-04-01",
        outcome=outcome,
        waiting_for=waiting_for,
        deciding_clause=clause,
        findings=(finding,),
        remedies=(),
        facts={},
    )


def to(ticket: Ticket, decision: CoverageDecided) -> list[Event]:
    return answers.to_decision(ticket, decision, NOW)


def test_refused_declines_with_the_clause_in_the_contacts_language() -> None:
    declined, mail = to(after(), decided(Outcome.REFUSED))
    assert isinstance(declined, TicketDeclined)
    assert isinstance(mail, MailRequested)
    assert (declined.clause, mail.template, mail.language) == ("IIJ-05", "declined", "th")
    assert mail.parameters == {"ticket_no": NUMBER, "clause": "IIJ-05", "reason": "ไม่ให้บริการ"}
    assert to(after(declined), decided(Outcome.REFUSED)) == []


def test_a_refusal_says_what_to_do_about_it() -> None:
    use = Remedy(action="use_replacement", clause="IIJ-05", text={"en": "Ask with NAS-2.", "ja": "NAS-2"})
    other = Remedy(action="classify", clause="IIJ-04", text={"en": "Say which."})
    refused = decided(Outcome.REFUSED).model_copy(update={"remedies": (use, other)})
    _, mail = to(after(), refused)
    assert isinstance(mail, MailRequested)
    assert mail.parameters["reason"] == "ไม่ให้บริการ\n\nAsk with NAS-2."


def test_waiting_for_an_approval_is_told_once() -> None:
    wants_approval = decided(Outcome.WAITING, "approval", clause="IIJ-06")
    waits, mail = to(after(), wants_approval)
    assert isinstance(waits, TicketWaiting)
    assert isinstance(mail, MailRequested)
    assert (waits.waiting_for, mail.template) == ("approval", "waiting_approval")
    assert [type(event) for event in to(after(waits, mail), wants_approval)] == [TicketWaiting]


@pytest.mark.parametrize("outcome", [Outcome.COVERED, Outcome.COVERED_BY_DEBIT, Outcome.QUOTE, Outcome.CONSULT])
def test_a_later_decision_ends_the_wait_for_it_and_for_nothing_else(outcome: Outcome) -> None:
    def waiting(whom: str) -> Ticket:
        return after(*tickets.wait(after(), whom, None, NOW))

    assert [type(event) for event in to(waiting("approval"), decided(outcome))] == [TicketResumed]
    assert [type(event) for event in to(waiting("customer"), decided(outcome))] == [TicketResumed]
    assert to(waiting("dispatcher"), decided(outcome)) == []
    assert to(after(), decided(outcome)) == []


def test_a_visits_outcome_is_told_and_ends_the_wait_for_the_dispatcher() -> None:
    held = VisitHeld(**VISIT, clause="IIJ-09")
    waiting = after(*tickets.wait(after(), "dispatcher", "IIJ-09", NOW))
    [mail] = answers.to_held_visit(waiting, held, NOW)
    postponed = VisitPostponed(
        **VISIT,
        from_at=NOW,
        to_at=NOW + timedelta(days=2),
        minutes=60,
        clause="IIJ-09",
        reason="nobody free",
        postponed_by="d1",
    )
    resumed, told = answers.to_postponed_visit(reduce(evolve, [mail], waiting), postponed, NOW)
    assert isinstance(resumed, TicketResumed)
    assert isinstance(told, MailRequested)
    assert (told.template, told.parameters["reason"]) == ("visit_postponed", "nobody free")


@pytest.mark.parametrize(
    ("agreed", "with_request", "template"),
    [(True, True, "visit_fallen"), (True, False, "visit_withdrawn"), (False, True, None), (False, False, None)],
)
def test_who_was_told_when_somebody_comes_is_told_that_nobody_does(
    agreed: bool, with_request: bool, template: str | None
) -> None:
    """Also when the request has ended, which is when most visits fall."""
    closed: Any = intake.TicketClosed(occurred_at=NOW, ticket_no=NUMBER, customer_id="customer-1")
    withdrawn = VisitWithdrawn(**VISIT, reason="x", starts_at=NOW if agreed else None, with_request=with_request)
    told = answers.to_withdrawn_visit(after(closed), withdrawn, NOW)
    assert [each.template for each in told if isinstance(each, MailRequested)] == ([template] if template else [])
    assert len(told) == agreed


@pytest.mark.parametrize("waits", [True, False])
def test_reopened_it_goes_on_or_waits_to_be_classified_where_it_would_only_be_refused_again(waits: bool) -> None:
    declined = tickets.decline(after(), clause="IIJ-05", reason="x", by="terms", now=NOW)
    said = {"waiting_for": "classification", "clause": "IIJ-05"} if waits else {}
    reopened = RequestReopened(occurred_at=NOW, ticket_no=NUMBER, customer_id="customer-1", **said)
    assert answers.to_reopening(after(*declined), reopened, NOW) == [], "it was declined again meanwhile"
    opened = after(*declined, *tickets.reopen(after(*declined), NOW))
    ticket = reduce(evolve, answers.to_reopening(opened, reopened, NOW), opened)
    assert (ticket.waiting_for, ticket.waiting_clause) == (("classification", "IIJ-05") if waits else (None, None))
    resumed = to(ticket, decided(Outcome.COVERED))
    assert [type(event) for event in resumed] == ([TicketResumed] if waits else [])


@pytest.mark.clause("QNP-08")
def test_a_visit_that_is_to_be_agreed_is_no_short_notice_and_its_time_is_told_as_agreed() -> None:
    target = Target(kind="arrive", clause="QNP-08", started_at=NOW, bound="from", due_at=NOW, calendar_version="2026-1")
    held = VisitHeld(**VISIT, clause="QNP-08", to_agree=True, target=target)
    [asked] = answers.to_held_visit(after(), held, NOW)
    assert isinstance(asked, MailRequested)
    assert (asked.template, asked.parameters["clause"]) == ("visit_to_agree", "QNP-08")
    assert "(QNP-08)" in asked.parameters["target"]
    booked = VisitBooked(**VISIT, starts_at=NOW + timedelta(days=1), minutes=60, booked_by="d1")
    [told] = answers.to_booked_visit(after(asked), booked, NOW)
    assert isinstance(told, MailRequested)
    assert told.template == "visit_booked"


def test_a_question_that_is_heard_after_its_answer_asks_nobody() -> None:
    booked = VisitBooked(**VISIT, starts_at=NOW, minutes=60, booked_by="d1")
    ticket = reduce(evolve, answers.to_booked_visit(after(), booked, NOW), after())
    assert to(ticket, decided(Outcome.WAITING, "dispatcher")) == []
    assert [type(event) for event in to(after(), decided(Outcome.WAITING, "dispatcher"))] == [TicketWaiting]


def test_a_declined_visit_declines_a_request_that_has_not_ended() -> None:
    declined = VisitDeclined(**VISIT, clause="IIJ-09", reason="nobody free", declined_by="d1")
    assert [type(event) for event in answers.to_declined_visit(after(), declined, NOW)] == [
        TicketDeclined, MailRequested
    ]  # fmt: skip
    ended: Any = intake.TicketClosed(occurred_at=NOW, ticket_no=NUMBER, customer_id="customer-1")
    assert [type(event) for event in answers.to_declined_visit(after(ended), declined, NOW)] == [MailRequested]
