"""A sheet of registrations that came by mail: read once, and answered (SVT-08)."""

from dataclasses import dataclass

from kippu_events.catalogue.contracts import SheetImported, SheetRefused
from kippu_events.event import Event


@dataclass(frozen=True, slots=True)
class Sheet:
    is_read: bool = False


def evolve(state: Sheet, event: Event) -> Sheet:
    return Sheet(is_read=True) if isinstance(event, SheetImported | SheetRefused) else state
