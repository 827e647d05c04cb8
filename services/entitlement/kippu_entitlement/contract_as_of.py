"""A contract at an instant, by what was known at another: its events, as far as they were recorded and true then."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from kippu_events.catalogue.contracts import (
    ContractActivated,
    ContractEnded,
    ContractSold,
    DeliveryCorrected,
    RegistrationChanged,
)
from kippu_events.event import Event
from kippu_events.log import Log
from kippu_terms.dates import local_date, start_of
from kippu_terms.plan import Plan

from kippu_entitlement import terms
from kippu_entitlement.as_of import plans_known, recorded
from kippu_entitlement.domain import contract, streams
from kippu_entitlement.domain.contract import Contract, Status


@dataclass(frozen=True, slots=True)
class Standing:
    """How a contract stood. It ends by itself, whether anybody had noted its end or not."""

    contract: Contract
    status: Status
    in_force: bool
    """True if it had begun, had not ended, and was registered where its terms ask for that."""


async def standing(log: Log, provider: str, contract_id: str, valid_at: datetime, known_at: datetime) -> Standing:
    """Status `none` for a contract that was not sold then, as far as was known."""
    state, plan = Contract(), None
    name = streams.contract(provider, contract_id)
    known = [each.event async for each in recorded(log, name) if each.recorded_at <= known_at]
    for event in _as_corrected(known):
        if isinstance(event, ContractSold) and event.occurred_at <= valid_at:
            published = await plans_known(log, provider, event.plan_family, known_at)
            plan = terms.pinned(published, event.plan_family, event.plan_version)
        if plan is not None and _true_since(event, plan) <= valid_at:
            state = contract.evolve(state, event)
    if plan is None:
        return Standing(state, "none", in_force=False)
    status = state.status
    if not state.is_over and state.ends_at is not None and state.ends_at <= valid_at:
        status = "ended"
    begun = state.valid_from is not None and state.valid_from <= local_date(valid_at, plan.zone)
    return Standing(state, status, in_force=status == "active" and begun)


def _as_corrected(known: Sequence[Event]) -> Iterator[Event]:
    """Without the beginnings that were wrong, as a later event says, and the ends that came of them."""
    wrong = max((place for place, event in enumerate(known) if isinstance(event, DeliveryCorrected)), default=0)
    for place, event in enumerate(known):
        if place >= wrong or not isinstance(event, ContractActivated | ContractEnded):
            yield event


def _true_since(event: Event, plan: Plan) -> datetime:
    """A change of the registration may take effect later than it was asked for, or earlier; what began with a delivery
    did so on that day, whenever that was reported."""
    match event:
        case RegistrationChanged():
            return event.effective_at
        case ContractActivated():
            return min(event.occurred_at, start_of(event.active_from, plan.zone))
        case _:
            return event.occurred_at
