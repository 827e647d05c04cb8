"""What a renewal would come to if it were ordered on a day: of licences, or of a contract. Nothing is ordered by it.

The lines of the order are made from the facts, and each is decided by the plan's rules of ordering, as it would be when
it is really placed. So a preview and the order that follows it cannot differ.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from kippu_terms.facts import CustomerFacts
from kippu_terms.findings import Finding, Remedy
from kippu_terms.fulfilment import Channel
from kippu_terms.orders.deciding import OrderDecision, OrderOutcome, OrderPeriod, decide_order
from kippu_terms.orders.facts import Day, HeldContract, HeldLicence, OrderedAsset, OrderFacts, OrderLine
from kippu_terms.plan import Plan
from kippu_terms.pricing import Price, Totals, invoice_totals
from kippu_terms.refusal import Fault, Refused
from kippu_terms.renewals.maintenance import Maintenance, licences_of, maintenance_on, notice_at
from kippu_terms.value import Integer, Name, Value

Kind = Literal["continuing", "rejoining", "adding", "contract"]
_GRAVEST: tuple[OrderOutcome, ...] = ("refused", "consult", "quote", "accepted")
_HELD = "held"
"""The id of what is renewed, where the facts name none."""


class RenewalWish(Value):
    """What is to be renewed, and when: licences or a contract."""

    ordered_on: Day
    channel: Channel | None = None
    licence: HeldLicence | None = None
    added: Annotated[Integer, Field(ge=0, le=1_000)] = 0
    """Licences that are bought in addition."""
    contract: HeldContract | None = None
    product: Name | None = None
    """The product that renews the contract; may be left out where there is one only."""
    asset: OrderedAsset | None = None
    customer: CustomerFacts | None = None
    wanted_delivery_on: Day | None = None

    @model_validator(mode="after")
    def _renews_one_thing(self) -> Self:
        if (self.licence is None) == (self.contract is None):
            raise ValueError("state what is renewed: `licence` or `contract`, one of them")
        if self.added and self.licence is None:
            raise ValueError("`added` are licences, added to a `licence`")
        return self


class RenewalFacts(RenewalWish):
    provider: str


class Renewal(Value):
    """Dates and amounts of a renewal, and why."""

    plan_family: str
    plan_version: str
    kind: Kind
    outcome: OrderOutcome
    deciding_clause: str
    findings: tuple[Finding, ...]
    faults: tuple[Fault, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    period: OrderPeriod | None = None
    """Local dates, both inclusive. Licences that are added run with the others."""
    price: Price | None = None
    """A line for each thing that is paid; None where it is refused."""
    totals: Totals | None = None
    pay_by: date | None = None
    notice_at: AwareDatetime | None = None
    """When the notice about the end of this period is due."""
    before: Maintenance | None = None
    """How the licences stand on the day of the order."""


def preview_renewal(plan: Plan, facts: RenewalFacts, language: str = "en") -> Renewal:
    """Raises Refused for what the plan does not renew, and ValueError for facts of another provider."""
    kind, lines = _lines(plan, facts)
    decisions = [decide_order(plan, each, language) for each in _orders(facts, lines)]
    outcome = next(each for each in _GRAVEST if any(decision.outcome == each for decision in decisions))
    deciding = next(decision for decision in decisions if decision.outcome == outcome)
    price = None if outcome == "refused" else _price_of(decisions)
    period = decisions[0].period
    return Renewal(
        plan_family=plan.family,
        plan_version=plan.version,
        kind=kind,
        outcome=outcome,
        deciding_clause=deciding.deciding_clause,
        findings=tuple(finding for decision in decisions for finding in decision.findings),
        faults=tuple(dict.fromkeys(fault for decision in decisions for fault in decision.faults)),
        remedies=_remedies(decisions),
        period=period,
        price=price,
        totals=invoice_totals(price) if price else None,
        pay_by=next((decision.pay_by for decision in decisions if decision.pay_by), None),
        notice_at=notice_at(plan, period.valid_until) if period and facts.licence else None,
        before=maintenance_on(plan, facts.licence, facts.ordered_on) if facts.licence else None,
    )


def renewal_kind(facts: RenewalFacts) -> Kind:
    """What it is by its dates: licences are added, renewed while their maintenance is in force, or rejoin."""
    if facts.licence is None:
        return "contract"
    if facts.added:
        return "adding"
    return "continuing" if facts.ordered_on <= facts.licence.maintained_until else "rejoining"


def _lines(plan: Plan, facts: RenewalFacts) -> tuple[Kind, list[OrderLine]]:
    kind = renewal_kind(facts)
    if kind == "contract":
        return kind, [OrderLine(product=_renewal_product(plan, facts))]
    terms = licences_of(plan)
    if kind == "adding":
        bought = [OrderLine(product=each, quantity=facts.added) for each in (terms.product, terms.maintenance_product)]
        return kind, [OrderLine(product=terms.adding.product), *bought]
    return kind, [OrderLine(product=(terms.continuing if kind == "continuing" else terms.rejoining).product)]


def _renewal_product(plan: Plan, facts: RenewalFacts) -> str:
    """The product that renews the contract: the one that is named, or the only one that fits it."""
    if facts.product is not None:
        return facts.product
    contract = facts.contract
    group = plan.product(contract.product).group if contract else None
    fitting = [each.id for each in plan.commercial.products if each.renewal and each.group == group]
    if len(fitting) != 1:
        message = f"name the product that renews it; there are {', '.join(fitting) or 'none'}"
        raise Refused(Fault("renewal_product", message, "product"))
    return fitting[0]


def _orders(facts: RenewalFacts, lines: list[OrderLine]) -> list[OrderFacts]:
    """Each line as it would be ordered, together with the others."""
    held = facts.contract
    if facts.licence is not None:
        held = HeldContract(
            contract_id=facts.licence.licence_id or _HELD,
            product=lines[0].product,
            valid_from=facts.licence.full_on,
            valid_until=facts.licence.maintained_until,
        )
    if held is None:
        raise AssertionError("unreachable: something is renewed")
    return [
        OrderFacts(
            provider=facts.provider,
            product=line.product,
            quantity=line.quantity,
            ordered_on=facts.ordered_on,
            channel=facts.channel,
            asset=facts.asset,
            held=(held,),
            renews=held.contract_id,
            together=tuple(other for other in lines if other is not line),
            licence=facts.licence,
            customer=facts.customer,
            wanted_delivery_on=facts.wanted_delivery_on,
        )
        for line in lines
    ]


def _price_of(decisions: list[OrderDecision]) -> Price | None:
    """One price with the lines of all that cost something; None where nothing could be priced."""
    prices = [decision.price for decision in decisions if decision.price]
    if not prices:
        return None
    lines = [line for price in prices for line in price.lines if line.unit_price] or prices[0].lines
    return prices[0].model_copy(update={"lines": tuple(lines)})


def _remedies(decisions: list[OrderDecision]) -> tuple[Remedy, ...]:
    """Each once, though several lines ask for it."""
    remedies: list[Remedy] = []
    for decision in decisions:
        remedies += [remedy for remedy in decision.remedies if remedy not in remedies]
    return tuple(remedies)
