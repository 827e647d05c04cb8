"""What is given back of an order: all that is left of it, or single contracts, or so many of a line's prepaid tickets.

Each contract by itself: while the terms pinned in it allow it, and it is not registered. Prepaid tickets while they are
in their lot. An option goes with its contract. Billing hears of it and takes that much of the invoice back.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from kippu_events.catalogue.contracts import ContractRefunded
from kippu_events.catalogue.entitlement import OrderPartRefunded, OrderRefunded, RefundedLine, TicketsRevoked
from kippu_events.event import Event
from kippu_terms.orders.refunds import refund_objection
from kippu_terms.plan import Plan
from kippu_terms.refusal import Fault, Refused

from kippu_entitlement.domain import order as orders
from kippu_entitlement.domain import streams
from kippu_entitlement.domain.contract import Contract
from kippu_entitlement.domain.order import Line, Order
from kippu_entitlement.domain.selling import contracts_of
from kippu_entitlement.domain.wallet import Wallet


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be given back; with neither, all that is left."""

    contracts: tuple[str, ...] = ()
    quantities: tuple[tuple[str, int], ...] = ()
    """Product and how many of it, of what sells no contracts."""

    @property
    def all(self) -> bool:
        return not self.contracts and not self.quantities


def wanted(order: Order, plan: Plan, asked: Asked) -> tuple[RefundedLine, ...]:
    """What is asked for, line by line, with the options that go with it. Raises Refused for what the order has not."""
    _require_open(order)
    sells = contracts_of(order, plan)
    named = _everything(order, sells) if asked.all else _named(order, plan, sells, asked)
    taken = _with_options(order, plan, named)
    for place, (quantity, _) in named.items():
        if quantity > taken.get(place, (0, ()))[0]:
            message = (
                f"{order.lines[place - 1].product} goes back with the contracts that it was bought for: name those"
            )
            raise Refused(Fault("goes_with_contract", message, "lines"))
    return tuple(_line(order, place, *each) for place, each in sorted(taken.items()))


def check(
    order: Order,
    lines: Sequence[RefundedLine],
    contracts: Mapping[str, Contract],
    plan: Plan,
    wallet: Wallet,
    asked_on: date,
) -> None:
    """Raises Refused with everything that stands against it. `plan` is the version that the order was sold under."""
    faults = [
        fault
        for part in lines
        if not _goes_with_its_contract(order, plan, part.line)
        for fault in _faults(order, part, contracts, plan, wallet, asked_on)
    ]
    if faults:
        raise Refused(*dict.fromkeys(faults))


def recorded(
    order: Order, lines: tuple[RefundedLine, ...], refunded_on: date, reason: str, now: datetime
) -> OrderRefunded | OrderPartRefunded:
    """Whole, if nothing is left after it."""
    taken = {part.line: part.quantity for part in lines}
    if all(order.left(place) == taken.get(place, 0) for place, _ in enumerate(order.lines, start=1)):
        return OrderRefunded(
            occurred_at=now,
            order_id=order.order_id,
            customer_id=order.customer_id,
            refunded_on=refunded_on,
            reason=reason,
        )
    return OrderPartRefunded(
        occurred_at=now,
        order_id=order.order_id,
        customer_id=order.customer_id,
        number=order.parts + 1,
        lines=lines,
        refunded_on=refunded_on,
        reason=reason,
    )


def given_back(contract: Contract, reason: str, now: datetime) -> Event:
    return ContractRefunded(
        occurred_at=now,
        contract_id=contract.contract_id,
        customer_id=contract.customer_id,
        order_id=contract.order_id,
        reason=reason,
    )


def revoked(order: Order, lines: Sequence[RefundedLine], wallet: Wallet, now: datetime) -> tuple[TicketsRevoked, ...]:
    """The prepaid tickets that a paid order credited for what is given back."""
    return tuple(
        TicketsRevoked(
            occurred_at=now,
            wallet_id=wallet.wallet_id,
            customer_id=order.customer_id,
            lot_id=orders.lot_id(order, part.line),
            quantity=tickets,
            order_id=order.order_id,
        )
        for part in lines
        if (tickets := _tickets(order, part)) and order.status == "paid"
    )


_Taken = dict[int, tuple[int, tuple[str, ...]]]
"""By line: how many, and which contracts."""


def _require_open(order: Order) -> None:
    if order.status == "refunded":
        raise Refused(Fault("order.refunded", "the order was given back already", "order_id"), kind="conflict")
    if order.status not in ("accepted", "paid"):
        raise Refused(Fault("order.not_accepted", "the order was not accepted", "order_id"), kind="conflict")


def _everything(order: Order, sells: Mapping[str, int]) -> _Taken:
    return {
        place: (order.left(place), tuple(each for each, line in sells.items() if line == place))
        for place, _ in enumerate(order.lines, start=1)
        if order.left(place)
    }


