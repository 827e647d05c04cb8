"""Rehearsal: the logs' real requests and orders under changed terms, batch by batch, with no effect on anything."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime

from kippu_entitlement import folds, terms
from kippu_entitlement.domain import streams
from kippu_entitlement.domain.case import Case
from kippu_entitlement.rehearsal import Done, Rehearsal, Replayed, replayed
from kippu_events.catalogue.dispatch import VisitBooked, VisitCompleted, VisitPostponed
from kippu_events.catalogue.entitlement import CoverageDecided, OrderAccepted
from kippu_events.catalogue.intake import MessageAdded, TicketResolved
from kippu_events.catalogue.shipments import UnitShipped
from kippu_events.envelope import Envelope
from kippu_events.event import Event
from kippu_events.log import Log
from kippu_events.work import Fold, State
from kippu_terms.plan import Plan

BATCH = 500
"""Events that are looked at together; nothing is kept of them but sums."""

Tell = Callable[[Replayed], None]
"""Told of every request that would have been decided otherwise, as it is found."""
Progress = Callable[[int, int], None]
"""Told how many events were read, of how many."""

DECIDED, ORDERED = CoverageDecided.type, OrderAccepted.type


async def rehearse(
    logs: Mapping[str, Log], changed: Plan, since: datetime, tell: Tell, progress: Progress | None = None
) -> Rehearsal:
    """Judges again every request that was received, and every order that was accepted, from an instant on.

    Only the decision that stands on a request counts. Raises NoTerms if a version that was used is not published.
    """
    log, provider = logs["entitlement"], changed.provider
    published = await _state(log, folds.PLANS, streams.plan(provider, changed.family))
    done = Rehearsal(changed)

    def version(name: str) -> Plan:
        return terms.pinned(published, changed.family, name)

    async for batch in _read(log, since, progress):
        ours = [each for each in batch if each.provider == provider and each.type in (DECIDED, ORDERED)]
        for case, decided in await _standing(log, ours, changed.family, since):
            under = version(decided.plan_version)
            replay = replayed(decided, case, under, changed)
            targets = (*replay.before.targets, *replay.after.targets)
            when = await _done(logs, provider, decided.ticket_no) if targets else {}
            done.request(replay, under, when)
            if replay.differs:
                tell(replay)
        for event in (each.event for each in ours):
            if isinstance(event, OrderAccepted) and event.plan_family == changed.family and event.occurred_at >= since:
                done.order(event, version)
    return done


async def _read(log: Log, since: datetime, progress: Progress | None) -> AsyncIterator[list[Envelope]]:
    """The log up to where it is now, without what was recorded before: nothing is decided before it was received."""
    head, position = await log.head(), 0
    while position < head.position:
        batch = (await log.read(position, BATCH))[: head.position - position]
        position = batch[-1].position
        yield [each for each in batch if each.recorded_at >= since]
        if progress is not None:
            progress(position, head.position)


async def _standing(
    log: Log, envelopes: Sequence[Envelope], family: str, since: datetime
) -> list[tuple[Case, CoverageDecided]]:
    """Of these decisions, those that stand, on requests that were received since then; each with its case."""
    decided = [(each.stream, event) for each in envelopes if isinstance(event := each.event, CoverageDecided)]
    names = list(dict.fromkeys(name for name, event in decided if event.plan_family == family))
    cases = dict(zip(names, await _states(log, folds.CASE, names), strict=True))
    standing = []
    for name, event in decided:
        case = cases.get(name)
        if case is None or case.standing is None or case.request is None:
            continue
        if case.standing.number == event.decision and case.request.received_at >= since:
            standing.append((case, event))
    return standing


async def _state(log: Log, fold: Fold[State], name: str) -> State:
    return (await _states(log, fold, [name]))[0]


async def _states(log: Log, fold: Fold[State], names: Sequence[str]) -> list[State]:
    states = []
    for loaded in await log.load([(name, fold.version) for name in names]):
        state = fold.restore(loaded.saved) if loaded.saved else fold.initial()
        for envelope in loaded.tail:
            state = fold.evolve(state, envelope.event)
        states.append(state)
    return states


async def _done(logs: Mapping[str, Log], provider: str, ticket_no: str) -> Done:
    """When the first unit shipped, the engineer came, and the first answer went out."""
    done: Done = {}
    starts_at: datetime | None = None
    async for event in _events(logs["dispatch"], f"shipments-{provider}-{ticket_no}"):
        if isinstance(event, UnitShipped):
            done.setdefault("ship", event.shipped_at)
    async for event in _events(logs["dispatch"], f"visits-{provider}-{ticket_no}"):
        match event:
            case VisitBooked():
                starts_at = event.starts_at
            case VisitPostponed():
                starts_at = event.to_at
            case VisitCompleted():
                done.setdefault("visit", starts_at or event.completed_at)
    async for event in _events(logs["intake"], f"ticket-{provider}-{ticket_no}"):
        if isinstance(event, TicketResolved) or (isinstance(event, MessageAdded) and event.direction == "outbound"):
            done.setdefault("answer", event.occurred_at)
    return done


async def _events(log: Log, stream: str) -> AsyncIterator[Event]:
    version = 0
    while page := await log.read_stream(stream, version, BATCH):
        for envelope in page:
            yield envelope.event
        version = page[-1].version
