"""A debit takes from the lots that end first, never more than they hold."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.lots import Allocation, allocate, balance, usable

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=100)


@dataclass(frozen=True)
class Lot:
    lot_id: str
    remaining: int
    valid_from: datetime = START
    expires_at: datetime = START + timedelta(days=365)


day_numbers = st.integers(0, 200)
some_lots = st.lists(
    st.builds(
        lambda number, remaining, start, length: Lot(
            f"lot-{number}", remaining, START + timedelta(days=start), START + timedelta(days=start + length)
        ),
        st.integers(0, 99),
        st.integers(0, 20),
        day_numbers,
        st.integers(1, 200),
    ),
    max_size=12,
    unique_by=lambda lot: lot.lot_id,
)


def taken(lots: list[Lot], quantity: int, at: datetime = NOW) -> list[tuple[str, int]]:
    return [(allocation.lot_id, allocation.quantity) for allocation in allocate(lots, quantity, at).allocations]


def test_the_first_to_expire_comes_first_and_the_debit_crosses_into_the_next() -> None:
    lots = [Lot("long", 10), Lot("short", 1, expires_at=NOW + timedelta(days=1))]
    assert taken(lots, 3) == [("short", 1), ("long", 2)]


def test_of_two_that_end_together_the_older_comes_first_then_the_id() -> None:
    older = Lot("z", 1, valid_from=START - timedelta(days=1))
    assert taken([Lot("b", 1), Lot("a", 1), older], 3) == [("z", 1), ("a", 1), ("b", 1)]


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (START - timedelta(microseconds=1), 0),
        (START, 1),
        (START + timedelta(days=365) - timedelta(microseconds=1), 1),
        (START + timedelta(days=365), 0),
    ],
)
def test_a_lot_is_usable_from_its_first_instant_until_before_its_end(at: datetime, found: int) -> None:
    assert balance([Lot("lot", 1)], at) == found


def test_what_is_not_there_is_missing() -> None:
    allotment = allocate([Lot("lot", 2)], 5, NOW)
    assert (allotment.allocations, allotment.missing) == ((Allocation(lot_id="lot", quantity=2),), 3)


def test_a_debit_is_never_negative() -> None:
    with pytest.raises(ValueError, match="0 tickets or more"):
        allocate([], -1, NOW)


@given(some_lots, st.integers(0, 200), day_numbers)
def test_any_debit_adds_up_and_overdraws_nothing(lots: list[Lot], quantity: int, day: int) -> None:
    at = START + timedelta(days=day)
    before = balance(lots, at)
    allotment = allocate(lots, quantity, at)
    by_lot = {allocation.lot_id: allocation.quantity for allocation in allotment.allocations}
    assert allotment.quantity + allotment.missing == quantity
    assert allotment.missing == max(0, quantity - before)
    assert len(by_lot) == len(allotment.allocations)
    left = [replace(lot, remaining=lot.remaining - by_lot.get(lot.lot_id, 0)) for lot in lots]
    assert all(lot.remaining >= 0 for lot in left)
    assert balance(left, at) == before - allotment.quantity
    assert all(allocation.quantity > 0 for allocation in allotment.allocations)


@given(some_lots, st.integers(0, 200), day_numbers, st.randoms(use_true_random=False))
def test_the_order_in_which_lots_are_given_changes_nothing(
    lots: list[Lot], quantity: int, day: int, random: Random
) -> None:
    at = START + timedelta(days=day)
    shuffled = random.sample(lots, len(lots))
    assert allocate(lots, quantity, at) == allocate(shuffled, quantity, at)


@given(some_lots, st.integers(1, 200), day_numbers)
def test_a_lot_is_emptied_before_the_next_is_touched(lots: list[Lot], quantity: int, day: int) -> None:
    at = START + timedelta(days=day)
    order = usable(lots, at)
    allocations = allocate(lots, quantity, at).allocations
    assert [allocation.lot_id for allocation in allocations] == [lot.lot_id for lot in order[: len(allocations)]]
    assert all(allocation.quantity == lot.remaining for allocation, lot in zip(allocations[:-1], order, strict=False))
    assert [lot.expires_at for lot in order] == sorted(lot.expires_at for lot in order)
