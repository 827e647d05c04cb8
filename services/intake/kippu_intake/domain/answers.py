"""What a request makes of others' decisions: coverage, visits, offers. Reactors run these.

Each answers events, and none where nothing follows (any more): another service's news may come late or in any order,
and is never refused.
"""

from datetime import datetime

from kippu_events.catalogue.billing import QuoteOffered, QuoteRefused
from kippu_events.catalogue.dispatch import VisitBooked, VisitDeclined, VisitHeld, VisitPostponed, VisitWithdrawn
from kippu_events.catalogue.entitlement import CoverageDecided, RequestReopened
from kippu_events.catalogue.intake import ExpectationStated
from kippu_events.catalogue.values import Outcome
from kippu_events.event import Event
from kippu_terms.explain import expected_lines, in_language, outcome_text
from kippu_terms.explain_service import target_text
from kippu_terms.money import formatted

from kippu_intake.domain import ticket as tickets
from kippu_intake.domain.ticket_state import ACTIVE, EXPECTED, Expectation, Status, Ticket

FOR_VISIT = "dispatcher"
"""A visit's outcome ends waiting for the dispatcher. Any other wait is ended by a later decision on coverage."""


def to_decision(ticket: Ticket, decided: CoverageDecided, now: datetime) -> list[Event]:
    """Refused: declined, with a mail that names the clause. Waiting: the request waits. Otherwise it goes on, and the
    customer is told what to expect."""
    if ticket.status not in ACTIVE:
        return []
    match decided.outcome:
        case Outcome.REFUSED:
            follows = _declined(ticket, decided, now)
        case Outcome.WAITING:
            follows = _waiting(ticket, decided, now)
        case _ if ticket.status is Status.WAITING and ticket.waiting_for != FOR_VISIT:
            follows = tickets.resume(ticket, now)
        case _:
            follows = []
    return [*_expected(ticket, decided, now), *follows]


def to_reopening(ticket: Ticket, reopened: RequestReopened, now: datetime) -> list[Event]:
    """What the terms would only refuse again waits for the desk to say what it is about."""
    if ticket.status not in ACTIVE or reopened.waiting_for is None:
        return []
    return tickets.wait(ticket, reopened.waiting_for, reopened.clause, now)


def to_held_visit(ticket: Ticket, held: VisitHeld, now: datetime) -> list[Event]:
    """The customer is told that the dispatcher has to find somebody (IIJ-09), or will agree on a time (QNP-08)."""
    parameters = {"visit_id": held.visit_id, "clause": held.clause}
    if not held.to_agree:
        return tickets.request_mail(ticket, "visit_held", now, parameters=parameters)
    target = target_text(held.target, ticket.language) if held.target else ""
    return tickets.request_mail(ticket, "visit_to_agree", now, parameters={**parameters, "target": target})


def to_booked_visit(ticket: Ticket, booked: VisitBooked, now: datetime) -> list[Event]:
    parameters = {
        "visit_id": booked.visit_id,
        "starts_at": booked.starts_at.isoformat(),
        "minutes": str(booked.minutes),
    }
    return [*_no_longer_held(ticket, now), *tickets.request_mail(ticket, "visit_booked", now, parameters=parameters)]


def to_postponed_visit(ticket: Ticket, postponed: VisitPostponed, now: datetime) -> list[Event]:
    parameters = {
        "visit_id": postponed.visit_id,
        "from_at": postponed.from_at.isoformat(),
        "to_at": postponed.to_at.isoformat(),
        "minutes": str(postponed.minutes),
        "clause": postponed.clause,
        "reason": postponed.reason,
    }
    return [*_no_longer_held(ticket, now), *tickets.request_mail(ticket, "visit_postponed", now, parameters=parameters)]


def to_declined_visit(ticket: Ticket, declined: VisitDeclined, now: datetime) -> list[Event]:
    """Nobody can be found: the request is declined with it (IIJ-09)."""
    parameters = {"visit_id": declined.visit_id, "clause": declined.clause, "reason": declined.reason}
    mail = tickets.request_mail(ticket, "visit_declined", now, parameters=parameters)
    if ticket.status not in ACTIVE:
        return mail
    by_dispatcher = tickets.decline(ticket, clause=declined.clause, reason=declined.reason, by="dispatcher", now=now)
    return [*by_dispatcher, *mail]


def to_withdrawn_visit(ticket: Ticket, withdrawn: VisitWithdrawn, now: datetime) -> list[Event]:
    """Who was told when somebody comes is told that nobody does, whatever became of the request."""
    if withdrawn.starts_at is None:
        return []
    parameters = {"visit_id": withdrawn.visit_id, "starts_at": withdrawn.starts_at.isoformat()}
    template = "visit_fallen" if withdrawn.with_request else "visit_withdrawn"
    return tickets.request_mail(ticket, template, now, parameters=parameters)


