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
    """A quote is needed no more: the request was decided otherwise, or declined."""

    quote_id: str
    ticket_no: str
    customer_id: str


@entitlement
class QuoteTaken(Event):
    """Billing said so: the quote was accepted. `order_id` is its order; the request is decided anew with it."""

    quote_id: str
    ticket_no: str
    customer_id: str
    clause: str
    order_id: str
