"""An order of several lines: each is decided by itself, knowing the others, and all of them are taken or none."""

from dataclasses import replace

from kippu_terms.orders.deciding import OrderDecision, OrderOutcome, decide_order
from kippu_terms.orders.facts import OrderFacts, OrderLine
from kippu_terms.plan import Plan
from kippu_terms.pricing import Price
from kippu_terms.refusal import Fault, Refused
from kippu_terms.value import Value

_GRAVEST: tuple[OrderOutcome, ...] = ("refused", "consult", "quote", "accepted")


class WholeOrder(Value):
    """The decision on each line, the first one first."""

    lines: tuple[OrderDecision, ...]

    @property
    def outcome(self) -> OrderOutcome:
        return next(outcome for outcome in _GRAVEST if any(line.outcome == outcome for line in self.lines))

    @property
    def deciding_clause(self) -> str:
        """Of the first line that comes to the outcome."""
        return next(line.deciding_clause for line in self.lines if line.outcome == self.outcome)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Every broken rule once; `together.0.product` is the field of the second line's product."""
        faults = [_on_line(fault, number) for number, line in enumerate(self.lines) for fault in line.faults]
        return tuple(dict.fromkeys(faults))

    @property
    def price(self) -> Price | None:
        """Of all lines; None for an order that is refused."""
        prices = [line.price for line in self.lines if line.price]
        if self.outcome == "refused" or not prices:
            return None
        return prices[0].model_copy(update={"lines": tuple(each for price in prices for each in price.lines)})


def decide_whole(plan: Plan, facts: OrderFacts, language: str = "en") -> WholeOrder:
    """Decides every line of an order. Raises Refused for products that the plan does not sell, all at once."""
    lines = (OrderLine(product=facts.product, quantity=facts.quantity), *facts.together)
    unknown = [fault for number, line in enumerate(lines) for fault in _unknown(plan, line, number)]
    if unknown:
        raise Refused(*unknown)
    decided = []
    for number, line in enumerate(lines):
        others = (*lines[:number], *lines[number + 1 :])
        seen = facts.model_copy(update={"product": line.product, "quantity": line.quantity, "together": others})
        decided.append(decide_order(plan, seen, language))
    return WholeOrder(lines=tuple(decided))


def _unknown(plan: Plan, line: OrderLine, number: int) -> tuple[Fault, ...]:
    try:
        plan.product(line.product)
    except Refused as refused:
        return tuple(replace(fault, field=_field("product", number)) for fault in refused.faults)
    return ()


def _on_line(fault: Fault, number: int) -> Fault:
    mine = fault.field in ("product", "quantity") and number > 0
    return replace(fault, field=_field(str(fault.field), number)) if mine else fault


def _field(name: str, number: int) -> str:
    return f"together.{number - 1}.{name}" if number else name
