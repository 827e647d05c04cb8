"""What a renewal would come to on a day, without ordering it: a pure function of the facts that are sent."""

from datetime import date, datetime

from kippu_service.http import Identifier, Input
from kippu_terms.orders.deciding import OrderOutcome, OrderPeriod
from kippu_terms.plan import Plan
from kippu_terms.pricing import Price, Totals
from kippu_terms.renewals.maintenance import Maintenance
from kippu_terms.renewals.previewing import Kind, Renewal, RenewalFacts, RenewalWish, preview_renewal
from kippu_terms.stated import StatedCustomer, StatedDevice
from pydantic import BaseModel, ConfigDict, JsonValue

from kippu_entitlement import terms
from kippu_entitlement.domain.plan import Plans
from kippu_entitlement.preview import ClauseText, FaultShown, FindingShown, PlanUsed, RemedyShown

LICENCE_EXAMPLE: dict[str, JsonValue] = {
    "plan_family": "cwc",
    "ordered_on": "2026-11-15",
    "channel": "portal",
    "licence": {
        "licence_id": "O-1",
        "quantity": 2,
        "price_paid": 400_000,
        "full_on": "2025-05-15",
        "maintained_until": "2026-05-14",
    },
}


class RenewalPreviewInput(RenewalWish, Input):
    """What is renewed, `licence` or `contract`, and when. Nothing is looked up in any register.

    Licences whose maintenance is in force are renewed, those whose maintenance has ended rejoin; with `added`, others
    are bought in addition, and all of them run together.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [LICENCE_EXAMPLE, LICENCE_EXAMPLE | {"added": 1}]})

    asset: StatedDevice | None = None
    customer: StatedCustomer | None = None
    plan_family: Identifier
    plan_version: str | None = None
    """This version, whenever it was in force; without it, the one in force on `ordered_on`."""


class RenewalPreviewShown(BaseModel):
    """Local dates are the provider's; money is in the minor unit."""

    kind: Kind
    outcome: OrderOutcome
    deciding_clause: ClauseText
    findings: list[FindingShown]
    faults: list[FaultShown]
    """Every broken rule, where it is not accepted."""
    remedies: list[RemedyShown]
    plan: PlanUsed
    period: OrderPeriod | None
    price: Price | None
    totals: Totals | None
    """Net, tax per rate and total of its invoice."""
    pay_by: date | None
    notice_at: datetime | None
    """When the notice about the end of this period is due."""
    before: Maintenance | None
    """How the licences stand on the day of the order: what they are worth, and what is in force."""


def preview(published: Plans, provider: str, wanted: RenewalPreviewInput) -> RenewalPreviewShown:
    """Raises terms.NoTerms for terms that do not exist, and Refused for what they do not renew."""
    plan = _plan(published, wanted)
    facts = wanted.model_dump(exclude={"plan_family", "plan_version"})
    return _shown(plan, preview_renewal(plan, RenewalFacts.model_validate({"provider": provider, **facts})))


def _plan(published: Plans, wanted: RenewalPreviewInput) -> Plan:
    if wanted.plan_version is not None:
        return terms.pinned(published, wanted.plan_family, wanted.plan_version)
    return terms.in_force_on(published, wanted.plan_family, wanted.ordered_on)


def _shown(plan: Plan, renewal: Renewal) -> RenewalPreviewShown:
    fields = renewal.model_dump(mode="json", exclude={"plan_family", "plan_version", "deciding_clause"})
    return RenewalPreviewShown(
        **fields,
        deciding_clause=ClauseText(id=renewal.deciding_clause, text=plan.clauses[renewal.deciding_clause]),
        plan=PlanUsed(family=renewal.plan_family, version=renewal.plan_version),
    )
