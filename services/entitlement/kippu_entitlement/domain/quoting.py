"""Quotes for what the terms do not include: one for each clause and subject of a request, until it is over.

Billing makes the offer that a decision asks for. Once it is accepted, the request is decided anew with that as a fact.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from kippu_events.catalogue.quoting import (
    QuoteEvent,
    QuoteForgone,
    QuoteNeed,
    QuoteOrderRefused,
    QuotePaid,
    QuoteUnserved,
)
from kippu_events.catalogue.values import Price
from kippu_terms.coverage import Decision
from kippu_terms.facts import AcceptedQuote
from kippu_terms.plan import Plan

from kippu_entitlement.domain import streams

Status = Literal["open", "forgone", "taken", "refused", "paid"]
"""`taken`: accepted, and ordered. `refused`: accepted, and the terms refuse the order."""
Subject = tuple[str | None, str | None]
"""What a request is about: its category, and the serial of the asset."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote that was asked for; `subject` is what the request was about then."""

    need: QuoteNeed
    subject: Subject
    plan_version: str
    status: Status = "open"
    refused_by: tuple[str, ...] = ()
    """The clauses by which its order was refused; `refused_because`, in words."""
    refused_because: tuple[str, ...] = ()


Quotes = tuple[Quoted, ...]
_ACCEPTED = ("taken", "refused", "paid")


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


def waits(quotes: Quotes) -> bool:
    """Whether anything that was quoted is still to be accepted, ordered or paid, and nothing was paid."""
    statuses = {each.status for each in quotes}
    return "paid" not in statuses and not statuses <= {"forgone"}


def unserved(
    quotes: Quotes, ticket_no: str, customer_id: str, now: datetime, *, only: str | None = None
) -> tuple[QuoteUnserved, ...]:
    """The quotes that were accepted for a request that has ended, whatever became of their orders; `only` one of them,
    where its id is given."""
    return tuple(
        QuoteUnserved(
            occurred_at=now,
            quote_id=each.need.quote_id,
            ticket_no=ticket_no,
            customer_id=customer_id,
            clause=each.need.clause,
            order_id=streams.order_of_quote(each.need.quote_id),
        )
        for each in quotes
        if each.status in _ACCEPTED and only in (None, each.need.quote_id)
    )


def accepted(quotes: Quotes, subject: Subject) -> tuple[AcceptedQuote, ...]:
    """The quotes that were accepted for this subject, the last one of each clause: for another device it is another
    repair."""
    known = {each.need.clause: each for each in quotes if each.subject == subject and each.status in _ACCEPTED}
    return tuple(
        AcceptedQuote(
            clause=clause,
            quote_id=each.need.quote_id,
            paid=each.status == "paid",
            refused_by=each.refused_by,
            refused_because=each.refused_because,
        )
        for clause, each in sorted(known.items())
    )


def asked(quotes: Quotes, need: QuoteNeed | None, subject: Subject, plan_version: str) -> Quotes:
    if need is None or any(each.need.quote_id == need.quote_id for each in quotes):
        return quotes
    return (*quotes, Quoted(need, subject, plan_version))


def settled(quotes: Quotes, event: QuoteForgone | QuoteEvent) -> Quotes:
    """An accepted one stays so, whatever was decided at the same moment."""
    return tuple(_settled(each, event) if each.need.quote_id == event.quote_id else each for each in quotes)


def _settled(quoted: Quoted, event: QuoteForgone | QuoteEvent) -> Quoted:
    match event:
        case QuoteForgone() | QuoteUnserved():
            return replace(quoted, status="forgone")
        case QuoteOrderRefused():
            return replace(quoted, status="refused", refused_by=event.clauses, refused_because=event.reasons)
        case _:
            status: Status = "paid" if isinstance(event, QuotePaid) else "taken"
            return replace(quoted, status=status, refused_by=(), refused_because=())
