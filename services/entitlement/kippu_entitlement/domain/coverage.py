"""From a case and the register to the facts, and from the terms' answer to the events that record it."""

from datetime import datetime

from kippu_events.catalogue.entitlement import ApprovalRequested, CoverageDecided, VisitNeed
from kippu_events.catalogue.values import ClauseFinding, Outcome, Remedy
from kippu_events.event import Event
from kippu_terms.coverage import Decision, decide_coverage
from kippu_terms.facts import AssetFacts, Facts, RequestFacts
from kippu_terms.plan import Plan

from kippu_entitlement.domain import streams
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.case import Case, Request

FOR_APPROVAL = "approval"
"""What a decision waits for where an operator has to approve (IIJ-06)."""


def facts_of(provider: str, request: Request, approved: bool | None, asset: Asset | None) -> Facts:
    """`asset` is what stands in the register under the request's serial, None for a request that names none."""
    approval = None if approved is None else "granted" if approved else "refused"
    return Facts(
        provider=provider,
        request=RequestFacts.model_validate(
            {
                "received_at": request.received_at,
                "channel": request.channel,
                "category": request.category,
                "wanted_at": request.wanted_at,
                "wanted_minutes": request.wanted_minutes,
                "approval": approval,
            }
        ),
        asset=_asset_facts(request, asset),
    )


def _asset_facts(request: Request, asset: Asset | None) -> AssetFacts | None:
    if request.asset_serial is None or asset is None:
        return None
    if (asset.customer_id, asset.plan_family) != (request.customer_id, request.plan_family):
        # Another's device is, to this customer, one that is not in the register: nothing of it is told.
        return AssetFacts(serial=request.asset_serial, registered=False)
    return AssetFacts(
        serial=asset.serial,
        registered=True,
        kind=asset.kind,
        model=asset.model,
        bought_from_provider=asset.bought_from_provider,
        bought_on=asset.bought_on,
        warranty_until=asset.warranty_until,
        installed_by=asset.installed_by,
        maintenance_agreement=asset.maintenance_agreement,
    )


def decide(case: Case, request: Request, plan: Plan, facts: Facts, now: datetime) -> tuple[Event, ...]:
    """The next decision on a case, by a plan version and facts; and the approval it asks for, if it does."""
    decision = decide_coverage(plan, facts)
    number = case.standing.number + 1 if case.standing else 1
    decided = _decided(case, request, decision, number, now)
    if decision.waiting_for != FOR_APPROVAL:
        return (decided,)
    requested = ApprovalRequested(
        occurred_at=now,
        approval_id=streams.approval_id(case.ticket_no, number),
        ticket_no=case.ticket_no,
        customer_id=request.customer_id,
        clause=decision.deciding_clause,
    )
    return decided, requested


def _decided(case: Case, request: Request, decision: Decision, number: int, now: datetime) -> CoverageDecided:
    return CoverageDecided(
        occurred_at=now,
        ticket_no=case.ticket_no,
        customer_id=request.customer_id,
        contact_id=request.contact_id,
        decision=number,
        plan_family=decision.plan_family,
        plan_version=decision.plan_version,
        outcome=Outcome(decision.outcome),
        metered=decision.metered,
        quantity=decision.quantity,
        waiting_for=decision.waiting_for,
        deciding_clause=decision.deciding_clause,
        findings=tuple(ClauseFinding(**finding.model_dump(mode="json")) for finding in decision.findings),
        remedies=tuple(Remedy(**remedy.model_dump(mode="json")) for remedy in decision.remedies),
        facts=decision.facts.model_dump(mode="json"),
        visit=VisitNeed(**decision.visit.model_dump()) if decision.visit else None,
    )
