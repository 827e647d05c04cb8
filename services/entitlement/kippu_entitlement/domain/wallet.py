"""A wallet of prepaid tickets, in lots. It is never below nothing, and a ticket goes back to the lot it came from.

For each lot, at every version of the wallet:
credited + reversed + reinstated − debited − expired − revoked = remaining ≥ 0.
The state holds lots only: a wallet with 100,000 debits loads like one with 10. What a debit took is kept by its case.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kippu_events.catalogue.entitlement import (
    TicketDebited,
    TicketDebitReversed,
    TicketsCredited,
    TicketsExpired,
    TicketsReinstated,
    TicketsRevoked,
    WalletOpened,
)
from kippu_events.catalogue.values import Allocation
from kippu_events.event import Event
from kippu_terms.lots import allocate, balance


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot is usable from `valid_from` until before `expires_at`. `expired` tickets were unused when it ended."""

    lot_id: str
    valid_from: datetime
    expires_at: datetime
    credited: int
    remaining: int
    expired: int = 0

    def before_it_ended(self) -> "Lot":
        """Validity is a predicate at an instant: for one before the lot's end, its expired tickets are still there."""
        return replace(self, remaining=self.remaining + self.expired, expired=0)


@dataclass(frozen=True, slots=True)
class Wallet:
    wallet_id: str = ""
    customer_id: str = ""
    plan_family: str = ""
    lots: tuple[Lot, ...] = ()
    """In the order in which they were credited."""

    @property
    def exists(self) -> bool:
        return bool(self.wallet_id)

    def lot(self, lot_id: str) -> Lot | None:
        return next((lot for lot in self.lots if lot.lot_id == lot_id), None)

    def balance_at(self, instant: datetime) -> int:
        return balance((lot.before_it_ended() for lot in self.lots), instant)


@dataclass(frozen=True, slots=True)
class Credit:
    wallet_id: str
    customer_id: str
    plan_family: str
    lot_id: str
    order_id: str
    quantity: int
    valid_from: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Debit:
    """Takes up to `wanted` tickets from the lots valid at `counts_at`; of one lot only, where `only_lot` names it."""

    debit_id: str
    ticket_no: str
    wanted: int
    counts_at: datetime
    clause: str
    only_lot: str | None = None
    booking_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Debited:
    """What a debit came to: its events, and what it took from where. `missing` is owed."""

    events: tuple[Event, ...]
    allocations: tuple[Allocation, ...]
    taken: int
    missing: int


def evolve(state: Wallet, event: Event) -> Wallet:
    match event:
        case WalletOpened():
            return Wallet(event.wallet_id, event.customer_id, event.plan_family)
        case _:
            return replace(state, lots=_lots_after(state.lots, event))


def _lots_after(lots: tuple[Lot, ...], event: Event) -> tuple[Lot, ...]:
    match event:
        case TicketsCredited():
            return (*lots, Lot(event.lot_id, event.valid_from, event.expires_at, event.quantity, event.quantity))
        case TicketDebited() | TicketDebitReversed():
            return _moved(lots, event.allocations, -1 if isinstance(event, TicketDebited) else +1)
        case TicketsExpired():
            return _expired(lots, event.lot_id, event.quantity)
        case TicketsReinstated():
            return _expired(lots, event.lot_id, -event.quantity)
        case TicketsRevoked():
            return _moved(lots, (Allocation(lot_id=event.lot_id, quantity=event.quantity),), -1)
        case _:
            return lots


def _moved(lots: tuple[Lot, ...], allocations: Iterable[Allocation], sign: int) -> tuple[Lot, ...]:
    by = {allocation.lot_id: sign * allocation.quantity for allocation in allocations}
    return tuple(replace(lot, remaining=lot.remaining + by.get(lot.lot_id, 0)) for lot in lots)


def _expired(lots: tuple[Lot, ...], lot_id: str, quantity: int) -> tuple[Lot, ...]:
    return tuple(
        replace(lot, remaining=lot.remaining - quantity, expired=lot.expired + quantity)
        if lot.lot_id == lot_id
        else lot
        for lot in lots
    )


