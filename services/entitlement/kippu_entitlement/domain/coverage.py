"""From a case and the register to the facts, and from the terms' answer to the events that record it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kippu_events.catalogue.entitlement import ApprovalRequested, CoverageDecided
from kippu_events.catalogue.values import ClauseFinding, Outcome, Reply
from kippu_events.event import Event
from kippu_terms.coverage import Decision, decide_coverage
from kippu_terms.facts import AssetFacts, ContractFacts, CustomerFacts, Facts, RequestFacts
from kippu_terms.plan import Plan

from kippu_entitlement.domain import needs, quoting, streams
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.case import Case, Request

FOR_APPROVAL = "approval"
"""What a decision waits for where an operator has to approve (IIJ-06)."""


@dataclass(frozen=True, slots=True)
class Register:
    """What the register holds for a request: the asset that it names, and the unit that this is a part of."""

    asset: Asset | None
    unit: Asset | None
    received_on: date
    """The provider's local date on which the request was received."""
    customer: CustomerFacts | None = None
    """What is on record of the customer, where the terms look at that."""
    buyer: str | None = None
    """The contact who bought the licences."""


def facts_of(provider: str, case: Case, register: Register) -> Facts:
    """Raises LookupError for a case without a request."""
    request = case.request
    if request is None:
        raise LookupError(f"case {case.ticket_no or '(new)'} has no request")
    approval = None if case.approved is None else "granted" if case.approved else "refused"
    mine = _theirs(case, request, register)
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
                "quotes_accepted": quoting.accepted(case.quotes, request.subject),
                "topic": request.topic,
                "part": request.part,
                "isolated_at": request.isolated_at,
                "pauses": case.paused,
                **_said(request, mine, register),
            }
        ),
        asset=_asset_facts(request, register.asset, mine),
        contracts=tuple(each for unit in mine for each in _contracts_of(unit)),
        customer=register.customer,
    )


@dataclass(frozen=True, slots=True)
class Question:
    """Whether an asset was covered at an instant, for a customer, as to one category of requests."""

    customer_id: str
    plan_family: str
    serial: str
    category: str
    instant: datetime


def facts_of_asset(provider: str, asked: Question, register: Register) -> Facts:
    """As if the customer's maintenance contact had reported it at that instant, and it had been isolated at once."""
    request = Request(
        customer_id=asked.customer_id,
        contact_id="",
        plan_family=asked.plan_family,
        channel="",
        received_at=asked.instant,
        category=asked.category,
        asset_serial=asked.serial,
        wanted_at=None,
        wanted_minutes=None,
    )
    mine = _theirs(Case(), request, register)
    return Facts(
        provider=provider,
        request=RequestFacts(
            received_at=asked.instant, category=asked.category, isolated_at=asked.instant, asked_by="contact"
        ),
        asset=_asset_facts(request, register.asset, mine),
        contracts=tuple(each for unit in mine for each in _contracts_of(unit)),
    )


def _said(request: Request, mine: tuple[Asset, ...], register: Register) -> dict[str, Any]:
    """What was said beside what it is about. Who asks, the register says where nobody does."""
    said = request.details.model_dump(exclude_none=True) if request.details else {}
    received_on = register.received_on
    in_force = (each for unit in mine for each in unit.contracts if each.valid_from <= received_on <= each.valid_until)
    contacts = {register.buyer, *(each.contact_id for each in in_force)} - {None}
    asked_by = ("contact" if request.contact_id in contacts else "other") if contacts else None
    return {"asked_by": asked_by, **said}


def _theirs(case: Case, request: Request, register: Register) -> tuple[Asset, ...]:
    """The asset, and the unit that it is in, as far as they count for this customer; nothing if the asset does not.

    Another's device is, to this customer, one that is not in the register: nothing of it is told. Nor is one that was
    replaced by then, except for the request on which it was: that is still about the unit that failed.
    """
    owner = request.customer_id, request.plan_family
    asset, unit = register.asset, register.unit
    if asset is None or (asset.customer_id, asset.plan_family) != owner:
        return ()
    by = asset.replaced_by
    if not asset.in_place_on(register.received_on) and (
        by is None or streams.ticket_of(by.shipment_id) != case.ticket_no
    ):
        return ()
    return (asset, unit) if unit and (unit.customer_id, unit.plan_family) == owner else (asset,)


def _asset_facts(request: Request, asset: Asset | None, mine: tuple[Asset, ...]) -> AssetFacts | None:
    if request.asset_serial is None or asset is None:
        return None
    if not mine:
        by = asset.replaced_by if asset.customer_id == request.customer_id else None
        return AssetFacts(serial=request.asset_serial, registered=False, replaced_by=by.serial if by else None)
    unit = mine[-1]
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
        part_of=asset.part_of,
        disks_from=asset.disks_from,
        area=asset.area or unit.area,
        remote_island=asset.remote_island or unit.remote_island,
        height_cm=unit.height_cm if asset.height_cm is None else asset.height_cm,
    )


def _contracts_of(unit: Asset) -> Iterator[ContractFacts]:
    """Its contracts, which count for what is inside it, too."""
    for contract in unit.contracts:
        yield ContractFacts(**contract.model_dump(exclude={"contact_id", "sold"}), delivered_on=unit.delivered_on)
    for waiting in unit.undated:
        yield ContractFacts(**waiting.model_dump(exclude={"contact_id"}), status="pre_registered")


def decide(case: Case, request: Request, plan: Plan, facts: Facts, now: datetime) -> tuple[Event, ...]:
    """The next decision on a case, by a plan version and facts; the quotes that are needed no more with it; and the
    approval it asks for, if it does."""
    decision = decide_coverage(plan, facts)
    number = case.standing.number + 1 if case.standing else 1
    decided = _decided(case, request, plan, decision, number, now)
    forgone = quoting.forgone(case.quotes, case.ticket_no, request.customer_id, now, but=decided.quote)
    if decision.waiting_for != FOR_APPROVAL:
        return decided, *forgone
    requested = ApprovalRequested(
        occurred_at=now,
        approval_id=streams.approval_id(case.ticket_no, number),
        ticket_no=case.ticket_no,
        customer_id=request.customer_id,
        clause=decision.deciding_clause,
    )
    return decided, *forgone, requested


def _decided(
    case: Case, request: Request, plan: Plan, decision: Decision, number: int, now: datetime
) -> CoverageDecided:
    quote_id = streams.quote_of_decision(case.ticket_no, number)
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
        remedies=needs.remedies(plan, decision),
        facts=decision.facts.model_dump(mode="json"),
        visit=needs.visit(plan, decision),
        service=decision.service,
        way=decision.way,
        contract_id=decision.contract_id,
        counts_from=decision.counts_from,
        shipment=needs.shipment(plan, decision),
        targets=tuple(needs.target_of(each) for each in decision.targets),
        failed_part=decision.failed_part,
        carriage_paid_by=needs.carriage_paid_by(plan, decision),
        replies=tuple(Reply(**reply.model_dump()) for reply in decision.replies),
        quote=quoting.needed(plan, decision, case.quotes, request.subject, quote_id, now),
    )
