"""What is given back of an order in parts, by the domain alone: contracts, their options, and unused prepaid tickets.

The terms are IIJ-SE's with a window in which anything is taken back, and with a contract that has an option.
"""

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_entitlement.domain import order as orders
from kippu_entitlement.domain import refunding, selling, wallet
from kippu_entitlement.domain.order import Order
from kippu_entitlement.domain.refunding import Asked
from kippu_entitlement.domain.wallet import Wallet
from kippu_events.catalogue.contracts import ContractSold
from kippu_events.catalogue.entitlement import (
    AcceptedLine,
    OrderAccepted,
    OrderPartRefunded,
    OrderPlaced,
    OrderRefunded,
    RefundedLine,
    TicketsRevoked,
)
from kippu_events.catalogue.values import Price
from kippu_terms.loading import load
from kippu_terms.plan import Plan
from kippu_terms.refusal import Refused

TERMS = Path(__file__).parents[3] / "plans"
QNP = load((TERMS / "qnp.toml").read_text())
IIJ = load((TERMS / "iij-se.toml").read_text())
NOW = datetime(2026, 11, 18, 3, tzinfo=UTC)
TODAY = date(2026, 11, 18)
CONTRACT, OPTION, TICKETS = "onsite-weekday", "non-return-disk", "se-10"
NO_MONEY = Price(currency="JPY", lines=(), tax_name="", tax_rounding="down", payment_days=30, time_zone="Asia/Tokyo")


def accepted(*lines: tuple[str, int]) -> Order:
    """To be given back until today; a `se-10` credits ten tickets."""
    first, *others = [
        AcceptedLine(product=name, quantity=n, tickets=10 * n * (name == TICKETS), refundable_until=TODAY)
        for name, n in lines
    ]
    ids = {"order_id": "O-1", "customer_id": "customer-1", "plan_family": "qnp"}
    placed = OrderPlaced(occurred_at=NOW, product=first.product, quantity=first.quantity, requested_on=TODAY, **ids)
    agreed = OrderAccepted(
        occurred_at=NOW, plan_version="1", price=NO_MONEY, **ids, **first.model_dump(), together=tuple(others)
    )
    return reduce(orders.evolve, (placed, agreed), Order())


def paid(order: Order) -> Order:
    (event,) = orders.pay(order, invoice_no="INV-O-1", paid_on=TODAY, confirmed_at=NOW, now=NOW)
    return orders.evolve(order, event)


def credited(order: Order, plan: Plan = IIJ) -> Wallet:
    state = Wallet()
    for lot in orders.lots_of(order, plan, TODAY):
        state = reduce(wallet.evolve, wallet.credit(state, lot, NOW), state)
    return state


def back(order: Order, asked: Asked, plan: Plan = QNP, held: Wallet | None = None, on: date = TODAY) -> Order:
    """As it is after that was given back."""
    lines = refunding.wanted(order, plan, asked)
    refunding.check(order, lines, {}, plan, held or Wallet(), on)
    return orders.evolve(order, refunding.recorded(order, lines, on, "no", NOW))


def sold(order: Order) -> list[str]:
    """The contracts that come with the payment, or came with the order."""
    both = [selling.sold(order, QNP, None, when=when, on=TODAY, now=NOW) for when in ("order", "payment")]
    return [each.contract_id for contracts in both for each in contracts if isinstance(each, ContractSold)]


def test_what_was_given_back_before_the_payment_does_not_come_with_it() -> None:
    order = accepted((CONTRACT, 3))
    assert sold(order) == ["O-1-1", "O-1-2", "O-1-3"]
    assert sold(back(order, Asked(("O-1-2",)))) == ["O-1-1", "O-1-3"]


@pytest.mark.parametrize(("options", "gone"), [(3, [1, 2, 3]), (1, [0, 0, 1]), (2, [0, 1, 2])])
def test_options_go_back_with_their_contracts_and_the_last_with_the_last(options: int, gone: list[int]) -> None:
    order = accepted((CONTRACT, 3), (OPTION, options))
    seen = []
    for number in (1, 2, 3):
        order = back(order, Asked((f"O-1-{number}",)))
        seen.append(options if order.status == "refunded" else options - order.left(2))
    assert seen == gone
    assert order.status == "refunded"


@pytest.mark.parametrize("contracts", [(), ("O-1-1",)])
def test_an_option_does_not_go_back_without_the_contract_that_it_was_bought_for(contracts: tuple[str, ...]) -> None:
    order = accepted((CONTRACT, 2), (OPTION, 2))
    with pytest.raises(Refused, match="non-return-disk goes back with the contracts"):
        back(order, Asked(contracts, ((OPTION, 2),)))
    assert back(order, Asked(("O-1-1",), ((OPTION, 1),))).left(2) == 1


def test_a_product_that_is_named_twice_is_given_back_once_for_each_that_is_left() -> None:
    twice = Asked(quantities=((TICKETS, 1), (TICKETS, 1)))
    assert back(accepted((TICKETS, 3)), twice, IIJ).left(1) == 1
    with pytest.raises(Refused, match="of se-10, 1 are left"):
        back(accepted((TICKETS, 1)), twice, IIJ)


def test_an_option_that_was_ordered_alone_has_a_window_of_its_own() -> None:
    order = accepted((OPTION, 1))
    assert back(order, Asked()).status == "refunded"
    with pytest.raises(Refused, match="not taken back after 2026-11-18"):
        back(order, Asked(), on=TODAY + timedelta(days=1))


