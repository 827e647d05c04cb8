"""Two dates: what was true at an instant (`valid_at`), by what was known at another (`known_at`).

An asset's coverage is decided on its stream, folded up to what was known; wallets and decisions are read from rows that
carry both instants, under row-level security.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends
from fastapi import Query as QueryParameter
from kippu_events.catalogue.entitlement import AssetRegistered
from kippu_events.envelope import Envelope
from kippu_events.log import Log
from kippu_service.http import Query
from kippu_terms.coverage import Decision, decide_coverage
from kippu_terms.facts import Instant
from kippu_terms.refusal import Fault, Refused

from kippu_entitlement import terms
from kippu_entitlement.domain import asset_history, coverage, plan, streams
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.asset_history import History
from kippu_entitlement.domain.plan import Plans
from kippu_entitlement.requests import MAX_EXCHANGES

PAGE = 1000


@dataclass(frozen=True, slots=True)
class AsOf:
    """The two instants of a question, None for now."""

    valid_at: datetime | None
    known_at: datetime | None

    @property
    def asked(self) -> bool:
        return self.valid_at is not None or self.known_at is not None

    def at(self, now: datetime) -> tuple[datetime, datetime]:
        """Both instants. Raises Refused for a question about what will be known."""
        if self.known_at is not None and self.known_at > now:
            raise Refused(Fault("not_known_yet", "nobody knows yet what will be known then", "known_at"))
        return self.valid_at or now, self.known_at or now


def _as_of(
    valid_at: Annotated[Instant | None, QueryParameter(description="What was true then. Else now.")] = None,
    known_at: Annotated[Instant | None, QueryParameter(description="By what was known then. Else now.")] = None,
) -> AsOf:
    return AsOf(valid_at, known_at)


TwoDates = Annotated[AsOf, Depends(_as_of)]


@dataclass(frozen=True, slots=True)
class Covered:
    """Whether an asset was covered for a customer, and why; `asset` is what the register said of it."""

    customer_id: str
    asset: Asset
    decision: Decision


async def covered(query: Query, serial: str, category: str | None, valid_at: datetime, known_at: datetime) -> Covered:
    """Decides as if its fault had been reported, and isolated, at `valid_at`, by the terms and the register as known.

    Raises Refused (not found) for an asset that was never one of the caller's customers', and NoTerms.
    """
    log, provider = query.runtime.log, query.provider
    events = [envelope async for envelope in recorded(log, streams.asset(provider, serial))]
    asset = asset_history.at(_history(events, known_at), valid_at)
    owner = _owner(query, asset, events)
    published = await plans_known(log, provider, owner.plan_family, known_at)
    current = terms.in_force(published, owner.plan_family, valid_at)
    unit = await _unit(log, provider, asset.part_of, valid_at, known_at)
    register = coverage.Register(asset, unit, current.calendar.local_date(valid_at))
    categories = current.coverage.categories
    about = category or next((each.id for each in categories if each.needs_asset), categories[0].id)
    asked = coverage.Question(owner.customer_id, owner.plan_family, serial, about, valid_at)
    facts = coverage.facts_of_asset(provider, asked, register)
    by = terms.for_request(published, owner.plan_family, facts, valid_at)
    return Covered(owner.customer_id, asset, decide_coverage(by, facts))


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom an asset is asked about for, and under which family of terms."""

    customer_id: str
    plan_family: str


def _owner(query: Query, asset: Asset, events: Sequence[Envelope]) -> Owner:
    """Whose it was then, if that is one of the caller's customers; else the last of them who ever registered it. To
    that one it was not in the register then, and nothing is told of whose it was."""
    registered = [event for each in reversed(events) if isinstance(event := each.event, AssetRegistered)]
    owners = [Owner(asset.customer_id, asset.plan_family)]
    owners += [Owner(each.customer_id, each.plan_family) for each in registered]
    mine = query.principal.customers
    for owner in owners:
        if owner.customer_id and (mine is None or owner.customer_id in mine):
            return owner
    raise Refused(Fault("not_found", "there is no such asset"), kind="not_found")


async def _unit(log: Log, provider: str, serial: str | None, valid_at: datetime, known_at: datetime) -> Asset | None:
    """The unit that a part was in."""
    for _ in range(MAX_EXCHANGES):
        if serial is None:
            return None
        events = [envelope async for envelope in recorded(log, streams.asset(provider, serial))]
        unit = asset_history.at(_history(events, known_at), valid_at)
        if unit.replaced_by is None:
            return unit
        serial = unit.replaced_by.serial
    return None


def _history(events: Sequence[Envelope], known_at: datetime) -> History:
    return asset_history.history(each.event for each in events if each.recorded_at <= known_at)


async def plans_known(log: Log, provider: str, family: str, known_at: datetime) -> Plans:
    """The versions of a family's terms that were published by then."""
    published = Plans()
    async for envelope in recorded(log, streams.plan(provider, family)):
        if envelope.recorded_at <= known_at:
            published = plan.evolve(published, envelope.event)
    return published


async def recorded(log: Log, stream: str) -> AsyncIterator[Envelope]:
    """A stream's events, in order."""
    version = 0
    while page := await log.read_stream(stream, version, PAGE):
        for envelope in page:
            yield envelope
        version = page[-1].version
