"""Prepaid tickets lie in lots. A debit takes from lots valid at the instant that counts, the first to end first."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from kippu_terms.value import Value


class Lot(Protocol):
    """Anything with a lot's fields. `remaining` is what is left in it; it is usable in [valid_from, expires_at)."""

    @property
    def lot_id(self) -> str: ...
    @property
    def remaining(self) -> int: ...
    @property
    def valid_from(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime: ...


class Allocation(Value):
    lot_id: str
    quantity: int


class Allotment(Value):
    """Which lots a debit takes from, in that order, and how many tickets it could not find."""

    allocations: tuple[Allocation, ...]
    missing: int

    @property
    def quantity(self) -> int:
        return sum(allocation.quantity for allocation in self.allocations)


def usable(lots: Iterable[Lot], at: datetime) -> list[Lot]:
    """The lots valid at an instant with something left: the first to expire first, then the oldest, then by id."""
    valid = [lot for lot in lots if lot.remaining > 0 and lot.valid_from <= at < lot.expires_at]
    return sorted(valid, key=lambda lot: (lot.expires_at, lot.valid_from, lot.lot_id))


def balance(lots: Iterable[Lot], at: datetime) -> int:
    """Tickets usable at an instant."""
    return sum(lot.remaining for lot in usable(lots, at))


def allocate(lots: Iterable[Lot], quantity: int, at: datetime) -> Allotment:
    """Takes what it finds of `quantity`, never more than a lot holds. Raises ValueError for a negative quantity."""
    if quantity < 0:
        raise ValueError("a debit takes 0 tickets or more")
    allocations = []
    for lot in usable(lots, at):
        if not quantity:
            break
        taken = min(lot.remaining, quantity)
        allocations.append(Allocation(lot_id=lot.lot_id, quantity=taken))
        quantity -= taken
    return Allotment(allocations=tuple(allocations), missing=quantity)
