"""Quotes for what the terms do not include: one for each clause and subject of a request, until it is over.

Billing makes the offer that a decision asks for. Once it is accepted, the request is decided anew with that as a fact.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from kippu_events.catalogue.quoting import QuoteForgone, QuoteNeed, QuoteTaken
from kippu_events.catalogue.values import Price
from kippu_terms.coverage import Decision
from kippu_terms.plan import Plan

Subject = tuple[str | None, str | None]
"""What a request is about: its category, and the serial of the asset."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote that was asked for; `subject` is what the request was about then."""

    need: QuoteNeed
    subject: Subject
    plan_version: str
    status: Literal["open", "forgone", "taken"] = "open"


Quotes = tuple[Quoted, ...]


def needed(
    plan: Plan, decision: Decision, quotes: Quotes, subject: Subject, quote_id: str, now: datetime
) -> QuoteNeed | None:
    """What a decision asks billing to offer: what it offers already, as long as that is valid, or a new quote."""
    if decision.outcome != "quote":
        return None
    today = plan.calendar.local_date(now)
    offer = plan.quote(decision.deciding_clause, today)
    if offer is None:
        return None
    for each in quotes:
        same = (each.need.clause, each.need.product, each.subject) == (offer.clause, offer.product, subject)
        if same and each.status == "open" and today <= each.need.valid_until:
            return each.need
    return QuoteNeed(
        quote_id=quote_id,
        clause=offer.clause,
        product=offer.product,
        quantity=offer.quantity,
        price=Price.model_validate(offer.price.model_dump()),
        valid_until=offer.valid_until,
    )


def forgone(
    quotes: Quotes, ticket_no: str, customer_id: str, now: datetime, *, but: QuoteNeed | None = None
) -> tuple[QuoteForgone, ...]:
    """The quotes that are open, and needed no more, apart from the one that is."""
    return tuple(
        QuoteForgone(occurred_at=now, quote_id=each.need.quote_id, ticket_no=ticket_no, customer_id=customer_id)
        for each in quotes
        if each.status == "open" and each.need != but
    )


def accepted(quotes: Quotes, subject: Subject) -> tuple[str, ...]:
    """The clauses whose quotes were accepted for this subject: for another device it is another repair."""
    taken = {each.need.clause for each in quotes if each.status == "taken" and each.subject == subject}
    return tuple(sorted(taken))


def asked(quotes: Quotes, need: QuoteNeed | None, subject: Subject, plan_version: str) -> Quotes:
    if need is None or any(each.need.quote_id == need.quote_id for each in quotes):
        return quotes
    return (*quotes, Quoted(need, subject, plan_version))


def settled(quotes: Quotes, event: QuoteForgone | QuoteTaken) -> Quotes:
    """An accepted one stays so, whatever was decided at the same moment."""
    status: Literal["forgone", "taken"] = "taken" if isinstance(event, QuoteTaken) else "forgone"
    return tuple(replace(each, status=status) if each.need.quote_id == event.quote_id else each for each in quotes)
