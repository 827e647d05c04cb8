"""Dispatch's capacity: who works where, on what and when, and which visits they are engaged for.

Stream: `capacity-{provider}`, so that two visits at the same moment never get the same engineer. Times and dates are
the provider's local ones.
"""

from pydantic import AwareDatetime

from kippu_events.catalogue.dispatch import dispatch
from kippu_events.catalogue.hours import DateException, WeeklyShift
from kippu_events.event import Event, Personal


@dispatch
class CapacitySet(Event):
    """The roster is another one from now on; an `EngineerRostered` follows for each engineer of it."""

    time_zone: str
    """IANA."""
    engineers: tuple[str, ...]
    """Ids. None: there is no roster, and nobody is engaged."""
    country: str | None = None
    """ISO 3166-1 alpha-2: on its public holidays only those hours begin that hold on holidays. None: no public holiday
    is known."""
    calendar_version: str | None = None
    """Of that country's calendar, as the roster was set by it."""
    set_by: str


@dispatch
class EngineerRostered(Event):
    engineer_id: str
    name: Personal
    areas: tuple[str, ...]
    skills: tuple[str, ...]
    weekly: tuple[WeeklyShift, ...]
    exceptions: tuple[DateException, ...] = ()


@dispatch
class EngineerEngaged(Event):
    """Goes to the visit, and to no other at that time."""

    engineer_id: str
    visit_id: str
    customer_id: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    area: str | None = None
    skill: str | None = None
    calendar_version: str | None = None
    """By which public holidays it was seen that the engineer works then; None where the roster names no country."""


@dispatch
class EngineerReleased(Event):
    """Does not go to the visit (any longer), or is done with it."""

    engineer_id: str
    visit_id: str
    customer_id: str
