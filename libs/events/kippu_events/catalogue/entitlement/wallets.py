"""Entitlement's events about prepaid tickets.

Stream: `wallet-{provider}-{wallet_id}`; a wallet's id is `{customer_id}.{plan_family}`.
"""

from datetime import date

from pydantic import AwareDatetime

from kippu_events.catalogue.entitlement.publisher import entitlement
from kippu_events.catalogue.values import Allocation, Price
from kippu_events.event import Event


@entitlement
class WalletOpened(Event):
    wallet_id: str
    customer_id: str
    plan_family: str


@entitlement
class TicketsCredited(Event):
    """A lot of prepaid tickets. It is usable from `valid_from` (an instant) until before `expires_at` (an instant)."""

    wallet_id: str
    customer_id: str
    lot_id: str
    quantity: int
    valid_from: AwareDatetime
    expires_at: AwareDatetime
    order_id: str


@entitlement
class TicketDebited(Event):
    """Prepaid tickets were taken, from the lots that end first. The allocations are never computed again."""

    wallet_id: str
    customer_id: str
    debit_id: str
    ticket_no: str
    quantity: int
    allocations: tuple[Allocation, ...]
    counts_at: AwareDatetime
    """The instant at which the lots had to be valid."""
    balance: int
    """What is left in all lots of the wallet that are valid at `counts_at`, after this debit."""
    clause: str
    booking_id: str | None = None
    """Given if it pays for a booking; for one that is for no request, `ticket_no` is the booking's id, too."""
    reason: str | None = None
    """What it is for, where that is not recorded work."""


@entitlement
class DebitShortfall(Event):
    """The wallet had too little: `missing` tickets are owed, and offered at `offer`."""

    wallet_id: str
    customer_id: str
    debit_id: str
    ticket_no: str
    wanted: int
    missing: int
    offer_product: str
    offer_quantity: int
    offer: Price
    offer_valid_until: date
    clause: str


@entitlement
class ShortfallForgiven(Event):
    """What a debit had fallen short of is owed no more: the request is declined, or costs nothing after all."""

    wallet_id: str
    customer_id: str
    debit_id: str
    ticket_no: str
    quantity: int


@entitlement
class TicketDebitReversed(Event):
    """A debit was undone, whole or in part; the tickets are back in the lots they came from."""

    wallet_id: str
    customer_id: str
    debit_id: str
    ticket_no: str
    quantity: int
    allocations: tuple[Allocation, ...]
    reason: str
    booking_id: str | None = None
    """Given if the debit paid for a booking."""


@entitlement
class TicketsExpired(Event):
    """A lot ended with tickets unused. Written by a deadline; validity itself is a predicate at an instant."""

    wallet_id: str
    customer_id: str
    lot_id: str
    quantity: int


@entitlement
class TicketsRevoked(Event):
    """Unused tickets of a lot were given back with what they were bought with."""

    wallet_id: str
    customer_id: str
    lot_id: str
    quantity: int
    order_id: str


@entitlement
class TicketsReinstated(Event):
    """Tickets of an ended lot are usable again, for work that counts before the lot's end but was recorded after it."""

    wallet_id: str
    customer_id: str
    lot_id: str
    quantity: int
