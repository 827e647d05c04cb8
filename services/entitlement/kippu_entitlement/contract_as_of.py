"""A contract at an instant, by what was known at another: its events, as far as they were recorded and true then."""

from dataclasses import dataclass
from datetime import datetime

from kippu_events.catalogue.contracts import RegistrationChanged
from kippu_events.event import Event
from kippu_events.log import Log
from kippu_terms.dates import local_date

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
    state = Contract()
    async for envelope in recorded(log, streams.contract(provider, contract_id)):
        if envelope.recorded_at <= known_at and _true_since(envelope.event) <= valid_at:
            state = contract.evolve(state, envelope.event)
    if not state.exists:
        return Standing(state, "none", in_force=False)
    status = state.status
    if not state.is_over and state.ends_at is not None and state.ends_at <= valid_at:
        status = "ended"
    plan = terms.pinned(
        await plans_known(log, provider, state.plan_family, known_at), state.plan_family, state.plan_version
    )
    begun = state.valid_from is not None and state.valid_from <= local_date(valid_at, plan.zone)
    return Standing(state, status, in_force=status == "active" and begun)


def _true_since(event: Event) -> datetime:
    """A change of the registration may take effect later than it was asked for, or earlier."""
    return event.effective_at if isinstance(event, RegistrationChanged) else event.occurred_at
