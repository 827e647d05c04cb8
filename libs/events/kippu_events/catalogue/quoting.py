"""What entitlement says of quotes for what the terms do not include; on `case-{provider}-{ticket_no}`.

Billing offers such a quote once a decision needs it, and withdraws it once it is needed no more.
"""

from datetime import date

from kippu_events.catalogue.values import Price
from kippu_events.event import Event, Value, published_by

entitlement = published_by("entitlement")


class QuoteNeed(Value):
    """What is to be offered; one that a later decision still needs keeps its id, and is offered once."""

    quote_id: str
    """`Q-{ticket_no}.D{decision}`, of the decision that needed it first."""
    clause: str
    """By which the request is not included."""
    product: str
    quantity: int
    price: Price
    valid_until: date


@entitlement
class QuoteForgone(Event):
    """A quote is needed no more: the request was decided otherwise, or declined, or what was bought by it came to
    nothing."""

    quote_id: str
    ticket_no: str
    customer_id: str


class QuoteEvent(Event):
    """Billing said so: a quote for what `clause` does not include was accepted. `order_id` is the order that it
    becomes; the request is decided anew with what came of it."""

    quote_id: str
    ticket_no: str
    customer_id: str
    clause: str
    order_id: str


@entitlement
class QuoteTaken(QuoteEvent):
    """It is an order."""


@entitlement
class QuoteOrderRefused(QuoteEvent):
    """The terms refuse the order: a person settles what they name, and has it placed again, or declines the request."""

    clauses: tuple[str, ...]
    reasons: tuple[str, ...]


@entitlement
class QuotePaid(QuoteEvent):
    """Its invoice is paid: what the terms have paid first begins."""


@entitlement
class QuoteUnserved(QuoteEvent):
    """The request is declined: its order comes to nothing, and what was paid for that goes back."""