def _named(order: Order, plan: Plan, sells: Mapping[str, int], asked: Asked) -> _Taken:
    taken: _Taken = {}
    faults = [fault for each in asked.contracts if (fault := _not_sold(order, sells, each))]
    for contract_id in dict.fromkeys(asked.contracts):
        if contract_id in sells:
            quantity, contracts = taken.get(sells[contract_id], (0, ()))
            taken[sells[contract_id]] = quantity + 1, (*contracts, contract_id)
    quantities: Counter[str] = Counter()
    for product, quantity in asked.quantities:
        quantities[product] += quantity
    for product, quantity in quantities.items():
        try:
            for place, part in _of_product(order, sells, product, quantity):
                taken[place] = taken.get(place, (0, ()))[0] + part, ()
        except Refused as refused:
            faults += refused.faults
    if faults:
        gone = any(fault.code == "contract.refunded" for fault in faults)
        raise Refused(*faults, kind="conflict" if gone else "invalid")
    return taken


def _not_sold(order: Order, sells: Mapping[str, int], contract_id: str) -> Fault | None:
    if contract_id in order.contracts_given_back:
        return Fault("contract.refunded", f"{contract_id} was given back already", "contracts")
    if contract_id not in sells:
        return Fault("unknown_contract", f"the order has no contract {contract_id}", "contracts")
    return None


def _of_product(order: Order, sells: Mapping[str, int], product: str, quantity: int) -> Iterator[tuple[int, int]]:
    """So much of the lines of a product, the first one first."""
    places = [place for place, line in enumerate(order.lines, start=1) if line.product == product]
    if set(places) & set(sells.values()):
        raise Refused(Fault("name_contracts", f"of {product}, name the contracts that are given back", "contracts"))
    left = sum(order.left(place) for place in places)
    if quantity > left:
        raise Refused(Fault("quantity_left", f"of {product}, {left} are left", "lines"))
    for place in places:
        part = min(order.left(place), quantity)
        if part:
            yield place, part
        quantity -= part


def _with_options(order: Order, plan: Plan, taken: _Taken) -> _Taken:
    """Options go back with their contracts, as many as were bought for each; the last of them with the last one."""
    for place, line in enumerate(order.lines, start=1):
        if _goes_with_its_contract(order, plan, place):
            with_it = plan.product(line.product).only_with
            of = [each for each, other in enumerate(order.lines, start=1) if other.product in with_it]
            sold = sum(order.lines[each - 1].quantity for each in of)
            kept = sum(order.left(each) - taken.get(each, (0, ()))[0] for each in of)
            back = order.left(place) - -(-line.quantity * kept // sold)
            taken = {each: part for each, part in taken.items() if each != place}
            if back > 0:
                taken[place] = back, ()
    return taken


def _goes_with_its_contract(order: Order, plan: Plan, place: int) -> bool:
    product = plan.product(order.lines[place - 1].product)
    return product.kind == "option" and any(line.product in product.only_with for line in order.lines)


def _line(order: Order, place: int, quantity: int, contracts: tuple[str, ...]) -> RefundedLine:
    product = order.lines[place - 1].product
    return RefundedLine(line=place, product=product, quantity=quantity, contracts=contracts)


def _faults(
    order: Order, part: RefundedLine, contracts: Mapping[str, Contract], plan: Plan, wallet: Wallet, asked_on: date
) -> Iterator[Fault]:
    line, clause = order.lines[part.line - 1], _clause(plan, part.product)
    for contract_id in part.contracts or ("",):
        contract = contracts.get(contract_id)
        registered = contract is not None and contract.registered_at is not None
        yield from _objection(order, line, contract_id or part.product, clause, asked_on, registered=registered)
    tickets = _tickets(order, part)
    if tickets and order.status == "paid":
        lot = wallet.lot(orders.lot_id(order, part.line))
        unused = lot.remaining if lot else 0
        if unused < tickets:
            message = f"of {part.product}, {unused} prepaid tickets are left, and {tickets} would be given back"
            yield Fault("order.tickets_used", message, "lines", clause)


def _objection(
    order: Order, line: Line, what: str, clause: str, asked_on: date, *, registered: bool
) -> Iterator[Fault]:
    match refund_objection(line.refundable_until, asked_on, registered=registered):
        case "registered":
            message = f"{what} is registered, and what is registered is not taken back"
            yield Fault("order.registered", message, "order_id", clause)
        case "window_closed":
            until = line.refundable_until
            message = f"{what} is not taken back" + (f" after {until.isoformat()}" if until else "")
            ticket_no = streams.request_of_quoted_work(order.quote_id) if order.quote_id else None
            if ticket_no is None:
                yield Fault("order.window_closed", message, "order_id", clause)
            else:
                yield Fault("order.goes_with_request", f"{message}: {_with_request(ticket_no)}", "order_id", clause)


def _with_request(ticket_no: str) -> str:
    """The way there is for work that was quoted, and is not done."""
    return (
        f"it was quoted for request {ticket_no}, and goes back with that. As long as nothing was done for it, the "
        f"provider's people decline it (POST /v1/tickets/{ticket_no}/decline), and what was paid is due back"
    )


def _tickets(order: Order, part: RefundedLine) -> int:
    line = order.lines[part.line - 1]
    return line.tickets // line.quantity * part.quantity


def _clause(plan: Plan, product: str) -> str:
    """That of the refund window, where the terms have one; else the product's own."""
    windows = (rule for rule in plan.ordering.rules if rule.kind == "refund_window")
    speaking = (rule.clause for rule in windows if rule.products is None or product in rule.products)
    return next(speaking, plan.product(product).clause)
