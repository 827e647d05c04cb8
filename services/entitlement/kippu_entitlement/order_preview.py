"""What an order would come to, without placing it: a pure function of the facts that are sent."""

from datetime import date
from typing import Annotated

from kippu_service.http import Identifier, Input
from kippu_terms.orders.deciding import OrderDecision, OrderOutcome, OrderPeriod
from kippu_terms.orders.facts import HeldContract, OrderFacts, OrderLine
from kippu_terms.orders.whole import decide_whole
from kippu_terms.plan import Plan
from kippu_terms.pricing import Price, Totals, invoice_totals
from kippu_terms.stated import StatedWish
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from kippu_entitlement import terms
from kippu_entitlement.domain.plan import Plans
from kippu_entitlement.preview import ClauseText, FaultShown, FindingShown, PlanUsed, RemedyShown

MAX_LINES = 20
"""Lines of one order."""
MAX_HELD = 100

EXAMPLES: list[JsonValue] = [
    {"plan_family": "iij-se", "product": "se-10", "quantity": 2, "ordered_on": "2026-11-16"},
    {
        "plan_family": "svt",
        "product": "advance-3y",
        "ordered_on": "2026-05-01",
        "asset": {"serial": "12345678901", "bought_on": "2026-01-31"},
    },
    {
        "plan_family": "qnp",
        "product": "onsite-weekday",
        "ordered_on": "2026-11-20",
        "asset": {"serial": "SN-1", "area": "sapporo", "delivered_on": "2026-11-20"},
        "together": [{"product": "non-return-disk"}],
        "agreed": True,
    },
    {
        "plan_family": "nec-esp",
        "product": "g2-24x365-5y",
        "ordered_on": "2026-11-20",
        "asset": {"serial": "SN-2", "bought_on": "2026-01-10"},
        "held": [
            {
                "contract_id": "C-1",
                "product": "g2-5day-3y",
                "valid_from": "2026-01-10",
                "valid_until": "2029-01-09",
                "registered": True,
            }
        ],
        "renews": "C-1",
        "reason": "upgrade",
    },
    {
        "plan_family": "cwc",
        "product": "licence",
        "quantity": 2,
        "ordered_on": "2026-11-16",
        "together": [{"product": "annual-maintenance", "quantity": 2}],
        "wanted_delivery_on": "2026-12-10",
    },
]


class OrderPreviewInput(StatedWish, Input):
    """Facts, and the terms to judge them by. Nothing is looked up in any register."""

    model_config = ConfigDict(json_schema_extra={"examples": EXAMPLES})

    held: Annotated[tuple[HeldContract, ...], Field(max_length=MAX_HELD)] = ()
    together: Annotated[tuple[OrderLine, ...], Field(max_length=MAX_LINES - 1)] = ()
    """The other lines of the same order; no more than an order can have."""
    plan_family: Identifier
    plan_version: str | None = None
    """This version, whenever it was in force; without it, the one in force on `ordered_on`."""


class OrderLineShown(BaseModel):
    """One line, decided by itself. Local dates are the provider's, both inclusive; money is in the minor unit."""

    product: str
    quantity: int
    outcome: OrderOutcome
    deciding_clause: ClauseText
    findings: list[FindingShown]
    remedies: list[RemedyShown]
    period: OrderPeriod | None
    """Null for what has none, and where it runs from a day to come, such as the payment or the delivery."""
    price: Price | None
    pay_by: date | None
    refundable_until: date | None
    register_by: date | None


class OrderPreviewShown(BaseModel):
    """`refused` names every broken rule in `faults`; `consult` and `quote` are not orders yet."""

    outcome: OrderOutcome
    deciding_clause: ClauseText
    faults: list[FaultShown]
    lines: list[OrderLineShown]
    """What was asked for first, then what is ordered together with it."""
    price: Price | None
    """Of all lines; null for an order that is refused."""
    totals: Totals | None
    """Net, tax per rate (rounded once, on the total at that rate), and total of the invoice."""
    plan: PlanUsed


def preview(published: Plans, provider: str, wanted: OrderPreviewInput) -> OrderPreviewShown:
    """Raises terms.NoTerms for terms that do not exist, and Refused for a product that they do not sell."""
    plan = _plan(published, wanted)
    facts = wanted.model_dump(exclude={"plan_family", "plan_version"})
    whole = decide_whole(plan, OrderFacts.model_validate({"provider": provider, **facts}), plan.languages[0])
    return OrderPreviewShown(
        outcome=whole.outcome,
        deciding_clause=_clause(plan, whole.deciding_clause),
        faults=[
            FaultShown(code=each.code, message=each.message, field=each.field, clause=each.clause)
            for each in whole.faults
        ],
        lines=[_line(plan, each) for each in whole.lines],
        price=whole.price,
        totals=invoice_totals(whole.price) if whole.price else None,
        plan=PlanUsed(family=plan.family, version=plan.version),
    )


def _plan(published: Plans, wanted: OrderPreviewInput) -> Plan:
    if wanted.plan_version is not None:
        return terms.pinned(published, wanted.plan_family, wanted.plan_version)
    return terms.in_force_on(published, wanted.plan_family, wanted.ordered_on)


def _line(plan: Plan, decision: OrderDecision) -> OrderLineShown:
    hidden = {"plan_family", "plan_version", "deciding_clause", "faults", "facts"}
    return OrderLineShown(
        product=decision.facts.product,
        quantity=decision.facts.quantity,
        deciding_clause=_clause(plan, decision.deciding_clause),
        **decision.model_dump(mode="json", exclude=hidden),
    )


def _clause(plan: Plan, clause: str) -> ClauseText:
    return ClauseText(id=clause, text=plan.clauses[clause])