def test_unused_packs_go_back_and_so_do_their_tickets() -> None:
    order = paid(accepted((TICKETS, 3)))
    held = credited(order)
    lines = refunding.wanted(order, IIJ, Asked(quantities=((TICKETS, 2),)))
    assert lines == (RefundedLine(line=1, product=TICKETS, quantity=2),)
    (revoked,) = refunding.revoked(order, lines, held, NOW)
    assert (revoked.lot_id, revoked.quantity) == ("O-1", 20)
    assert wallet.evolve(held, revoked).balance_at(NOW) == 10
    with pytest.raises(Refused, match="of se-10, 3 are left"):
        refunding.wanted(order, IIJ, Asked(quantities=((TICKETS, 4),)))


@pytest.mark.parametrize(("used", "packs", "refused"), [(10, 2, False), (11, 2, True), (1, 3, True), (0, 3, False)])
def test_what_was_used_is_not_taken_back(used: int, packs: int, refused: bool) -> None:
    order = paid(accepted((TICKETS, 3)))
    taken = wallet.debit(credited(order), wallet.Debit("D-1", "KP-0000-0001", used, NOW, "IIJ-07"), NOW)
    held = reduce(wallet.evolve, taken.events, credited(order))
    asked = Asked(quantities=((TICKETS, packs),))
    if refused:
        with pytest.raises(Refused, match=f"{30 - used} prepaid tickets are left") as why:
            back(order, asked, IIJ, held)
        assert [fault.code for fault in why.value.faults] == ["order.tickets_used"]
    else:
        back(order, asked, IIJ, held)


def test_packs_that_were_given_back_unpaid_are_not_credited_with_the_payment() -> None:
    order = back(accepted((TICKETS, 3)), Asked(quantities=((TICKETS, 2),)), IIJ)
    assert [lot.quantity for lot in orders.lots_of(paid(order), IIJ, TODAY)] == [10]
    assert refunding.revoked(order, refunding.wanted(order, IIJ, Asked()), Wallet(), NOW) == ()


def test_what_lapsed_or_was_given_back_is_not_given_back_again() -> None:
    order = accepted((TICKETS, 1))
    lapsed = reduce(orders.evolve, orders.lapse(order, "void", NOW), order)
    for state, code in ((lapsed, "order.not_accepted"), (back(order, Asked(), IIJ), "order.refunded")):
        with pytest.raises(Refused) as refused:
            refunding.wanted(state, IIJ, Asked())
        assert ([fault.code for fault in refused.value.faults], refused.value.kind) == ([code], "conflict")
        assert orders.lapse(state, "void", NOW) == ()
        assert orders.pay(state, invoice_no="INV-O-1", paid_on=TODAY, confirmed_at=NOW, now=NOW) == ()


@given(st.integers(1, 5), st.integers(0, 5), st.lists(st.sets(st.integers(1, 5), max_size=3), max_size=8))
def test_parts_in_any_order_come_to_the_order_and_never_to_more(
    contracts: int, options: int, parts: list[set[int]]
) -> None:
    lines = [(CONTRACT, contracts), (OPTION, options)][: 1 + bool(options)]
    order, events = accepted(*lines), []
    ids = list(selling.contracts_of(order, QNP))
    for part in [*parts, set()]:
        asked = Asked(tuple(ids[number - 1] for number in sorted(part) if number <= contracts))
        if part and asked.all:
            continue
        try:
            taken = refunding.wanted(order, QNP, asked)
        except Refused:
            continue
        events.append(refunding.recorded(order, taken, TODAY, "no", NOW))
        order = orders.evolve(order, events[-1])
        assert all(each.quantity > 0 for each in taken)
    last = events[-1]
    assert isinstance(last, OrderRefunded), "in the end all that is left"
    before = [each for each in events if isinstance(each, OrderPartRefunded)]
    assert [each.number for each in before] == list(range(1, len(before) + 1))
    for place, (_, quantity) in enumerate(lines, start=1):
        given = [each for event in before for each in event.lines if each.line == place]
        assert sum(each.quantity for each in given) <= quantity
        named = [contract for each in given for contract in each.contracts]
        assert len(named) == len(set(named))


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 12)), max_size=12))
def test_no_wallet_falls_below_0_whatever_is_debited_and_given_back(steps: list[tuple[bool, int]]) -> None:
    order = paid(accepted((TICKETS, 4)))
    held, revoked, used = credited(order), 0, 0
    for number, (give, quantity) in enumerate(steps):
        if give:
            asked = Asked(quantities=((TICKETS, quantity),))
            try:
                lines = refunding.wanted(order, IIJ, asked)
                refunding.check(order, lines, {}, IIJ, held, TODAY)
            except Refused:
                continue
            events = refunding.revoked(order, lines, held, NOW)
            order = orders.evolve(order, refunding.recorded(order, lines, TODAY, "no", NOW))
            held = reduce(wallet.evolve, events, held)
            revoked += sum(each.quantity for each in events if isinstance(each, TicketsRevoked))
        else:
            debited = wallet.debit(held, wallet.Debit(f"D-{number}", "KP-0000-0001", quantity, NOW, "IIJ-07"), NOW)
            held = reduce(wallet.evolve, debited.events, held)
            used += debited.taken
        assert held.balance_at(NOW) == 40 - revoked - used >= 0
