"""What a rule of ordering is: it looks at the order and says what its clause makes of it. It decides nothing alone."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kippu_terms.findings import STATE_FACTS, RemedyText
from kippu_terms.kinds import Kinds
from kippu_terms.orders.facts import OrderFacts
from kippu_terms.orders.periods import Awaited, period_of
from kippu_terms.value import ClauseId, Flag, Name, Value

if TYPE_CHECKING:
    from kippu_terms.plan import LotTerm, Plan
    from kippu_terms.sections import Product

OrderResult = Literal["satisfied", "refused", "consult", "quote", "not_applicable", "note"]
"""What one clause came to."""


@dataclass(frozen=True)
class OrderCase:
    """What a rule may look at: the terms, the facts, and the period that follows from both."""

    plan: "Plan"
    facts: OrderFacts

    @cached_property
    def product(self) -> "Product":
        """Raises Refused for a product that is not sold."""
        return self.plan.product(self.facts.product)

    @cached_property
    def period(self) -> "LotTerm | Awaited | None":
        """When it begins and ends, or what that awaits; None for what has no period."""
        return period_of(self.plan, self.product, self.facts)

    @property
    def dates(self) -> tuple[date, date] | None:
        """The first and the last day, inclusive, once they are known."""
        period = self.period
        return None if period is None or isinstance(period, str) else (period.valid_from, period.valid_until)


@dataclass(frozen=True)
class OrderVerdict:
    """What one rule found: its result, what it looked at, and what follows from it.

    Of each thing that follows, the first rule in the order of the plan that states it does so.
    """

    result: OrderResult
    inputs: Mapping[str, Any] = field(default_factory=dict)
    about: str | None = None
    """The fact that an objection is about, by its path, such as `ordered_on` or `asset.bought_on`."""
    states_period: bool = False
    """True if the period follows from this clause."""
    unit_price: int | None = None
    """What one costs instead of the product's price, in the minor unit."""
    pay_by: date | None = None
    """The last day on which it can be paid."""
    refundable_until: date | None = None
    """The last day on which it can be given back, while nothing else stands against that."""
    register_by: date | None = None
    """Until when it should be registered."""
    remedy: RemedyText | None = None
    """Where what it found asks for another remedy than the rule's own."""


def not_known(inputs: Mapping[str, Any], fact: str, result: OrderResult = "refused") -> OrderVerdict:
    """An objection for want of a fact, which is named by its path: to state it is what changes the answer."""
    return OrderVerdict(result, {**inputs, "unknown": [fact]}, about=fact, remedy=STATE_FACTS)


class OrderRule(Value):
    """One rule of a plan's `[ordering]`. Its parameters are its fields."""

    kind: str
    clause: ClauseId
    remedy: RemedyText | None = None
    products: frozenset[Name] | None = None
    """Speaks on these products only; without it, on all."""
    groups: frozenset[Name] | None = None
    """Speaks on products of these groups only; without it, on all."""
    renewals: Flag | None = None
    """Speaks on renewals only (true), or on what is none (false); without it, on both."""
    blanks: ClassVar[frozenset[str]] = frozenset()
    """What `$name` in its remedy can stand for: inputs that it states wherever that remedy is named."""

    def verdict(self, case: OrderCase) -> OrderVerdict:
        """What it makes of an order, if it speaks on its product."""
        unlike = self._unlike(case.product)
        return self.judge(case) if unlike is None else OrderVerdict("not_applicable", unlike)

    def speaks_on(self, product: "Product") -> bool:
        return self._unlike(product) is None

    def _unlike(self, product: "Product") -> dict[str, Any] | None:
        """What of a product it is that the rule does not speak on; None if it does."""
        if self.products is not None and product.id not in self.products:
            return {"product": product.id}
        if self.groups is not None and product.group not in self.groups:
            return {"product": product.id, "group": product.group}
        if self.renewals is not None and product.renewal is not self.renewals:
            return {"product": product.id, "renewal": product.renewal}
        return None

    def names_products(self) -> Mapping[str, Iterable[str]]:
        """Setting → products of the plan that it names, beside `products`."""
        return {}

    def names_groups(self) -> Mapping[str, Iterable[str]]:
        """Setting → groups of products that it names, beside `groups`."""
        return {}

    @abstractmethod
    def judge(self, case: OrderCase) -> OrderVerdict:
        """Pure: the same order gets the same verdict."""


KINDS: Kinds[OrderRule] = Kinds()
order_rule_kind = KINDS.register
"""Registers a kind of rule."""

__all__ = [
    "KINDS",
    "OrderCase",
    "OrderResult",
    "OrderRule",
    "OrderVerdict",
    "RemedyText",
    "not_known",
    "order_rule_kind",
]
