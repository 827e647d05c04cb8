"""Deciding on a request and debiting its work, in one unit of work over the case and whatever it needs.

Shared by the reactors that hear of a request and the operator who answers an approval.
"""

from dataclasses import dataclass
from typing import Any

from kippu_events.catalogue.entitlement import CoverageDecided, RequestReopened
from kippu_events.catalogue.values import Outcome
from kippu_events.event import Event
from kippu_events.work import Fold, Stream, Work
from kippu_terms.plan import Plan

from kippu_entitlement import folds, licences, terms
from kippu_entitlement.domain import coverage, debiting, streams
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.case import Case, Request, Standing
from kippu_entitlement.domain.debiting import Changes
from kippu_entitlement.domain.plan import Plans
from kippu_entitlement.domain.wallet import Wallet

MAX_EXCHANGES = 20
"""How many replacements of a unit are followed to the one that is there now."""


class UnknownRequest(LookupError):
    """Something happened to a request of which we never heard: events are missing, which must not be."""


async def load_case(work: Work, provider: str, ticket_no: str) -> Stream[Case]:
    return await work.load(folds.CASE, provider, streams.case(provider, ticket_no))


async def load_wallet(work: Work, case: Stream[Case]) -> Stream[Wallet]:
    return await work.load(folds.WALLET, case.provider, streams.wallet(case.provider, case.state.wallet_id))


def request_of(case: Stream[Case]) -> Request:
    if case.state.request is None:
        raise UnknownRequest(f"{case.name} has no request")
    return case.state.request


@dataclass(frozen=True, slots=True)
class _Decision:
    """What is to be recorded on the case, and what it is debited by."""

    events: tuple[Event, ...]
    plan: Plan
    wallet: Stream[Wallet]

    @property
    def refusal(self) -> CoverageDecided | None:
        decided = (each for each in self.events if isinstance(each, CoverageDecided))
        return next((each for each in decided if each.outcome is Outcome.REFUSED), None)


async def decide(work: Work, case: Stream[Case]) -> Standing:
    """The next decision, under the terms in force when the request was received, or those that its contract was sold
    under; then debits what it now owes."""
    return _take(work, case, await _decision(work, case))


async def reopen(work: Work, case: Stream[Case]) -> None:
    """A request that had ended goes on: decided anew by what is known now. One that was refused, and would only be
    refused again, waits to be said what it is about; its decision stands."""
    customer_id = request_of(case).customer_id
    if not case.state.ended:
        return
    decision, standing = await _decision(work, case), case.state.standing
    refusal = decision.refusal
    reopened = RequestReopened(occurred_at=work.now, ticket_no=case.state.ticket_no, customer_id=customer_id)
    if refusal is not None and standing is not None and standing.outcome is Outcome.REFUSED:
        waits = {"waiting_for": "classification", "clause": refusal.deciding_clause}
        work.record(case, reopened.model_copy(update=waits))
    else:
        work.record(case, reopened)
        _take(work, case, decision)


async def _decision(work: Work, case: Stream[Case]) -> _Decision:
    request = request_of(case)
    asset, wallet, plans = await _surroundings(work, case, request)
    current = terms.in_force(plans, request.plan_family, request.received_at)
    unit = await _unit_of(work, case.provider, asset)
    received_on = current.calendar.local_date(request.received_at)
    customer, held = await licences.customer_facts(work, current, request.customer_id, request.received_at)
    register = coverage.Register(asset, unit, received_on, customer, held.contact_id if held else None)
    facts = coverage.facts_of(case.provider, case.state, register)
    plan = terms.for_request(plans, request.plan_family, facts, request.received_at)
    return _Decision(coverage.decide(case.state, request, plan, facts, work.now), plan, wallet)


def _take(work: Work, case: Stream[Case], decision: _Decision) -> Standing:
    before, wallet = case.state, decision.wallet
    work.record(case, *decision.events)
    record(work, case, wallet, debiting.give_back(before, case.state, wallet.state, work.now))
    record(work, case, wallet, debiting.debit_due(case.state, wallet.state, decision.plan, work.now))
    if case.state.standing is None:
        raise AssertionError("unreachable: it was decided just now")
    return case.state.standing


async def debit(work: Work, case: Stream[Case], plan: Plan) -> None:
    """Debits what is owed by now, as the decision stands."""
    wallet = await load_wallet(work, case)
    record(work, case, wallet, debiting.debit_due(case.state, wallet.state, plan, work.now))


async def plan_of(work: Work, case: Stream[Case]) -> Plan:
    """The version that the standing decision used; before any, the one that would be used."""
    request = request_of(case)
    published = (await terms.plans(work, case.provider, request.plan_family)).state
    if case.state.standing is None:
        return terms.in_force(published, request.plan_family, request.received_at)
    return terms.pinned(published, request.plan_family, case.state.standing.plan_version)


def record(work: Work, case: Stream[Case], wallet: Stream[Wallet], changes: Changes) -> None:
    """Both or neither: the two streams go into one append."""
    work.record(case, *changes.on_case)
    work.record(wallet, *changes.on_wallet)


async def _unit_of(work: Work, provider: str, asset: Asset | None) -> Asset | None:
    """The unit that a part is in by now, where it is one."""
    serial = asset.part_of if asset else None
    for _ in range(MAX_EXCHANGES):
        if serial is None:
            return None
        unit = (await work.load(folds.ASSET, provider, streams.asset(provider, serial))).state
        if unit.replaced_by is None:
            return unit
        serial = unit.replaced_by.serial
    return None


async def _surroundings(work: Work, case: Stream[Case], request: Request) -> tuple[Asset | None, Stream[Wallet], Plans]:
    """The register's entry, the wallet and the plans, in one round trip."""
    provider = case.provider
    wanted: list[tuple[Fold[Any], str]] = [
        (folds.WALLET, streams.wallet(provider, case.state.wallet_id)),
        (folds.PLANS, streams.plan(provider, request.plan_family)),
    ]
    if request.asset_serial is not None:
        wanted.append((folds.ASSET, streams.asset(provider, request.asset_serial)))
    wallet, plans, *asset = await work.load_all(provider, *wanted)
    return (asset[0].state if asset else None), wallet, plans.state
