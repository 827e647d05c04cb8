"""A quote: offered when a wallet had too little or for work that the terms do not include; accepted once until its last
day, or lapsed by itself after it.

Withdrawn, if what it is for is needed no more before that. What was accepted becomes an order:

    accepted ─┬─ ordered, and invoiced
              ├─ refused by the terms, until a person has it placed again
              └─ undone, once its request is declined: what was paid for it is due back
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from kippu_events.catalogue.billing import (
    QuoteAccepted,
    QuoteLapsed,
    QuoteOffered,
    QuoteOrdered,
    QuoteRefused,
    QuoteUndone,
    QuoteWithdrawn,
)
from kippu_events.catalogue.entitlement import CoverageDecided, DebitShortfall, OrderRefused
from kippu_events.catalogue.quoting import QuoteNeed, QuoteUnserved
from kippu_events.event import Event
from kippu_terms.dates import local_date
from kippu_terms.refusal import Fault, Refused

from kippu_billing.domain.invoice import totals_of


class Status(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Offer:
    """What was offered; it never changes. `valid_until` is the last day, a local date of `time_zone`."""

    customer_id: str
    plan_family: str
    product: str
    quantity: int
    valid_until: date
    time_zone: str
    clause: str
    ticket_no: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """`offer` is None for a quote that does not exist."""

    offer: Offer | None = None
    status: Status = Status.OFFERED
    ordered: bool = False
    """True once it is an order that the terms accept."""
    undone_because: str = ""
    refused_by: tuple[str, ...] = ()
    """The clauses by which the terms refused its order last; `refused_because`, in words."""
    refused_because: tuple[str, ...] = ()


_BECOMES: dict[type[Event], Status] = {
    QuoteAccepted: Status.ACCEPTED,
    QuoteLapsed: Status.LAPSED,
    QuoteWithdrawn: Status.WITHDRAWN,
}


def id_of(debit_id: str) -> str:
    return f"Q-{debit_id}"


def stream_of(provider: str, quote_id: str) -> str:
    return f"quote-{provider}-{quote_id}"


def evolve(quote: Quote, event: Event) -> Quote:
    match event:
        case QuoteOffered():
            return Quote(
                Offer(
                    customer_id=event.customer_id,
                    plan_family=event.plan_family,
                    product=event.product,
                    quantity=event.quantity,
                    valid_until=event.valid_until,
                    time_zone=event.price.time_zone,
                    clause=event.clause,
                    ticket_no=event.ticket_no,
                )
            )
        case QuoteOrdered():
            stays = quote.status is Status.UNDONE
            return replace(quote, ordered=True, status=Status.UNDONE if stays else Status.ACCEPTED)
        case QuoteRefused():
            by, because = event.clauses, event.reasons
            return replace(quote, status=Status.REFUSED, refused_by=by, refused_because=because)
        case QuoteUndone():
            return replace(quote, status=Status.UNDONE, undone_because=event.reason)
        case _:
            return replace(quote, status=_BECOMES[type(event)])


def offer(quote: Quote, shortfall: DebitShortfall, now: datetime) -> list[Event]:
    """What would make up for the missing tickets, at the price that came with the shortfall; once per debit."""
    if quote.offer:
        return []
    net, taxes, total = totals_of(shortfall.offer)
    return [
        QuoteOffered(
            occurred_at=now,
            quote_id=id_of(shortfall.debit_id),
            customer_id=shortfall.customer_id,
            ticket_no=shortfall.ticket_no,
            plan_family=shortfall.wallet_id.removeprefix(f"{shortfall.customer_id}."),
            product=shortfall.offer_product,
            quantity=shortfall.offer_quantity,
            price=shortfall.offer,
            net=net,
            taxes=taxes,
            total=total,
            valid_until=shortfall.offer_valid_until,
            reason=f"prepaid tickets missing for the work on {shortfall.ticket_no}: {shortfall.missing}",
            clause=shortfall.clause,
        )
    ]


def offer_work(quote: Quote, need: QuoteNeed, decided: CoverageDecided, now: datetime) -> list[Event]:
    """The work that a request asks for and the terms do not include; once, however often it is decided so."""
    if quote.offer:
        return []
    net, taxes, total = totals_of(need.price)
    return [
        QuoteOffered(
            occurred_at=now,
            quote_id=need.quote_id,
            customer_id=decided.customer_id,
            ticket_no=decided.ticket_no,
            plan_family=decided.plan_family,
            product=need.product,
            quantity=need.quantity,
            price=need.price,
            net=net,
            taxes=taxes,
            total=total,
            valid_until=need.valid_until,
            reason=f"work on {decided.ticket_no} that {need.clause} does not include",
            clause=need.clause,
            out_of_scope=True,
        )
    ]


def accept(quote: Quote, quote_id: str, by: str, now: datetime) -> QuoteAccepted:
    """Once, on its last day at the latest; the date decides, whether or not the lapse is on record yet."""
    offered = quote.offer
    if offered is None:
        raise Refused(Fault("quote.unknown", f"there is no quote {quote_id}"), kind="not_found")
    if quote.status in (Status.ACCEPTED, Status.REFUSED, Status.UNDONE):
        message = "the quote was accepted before"
        raise Refused(Fault("quote.accepted", message, clause=offered.clause), kind="conflict")
    if quote.status is Status.WITHDRAWN:
        message = "the quote was withdrawn: what it was for is needed no more"
        raise Refused(Fault("quote.withdrawn", message, clause=offered.clause), kind="conflict")
    if quote.status is Status.LAPSED or local_date(now, ZoneInfo(offered.time_zone)) > offered.valid_until:
        message = f"the quote was valid until {offered.valid_until.isoformat()}"
        raise Refused(Fault("quote.lapsed", message, clause=offered.clause), kind="conflict")
    return QuoteAccepted(
        occurred_at=now,
        quote_id=quote_id,
        customer_id=offered.customer_id,
        plan_family=offered.plan_family,
        product=offered.product,
        quantity=offered.quantity,
        accepted_by=by,
    )


def withdraw(quote: Quote, quote_id: str, ticket_no: str, now: datetime) -> list[Event]:
    """What it was offered for is needed no more. What was accepted is an order by now, and stays one."""
    if quote.offer is None or quote.status is not Status.OFFERED:
        return []
    return [
        QuoteWithdrawn(
            occurred_at=now,
            quote_id=quote_id,
            customer_id=quote.offer.customer_id,
            ticket_no=ticket_no,
            reason=f"it is not needed for {ticket_no} any more",
        )
    ]


def refuse(quote: Quote, refused: OrderRefused, quote_id: str, now: datetime) -> list[Event]:
    """The terms refuse its order: a person settles what they name. What they say the next time takes its place."""
    if quote.offer is None or quote.status not in (Status.ACCEPTED, Status.REFUSED) or quote.ordered:
        return []
    if quote.status is Status.REFUSED and (quote.refused_by, quote.refused_because) == (
        refused.clauses,
        refused.reasons,
    ):
        return []
    return [
        QuoteRefused(
            occurred_at=now,
            quote_id=quote_id,
            customer_id=quote.offer.customer_id,
            ticket_no=quote.offer.ticket_no,
            order_id=refused.order_id,
            clauses=refused.clauses,
            reasons=refused.reasons,
        )
    ]


def order(quote: Quote, quote_id: str, order_id: str, now: datetime) -> list[Event]:
    """Its order is accepted: on record with the invoice, so that whoever hears of a decline knows what to take back."""
    if quote.offer is None or quote.ordered:
        return []
    customer_id = quote.offer.customer_id
    return [QuoteOrdered(occurred_at=now, quote_id=quote_id, customer_id=customer_id, order_id=order_id)]


def undo(quote: Quote, unserved: QuoteUnserved, now: datetime) -> list[Event]:
    """Its request was declined, whether or not billing has heard of the order yet."""
    if quote.offer is None or quote.status is Status.UNDONE:
        return []
    return [
        QuoteUndone(
            occurred_at=now,
            quote_id=unserved.quote_id,
            customer_id=quote.offer.customer_id,
            ticket_no=unserved.ticket_no,
            order_id=unserved.order_id,
            reason=f"the request {unserved.ticket_no} was declined",
        )
    ]


def lapse(quote: Quote, quote_id: str, due_at: datetime) -> list[Event]:
    """The last day is over and nobody accepted."""
    if quote.offer is None or quote.status is not Status.OFFERED:
        return []
    return [QuoteLapsed(occurred_at=due_at, quote_id=quote_id, customer_id=quote.offer.customer_id)]