def credit(state: Wallet, command: Credit, now: datetime) -> tuple[Event, ...]:
    """A paid order's lot, once. The wallet opens with its first lot."""
    if state.lot(command.lot_id) is not None:
        return ()
    opened = WalletOpened(
        occurred_at=now,
        wallet_id=command.wallet_id,
        customer_id=command.customer_id,
        plan_family=command.plan_family,
    )
    credited = TicketsCredited(
        occurred_at=now,
        wallet_id=command.wallet_id,
        customer_id=command.customer_id,
        lot_id=command.lot_id,
        quantity=command.quantity,
        valid_from=command.valid_from,
        expires_at=command.expires_at,
        order_id=command.order_id,
    )
    return (credited,) if state.exists else (opened, credited)


def debit(state: Wallet, command: Debit, now: datetime) -> Debited:
    """Takes what there is, from the lot that ends first (then the oldest) on. A missing wallet has nothing."""
    lots = [lot.before_it_ended() for lot in state.lots if command.only_lot in (None, lot.lot_id)]
    allotment = allocate(lots, command.wanted, command.counts_at)
    if not allotment.quantity:
        return Debited((), (), 0, allotment.missing)
    allocations = tuple(Allocation(lot_id=each.lot_id, quantity=each.quantity) for each in allotment.allocations)
    debited = TicketDebited(
        occurred_at=now,
        wallet_id=state.wallet_id,
        customer_id=state.customer_id,
        debit_id=command.debit_id,
        ticket_no=command.ticket_no,
        quantity=allotment.quantity,
        allocations=allocations,
        counts_at=command.counts_at,
        balance=state.balance_at(command.counts_at) - allotment.quantity,
        clause=command.clause,
        booking_id=command.booking_id,
        reason=command.reason,
    )
    events = (*_reinstated(state, allocations, now), debited)
    return Debited(events, allocations, allotment.quantity, allotment.missing)


def _reinstated(state: Wallet, allocations: Iterable[Allocation], now: datetime) -> Iterable[TicketsReinstated]:
    """What a debit for an instant before a lot's end takes back of what has been marked expired since."""
    for allocation in allocations:
        lot = state.lot(allocation.lot_id)
        if lot is not None and allocation.quantity > lot.remaining:
            yield TicketsReinstated(
                occurred_at=now,
                wallet_id=state.wallet_id,
                customer_id=state.customer_id,
                lot_id=lot.lot_id,
                quantity=allocation.quantity - lot.remaining,
            )


def reverse(
    state: Wallet,
    *,
    debit_id: str,
    ticket_no: str,
    allocations: Sequence[Allocation],
    reason: str,
    now: datetime,
    booking_id: str | None = None,
) -> tuple[Event, ...]:
    """Puts a debit's tickets back into the lots they came from. In a lot that has ended they expire at once."""
    reversed_ = TicketDebitReversed(
        occurred_at=now,
        wallet_id=state.wallet_id,
        customer_id=state.customer_id,
        debit_id=debit_id,
        ticket_no=ticket_no,
        quantity=sum(allocation.quantity for allocation in allocations),
        allocations=tuple(allocations),
        reason=reason,
        booking_id=booking_id,
    )
    after = evolve(state, reversed_)
    ended = [lot for lot in map(after.lot, (each.lot_id for each in allocations)) if lot and lot.expires_at <= now]
    return (reversed_, *(event for lot in ended for event in expire(after, lot.lot_id, now)))


def expire(state: Wallet, lot_id: str, at: datetime) -> tuple[Event, ...]:
    """A lot has ended: what is left of it is gone. `at` is the instant it ended, however late this is noticed."""
    lot = state.lot(lot_id)
    if lot is None or lot.remaining == 0 or lot.expires_at > at:
        return ()
    return (
        TicketsExpired(
            occurred_at=at,
            wallet_id=state.wallet_id,
            customer_id=state.customer_id,
            lot_id=lot_id,
            quantity=lot.remaining,
        ),
    )
