"""What changed terms would have made of real requests and orders: judged again from the facts that were decided on.

Pure, and without effect. Everything is judged as if the changed terms had been in force then, for contracts of before,
too. Sums only are kept, so that a rehearsal of any length takes no more room than a short one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Literal

from kippu_events.catalogue.entitlement import CoverageDecided, OrderAccepted
from kippu_terms.coverage import Decision, decide_coverage
from kippu_terms.facts import Facts
from kippu_terms.plan import Plan
from kippu_terms.pricing import Priced, invoice_totals, price
from kippu_terms.refusal import Refused
from kippu_terms.targets import Target

from kippu_entitlement.domain import debiting
from kippu_entitlement.domain.case import Case

Kind = Literal["ship", "visit", "answer"]
Done = dict[Kind, datetime]
"""When what a target aims at was done; what is not there was not done."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One request under one version of the terms."""

    outcome: str
    clause: str
    service: str | None
    tickets: int
    """What its work so far, or the request itself, costs."""
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """One request, as it was decided and as it would have been."""

    ticket_no: str
    before: Judged
    after: Judged

    @property
    def flips(self) -> bool:
        return self.before.outcome != self.after.outcome

    @property
    def differs(self) -> bool:
        was, would_be = self.before, self.after
        return (was.outcome, was.service, was.tickets) != (would_be.outcome, would_be.service, would_be.tickets)


def replayed(decided: CoverageDecided, case: Case, under: Plan, changed: Plan) -> Replayed:
    """`decided` stands on the case; `under` is the version that it used."""
    facts = Facts.model_validate(decided.facts)
    before, after = decide_coverage(under, facts), decide_coverage(changed, facts)
    was = _judged(before, case, under)
    # What was decided is what was told, whatever this build would make of it.
    told = Judged(decided.outcome, decided.deciding_clause, decided.service, was.tickets, was.targets)
    return Replayed(decided.ticket_no, told, _judged(after, case, changed))


def _judged(decision: Decision, case: Case, plan: Plan) -> Judged:
    return Judged(
        decision.outcome, decision.deciding_clause, decision.service, _tickets(decision, case, plan), decision.targets
    )


def _tickets(decision: Decision, case: Case, plan: Plan) -> int:
    if decision.outcome != "covered_by_debit" or case.declined or case.request is None:
        return 0
    if decision.quantity is not None and not decision.metered:
        return decision.quantity
    return debiting.units(plan, case.request, case.work)


@dataclass(slots=True)
class Money:
    """A sum in one currency's minor unit; `illustrative` if a price in it is none of the source's."""

    amount: Fraction = Fraction(0)
    illustrative: bool = False

    def add(self, amount: Fraction | int, *, illustrative: bool) -> None:
        self.amount += amount
        self.illustrative = self.illustrative or illustrative


@dataclass(slots=True)
class Side:
    """Sums under the terms of then, or under the changed ones."""

    tickets: int = 0
    worth: dict[str, Money] = field(default_factory=dict)
    """Of these tickets, by currency, at the price of a ticket in the lot that the terms offer."""
    orders: dict[str, Money] = field(default_factory=dict)
    """What was ordered costs in all, by currency, with tax."""
    met: int = 0
    missed: int = 0
    open: int = 0

    def add_request(self, judged: Judged, plan: Plan, done: Done) -> None:
        self.tickets += judged.tickets
        each = _ticket_price(plan)
        if each is not None and judged.tickets:
            amount, illustrative = each
            worth = self.worth.setdefault(plan.commercial.currency, Money())
            worth.add(judged.tickets * amount, illustrative=illustrative)
        for target in judged.targets:
            done_at = done.get(target.kind)
            if done_at is None:
                self.open += 1
            elif target.is_met(done_at):
                self.met += 1
            else:
                self.missed += 1

    def add_order(self, priced: Priced, currency: str, *, illustrative: bool) -> None:
        total = invoice_totals(priced).total
        self.orders.setdefault(currency, Money()).add(total, illustrative=illustrative)


def _ticket_price(plan: Plan) -> tuple[Fraction, bool] | None:
    """What one prepaid ticket is worth, before tax, and whether that is illustrative; None where none are sold."""
    offer = plan.commercial.offer
    lots = [each for each in plan.commercial.products if each.kind == "tickets"]
    lot = next((each for each in lots if offer is None or each.id == offer.product), None)
    return (Fraction(lot.unit_price, lot.tickets), lot.illustrative) if lot else None


@dataclass(slots=True)
class Rehearsal:
    """The sums so far."""

    changed: Plan
    requests: int = 0
    flips: int = 0
    differences: int = 0
    orders: int = 0
    unsold: int = 0
    """Orders of then that the changed terms do not sell so."""
    own_price: int = 0
    """Orders at a price that a clause or a quote set: they are left out of the sums."""
    before: Side = field(default_factory=Side)
    after: Side = field(default_factory=Side)

    def request(self, replay: Replayed, under: Plan, done: Done) -> None:
        self.requests += 1
        self.flips += replay.flips
        self.differences += replay.differs
        self.before.add_request(replay.before, under, done)
        self.after.add_request(replay.after, self.changed, done)

    def order(self, accepted: OrderAccepted, version: Callable[[str], Plan]) -> None:
        """Raises LookupError for a version that is not published."""
        under = version(accepted.plan_version)
        self.orders += 1
        listed = under.product(accepted.product)
        if [line.unit_price for line in accepted.price.lines] != [listed.unit_price]:
            self.own_price += 1
            return
        self.before.add_order(accepted.price, accepted.price.currency, illustrative=listed.illustrative)
        try:
            again = price(self.changed, accepted.product, accepted.quantity)
        except Refused:
            self.unsold += 1
            return
        illustrative = self.changed.product(accepted.product).illustrative
        self.after.add_order(again, again.currency, illustrative=illustrative)