def to_offer(ticket: Ticket, offered: QuoteOffered, now: datetime) -> list[Event]:
    """The wallet had too little, or the work is not included: what is missing is offered."""
    parameters = {
        "quote_id": offered.quote_id,
        "product": ", ".join(line.description for line in offered.price.lines),
        "quantity": str(offered.quantity),
        "net": formatted(offered.net, offered.price.currency),
        "total": formatted(offered.total, offered.price.currency),
        "valid_until": offered.valid_until.isoformat(),
        "clause": offered.clause,
    }
    template = "quote" if offered.out_of_scope else "offer"
    return tickets.request_mail(ticket, template, now, parameters=parameters)


def to_refused_order(ticket: Ticket, refused: QuoteRefused, now: datetime) -> list[Event]:
    """What was offered was accepted, and the terms refuse the order."""
    parameters = {
        "quote_id": refused.quote_id,
        "clause": ", ".join(refused.clauses),
        "reasons": "\n".join(f"  {reason}" for reason in refused.reasons),
    }
    return tickets.request_mail(ticket, "quote_refused", now, parameters=parameters)


def _declined(ticket: Ticket, decided: CoverageDecided, now: datetime) -> list[Event]:
    clause = decided.deciding_clause
    parameters = {"clause": clause, "reason": _with_remedies(decided, ticket.language)}
    return [
        *tickets.decline(ticket, clause=clause, reason=_text_of(decided, "en"), by="terms", now=now),
        *tickets.request_mail(ticket, "declined", now, parameters=parameters),
    ]


def _expected(ticket: Ticket, decided: CoverageDecided, now: datetime) -> list[Event]:
    """What changed of what can be expected; told once it is settled, if there is anything new to tell (QNP-14)."""
    expected = Expectation(decided.counts_from, decided.targets, decided.replies)
    stated = ExpectationStated(
        occurred_at=now,
        ticket_no=ticket.ticket_no,
        customer_id=ticket.customer_id,
        decision=decided.decision,
        counts_from=expected.counts_from,
        targets=expected.targets,
        replies=expected.replies,
    )
    changed = [stated] if expected != ticket.expectation else []
    lines = expected_lines(decided, ticket.language)
    settled = decided.outcome not in (Outcome.REFUSED, Outcome.WAITING)
    if not settled or not lines or expected.told_here == ticket.told.told_here:
        return [*changed]
    explanation = "\n".join([outcome_text(decided, ticket.language), *lines])
    return [*changed, *tickets.request_mail(ticket, EXPECTED, now, parameters={"explanation": explanation})]


def _waiting(ticket: Ticket, decided: CoverageDecided, now: datetime) -> list[Event]:
    waiting_for = decided.waiting_for or "classification"
    if waiting_for == FOR_VISIT and f"{ticket.ticket_no}.V{decided.decision}" in ticket.settled_visits:
        return []  # the dispatcher's answer was heard before the question
    if waiting_for == "customer":
        return _asked_of_customer(ticket, decided, now)
    waits = tickets.wait(ticket, waiting_for, decided.deciding_clause, now)
    if waiting_for != "approval" or ticket.waiting_for == "approval":
        return waits
    return [
        *waits,
        *tickets.request_mail(
            ticket,
            "waiting_approval",
            now,
            parameters={"clause": decided.deciding_clause, "reason": _text_of(decided, ticket.language)},
        ),
    ]


def _asked_of_customer(ticket: Ticket, decided: CoverageDecided, now: datetime) -> list[Event]:
    """The customer is asked once. What they answered and the desk has not recorded yet, they are not asked again."""
    clause = decided.deciding_clause
    if ticket.answered_at is not None or (ticket.waits_for_customer and ticket.waiting_clause == clause):
        return []
    texts = next((remedy.text for remedy in decided.remedies if remedy.clause == clause), {})
    reason = _text_of(decided, ticket.language)
    parameters = {"clause": clause, "reason": reason, "asked": in_language(texts, ticket.language) or reason}
    return [
        *tickets.wait(ticket, "customer", clause, now),
        *tickets.request_mail(ticket, "waiting_customer", now, parameters=parameters),
    ]


def _no_longer_held(ticket: Ticket, now: datetime) -> list[Event]:
    if ticket.status is Status.WAITING and ticket.waiting_for == FOR_VISIT:
        return tickets.resume(ticket, now)
    return []


def _with_remedies(decided: CoverageDecided, language: str) -> str:
    """Why not, and what the customer can do about it, a paragraph each."""
    texts = [remedy.text for remedy in decided.remedies if remedy.clause == decided.deciding_clause]
    return "\n\n".join([_text_of(decided, language), *(text.get(language) or text["en"] for text in texts)])


def _text_of(decided: CoverageDecided, language: str) -> str:
    """The deciding clause in a language, else in English, else the clause's id alone."""
    texts = next((finding.text for finding in decided.findings if finding.clause == decided.deciding_clause), {})
    return texts.get(language) or texts.get("en") or decided.deciding_clause
