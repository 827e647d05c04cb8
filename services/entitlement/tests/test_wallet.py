"""Given a wallet's lots, when it is credited or debited, a debit reversed or a lot ends, then these events."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st
from kippu_entitlement.domain import wallet
from kippu_entitlement.domain.wallet import Credit, Debit, Debited, Lot, Wallet
from kippu_entitlement.folds import WALLET
from kippu_events.catalogue.entitlement import (
    TicketDebited,
    TicketDebitReversed,
    TicketsCredited,
    TicketsExpired,
    TicketsReinstated,
    WalletOpened,
)
from kippu_events.catalogue.values import Allocation
from kippu_events.event import Event

START = datetime(2026, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def day(number: float) -> datetime:
    return START + number * DAY


def lot(lot_id: str, quantity: int, first: float, end: float) -> Credit:
    return Credit("customer-1.iij-se", "customer-1", "iij-se", lot_id, lot_id, quantity, day(first), day(end))


def given_wallet(*credits_: Credit) -> Wallet:
    state = Wallet()
    for credit in credits_:
        state = after(state, wallet.credit(state, credit, day(0)))
    return state


def after(state: Wallet, events: Sequence[Event]) -> Wallet:
    return reduce(wallet.evolve, events, state)


def debit(state: Wallet, wanted: int, at: float, now: float | None = None, number: int = 1) -> Debited:
    command = Debit(f"KP-1.{number}", "KP-1", wanted, day(at), "IIJ-07")
    return wallet.debit(state, command, day(at if now is None else now))


def taken(debited: Debited) -> list[tuple[str, int]]:
    return [(each.lot_id, each.quantity) for each in debited.allocations]


def test_a_wallet_opens_with_its_first_lot_and_a_lot_is_credited_once() -> None:
    opened, credited = wallet.credit(Wallet(), lot("O-1", 10, 0, 365), day(0))
    assert isinstance(opened, WalletOpened)
    assert isinstance(credited, TicketsCredited)
    state = after(Wallet(), (opened, credited))
    assert wallet.credit(state, lot("O-1", 10, 0, 365), day(1)) == ()
    (second,) = wallet.credit(state, lot("O-2", 5, 0, 90), day(1))
    assert isinstance(second, TicketsCredited)


def test_a_debit_takes_from_the_lot_that_ends_first_and_crosses_into_the_next() -> None:
    state = given_wallet(lot("O-1", 10, 0, 365), lot("O-2", 1, 0, 90))
    debited = debit(state, 2, at=3)
    assert taken(debited) == [("O-2", 1), ("O-1", 1)]
    (event,) = debited.events
    assert isinstance(event, TicketDebited)
    assert (event.quantity, event.balance, event.counts_at) == (2, 9, day(3))


def test_of_lots_that_end_together_the_older_goes_first() -> None:
    state = given_wallet(lot("O-1", 5, 2, 90), lot("O-2", 5, 1, 90))
    assert taken(debit(state, 6, at=3)) == [("O-2", 5), ("O-1", 1)]


def test_lots_count_at_the_instant_that_counts_not_when_the_debit_is_made() -> None:
    state = given_wallet(lot("O-1", 5, 10, 20))
    assert debit(state, 1, at=9.9, now=12).missing == 1
    assert debit(state, 1, at=10, now=12).missing == 0
    assert debit(state, 1, at=20, now=12).missing == 1


def test_what_is_missing_is_said_and_nothing_is_taken_twice() -> None:
    state = given_wallet(lot("O-1", 3, 0, 90))
    debited = debit(state, 5, at=1)
    assert (taken(debited), debited.missing) == ([("O-1", 3)], 2)
    empty = debit(after(state, debited.events), 1, at=1, number=2)
    assert (empty.events, empty.missing) == ((), 1)
    assert debit(Wallet(), 1, at=1) == Debited((), (), 0, 1)


def test_a_reversal_goes_back_to_the_lots_it_came_from() -> None:
    state = given_wallet(lot("O-1", 10, 0, 365), lot("O-2", 1, 0, 90))
    debited = debit(state, 2, at=3)
    (reversed_,) = wallet.reverse(
        after(state, debited.events),
        debit_id="KP-1.1",
        ticket_no="KP-1",
        allocations=debited.allocations,
        reason="declined",
        now=day(5),
    )
    assert isinstance(reversed_, TicketDebitReversed)
    assert after(after(state, debited.events), (reversed_,)) == state


def test_tickets_that_go_back_to_a_lot_that_has_ended_expire_at_once() -> None:
    state = given_wallet(lot("O-2", 4, 0, 90))
    debited = debit(state, 1, at=3)
    state = after(state, debited.events)
    state = after(state, wallet.expire(state, "O-2", day(90)))
    back, expired = wallet.reverse(
        state, debit_id="KP-1.1", ticket_no="KP-1", allocations=debited.allocations, reason="declined", now=day(100)
    )
    assert isinstance(back, TicketDebitReversed)
    assert isinstance(expired, TicketsExpired)
    assert (expired.quantity, expired.occurred_at) == (1, day(100))


def test_a_lot_expires_once_with_what_is_left_of_it_and_not_before_its_end() -> None:
    state = given_wallet(lot("O-1", 3, 0, 90))
    assert wallet.expire(state, "O-1", day(89)) == ()
    (expired,) = wallet.expire(state, "O-1", day(90))
    assert isinstance(expired, TicketsExpired)
    assert (expired.quantity, expired.occurred_at) == (3, day(90))
    assert wallet.expire(after(state, (expired,)), "O-1", day(90)) == ()
    assert wallet.expire(state, "O-9", day(90)) == ()


def test_work_before_a_lots_end_that_is_recorded_after_it_still_takes_from_it() -> None:
    state = given_wallet(lot("O-1", 3, 0, 90))
    state = after(state, wallet.expire(state, "O-1", day(90)))
    debited = debit(state, 2, at=89, now=91)
    reinstated, taken_ = debited.events
    assert isinstance(reinstated, TicketsReinstated)
    assert isinstance(taken_, TicketDebited)
    assert reinstated.quantity == 2
    assert after(state, debited.events).lot("O-1") == Lot("O-1", day(0), day(90), 3, 0, 1)
    assert debit(state, 1, at=90, now=91).missing == 1


STEPS = st.one_of(
    st.tuples(st.just("credit"), st.integers(1, 6), st.integers(0, 5), st.integers(6, 15)),
    st.tuples(st.just("debit"), st.integers(1, 8), st.integers(0, 15), st.integers(0, 3)),
    st.tuples(st.just("reverse"), st.integers(0, 9)),
    st.tuples(st.just("expire"), st.integers(0, 9)),
)


@settings(max_examples=300)
@given(st.lists(STEPS, max_size=30))
def test_whatever_happens_each_lots_books_balance_and_nothing_is_below_nothing(
    steps: list[tuple[str | int, ...]],
) -> None:
    state, events, debits, now = Wallet(), list[Event](), list[TicketDebited](), START
    for number, (what, *numbers) in enumerate(steps):
        a, b, c = [*map(int, numbers), 0, 0, 0][:3]
        new: Sequence[Event] = ()
        if what == "credit":
            new = wallet.credit(state, lot(f"O-{number}", a, b, c), now)
        elif what == "debit":
            now = max(now, day(b + c))
            debited = debit(state, a, b, (now - START) / DAY, number)
            assert debited.taken + debited.missing == a
            new = debited.events
        elif what == "reverse" and debits:
            undone = debits.pop(a % len(debits))
            new = wallet.reverse(
                state,
                debit_id=undone.debit_id,
                ticket_no="KP-1",
                allocations=undone.allocations,
                reason="declined",
                now=now,
            )
        elif what == "expire" and state.lots:
            ended = state.lots[a % len(state.lots)]
            new = wallet.expire(state, ended.lot_id, now)
        for event in new:
            state = wallet.evolve(state, event)
            events.append(event)
            if isinstance(event, TicketDebited):
                debits.append(event)
                assert sum(each.quantity for each in event.allocations) == event.quantity
                assert event.balance >= 0
            assert all(each.remaining >= 0 and each.expired >= 0 for each in state.lots)
    assert {each.lot_id: each.remaining for each in state.lots} == +books(events) | dict.fromkeys(
        (each.lot_id for each in state.lots if not books(events)[each.lot_id]), 0
    )
    assert WALLET.restore(WALLET.save(state)) == state
    if state.lots:
        assert len(WALLET.save(state).state) < 200 + 250 * len(state.lots), "a wallet's state grows with its lots only"


def books(events: Sequence[Event]) -> Counter[str]:
    """What is left of each lot, by the events alone: credits − debits + reversals − expiries + reinstatements."""
    left: Counter[str] = Counter()

    def move(allocations: Sequence[Allocation], sign: int) -> None:
        for each in allocations:
            left[each.lot_id] += sign * each.quantity

    for event in events:
        match event:
            case TicketsCredited() | TicketsReinstated():
                left[event.lot_id] += event.quantity
            case TicketsExpired():
                left[event.lot_id] -= event.quantity
            case TicketDebited():
                move(event.allocations, -1)
            case TicketDebitReversed():
                move(event.allocations, +1)
            case _:
                pass
    return left
