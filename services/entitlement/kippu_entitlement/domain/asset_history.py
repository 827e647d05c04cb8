"""What the register says of an asset at each instant, by what was recorded up to some date: two dates, one answer.

`recorded_at` says when we knew, `occurred_at` when it became so; a correction says since when it was so all along. An
asset's events, as far as they are known, become a history; the history says what was true at an instant.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from kippu_events.catalogue.entitlement import AssetCorrected
from kippu_events.event import Event

from kippu_entitlement.domain.asset import Asset, evolve


@dataclass(frozen=True, slots=True)
class Since:
    """What was true from an instant on, until the next."""

    instant: datetime
    asset: Asset


History = tuple[Since, ...]
"""In the order of their instants."""


def history(events: Iterable[Event]) -> History:
    """Of an asset's events, in the order in which they were recorded."""
    known: History = ()
    for event in events:
        known = _after(known, event)
    return known


def at(known: History, instant: datetime) -> Asset:
    """What was true then; nothing was registered before the first."""
    return next((each.asset for each in reversed(known) if each.instant <= instant), Asset())


def _after(known: History, event: Event) -> History:
    """An event is true from its instant on: of what was said of then, and of all that was said of later instants."""
    match event:
        case AssetCorrected(correct_serial=None):
            return _corrected(known, event)
        case AssetCorrected():
            instant = event.effective_at
        case _:
            instant = event.occurred_at
    then = Since(instant, evolve(at(known, instant), event))
    later = (replace(each, asset=evolve(each.asset, event)) for each in known if each.instant > instant)
    return (*_before(known, instant), then, *later)


def _corrected(known: History, event: AssetCorrected) -> History:
    """The latest says what is right. What was registered later than the correction holds was so from then on."""
    right = known[-1].asset if known else Asset()
    values = {name: getattr(right, name) for name in event.corrected}
    was = at(known, event.effective_at)
    if not was.exists and known:
        was = known[0].asset
    then = Since(event.effective_at, replace(was, **values))
    later = (replace(each, asset=replace(each.asset, **values)) for each in known if each.instant > event.effective_at)
    return (*_before(known, event.effective_at), then, *later)


def _before(known: History, instant: datetime) -> History:
    return tuple(each for each in known if each.instant < instant)
