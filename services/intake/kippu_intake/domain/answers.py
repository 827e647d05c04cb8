"""What a request makes of others' decisions: coverage, visits, offers. Reactors run these.

Each answers events, and none where nothing follows (any more): another service's news may come late or in any order,
and is never refused.
"""

from datetime import datetime

from kippu_events.catalogue.billing import QuoteOffered
from kippu_events.catalogue.dispatch import VisitBooked, VisitDeclined, VisitHeld, VisitPostponed
from kippu_events.catalogue.entitlement import CoverageDecided
from kippu_events.catalogue.values import Outcome
from kippu_events.event import Event
from kippu_terms.explain_service import target_text
from kippu_terms.money import formatted

from kippu_intake.domain import ticket as tickets
from kippu_intake.domain.ticket_state import ACTIVE, Status, Ticket

DECIDED_BY_COVERAGE = frozenset({"classification", "approval", "purchase", "consultation"})
"""What a later decision on coverage ends waiting for. A visit's outcome ends waiting for the dispatcher."""


def to_decision(ticket: Ticket, decided: CoverageDecided, now: datetime) -> list[Event]:
    """Refused: declined, with a mail that names the clause. Waiting: the request waits. Otherwise it goes on."""
    if ticket.status not in ACTIVE:
        return []
    match decided.outcome:
        case Outcome.REFUSED:
            return _declined(ticket, decided, now)
        case Outcome.WAITING:
            return _waiting(ticket, decided, now)
        case _ if ticket.status is Status.WAITING and ticket.waiting_for in DECIDED_BY_COVERAGE:
            return tickets.resume(ticket, now)
        case _:
            return []


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
    return [*tickets.decline(ticket, clause=declined.clause, reason=declined.reason, now=now), *mail]


def to_offer(ticket: Ticket, offered: QuoteOffered, now: datetime) -> list[Event]:
    """The wallet had too little: what is missing is offered."""
    parameters = {
        "quote_id": offered.quote_id,
        "product": ", ".join(line.description for line in offered.price.lines),
        "quantity": str(offered.quantity),
        "net": formatted(offered.net, offered.price.currency),
        "total": formatted(offered.total, offered.price.currency),
        "valid_until": offered.valid_until.isoformat(),
        "clause": offered.clause,
    }
    return tickets.request_mail(ticket, "offer", now, parameters=parameters)


def _declined(ticket: Ticket, decided: CoverageDecided, now: datetime) -> list[Event]:
    clause = decided.deciding_clause
    parameters = {"clause": clause, "reason": _with_remedies(decided, ticket.language)}
    return [
        *tickets.decline(ticket, clause=clause, reason=_text_of(decided, "en"), now=now),
        *tickets.request_mail(ticket, "declined", now, parameters=parameters),
    ]


def _waiting(ticket: Ticket, decided: CoverageDecided, now: datetime) -> list[Event]:
    waiting_for = decided.waiting_for or "classification"
    if waiting_for == "dispatcher" and f"{ticket.ticket_no}.V{decided.decision}" in ticket.settled_visits:
        return []  # the dispatcher's answer was heard before the question
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


def _no_longer_held(ticket: Ticket, now: datetime) -> list[Event]:
    if ticket.status is Status.WAITING and ticket.waiting_for == "dispatcher":
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
